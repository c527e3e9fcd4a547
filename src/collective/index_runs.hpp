// SPDX-License-Identifier: Apache-2.0
// One step of a phase as runs, in local indices: f(receiver, sender, count, stride) stands for
// `count` messages in which receiver and sender both advance by `stride`. Every frame and every set
// of receivers is a source of such runs; they are made long, because a run is one plain loop.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "collective/offsets.hpp"
#include "collective/schedule.hpp"

namespace collscale::index_runs {

/// Runs of this length are worth a loop of their own; longer ones in the wrong direction are cut
/// into tiles, so that those who count per link stay in cache.
inline constexpr std::int64_t kLong = 128;
inline constexpr std::int64_t kTile = 1024;
/// Instead of a tile, for those who do arithmetic on runs: the fewest runs.
inline constexpr std::int64_t kUncut = std::int64_t{1} << 62;

inline bool power_of_two(std::int64_t x) {
  return x > 0 && std::has_single_bit(static_cast<std::uint64_t>(x));
}

/// f(first, count, stride) for `times` runs of `length` consecutive indices, `period` apart: along
/// the runs, or across them where that is longer.
template <class F>
void lattice(std::int64_t first, std::int64_t length, std::int64_t times, std::int64_t period,
             F&& f, std::int64_t tile_length = kTile) {
  if (length >= times || (length >= kLong && tile_length != kUncut)) {
    for (std::int64_t t = 0; t < times; ++t) f(first + t * period, length, std::int64_t{1});
    return;
  }
  for (std::int64_t tile = 0; tile < times; tile += tile_length)
    for (std::int64_t i = 0; i < length; ++i)
      f(first + tile * period + i, std::min(tile_length, times - tile), period);
}

/// Receivers first, first + stride, ...; those below d hear from the other end.
template <class F>
void cyclic_run(std::int64_t d, std::int64_t size, std::int64_t first, std::int64_t count,
                std::int64_t stride, F&& f) {
  d = floor_mod(d, size);
  if (d == 0) return;
  while (count > 0) {  // once round the group at a time
    first = floor_mod(first, size);
    const std::int64_t here = std::min(count, (size - 1 - first) / stride + 1);
    const std::int64_t below = first < d ? std::min(here, (d - 1 - first) / stride + 1) : 0;
    if (below > 0) f(first, first - d + size, below, stride);
    if (below < here) f(first + below * stride, first + below * stride - d, here - below, stride);
    first += here * stride;
    count -= here;
  }
}

template <class F>
void absolute_run(std::int64_t d, std::int64_t size, std::int64_t first, std::int64_t count,
                  std::int64_t stride, F&& f) {
  if (d == 0) return;
  const std::int64_t low = std::max<std::int64_t>(d, 0);
  const std::int64_t high = size + std::min<std::int64_t>(d, 0);
  if (first < low) {
    const std::int64_t skipped = std::min(count, (low - first - 1) / stride + 1);
    first += skipped * stride;
    count -= skipped;
  }
  if (first >= high) return;
  count = std::min(count, (high - 1 - first) / stride + 1);
  if (count > 0) f(first, first - d, count, stride);
}

/// All of a group, frame exclusive_or. The bits of an index that the mask spans are counted
/// through, those above and below run: along them the sender stays at the same distance.
template <class F>
void exclusive_or_all(std::int64_t mask, std::int64_t size, F&& f, std::int64_t tile = kTile) {
  if (mask == 0) return;
  const std::int64_t low = mask & -mask;
  const auto top = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(mask)));
  for (std::int64_t w = 0; w < 2 * top; w += low)
    lattice(
        w, low, size / (2 * top), 2 * top,
        [&](std::int64_t first, std::int64_t count, std::int64_t stride) {
          f(first, first - w + (w ^ mask), count, stride);
        },
        tile);
}

/// All of a group, one generator g_i of the dihedral frame: even ranks one way, odd the other.
template <class F>
void dihedral_all(int i, std::int64_t size, F&& f) {
  cyclic_run(-dihedral_hop(i), size, 0, size / 2, 2, f);
  cyclic_run(dihedral_hop(i), size, 1, size / 2, 2, f);
}

