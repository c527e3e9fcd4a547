// SPDX-License-Identifier: Apache-2.0
// Enumeration: every (sender, receiver) of one step, a few adds per flow, nothing stored. A step
// falls into runs in which receiver and sender both advance by a constant; a run over consecutive
// ranks is a plain loop, a run over rotated or gathered digits two odometers.
#pragma once

#include <array>
#include <cstdint>

#include "collective/lane.hpp"
#include "collective/offsets.hpp"

namespace collscale {

/// Walks places of a group upwards, one by one, without division.
class RankCursor {
 public:
  RankCursor(const GroupMap& map, std::int64_t group, std::int64_t place)
      : rank_(map.rank_at_place(group, place)), digits_(map.view.digit_count) {
    for (int i = 0; i < digits_; ++i) {
      const auto digit = static_cast<std::size_t>(map.view.digits[static_cast<std::size_t>(i)]);
      Wheel& wheel = wheels_[static_cast<std::size_t>(i)];
      wheel.radix = map.radix[digit];
      wheel.weight = 1;
      for (std::size_t below = 0; below < digit; ++below) wheel.weight *= map.radix[below];
      wheel.turned = place % wheel.radix;
      wheel.value = floor_mod(wheel.turned + map.view.rotation[digit], wheel.radix);
      place /= wheel.radix;
    }
  }
  [[nodiscard]] std::int64_t rank() const { return rank_; }
  /// Rank of the next place − rank of this one, as long as the fastest digit does not turn over.
  [[nodiscard]] std::int64_t stride() const { return wheels_[0].weight; }
  /// How many places, this one included, are that far apart.
  [[nodiscard]] std::int64_t even_places() const {
    return wheels_[0].radix - std::max(wheels_[0].value, wheels_[0].turned);
  }
  /// To the place after the next `places` of them.
  void skip(std::int64_t places) {
    wheels_[0].value += places - 1;
    wheels_[0].turned += places - 1;
    rank_ += (places - 1) * wheels_[0].weight;
    next();
  }
  void next() {
    for (int i = 0; i < digits_; ++i) {
      Wheel& wheel = wheels_[static_cast<std::size_t>(i)];
      if (++wheel.value == wheel.radix) {
        wheel.value = 0;
        rank_ -= (wheel.radix - 1) * wheel.weight;
      } else {
        rank_ += wheel.weight;
      }
      if (++wheel.turned < wheel.radix) return;
      wheel.turned = 0;  // a full turn brings the digit back to where it began: carry
    }
  }

