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
  if (map.view.members) return (1U << map.radix.size()) - 1U;
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

Expected<void> check_phase(const Phase& phase, const GroupMap& map) {
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
  if (phase.transfer == Transfer::accumulate && phase.address != Address::scope)
    return fail("V6: the sender keeps what it adds only in exchanges of the whole scope");
  return {};
}

Expected<void> apply_phase(const Phase& phase, const GroupMap& map, Scope& scope) {
  const std::uint32_t bits = digit_bits(map);
  for (std::size_t d = 0; d < map.radix.size(); ++d)
    if (((bits >> d) & 1U) == 0 && scope.digits[d] == DigitState::partial)
      return fail(fmt::format("V5: digit {} is half gathered when a phase over others begins", d));

  if (phase.address == Address::pair) {
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

  const bool partial_set = scope.partial_digits == bits && bits != 0;
  if (phase.address == Address::scope || phase.root >= 0) {
    if (map.size > 1 && phase.steps > 0 && !every(scope, bits, map, DigitState::all))
      return fail("V5: the whole scope is named over digits of which a rank holds a part only");
    return {};
  }
  bool some_receive = false;
  for (int a = 0; a < phase.arc_count; ++a)
    some_receive = some_receive || phase.arcs[static_cast<std::size_t>(a)].has_receivers;
  if (some_receive) return {};  // a fold hands blocks to its core: the states stay

  const bool gathers = effective_transfer(phase) == Transfer::copy;
  const std::int64_t gain =
      phase.network == InNetwork::none ? total_gain(phase, map.size) : map.size - 1;
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

Scope initial_scope(Collective collective, std::size_t digits) {
  switch (collective) {
    case Collective::all_gather:
      return filled(DigitState::own, digits);
    case Collective::all_to_all:
    case Collective::scatter:
      return filled(DigitState::todo, digits);
    case Collective::gather:
      return filled(DigitState::done, digits);
    default:
      return filled(DigitState::all, digits);
  }
}

Scope final_scope(Collective collective, std::size_t digits) {
  switch (collective) {
    case Collective::reduce_scatter:
      return filled(DigitState::own, digits);
    case Collective::all_to_all:
    case Collective::scatter:
      return filled(DigitState::done, digits);
    case Collective::gather:
      return filled(DigitState::todo, digits);
    default:
      return filled(DigitState::all, digits);
  }
}

}  // namespace collscale
