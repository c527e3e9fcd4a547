// SPDX-License-Identifier: Apache-2.0
// Fills send buffers with a Pattern and checks every element that arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "measure/buffer_layout.hpp"
#include "measure/coordinator.hpp"
#include "measure/pattern.hpp"
#include "scenario/scenario.hpp"

namespace collscale {

/// What one rank found: how many elements are wrong, and the first of them.
struct Mismatch {
  enum class Kind {
    element,
    beyond_end,  ///< behind the last element that the rank receives something was written
    left_early,  ///< `rank` left a barrier that rank `index` had not entered
  };
  std::int64_t wrong = 0;
  std::int64_t rank = 0;
  std::int64_t index = 0;
  double got = 0;
  double want = 0;
  Kind kind = Kind::element;
};

/// What the receive buffer, and kGuardBytes behind it, hold before the operation; no pattern has
/// it.
inline constexpr std::byte kUntouched{0xff};
/// Behind every receive buffer, looked at after the operation.
inline constexpr std::int64_t kGuardBytes = 4096;

/// Writes what `rank` sends into `buffer`, extents_of(...).send elements of the scenario's type.
void fill_send(const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern,
               std::int64_t rank, std::span<std::byte> buffer);
/// The same value, 1, in every element of the type: touched, and harmless however often it is
/// reduced.
void fill_ones(DataType type, std::span<std::byte> buffer);

/// Elements of the receive buffer, and whose data they are to hold, from which index of it on.
struct ExpectedRun {
  Block block;
  std::int64_t origin = 0;  ///< -1: the reduction over all ranks
  std::int64_t from = 0;
};
/// In the order of the buffer: what `rank` is to have received, extents_of(...).receive elements.
/// reduce and gather leave their result on the root alone; the other ranks have nothing.
std::vector<ExpectedRun> expected_runs(const Scenario& scenario, const BufferLayout& layout,
                                       std::int64_t rank);

/// One element of the type, as it lies in memory.
double element_value(DataType type, std::span<const std::byte> element);

/// Compares `buffer` with the expected_runs() of `rank`.
Mismatch check_receive(const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern,
                       std::int64_t rank, std::span<const std::byte> buffer);

/// Counts the elements of `guard`, the bytes behind `elements` received ones, that are not
/// kUntouched any more.
void check_guard(DataType type, std::span<const std::byte> guard, std::int64_t elements,
                 Mismatch& found);

/// "rank 1, element 7: got 3, want 5 (1 of 1024 elements wrong)"; of the other kinds, what was
/// written beyond the end, and who left a barrier too early.
std::string describe(const Mismatch& mismatch, std::int64_t elements);

/// Collective: every process gets those of the others; `is_mine(i)` for those that this one has.
template <Coordinator C, class IsMine>
void share_mismatches(C& processes, std::span<Mismatch> found, IsMine&& is_mine) {
  constexpr std::size_t kFields = 6;
  std::vector<double> all(found.size() * kFields, std::numeric_limits<double>::lowest());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!is_mine(i)) continue;
    const Mismatch& mine = found[i];
    double* const fields = &all[i * kFields];
    fields[0] = static_cast<double>(mine.wrong);
    fields[1] = static_cast<double>(mine.rank);
    fields[2] = static_cast<double>(mine.index);
    // A NaN would be lost in a maximum; it travels as the largest number there is.
    fields[3] = mine.got == mine.got ? mine.got : std::numeric_limits<double>::max();
    fields[4] = mine.want;
    fields[5] = static_cast<double>(mine.kind);
  }
  processes.all_max(all);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double* fields = &all[i * kFields];
    found[i] = {static_cast<std::int64_t>(fields[0]),
                static_cast<std::int64_t>(fields[1]),
                static_cast<std::int64_t>(fields[2]),
                fields[3],
                fields[4],
                static_cast<Mismatch::Kind>(static_cast<int>(fields[5]))};
  }
}

/// What each process found, by process; the same on every process.
template <Coordinator C>
std::vector<Mismatch> mismatches_of_all(C& processes, const Mismatch& mine) {
  std::vector<Mismatch> found(static_cast<std::size_t>(processes.size()));
  const auto own = static_cast<std::size_t>(processes.rank());
  found[own] = mine;
  share_mismatches(processes, found, [own](std::size_t process) { return process == own; });
  return found;
}

/// The sum of wrong elements, and the first mismatch.
inline Mismatch sum_of_mismatches(std::span<const Mismatch> each) {
  Mismatch sum;
  for (const Mismatch& one : each) {
    if (one.wrong > 0) {
      const std::int64_t wrong = sum.wrong + one.wrong;
      if (sum.wrong == 0) sum = one;
      sum.wrong = wrong;
    }
  }
  return sum;
}

/// The sum of wrong elements over all processes, and the first mismatch of the lowest rank; the
/// same on every process.
template <Coordinator C>
Mismatch agree_on_mismatch(C& processes, const Mismatch& mine) {
  return sum_of_mismatches(mismatches_of_all(processes, mine));
}

}  // namespace collscale
