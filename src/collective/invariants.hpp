// SPDX-License-Identifier: Apache-2.0
// The invariants V1 to V6 of docs/schedules.md. The walk checks the cheap ones whenever a program
// is made; prove() enumerates offsets and is meant for tests.
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
/// steps, arcs and bases make sense. V6: what each address and each switch can do to cells.
Expected<void> check_phase(const Phase& phase, const GroupMap& map);
Expected<void> check_view(const View& view, const std::vector<std::int64_t>& radix);

/// V5, and V1's count: a gather over D needs D `own` and gains at most what is missing, its dual
/// needs D `all`; a scatter needs `all`; inside uneven nodes only the whole scope travels, or
/// blocks are handed over. Moves `scope` on.
Expected<void> apply_phase(const Phase& phase, const GroupMap& map, Scope& scope);

/// V1, V2 and V3 by enumeration, O(offsets): every gather of the schedule gains each offset once,
/// from a sender who has it by then; every all_to_all and every scatter moves each offset by just
/// itself, and names it where it is on the way; blocks with several destinations reach each of them
/// once; in a tree every index but the root hears once, from the root or from one that has heard.
/// Right for ALL groups of that size, since offsets are relative. Gives the number of offsets and
/// indices checked. Exchanges of the whole scope (recursive doubling) and lists are left to the
/// executor.
Expected<std::int64_t> prove(const Schedule& schedule);

/// The states the schedule starts in, and those it must end in.
Scope initial_scope(const Schedule& schedule);
Scope final_scope(const Schedule& schedule);
/// V5 at the end: the sentence says which digit is not as the collective demands.
Expected<void> check_final(const Schedule& schedule, const Scope& scope);

}  // namespace collscale
