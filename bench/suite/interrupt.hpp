// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM while something is measured.
#pragma once

namespace collscale {

/// While it lives the first signal is noted, and a second one ends the process at once. One at a
/// time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  /// There was a signal since the latest one was made.
  static bool interrupted();

 private:
  using Handler = void (*)(int);
  Handler before_int_;
  Handler before_term_;
};

}  // namespace collscale
