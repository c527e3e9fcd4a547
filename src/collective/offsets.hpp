// SPDX-License-Identifier: Apache-2.0
// Offset arithmetic: the values of a Phase at one step. Everything here is inline and O(1) (a few
// operations more for powers), because the engines call it in their loops.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "collective/schedule.hpp"

namespace collscale {

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q - static_cast<std::int64_t>((a % b != 0) && ((a < 0) != (b < 0)));
}
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

/// u(s) of the phase; `step` in the phase's own (forward) order. Saturates far above any rank
/// count.
constexpr std::int64_t unit_value(const Phase& phase, std::int64_t step) {
  switch (phase.unit) {
    case Unit::one:
      return 1;
    case Unit::ruler:
      return (step + 1) & -(step + 1);
    case Unit::power_up:
    case Unit::power_down:
      break;
  }
  const std::int64_t exponent = phase.unit == Unit::power_up ? step : phase.steps - 1 - step;
  std::int64_t value = 1;
  for (std::int64_t i = 0; i < exponent && value < (std::int64_t{1} << 40); ++i)
    value *= phase.base;
  return value;
}

constexpr std::int64_t evaluate(const Affine& a, std::int64_t step, std::int64_t unit) {
  return a.constant + a.per_step * step + a.per_unit * unit;
}

/// An OffsetSet at one step: { x in [low, high) : ⌊x/divisor⌋ mod modulus = residue }.
struct Offsets {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::int64_t divisor = 1;
  std::int64_t modulus = 1;
  std::int64_t residue = 0;

  [[nodiscard]] constexpr bool contains(std::int64_t x) const {
    return x >= low && x < high && floor_mod(floor_div(x, divisor), modulus) == residue;
  }
  /// How many of the class lie below h, counted from 0 (negative h: negative count).
  [[nodiscard]] constexpr std::int64_t below(std::int64_t h) const {
    const std::int64_t period = modulus * divisor;
    const std::int64_t whole = floor_div(h, period);
    const std::int64_t rest = h - whole * period - residue * divisor;
    return whole * divisor + std::clamp<std::int64_t>(rest, 0, divisor);
  }
  [[nodiscard]] constexpr std::int64_t count() const {
    return high <= low ? 0 : below(high) - below(low);
  }
  /// Calls f(first, length, times, period): `times` runs of `length` consecutive offsets, `period`
  /// apart. At most three calls: a clipped first run, the whole runs, a clipped last run.
  template <class F>
  constexpr void for_each_run(F&& f) const {
    if (high <= low) return;
    if (modulus == 1) {
      f(low, high - low, std::int64_t{1}, high - low);
      return;
    }
    const std::int64_t period = modulus * divisor;
    std::int64_t first = floor_div(low, period) * period + residue * divisor;
    if (first + divisor <= low) first += period;
    if (first < low) {
      f(low, std::min(first + divisor, high) - low, std::int64_t{1}, period);
      first += period;
    }
    if (first >= high) return;
    const std::int64_t whole = first + divisor > high ? 0 : (high - first - divisor) / period + 1;
    if (whole > 0) f(first, divisor, whole, period);
    const std::int64_t last = first + whole * period;
    if (last < high) f(last, high - last, std::int64_t{1}, period);
  }
  template <class F>
  constexpr void for_each(F&& f) const {
    for_each_run(
        [&](std::int64_t first, std::int64_t length, std::int64_t times, std::int64_t period) {
          for (std::int64_t t = 0; t < times; ++t)
            for (std::int64_t i = 0; i < length; ++i) f(first + t * period + i);
        });
  }
};

/// The set at `step` (forward order) in a group of `size`.
constexpr Offsets offsets_at(const Phase& phase, const OffsetSet& set, std::int64_t step,
                             std::int64_t size) {
  const std::int64_t unit = unit_value(phase, step);
  Offsets at;
  at.low = evaluate(set.lo, step, unit);
  at.high = set.hi_is_group_size ? size : evaluate(set.hi, step, unit);
  if (set.has_cut) {
    at.low = std::max<std::int64_t>(at.low, set.cut_low);
    at.high = std::min<std::int64_t>(at.high, set.cut_high);
  }
  at.divisor = std::max<std::int64_t>(1, evaluate(set.divisor, step, unit));
  at.modulus = std::max<std::int64_t>(1, evaluate(set.modulus, step, unit));
  at.residue = floor_mod(evaluate(set.residue, step, unit), at.modulus);
  return at;
}

