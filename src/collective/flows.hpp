// SPDX-License-Identifier: Apache-2.0
// Enumeration: every (sender, receiver) of one step, a few adds per flow, nothing stored.
//
// One idea: a step is a set of runs in which receiver and sender both advance by constants. The
// frames give runs of local indices (index_runs.hpp). The layout of the group (rank_layout.hpp)
// cuts them where its order of ranks bends, so that they become runs of ranks. A run and the axes
// of the lane's groups then span a box, and the longest side of the box is the inner loop.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>

#include "collective/index_runs.hpp"
#include "collective/lane.hpp"
#include "collective/rank_layout.hpp"

namespace collscale {
namespace flows_detail {

/// Where one end of a run stands: the rank so far, and what is left to place among further wheels.
struct End {
  std::int64_t rank, place, hop;
};

/// A side of the box that a run and its groups span.
struct Side {
  std::int64_t count, to_hop, from_hop;
};
using Sides = std::array<Side, View::kMaxDigits + 1>;

/// One end of a run on one wheel: how far the digit and its turned value count on evenly.
class Stretch {
 public:
  Stretch(const RankLayout& layout, int number, const End& end)
      : layout_(layout),
        number_(number),
        wheel_(layout.wheels[static_cast<std::size_t>(number)]),
        end_(end) {
    carry();
  }
  [[nodiscard]] std::int64_t rank() const {
    return above_ + (turned() - (over() ? wheel_.radix : 0)) * wheel_.weight;
  }
  [[nodiscard]] std::int64_t places() const {
    if (end_.hop == 0) return std::int64_t{1} << 62;
    if (end_.hop > 0) return (wheel_.radix - 1 - (over() ? digit_ : turned())) / end_.hop + 1;
    return (over() ? turned() - wheel_.radix : digit_) / -end_.hop + 1;
  }
  void skip(std::int64_t places) {
    end_.place += places * end_.hop;
    digit_ += places * end_.hop;
    if (digit_ < 0 || digit_ >= wheel_.radix) carry();
  }

