// SPDX-License-Identifier: Apache-2.0
#include "collective/invariants.hpp"

#include <fmt/format.h>

#include <bit>

#include "collective/offsets.hpp"

namespace collscale {
namespace {

bool power_of_two(std::int64_t n) {
  return n > 0 && std::has_single_bit(static_cast<std::uint64_t>(n));
}

std::uint32_t digit_bits(const GroupMap& map) {
  if (map.view.members || map.view.nodes != View::Nodes::none) return (1U << map.radix.size()) - 1U;
  std::uint32_t bits = 0;
  for (int i = 0; i < map.view.digit_count; ++i)
    bits |= 1U << map.view.digits[static_cast<std::size_t>(i)];
  return bits;
}

bool every(const Scope& scope, std::uint32_t bits, const GroupMap& map, DigitState state) {
  for (std::size_t d = 0; d < map.radix.size(); ++d)
    if (((bits >> d) & 1U) != 0 && scope.digits[d] != state && map.radix[d] > 1) return false;
  return true;
}

void set(Scope& scope, std::uint32_t bits, DigitState state) {
  for (std::size_t d = 0; d < scope.digits.size(); ++d)
    if (((bits >> d) & 1U) != 0) scope.digits[d] = state;
  scope.partial_digits = state == DigitState::partial ? bits : 0;
}

}  // namespace

bool operator==(const Scope& a, const Scope& b) {
  return a.digits == b.digits && a.partial_digits == b.partial_digits &&
         (a.partial_digits == 0 || a.held == b.held);
}

Expected<void> check_view(const View& view, const std::vector<std::int64_t>& radix) {
  const int digits = static_cast<int>(radix.size());
  if (view.digit_count < 0 || view.digit_count > View::kMaxDigits || view.fixed_count < 0 ||
      view.fixed_count > View::kMaxDigits)
    return fail(fmt::format("V4: a view has at most {} digits", View::kMaxDigits));
  std::uint32_t named = 0;
  const auto name_digit = [&](int digit) -> Expected<void> {
    if (digit < 0 || digit >= digits)
      return fail(
          fmt::format("V4: digit {} does not exist, the ranks have {} digits", digit, digits));
    if ((named >> digit) & 1U) return fail(fmt::format("V4: digit {} is named twice", digit));
    named |= 1U << digit;
    return {};
  };
  for (int i = 0; i < view.digit_count; ++i)
    if (auto ok = name_digit(view.digits[static_cast<std::size_t>(i)]); !ok) return ok;
  for (int i = 0; i < view.fixed_count; ++i) {
    const auto& fixed = view.fixed[static_cast<std::size_t>(i)];
    if (auto ok = name_digit(fixed.digit); !ok) return ok;
    if (fixed.value < 0 || fixed.value >= radix[static_cast<std::size_t>(fixed.digit)])
      return fail(fmt::format("V4: digit {} is fixed at {}, outside [0, {})",
                              static_cast<int>(fixed.digit), fixed.value,
                              radix[static_cast<std::size_t>(fixed.digit)]));
  }
  return {};
}

namespace {

Expected<void> check_network(const Phase& phase) {
  const Affine& d = phase.arcs[0].distance;
  if (phase.steps < 0 || phase.steps > 1 || phase.arc_count != 1 || d.constant != 0 ||
      d.per_step != 0 || d.per_unit != 0)
    return fail("V4: a phase in the network has one step and one arc of distance 0");
  if (phase.arcs[0].has_receivers || phase.root >= 0)
    return fail("V4: a phase in the network serves every rank of its group");
  if (phase.network == InNetwork::multicast && phase.transfer != Transfer::copy)
    return fail("V6: a switch that multicasts copies, and sums in the dual: the transfer is copy");
  return {};
}

/// Steps that gain other blocks than those of the whole scope, and chosen receivers for them.
bool hands_over(const Phase& phase) {
  for (int a = 0; a < phase.arc_count; ++a)
    if (phase.arcs[static_cast<std::size_t>(a)].has_receivers) return true;
  return false;
}

/// Blocks of nodes of different sizes do not match, so only these may run inside such nodes.
bool fits_inside_nodes(const Phase& phase) {
  if (phase.network != InNetwork::none) return phase.network == InNetwork::all_reduce;
  if (phase.address == Address::scope) return true;
  return phase.address == Address::block && (phase.root >= 0 || hands_over(phase));
}

}  // namespace

Expected<void> check_phase(const Phase& phase, const GroupMap& map) {
  if (phase.network != InNetwork::none) return check_network(phase);
  if (phase.steps < 0 || phase.arc_count < 1 || phase.arc_count > 3 || phase.base < 2)
    return fail("V4: a phase needs 0 or more steps, 1 to 3 arcs and a base of at least 2");
  const bool masks = phase.frame == Frame::exclusive_or || phase.frame == Frame::dihedral;
  if (masks && phase.steps > 0 && !power_of_two(map.size))
    return fail(
        fmt::format("V4: this frame needs a power of two of ranks, the group has {}", map.size));
  if (masks && phase.steps > 0) {
    // Masks grow or shrink with s, or peak at the largest power of two (ruler).
    const std::int64_t peak =
        static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(phase.steps))) - 1;
    for (int a = 0; a < phase.arc_count; ++a)
      for (const std::int64_t s : {std::int64_t{0}, phase.steps - std::int64_t{1}, peak}) {
        const std::int64_t d =
            evaluate(phase.arcs[static_cast<std::size_t>(a)].distance, s, unit_value(phase, s));
        if (d < 0 || d >= map.size)
          return fail(fmt::format("V4: step {} names mask {}, outside [0, {})", s, d, map.size));
      }
  }
  if (phase.lag == Lag::ruler && phase.unit != Unit::ruler)
    return fail("V4: lag ruler goes with unit ruler only");
  if (phase.root >= map.size)
    return fail(fmt::format("V4: root {} is outside [0, {})", phase.root, map.size));
  for (int a = 0; a < phase.arc_count; ++a) {
    const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
    if (phase.network == InNetwork::none && phase.address != Address::scope && !arc.has_payload)
      return fail("V6: an arc without payload names the whole scope: the address must be scope");
  }
  if (phase.address == Address::pair && phase.transfer != Transfer::move)
    return fail("V6: pairs have one holder each and can only be moved");
  if (phase.address == Address::spread) {
    if (phase.frame != Frame::cyclic || phase.lag != Lag::none || phase.root >= 0 ||
        hands_over(phase))
      return fail(
          "V4: blocks with several destinations go straight to each: cyclic, lag none, every rank");
    if (phase.transfer != Transfer::copy)
      return fail("V6: blocks with several destinations are copied to each of them");
  }
  if (phase.transfer == Transfer::accumulate && phase.address != Address::scope)
    return fail("V6: the sender keeps what it adds only in exchanges of the whole scope");
  return {};
}

