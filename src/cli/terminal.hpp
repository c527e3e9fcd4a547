// SPDX-License-Identifier: Apache-2.0
// What the streams are connected to: colour and progress are for people who watch, never for pipes.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace collscale {

struct Terminal {
  bool colour_stdout = false;
  bool colour_stderr = false;
  bool progress = false;  ///< a line on stderr that is written over

  /// Colour needs a TTY, an empty NO_COLOR (https://no-color.org) and a TERM other than "dumb".
  static Terminal detect();
};

/// The text in bold where `colour` is on, else as it is.
std::string bold(std::string_view text, bool colour);

/// `error: <message>` for stderr, its first word red where `colour` is on.
std::string error_line(std::string_view message, bool colour);

/// One line on stderr, "[17/96] what", for work that has taken more than two seconds; it is wiped
/// when the work ends. Silent where nobody watches.
class Progress {
 public:
  Progress(const Terminal& terminal, std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Before each of the `total` parts.
  void next(std::string_view what);

 private:
  std::chrono::steady_clock::time_point start_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool enabled_;
  bool visible_ = false;
};

}  // namespace collscale
