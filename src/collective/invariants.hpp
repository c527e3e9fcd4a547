// SPDX-License-Identifier: Apache-2.0
// The invariants V1, V2, V4, V5, V6 of docs/schedules.md. The walk checks the cheap ones whenever a
// program is made; prove() enumerates offsets and is meant for tests.
#pragma once

#include <cstdint>

#include "collective/lane.hpp"
#include "units/error.hpp"

namespace collscale {

/// How the digits of block addresses stand during a walk.
struct Scope {
  std::array<DigitState, View::kMaxDigits> digits{};
  std::uint32_t partial_digits =
      0;                  ///< bit set of the digits that are `partial`, gathered together
  std::int64_t held = 0;  ///< blocks of those digits that a rank holds
};

bool operator==(const Scope& a, const Scope& b);

/// V4: frames with masks and cores need 2^k ranks; digits exist, are named once, fixed ones apart;
/// steps, arcs and bases make sense.
Expected<void> check_phase(const Phase& phase, const GroupMap& map);
Expected<void> check_view(const View& view, const std::vector<std::int64_t>& radix);

/// V5, and V1's count: a gather over D needs D `own` and gains at most what is missing, its dual
/// needs D `all`. Moves `scope` on.
Expected<void> apply_phase(const Phase& phase, const GroupMap& map, Scope& scope);

/// V1 and V2 by enumeration, O(offsets): every gather of the schedule gains each offset once, from
/// a sender who has it by then; every all_to_all moves each offset by just itself. Right for ALL
/// groups of that size, since offsets are relative. Gives the number of offsets checked. Hand-overs
/// of folds (phases with chosen receivers) and phases of the whole scope are left to the executor.
Expected<std::int64_t> prove(const Schedule& schedule);

/// The states the collective starts and ends in.
Scope initial_scope(Collective collective, std::size_t digits);
Scope final_scope(Collective collective, std::size_t digits);

}  // namespace collscale