 private:
  [[nodiscard]] std::int64_t turned() const { return digit_ + wheel_.rotation; }
  [[nodiscard]] bool over() const { return turned() >= wheel_.radix; }
  void carry() {
    if (end_.place < 0) return;  // past the end of the run
    digit_ = end_.place % wheel_.radix;
    above_ = end_.rank + layout_.rank_of(end_.place / wheel_.radix, number_ + 1);
  }
  const RankLayout& layout_;
  int number_;
  RankLayout::Wheel wheel_;
  End end_;
  std::int64_t digit_ = 0;
  std::int64_t above_ = 0;  // rank of what the further wheels show
};

/// Runs of places → runs of ranks: f(to, from, count, to_hop, from_hop). Wheel by wheel, either the
/// stretches within one turn, or every period-th place, whose digit is always the same: whichever
/// is fewer.
template <class F>
void turn(const RankLayout& layout, int number, const End& to, const End& from, std::int64_t count,
          F&& f) {
  const RankLayout::Wheel& wheel = layout.wheels[static_cast<std::size_t>(number)];
  if (number + 1 == layout.wheel_count) {
    f(to.rank + to.place * wheel.weight, from.rank + from.place * wheel.weight, count,
      to.hop * wheel.weight, from.hop * wheel.weight);
    return;
  }
  const std::int64_t radix = wheel.radix;
  const auto period_of = [&](const End& end) { return radix / std::gcd(end.hop, radix); };
  const std::int64_t period = to.hop == from.hop ? (to.hop == 1 ? radix : period_of(to))
                                                 : std::lcm(period_of(to), period_of(from));
  const std::int64_t hops = (to.hop < 0 ? -to.hop : to.hop) + (from.hop < 0 ? -from.hop : from.hop);
  const std::int64_t stretches = 2 + 2 * count * hops / radix;
  if (std::min(period, count) <= stretches) {
    const auto carry = [&](const End& end, std::int64_t k) {
      const std::int64_t place = end.place + k * end.hop;
      const std::int64_t value = (place % radix + wheel.rotation) % radix;
      return End{end.rank + value * wheel.weight, place / radix, end.hop * period / radix};
    };
    for (std::int64_t k = 0; k < std::min(period, count); ++k)
      turn(layout, number + 1, carry(to, k), carry(from, k), (count - 1 - k) / period + 1, f);
    return;
  }
  Stretch a(layout, number, to);
  Stretch b(layout, number, from);
  while (count > 0) {
    const std::int64_t here = std::min({count, a.places(), b.places()});
    f(a.rank(), b.rank(), here, to.hop * wheel.weight, from.hop * wheel.weight);
    a.skip(here);
    b.skip(here);
    count -= here;
  }
}

/// Runs of indices → runs of ranks, cut where a piece of the layout ends. Long runs go in tiles:
/// those who count per link walk the ranks once, not once per digit.
template <class F>
void place(const RankLayout& layout, std::int64_t w, std::int64_t v, std::int64_t count,
           std::int64_t w_stride, std::int64_t v_stride, F&& f,
           std::int64_t tile_length = index_runs::kTile) {
  const bool whole = layout.wheel_count <= 1 || tile_length == index_runs::kUncut;
  std::int64_t tile = whole ? count : tile_length;
  for (int i = 0; !whole && i + 1 < layout.wheel_count; ++i)
    tile *= layout.wheels[static_cast<std::size_t>(i)].radix;
  const auto left = [](const RankLayout::Piece& piece, std::int64_t index, std::int64_t stride) {
    if (stride == 0) return std::int64_t{1} << 62;
    return (stride > 0 ? piece.last - 1 - index : index - piece.first) /
               (stride > 0 ? stride : -stride) +
           1;
  };
  const auto end = [](const RankLayout::Piece& piece, std::int64_t index, std::int64_t stride) {
    return End{0, piece.start + piece.slope * (index - piece.first), piece.slope * stride};
  };
  while (count > 0) {
    const RankLayout::Piece& at_w = layout.piece_at(w);
    const RankLayout::Piece& at_v = layout.piece_at(v);
    const std::int64_t here =
        std::min({count, tile, left(at_w, w, w_stride), left(at_v, v, v_stride)});
    turn(layout, 0, end(at_w, w, w_stride), end(at_v, v, v_stride), here, f);
    w += here * w_stride;
    v += here * v_stride;
    count -= here;
  }
}

/// The box: sides[0] is the run, the others are axes of groups. f(to, from).
template <class F>
void box(std::int64_t to, std::int64_t from, Sides& sides, int side_count, F&& f) {
  std::size_t inner = 0;
  if (sides[0].count < index_runs::kLong)
    for (std::size_t i = 1; i < static_cast<std::size_t>(side_count); ++i)
      if (sides[i].count > sides[inner].count) inner = i;
  std::swap(sides[0], sides[inner]);
  const Side& side = sides[0];
  const std::int64_t tile = side_count > 1 ? index_runs::kTile : side.count;
  std::array<std::int64_t, View::kMaxDigits + 1> at{};
  for (std::int64_t done = 0; done < side.count; done += tile) {
    const std::int64_t count = std::min(tile, side.count - done);
    for (int next = 0; next < side_count;) {
      std::int64_t hears = to;
      std::int64_t heard = from;
      for (std::int64_t i = 0; i < count; ++i, hears += side.to_hop, heard += side.from_hop)
        f(hears, heard);
      for (next = 1; next < side_count; ++next) {  // the odometer of the other sides
        const auto n = static_cast<std::size_t>(next);
        to += sides[n].to_hop;
        from += sides[n].from_hop;
        if (++at[n] < sides[n].count) break;
        to -= sides[n].count * sides[n].to_hop;
        from -= sides[n].count * sides[n].from_hop;
        at[n] = 0;
      }
    }
    to += count * side.to_hop;
    from += count * side.from_hop;
  }
}

/// Masks of many bits leave no long runs: one exclusive or per flow. Only where indices lie evenly.
/// (Its own transpose: either end may be the source.)
template <class F>
bool scattered(const Lane& lane, const RankLayout& layout, std::int64_t s, int arc_number, F&& f) {
  const Phase& phase = lane.phase;
  if (phase.frame != Frame::exclusive_or || phase.network != InNetwork::none) return false;
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  if (arc.has_receivers || phase.root >= 0 || lane.map.view.members || lane.map.view.orders ||
      !layout.plain())
    return false;
  const std::int64_t mask = evaluate(arc.distance, s, unit_value(phase, s));
  const std::int64_t size = lane.map.size;
  const auto top = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(mask)));
  if (mask < 1 || std::max(mask & -mask, size / (2 * top)) >= index_runs::kLong) return false;
  if (arc.has_payload && offsets_at(phase, arc.payload, s, size).count() == 0) return true;
  if (layout.group_axes > 0 && layout.groups[0].count >= index_runs::kLong) return false;
  const std::int64_t weight = layout.wheels[0].weight;
  for (std::int64_t group = 0; group < lane.map.group_count; ++group) {
    const std::int64_t base = lane.map.rank_at_place(group, 0);
    for (std::int64_t w = 0; w < size; ++w) f(base + w * weight, base + (w ^ mask) * weight);
  }
  return true;
}