 private:
  struct Wheel {
    std::int64_t radix, weight, turned, value;
  };
  std::int64_t rank_;
  int digits_;
  std::array<Wheel, View::kMaxDigits> wheels_{};
};

/// How the local indices of a map lie among the ranks. even: rank = base + stride·index. turning:
/// digits, rotated or apart. other: twisted, mirrored, shifted, listed; GroupMap::rank knows.
struct IndexLayout {
  enum class Kind : std::uint8_t { even, turning, other } kind = Kind::even;
  std::int64_t stride = 1;
};

inline IndexLayout index_layout(const GroupMap& map) {
  const View& view = map.view;
  if (view.members || view.twist != 0 || view.mirror || view.shift != 0 ||
      (view.core > 0 && view.core_map == View::CoreMap::neighbour))
    return {IndexLayout::Kind::other, 0};
  IndexLayout layout;
  std::int64_t expected_digit = -1;
  for (int i = 0; i < view.digit_count; ++i) {
    const int digit = view.digits[static_cast<std::size_t>(i)];
    if (map.radix[static_cast<std::size_t>(digit)] == 1) continue;
    if (view.rotation[static_cast<std::size_t>(digit)] %
            map.radix[static_cast<std::size_t>(digit)] !=
        0)
      layout.kind = IndexLayout::Kind::turning;
    if (expected_digit < 0) {
      layout.stride = 1;
      for (int below = 0; below < digit; ++below)
        layout.stride *= map.radix[static_cast<std::size_t>(below)];
    } else {
      for (; expected_digit < digit; ++expected_digit)
        if (map.radix[static_cast<std::size_t>(expected_digit)] != 1)
          layout.kind = IndexLayout::Kind::turning;
      if (digit < expected_digit) layout.kind = IndexLayout::Kind::turning;
    }
    expected_digit = digit + 1;
  }
  return layout;
}

namespace flows_detail {

/// f(receiver, sender, count, stride): both advance by `stride`. Receivers from [first, last) that
/// are `stride` apart (cyclic, absolute).
template <class F>
void shift_runs(Frame frame, std::int64_t d, std::int64_t size, std::int64_t first,
                std::int64_t last, std::int64_t stride, F&& f) {
  const auto part = [&](std::int64_t from, std::int64_t to, std::int64_t offset) {
    if (from < first)
      from = first;
    else if (stride > 1)
      from += floor_mod(first - from, stride);
    if (to > last) to = last;
    if (from < to) f(from, from - offset, (to - from - 1) / stride + 1, stride);
  };
  if (frame == Frame::absolute) {
    if (d != 0) part(d, size + d, d);
    return;
  }
  d = floor_mod(d, size);
  if (d == 0) return;
  part(0, d, d - size);
  part(d, size, d);
}

template <class F>
void mask_runs(const Phase& phase, std::int64_t mask, std::int64_t size, std::int64_t first,
               std::int64_t last, F&& f) {
  if (mask == 0) return;
  if (phase.frame == Frame::exclusive_or) {
    const std::int64_t run = mask & -mask;
    for (std::int64_t w = first; w < last;) {
      const std::int64_t end = std::min((w & -run) + run, last);
      f(w, w ^ mask, end - w, std::int64_t{1});
      w = end;
    }
    return;
  }
  if ((mask & (mask - 1)) == 0) {  // one generator: even ranks one way, odd ranks the other
    const std::int64_t hop = dihedral_hop(std::countr_zero(static_cast<std::uint64_t>(mask)));
    const std::int64_t even = first + (first & 1);
    const std::int64_t odd = first + 1 - (first & 1);
    shift_runs(Frame::cyclic, -hop, size, even, last, 2, f);
    shift_runs(Frame::cyclic, hop, size, odd, last, 2, f);
    return;
  }
  for (std::int64_t w = first; w < last; ++w)
    f(w, behind(phase, w, mask, size), std::int64_t{1}, std::int64_t{1});
}

/// All runs of one step (forward order) of one arc, in local indices.
template <class F>
void index_runs(const Phase& phase, std::int64_t s, int arc_number, std::int64_t size, F&& f) {
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
  if (arc.has_payload && offsets_at(phase, arc.payload, s, size).count() == 0) return;
  const auto among = [&](std::int64_t first, std::int64_t last, std::int64_t stride) {
    if (phase.frame == Frame::cyclic || phase.frame == Frame::absolute) {
      shift_runs(phase.frame, d, size, first, last, stride, f);
    } else if (stride == 1) {
      mask_runs(phase, d, size, first, last, f);
    } else {
      for (std::int64_t w = first; w < last; w += stride) mask_runs(phase, d, size, w, w + 1, f);
    }
  };
  if (phase.root >= 0) {  // those to whom the root's block is new
    offsets_at(phase, arc.payload, s, size).for_each([&](std::int64_t x) {
      const std::int64_t w = ahead(phase, phase.root, x, size);
      if (w != kNoRank) among(w, w + 1, 1);
    });
    return;
  }
  if (!arc.has_receivers) {
    among(0, size, 1);
    return;
  }
  Offsets receivers = offsets_at(phase, arc.receivers, s, size);
  receivers.low = std::max<std::int64_t>(receivers.low, 0);
  receivers.high = std::min(receivers.high, size);
  receivers.for_each_run(
      [&](std::int64_t first, std::int64_t length, std::int64_t times, std::int64_t period) {
        if (length == 1 && times > 1) {
          among(first, first + (times - 1) * period + 1, period);
        } else {
          for (std::int64_t t = 0; t < times; ++t)
            among(first + t * period, first + t * period + length, 1);
        }
      });
}

}  // namespace flows_detail

/// Calls f(source_rank, destination_rank) for every message of one step of one arc, over all
/// groups, in no particular order. Steps in the order of execution. Ranks never send to themselves.
template <class F>
void for_each_flow(const Lane& lane, std::int64_t step, int arc, F&& f) {
  const GroupMap& map = lane.map;
  if (map.group_count < 1) return;
  const IndexLayout layout = index_layout(map);
  const std::int64_t s = forward_step(lane.phase, step);
  const bool backwards = lane.phase.dual;
  const auto send = [&](std::int64_t hears, std::int64_t heard) {
    if (backwards)
      f(hears, heard);
    else
      f(heard, hears);
  };
  // Ranks base + stride·index, for one group.
  const auto plain_run = [&](std::int64_t base, std::int64_t w, std::int64_t v, std::int64_t count,
                             std::int64_t stride) {
    std::int64_t to = base + w * layout.stride;
    std::int64_t from = base + v * layout.stride;
    const std::int64_t hop = stride * layout.stride;
    for (std::int64_t i = 0; i < count; ++i, to += hop, from += hop) send(to, from);
  };

  if (layout.kind == IndexLayout::Kind::even) {
    const std::int64_t first = map.rank_at_place(0, 0);
    const std::int64_t last = map.rank_at_place(map.group_count - 1, 0);
    const std::int64_t pitch = map.group_count > 1 ? map.rank_at_place(1, 0) - first : 0;
    if (last == first + pitch * (map.group_count - 1)) {  // the groups are evenly spaced as well
      flows_detail::index_runs(
          lane.phase, s, arc, map.size,
          [&](std::int64_t w, std::int64_t v, std::int64_t count, std::int64_t stride) {
            if (count >= map.group_count) {
              for (std::int64_t g = 0; g < map.group_count; ++g)
                plain_run(first + g * pitch, w, v, count, stride);
              return;
            }
            for (std::int64_t i = 0; i < count; ++i) {
              std::int64_t to = first + (w + i * stride) * layout.stride;
              std::int64_t from = first + (v + i * stride) * layout.stride;
              for (std::int64_t g = 0; g < map.group_count; ++g, to += pitch, from += pitch)
                send(to, from);
            }
          });
      return;
    }
  }
  for (std::int64_t group = 0; group < map.group_count; ++group) {
    const std::int64_t base =
        layout.kind == IndexLayout::Kind::even ? map.rank_at_place(group, 0) : 0;
    flows_detail::index_runs(
        lane.phase, s, arc, map.size,
        [&](std::int64_t w, std::int64_t v, std::int64_t count, std::int64_t stride) {
          if (layout.kind == IndexLayout::Kind::even) {
            plain_run(base, w, v, count, stride);
          } else if (layout.kind == IndexLayout::Kind::turning && stride == 1 && count > 1) {
            RankCursor to(map, group, w);
            RankCursor from(map, group, v);
            while (count > 0) {
              const std::int64_t places = std::min({count, to.even_places(), from.even_places()});
              std::int64_t hears = to.rank();
              std::int64_t heard = from.rank();
              for (std::int64_t i = 0; i < places; ++i, hears += to.stride(), heard += to.stride())
                send(hears, heard);
              to.skip(places);
              from.skip(places);
              count -= places;
            }
          } else {
            for (std::int64_t i = 0; i < count; ++i)
              send(map.rank(group, w + i * stride), map.rank(group, v + i * stride));
          }
        });
  }
}

}  // namespace collscale