/// f(first, count, stride): runs of offsets → runs of sender and receiver, seen from one root.
/// `times` runs of `length` offsets, `period` apart, the sender d behind each receiver.
template <class F>
void from_root(const Phase& phase, std::int64_t d, std::int64_t size, std::int64_t first,
               std::int64_t length, std::int64_t times, std::int64_t period, F&& f,
               std::int64_t tile = kTile) {
  const std::int64_t root = phase.root;
  if (phase.frame == Frame::cyclic || phase.frame == Frame::absolute) {
    lattice(
        root + first, length, times, period,
        [&](std::int64_t w, std::int64_t count, std::int64_t stride) {
          if (phase.frame == Frame::cyclic)
            cyclic_run(d, size, w, count, stride, f);
          else
            absolute_run(d, size, w, count, stride, f);
        },
        tile);
    return;
  }
  if (phase.frame == Frame::exclusive_or && power_of_two(length) && power_of_two(times) &&
      (times == 1 || power_of_two(period))) {
    // Where whole bits of the offset run free, those of the receiver do: root ^ x in other order.
    const std::int64_t free = (length - 1) | (times > 1 ? (times - 1) * period : 0);
    if ((first & free) == 0 && (d & free) == 0) {
      const std::int64_t w = (root ^ first) & ~free;
      if (w + free >= size || (w ^ d) >= size) return;
      lattice(
          w, length, times, period,
          [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
            f(at, at - w + (w ^ d), count, stride);
          },
          tile);
      return;
    }
  }
  for (std::int64_t t = 0; t < times; ++t)
    for (std::int64_t x = first + t * period; x < first + t * period + length; ++x) {
      const std::int64_t w = ahead(phase, root, x, size);
      if (w == kNoRank) continue;
      const std::int64_t v = behind(phase, w, d, size);
      if (v != kNoRank && v != w) f(w, v, std::int64_t{1}, std::int64_t{1});
    }
}

/// Trees of Swing and Bine: who hears in the step of generator g_i. Those who have heard before are
/// two progressions, one of even and one of odd ranks; step i moves each by its hop. Far steps
/// first: all ρ_j with j > i are equal modulo 2^(i+2), so they are two residue classes. Near steps
/// first: an even progression and an odd one of distance 2 that grow at either end.
template <class F>
void dihedral_tree(const Phase& phase, int i, std::int64_t size, F&& f) {
  const std::int64_t root = phase.root;
  const std::int64_t sign = root % 2 == 0 ? 1 : -1;  // an odd root sees the mirror image
  const std::int64_t hop = dihedral_hop(i) * sign;
  std::int64_t same = 0;   // lowest sender of the root's parity, from the root on
  std::int64_t other = 0;  // and of the other parity
  std::int64_t stride = 2;
  std::int64_t same_count = 1;
  std::int64_t other_count = 0;
  if (phase.unit == Unit::power_down) {
    stride = std::int64_t{4} << i;
    if (stride <= size) {
      same_count = other_count = size / stride;
      other = dihedral_hop(i + 1);
    } else {
      stride = size;
    }
  } else {
    for (int k = 0; k < i; ++k) {
      const std::int64_t further = other - dihedral_hop(k);
      const std::int64_t first_other = same + dihedral_hop(k);
      other = k == 0 ? first_other : std::min(other, first_other);
      same = k == 0 ? same : std::min(same, further);
      other_count = same_count = std::int64_t{1} << k;
    }
  }
  const auto move = [&](std::int64_t lowest, std::int64_t count, std::int64_t distance) {
    // Of a mirror image the lowest is the highest.
    const std::int64_t first = sign > 0 ? root + lowest : root - lowest - (count - 1) * stride;
    cyclic_run(distance, size, first + distance, count, stride, f);
  };
  move(same, same_count, hop);
  if (other_count > 0) move(other, other_count, -hop);
}

