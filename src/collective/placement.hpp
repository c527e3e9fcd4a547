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

/// All ranks as one group.
GroupMap whole_map(const std::vector<std::int64_t>& radix);

/// `outer` seen through an inner view. A view that names digits starts afresh from them; one that
/// names none changes the places of the group it is in. Fails (V4) for views that do not fit the
/// digits, and for changes of order within changes of order, which a GroupMap cannot hold.
Expected<GroupMap> place(const GroupMap& outer, const View& view, const DigitShift& rotation,
                         const DigitShift& fixed_shift, std::int64_t ranks);

}  // namespace collscale