/// Who receives over the arc at `step`: those chosen that are in a group of `size`, else all.
constexpr Offsets receivers_at(const Phase& phase, const Arc& arc, std::int64_t step,
                               std::int64_t size) {
  Offsets at;
  at.high = size;
  if (arc.has_receivers) at = offsets_at(phase, arc.receivers, step, size);
  at.low = std::max<std::int64_t>(at.low, 0);
  at.high = std::min(at.high, size);
  return at;
}

/// The step of the phase in its own order that runs `position`-th (a dual phase runs backwards).
constexpr std::int64_t forward_step(const Phase& phase, std::int64_t position) {
  return phase.dual ? phase.steps - 1 - position : position;
}

/// What the phase does to cells when it runs: the transpose exchanges copy and give.
constexpr Transfer effective_transfer(const Phase& phase) {
  if (!phase.dual) return phase.transfer;
  if (phase.transfer == Transfer::copy) return Transfer::give;
  if (phase.transfer == Transfer::give) return Transfer::copy;
  return phase.transfer;
}

/// ρ_i of Swing and Bine: (1 − (−2)^(i+1)) / 3 = 1, −1, 3, −5, 11, ...
constexpr std::int64_t dihedral_hop(int i) {
  const std::int64_t power = std::int64_t{1} << (i + 1);
  return (1 - ((i + 1) % 2 == 0 ? power : -power)) / 3;
}

/// g_i(rank) in a group of 2^k: even ranks go ρ_i ahead, odd ones ρ_i back. Its own inverse.
constexpr std::int64_t dihedral_step(std::int64_t rank, int i, std::int64_t size) {
  const std::int64_t hop = dihedral_hop(i);
  return floor_mod(rank % 2 == 0 ? rank + hop : rank - hop, size);
}

inline constexpr std::int64_t kNoRank = -1;

/// F(w, x): the index that lies x behind w in a group of `size`, or kNoRank where there is none
/// (off the end of the absolute frame; masks beyond the group). The masks of the dihedral frame are
/// undone most recent step first.
constexpr std::int64_t behind(const Phase& phase, std::int64_t w, std::int64_t x,
                              std::int64_t size) {
  switch (phase.frame) {
    case Frame::cyclic:
      return floor_mod(w - x, size);
    case Frame::absolute:
      return w - x >= 0 && w - x < size ? w - x : kNoRank;
    case Frame::exclusive_or:
      return (w ^ x) >= 0 && (w ^ x) < size ? w ^ x : kNoRank;
    case Frame::dihedral:
      break;
  }
  if (x < 0 || x >= size) return kNoRank;
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size))) - 1;
  for (int k = 0; k < bits; ++k) {
    const int i = phase.unit == Unit::power_down ? k : bits - 1 - k;
    if ((x >> i) & 1) w = dihedral_step(w, i, size);
  }
  return w;
}

/// G(o, x): the index that sees o at offset x; the inverse of behind.
constexpr std::int64_t ahead(const Phase& phase, std::int64_t o, std::int64_t x,
                             std::int64_t size) {
  switch (phase.frame) {
    case Frame::cyclic:
      return floor_mod(o + x, size);
    case Frame::absolute:
      return o + x >= 0 && o + x < size ? o + x : kNoRank;
    case Frame::exclusive_or:
      return (o ^ x) >= 0 && (o ^ x) < size ? o ^ x : kNoRank;
    case Frame::dihedral:
      break;
  }
  if (x < 0 || x >= size) return kNoRank;
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size))) - 1;
  for (int k = 0; k < bits; ++k) {
    const int i = phase.unit == Unit::power_down ? bits - 1 - k : k;
    if ((x >> i) & 1) o = dihedral_step(o, i, size);
  }
  return o;
}

}  // namespace collscale