/// Restricted pairs: calls f as OffsetSet::for_each_run does with the offsets y at which some block
/// arrives, { mv(j) : j in X }, where mv is how far block j has come after the step.
template <class F>
void arrivals(const Phase& phase, const Offsets& x, std::int64_t u, std::int64_t size, F&& f) {
  if (phase.unit == Unit::one || phase.unit == Unit::ruler) {
    x.for_each_run(f);
    return;
  }
  const std::int64_t modulus = phase.base * u;
  const std::int64_t period = x.modulus * x.divisor;
  if (phase.unit == Unit::power_up) {  // y = j mod base·u
    if (x.low == 0 && period == modulus) {
      Offsets first_turn = x;
      first_turn.high = std::min(x.high, modulus);
      first_turn.for_each_run(f);
      return;
    }
    for (std::int64_t y = 0; y < std::min(modulus, size); ++y) {
      bool some = false;
      for (std::int64_t j = y; j < size && !some; j += modulus) some = x.contains(j);
      if (some) f(y, std::int64_t{1}, std::int64_t{1}, std::int64_t{1});
    }
    return;
  }
  if (x.divisor == u && x.low % u == 0 && x.modulus > 1) {  // y = j − j mod u: where a run starts
    x.for_each_run([&](std::int64_t first, std::int64_t, std::int64_t times, std::int64_t apart) {
      f(first, std::int64_t{1}, times, apart);
    });
    return;
  }
  for (std::int64_t y = 0; y < size; y += u) {
    Offsets here = x;
    here.low = std::max(x.low, y);
    here.high = std::min(x.high, y + u);
    if (here.count() > 0) f(y, std::int64_t{1}, std::int64_t{1}, std::int64_t{1});
  }
}

/// Restricted phases: those to whom the root's block is new.
template <class F>
void restricted(const Phase& phase, const Arc& arc, std::int64_t d, std::int64_t s,
                std::int64_t size, F&& f, std::int64_t tile) {
  const std::int64_t u = unit_value(phase, s);
  const Offsets x = offsets_at(phase, arc.payload, s, size);
  if (phase.frame == Frame::dihedral && phase.address != Address::pair && d == u &&
      power_of_two(d)) {
    const bool near_first =
        phase.unit == Unit::power_up && x.modulus == 1 && x.low == u && x.high == 2 * u;
    const bool far_first = phase.unit == Unit::power_down && x.low == 0 && x.high == size &&
                           x.divisor == 1 && x.modulus == 2 * u && x.residue == u;
    if (near_first || far_first) {
      dihedral_tree(phase, std::countr_zero(static_cast<std::uint64_t>(d)), size, f);
      return;
    }
  }
  const auto each = [&](std::int64_t first, std::int64_t length, std::int64_t times,
                        std::int64_t period) {
    from_root(phase, d, size, first, length, times, period, f, tile);
  };
  if (phase.address == Address::pair)
    arrivals(phase, x, u, size, each);
  else
    x.for_each_run(each);
}

/// All runs of step s (forward order) of an arc among `size` indices, cut into tiles or uncut.
template <class F>
void for_each(const Phase& phase, std::int64_t s, int arc_number, std::int64_t size, F&& f,
              std::int64_t tile = kTile) {
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
  if (arc.has_payload && offsets_at(phase, arc.payload, s, size).count() == 0) return;
  if (phase.root >= 0) {
    restricted(phase, arc, d, s, size, f, tile);
    return;
  }
  const bool shifts = phase.frame == Frame::cyclic || phase.frame == Frame::absolute;
  if (!arc.has_receivers && !shifts && d > 0 &&
      (phase.frame == Frame::exclusive_or || power_of_two(d))) {
    if (phase.frame == Frame::exclusive_or)
      exclusive_or_all(d, size, f, tile);
    else
      dihedral_all(std::countr_zero(static_cast<std::uint64_t>(d)), size, f);
    return;
  }
  const auto among = [&](std::int64_t first, std::int64_t count, std::int64_t stride) {
    if (phase.frame == Frame::cyclic) {
      cyclic_run(d, size, first, count, stride, f);
    } else if (phase.frame == Frame::absolute) {
      absolute_run(d, size, first, count, stride, f);
    } else {
      for (std::int64_t w = first; count > 0; --count, w += stride) {
        const std::int64_t v = behind(phase, w, d, size);
        if (v != kNoRank && v != w) f(w, v, std::int64_t{1}, std::int64_t{1});
      }
    }
  };
  if (!arc.has_receivers) {
    among(0, size, 1);
    return;
  }
  receivers_at(phase, arc, s, size)
      .for_each_run(
          [&](std::int64_t first, std::int64_t length, std::int64_t times, std::int64_t period) {
            lattice(first, length, times, period, among, tile);
          });
}

