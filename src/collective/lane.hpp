// SPDX-License-Identifier: Apache-2.0
// A lane: one Phase of a term, placed on ranks. The one walk over a term (program.hpp) gives lanes to
// every engine; enumeration of flows and closed-form loads start here.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/schedule.hpp"

namespace collscale {

/// The ranks of a lane: `group_count` groups (cosets) of `size` ranks, all running the same phase.
struct GroupMap {
  std::int64_t size = 0;         ///< m
  std::int64_t group_count = 0;
  View view;
  std::vector<std::int64_t> radix;
  /// Global rank of local index `index` of group `group`.
  [[nodiscard]] std::int64_t rank(std::int64_t group, std::int64_t index) const;
};

struct Lane {
  Phase phase;
  GroupMap map;
  /// Bytes of one message = size_bytes × scope_fraction × |X(s)| (address block: a block of this lane
  /// is size_bytes × scope_fraction; scope: |X| counts as 1; pair: as block). Real-valued.
  double scope_fraction = 0;
};

/// Values of the phase at a step, in the order of execution (a dual phase runs its steps backwards).
std::int64_t distance(const Lane& lane, std::int64_t step, int arc);  ///< to the sender; negative: ahead
/// Fraction of size_bytes one message of this step and arc carries.
double message_fraction(const Lane& lane, std::int64_t step, int arc);

/// Steps that load the fabric alike: `first` stands for `count` of them.
struct StepClass {
  std::int64_t first = 0;
  std::int64_t count = 1;
};
std::vector<StepClass> step_classes(const Lane& lane);

}  // namespace collscale