/// Puts the runs of indices that `runs` yields, g(w, v, count, w_stride, v_stride), on the ranks of
/// all groups as boxes: f(to, from, sides, how many), `to` hears from `from`. Not for member lists.
template <class Runs, class F>
void boxes(const Lane& lane, const RankLayout& layout, Runs&& runs, F&& f, std::int64_t tile) {
  const bool network = lane.phase.network != InNetwork::none;
  const std::int64_t hub = network ? switch_of(lane, 0) : 0;
  const auto make_box = [&](std::int64_t to, std::int64_t from, std::int64_t count,
                            std::int64_t to_hop, std::int64_t from_hop) {
    Sides sides{};
    int side_count = 0;
    sides[static_cast<std::size_t>(side_count++)] = {count, to_hop, network ? 0 : from_hop};
    std::int64_t group = 1;
    for (int i = 0; i < layout.group_axes; ++i) {
      const RankLayout::Axis& axis = layout.groups[static_cast<std::size_t>(i)];
      sides[static_cast<std::size_t>(side_count++)] = {axis.count, axis.hop,
                                                       network ? group : axis.hop};
      group *= axis.count;
    }
    f(layout.base + to, network ? hub : layout.base + from, sides, side_count);
  };
  runs([&](std::int64_t w, std::int64_t v, std::int64_t count, std::int64_t w_stride,
           std::int64_t v_stride) {
    place(layout, w, v, count, w_stride, v_stride, make_box, tile);
  });
}

/// Whether `to` of a run is the source: switches hear of arc 0, and dual phases run backwards.
inline bool runs_backwards(const Lane& lane, int arc) {
  return lane.phase.network != InNetwork::none ? arc == 0 : lane.phase.dual;
}