Expected<void> apply_phase(const Phase& phase, const GroupMap& map, Scope& scope) {
  const std::uint32_t bits = digit_bits(map);
  if (map.view.nodes == View::Nodes::inside && !fits_inside_nodes(phase))
    return fail(
        "V4: inside uneven nodes the whole scope travels, or blocks are handed over to chosen "
        "receivers: nodes of different sizes have no blocks in common");
  for (std::size_t d = 0; d < map.radix.size(); ++d)
    if (((bits >> d) & 1U) == 0 && scope.digits[d] == DigitState::partial)
      return fail(fmt::format("V5: digit {} is half gathered when a phase over others begins", d));

  const bool restricted = phase.root >= 0;
  if ((phase.address == Address::pair && !restricted) || phase.address == Address::spread) {
    const DigitState from = phase.dual ? DigitState::done : DigitState::todo;
    const DigitState to = phase.dual ? DigitState::todo : DigitState::done;
    if (!every(scope, bits, map, from))
      return fail("V5: an all_to_all over digits that are already exchanged, or never were pairs");
    set(scope, bits, to);
    return {};
  }
  for (std::size_t d = 0; d < map.radix.size(); ++d)
    if (scope.digits[d] == DigitState::todo || scope.digits[d] == DigitState::done)
      return fail("V5: blocks by owner inside an all_to_all");

  if (phase.address == Address::pair) {  // restricted: a scatter, or a gather
    const DigitState from = phase.dual ? DigitState::own : DigitState::all;
    if (map.size > 1 && phase.steps > 0 && !every(scope, bits, map, from))
      return fail(phase.dual ? "V5: a gather to one rank over digits that are not `own`"
                             : "V5: a scatter over digits of which the root holds a part only");
    if (phase.steps > 0) set(scope, bits, phase.dual ? DigitState::all : DigitState::own);
    return {};
  }
  const bool partial_set = scope.partial_digits == bits && bits != 0;
  if (carries_scope(phase)) {
    if (map.size > 1 && phase.steps > 0 && !every(scope, bits, map, DigitState::all))
      return fail("V5: the whole scope is named over digits of which a rank holds a part only");
    return {};
  }
  if (hands_over(phase)) return {};  // to a core or to a leader: the states stay
  const bool gathers = effective_transfer(phase) == Transfer::copy;
  const std::int64_t gain = total_gain(phase, map.size);
  if (gain == 0) return {};  // a group of one, or a phase that is empty for this count
  if (gathers) {
    if (!partial_set && !every(scope, bits, map, DigitState::own))
      return fail("V5: an all_gather over digits that are not `own`");
    const std::int64_t held = (partial_set ? scope.held : 1) + gain;
    if (held > map.size)
      return fail(fmt::format("V1: the steps gain {} blocks, a group has {}", held - 1, map.size));
    set(scope, bits, held == map.size ? DigitState::all : DigitState::partial);
    scope.held = held;
  } else {
    if (!partial_set && !every(scope, bits, map, DigitState::all))
      return fail("V5: a reduce_scatter over digits that are not `all`");
    const std::int64_t held = (partial_set ? scope.held : map.size) - gain;
    if (held < 1)
      return fail(fmt::format("V1: the steps give {} blocks away, a group has {}", gain, map.size));
    set(scope, bits, held == 1 ? DigitState::own : DigitState::partial);
    scope.held = held;
  }
  return {};
}

