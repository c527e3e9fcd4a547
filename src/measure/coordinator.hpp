// SPDX-License-Identifier: Apache-2.0
// What the measuring loop needs of the processes that measure together. A backend gives a type of
// its own (mpi/mpi_communicator.hpp); SingleProcess is the one for a process alone.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

namespace collscale {

/// barrier(): returns on every process after all have called it.
/// all_max(values): element by element the maximum over processes, on every process. Maxima are
/// exact, so every process holds the same bits; sums would not promise that. agree(value): process
/// 0's value, on every process. What decides how often a collective is called must come through
/// here: processes that call a different number of times hang or corrupt data.
template <class C>
concept Coordinator = requires(C& c, const C& k, std::span<double> values, std::int64_t value) {
  { k.rank() } -> std::convertible_to<int>;
  { k.size() } -> std::convertible_to<int>;
  {c.barrier()};
  {c.all_max(values)};
  { c.agree(value) } -> std::convertible_to<std::int64_t>;
};

/// What comparing clocks needs besides: one number from process to process, each call waiting for
/// its counterpart.
template <class C>
concept ClockPeers = Coordinator<C> && requires(C& c, int process, double value) {
  {c.send(process, value)};
  { c.receive(process) } -> std::convertible_to<double>;
};

struct SingleProcess {
  [[nodiscard]] static int rank() { return 0; }
  [[nodiscard]] static int size() { return 1; }
  static void barrier() {}
  static void all_max(std::span<double> /*values*/) {}
  static std::int64_t agree(std::int64_t value) { return value; }
  static void send(int /*process*/, double /*value*/) {}
  static double receive(int /*process*/) { return 0; }
};

}  // namespace collscale