/// The messages of the runs, one by one: f(source, destination).
template <class Runs, class F>
void on_ranks(const Lane& lane, const RankLayout& layout, int arc, Runs&& runs, F&& f) {
  const GroupMap& map = lane.map;
  const bool backwards = runs_backwards(lane, arc);
  const auto send = [&](std::int64_t hears, std::int64_t heard) {
    if (backwards)
      f(hears, heard);
    else
      f(heard, hears);
  };
  if (!map.view.members) {
    boxes(
        lane, layout, runs,
        [&](std::int64_t to, std::int64_t from, Sides& sides, int side_count) {
          box(to, from, sides, side_count, send);
        },
        index_runs::kTile);
    return;
  }
  const bool network = lane.phase.network != InNetwork::none;
  for (std::int64_t group = 0; group < map.group_count; ++group) {
    const std::int32_t* ranks = (*map.view.members)[static_cast<std::size_t>(group)].data();
    const std::int64_t hub = switch_of(lane, group);
    const auto send_run = [&](std::int64_t to, std::int64_t from, std::int64_t count,
                              std::int64_t to_hop, std::int64_t from_hop) {
      for (; count > 0; --count, to += to_hop, from += from_hop)
        send(ranks[to], network ? hub : ranks[from]);
    };
    runs([&](std::int64_t w, std::int64_t v, std::int64_t count, std::int64_t w_stride,
             std::int64_t v_stride) { place(layout, w, v, count, w_stride, v_stride, send_run); });
  }
}

/// A callable behind a pointer: what is rarely needed is compiled once.
class AnyFlow {
 public:
  template <class F>
  explicit AnyFlow(F& f)
      : f_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* to, std::int64_t source, std::int64_t destination) {
          (*static_cast<F*>(to))(source, destination);
        }) {}
  void operator()(std::int64_t source, std::int64_t destination) const {
    call_(f_, source, destination);
  }

 private:
  void* f_;
  void (*call_)(void*, std::int64_t, std::int64_t);
};
/// for_each_flow and, with step −1, for_each_flow_of_all_steps of a lane that orders the ranks of
/// nodes.
void for_each_ordered(const Lane& lane, std::int64_t step, int arc, AnyFlow f);

}  // namespace flows_detail

/// Calls f(source, destination) for every message of one step of one arc, over all groups, in no
/// particular order. Steps in the order of execution; arcs as arc_count(lane) counts them. Ranks
/// never send to themselves. Of a phase in the network: ranks to switches (arc 0), switches to
/// ranks (arc 1).
template <class F>
void for_each_flow(const Lane& lane, std::int64_t step, int arc, F&& f) {
  const GroupMap& map = lane.map;
  if (map.group_count < 1 || map.size < 1) return;
  if (map.view.orders)
    return flows_detail::for_each_ordered(lane, step, arc, flows_detail::AnyFlow(f));
  const RankLayout layout = rank_layout(map);
  const std::int64_t s = forward_step(lane.phase, step);
  if (flows_detail::scattered(lane, layout, s, arc, f)) return;
  flows_detail::on_ranks(
      lane, layout, arc,
      [&](auto&& g) {
        if (lane.phase.network != InNetwork::none)
          g(std::int64_t{0}, std::int64_t{0}, map.size, std::int64_t{1}, std::int64_t{1});
        else
          index_runs::for_each(lane.phase, s, arc, map.size,
                               [&](std::int64_t w, std::int64_t v, std::int64_t count,
                                   std::int64_t stride) { g(w, v, count, stride, stride); });
      },
      f);
}

/// The same for all steps of an arc together, in no particular order: what a phase without lag, or
/// a full pipeline, has under way at once. Where a step is a single message (chains, linear scatter
/// and gather) the steps are runs.
template <class F>
void for_each_flow_of_all_steps(const Lane& lane, int arc, F&& f) {
  if (lane.map.group_count < 1 || lane.map.size < 1) return;
  if (lane.map.view.orders)
    return flows_detail::for_each_ordered(lane, -1, arc, flows_detail::AnyFlow(f));
  index_runs::Across across;
  if (!index_runs::one_message_per_step(lane.phase, arc, lane.map.size, across)) {
    for (std::int64_t step = 0; step < lane.phase.steps; ++step) for_each_flow(lane, step, arc, f);
    return;
  }
  flows_detail::on_ranks(
      lane, rank_layout(lane.map), arc,
      [&](auto&& g) { index_runs::for_each_across(across, lane.map.size, g); }, f);
}

}  // namespace collscale