/// Steps [first, last) with one message each, of a cyclic phase: at step s receiver w + w_hop·s
/// (mod m) hears from the rank d + d_hop·s behind it.
struct Across {
  std::int64_t first = 0, last = 0;
  std::int64_t w = 0, w_hop = 0;
  std::int64_t d = 0, d_hop = 0;
};

/// Only the steps at which a + b·s lies in [low, high).
inline void clip(Across& across, std::int64_t a, std::int64_t b, std::int64_t low,
                 std::int64_t high) {
  if (b < 0) {  // −a − b·s in [1 − high, 1 − low)
    a = -a;
    b = -b;
    std::swap(low, high);
    low = 1 - low;
    high = 1 - high;
  }
  if (b == 0) {
    if (a < low || a >= high) across.last = across.first;
    return;
  }
  across.first = std::max(across.first, floor_div(low - a + b - 1, b));
  across.last = std::min(across.last, floor_div(high - a + b - 1, b));
}

/// The set is { x(s) }, cut or not, and x is linear in s.
inline bool is_moving_point(const OffsetSet& set) {
  const auto one = [](const Affine& a) {
    return a.constant == 1 && a.per_step == 0 && a.per_unit == 0;
  };
  return !set.hi_is_group_size && one(set.modulus) && one(set.divisor) &&
         set.lo.per_step == set.hi.per_step && set.lo.per_unit == set.hi.per_unit &&
         set.hi.constant - set.lo.constant == 1;
}

/// Whether every step of the arc is at most one message, and no more than a moving one.
inline bool one_message_per_step(const Phase& phase, int arc_number, std::int64_t size,
                                 Across& across) {
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  if (phase.frame != Frame::cyclic || phase.unit != Unit::one || phase.network != InNetwork::none ||
      (phase.root < 0 && !arc.has_receivers) || (phase.root >= 0 && arc.has_receivers))
    return false;
  const auto at_zero = [](const Affine& a) { return std::int64_t{a.constant} + a.per_unit; };
  across.last = phase.steps;
  across.d = at_zero(arc.distance);
  across.d_hop = arc.distance.per_step;
  if (arc.has_payload) {
    const OffsetSet& x = arc.payload;
    if (!is_moving_point(x)) return false;
    if (x.has_cut) clip(across, at_zero(x.lo), x.lo.per_step, x.cut_low, x.cut_high);
  }
  if (phase.root >= 0) {
    if (!arc.has_payload) return false;
    across.w = phase.root + at_zero(arc.payload.lo);
    across.w_hop = arc.payload.lo.per_step;
  } else {
    const OffsetSet& receivers = arc.receivers;
    if (!is_moving_point(receivers)) return false;
    if (receivers.has_cut)
      clip(across, at_zero(receivers.lo), receivers.lo.per_step, receivers.cut_low,
           receivers.cut_high);
    across.w = at_zero(receivers.lo);
    across.w_hop = receivers.lo.per_step;
    clip(across, across.w, across.w_hop, 0, size);
  }
  // No step in which the sender is the receiver.
  const std::int64_t first = across.d + across.first * across.d_hop;
  const std::int64_t last = across.d + (across.last - 1) * across.d_hop;
  return across.first >= across.last ||
         (std::min(first, last) > 0 && std::max(first, last) < size) ||
         (std::max(first, last) < 0 && std::min(first, last) > -size);
}

/// f(w, v, count, w_stride, v_stride), cut where either goes round the group.
template <class F>
void for_each_across(const Across& across, std::int64_t size, F&& f) {
  const auto left = [size](std::int64_t at, std::int64_t hop) {
    if (hop == 0) return std::int64_t{1} << 62;
    return hop > 0 ? (size - 1 - at) / hop + 1 : at / -hop + 1;
  };
  const std::int64_t v_hop = across.w_hop - across.d_hop;
  for (std::int64_t s = across.first; s < across.last;) {
    const std::int64_t w = floor_mod(across.w + s * across.w_hop, size);
    const std::int64_t v = floor_mod(w - across.d - s * across.d_hop, size);
    const std::int64_t here = std::min({across.last - s, left(w, across.w_hop), left(v, v_hop)});
    f(w, v, here, across.w_hop, v_hop);
    s += here;
  }
}

}  // namespace collscale::index_runs