namespace {
Scope filled(DigitState state, std::size_t digits) {
  Scope scope;
  for (std::size_t d = 0; d < digits; ++d) scope.digits[d] = state;
  return scope;
}
}  // namespace

Scope initial_scope(const Schedule& schedule) {
  const std::size_t digits = schedule.radix.size();
  switch (schedule.collective) {
    case Collective::all_gather:
    case Collective::gather:
    case Collective::barrier:
    case Collective::send_recv:
      return filled(DigitState::own, digits);
    case Collective::all_to_all:
      return filled(schedule.combines ? DigitState::done : DigitState::todo, digits);
    default:
      return filled(DigitState::all, digits);
  }
}

Scope final_scope(const Schedule& schedule) {
  const std::size_t digits = schedule.radix.size();
  switch (schedule.collective) {
    case Collective::reduce_scatter:
    case Collective::scatter:
      return filled(DigitState::own, digits);
    case Collective::all_to_all:
      return filled(schedule.combines ? DigitState::todo : DigitState::done, digits);
    default:
      return filled(DigitState::all, digits);
  }
}

Expected<void> check_final(const Schedule& schedule, const Scope& scope) {
  const Scope wanted = final_scope(schedule);
  // send_recv: every rank has gained something, all of the group only if that is one other rank.
  const bool neighbours = schedule.collective == Collective::send_recv;
  bool moved = false;
  for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
    if (schedule.radix[d] < 2) continue;
    moved = moved || scope.digits[d] != DigitState::own;
    if (!neighbours && scope.digits[d] != wanted.digits[d])
      return fail(
          fmt::format("V5: digit {} does not end as {} demands", d, name(schedule.collective)));
  }
  if (neighbours && !moved && schedule.ranks > 1)
    return fail("V5: no rank of this send_recv receives anything");
  return {};
}

}  // namespace collscale
