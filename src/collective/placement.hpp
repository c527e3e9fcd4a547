// SPDX-License-Identifier: Apache-2.0
// Where a view puts a group's ranks: the maps that lanes carry.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "collective/lane.hpp"
#include "units/error.hpp"

namespace collscale {

/// What a copy of a Par child adds, by digit number.
using DigitShift = std::array<std::int32_t, View::kMaxDigits>;

/// What the copies of Par children that a view lies in add to it.
struct CopyShift {
  DigitShift rotation{};  ///< to the rotation of each digit
  DigitShift fixed{};     ///< to the value at which a digit is fixed
  std::int32_t turn = 0;  ///< to the turn within uneven nodes
};

/// All ranks as one group.
GroupMap whole_map(const std::vector<std::int64_t>& radix);

/// V4 of Schedule::nodes: runs of at least one node and one rank that together hold all ranks,
/// numbered by one digit. No runs at all are right, too.
Expected<void> check_nodes(const Schedule& schedule);

/// `outer` seen through an inner view. A view that names digits, nodes or members starts afresh
/// from them; one that names none changes the places of the group it is in. Fails (V4) for views
/// that do not fit the schedule, and for changes of order within changes of order, which a GroupMap
/// cannot hold.
Expected<GroupMap> place(const GroupMap& outer, const View& view, const CopyShift& shift,
                         const Schedule& schedule);
/// The same for a schedule of which only the number of ranks matters: no nodes.
Expected<GroupMap> place(const GroupMap& outer, const View& view, const DigitShift& rotation,
                         const DigitShift& fixed, std::int64_t ranks);

}  // namespace collscale
