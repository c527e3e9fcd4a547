// SPDX-License-Identifier: Apache-2.0
// How far a process has come: the number of collective steps (operations, barriers, agreements) it
// has entered. All processes enter the same steps in the same order, so the one with the smallest
// number is the one that the others wait for.
#pragma once

#include <atomic>
#include <cstdint>

namespace collscale {

/// Written by the measuring thread alone, read by the watchdog's; entering costs a load and a store
/// in a cache line of its own.
class Heartbeat {
 public:
  void enter() {
    steps_.store(steps_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> steps_{0};
};

}  // namespace collscale
