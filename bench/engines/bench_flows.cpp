// SPDX-License-Identifier: Apache-2.0
// What schedules and the enumeration of their flows cost (part of bench_engines). Every kind of
// phase goes through for_each_flow into the sink that engines use, a test whether both ends are
// under one leaf and, if not, a counter at either; next to it loops written by hand for one pattern
// each, into the same sink: the limit.
//   build/release/bench/bench_engines --benchmark_filter='flows|by_hand'
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/algorithms/families.hpp"
#include "collective/flows.hpp"
#include "collective/placement.hpp"
#include "collective/program.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

/// Leaves of 512 ranks.
class LeafSink {
 public:
  explicit LeafSink(std::int64_t vertices)
      : up_(static_cast<std::size_t>(vertices >> kShift) + 1), down_(up_.size()) {}
  void operator()(std::int64_t source, std::int64_t destination) {
    const std::int64_t from = source >> kShift;
    const std::int64_t to = destination >> kShift;
    if (from == to) return;
    ++up_[static_cast<std::size_t>(from)];
    ++down_[static_cast<std::size_t>(to)];
  }
  void consume() {
    benchmark::DoNotOptimize(up_.data());
    benchmark::DoNotOptimize(down_.data());
    benchmark::ClobberMemory();
  }

 private:
  static constexpr int kShift = 9;
  std::vector<std::int64_t> up_;
  std::vector<std::int64_t> down_;
};

// Loops by hand.

void shift_by_hand(std::int64_t n, std::int64_t d, LeafSink& sink) {
  for (std::int64_t w = 0; w < d; ++w) sink(w - d + n, w);
  for (std::int64_t w = d; w < n; ++w) sink(w - d, w);
}
void exclusive_or_by_hand(std::int64_t n, std::int64_t mask, LeafSink& sink) {
  for (std::int64_t w = 0; w < n; ++w) sink(w ^ mask, w);
}
void dihedral_by_hand(std::int64_t n, std::int64_t hop, LeafSink& sink) {
  for (std::int64_t w = 0; w < n; w += 2) {
    std::int64_t v = w + hop;
    if (v >= n) v -= n;
    sink(v, w);
    sink(w, v);
  }
}
void tree_by_hand(std::int64_t n, std::int64_t, LeafSink& sink) {
  std::int64_t u = 1;
  while (2 * u < n) u *= 2;
  for (; u > 0; u /= 2)
    for (std::int64_t w = u; w < n; w += 2 * u) {
      const std::int64_t parent = (w & (2 * u)) == 0 && w + u < n ? w + u : w - u;
      sink(parent, w);
    }
}
void inside_by_hand(std::int64_t n, std::int64_t g, LeafSink& sink) {
  for (std::int64_t node = 0; node < n; node += g)
    for (std::int64_t i = 0; i < g; ++i) sink(node + (i == 0 ? g - 1 : i - 1), node + i);
}
void turning_by_hand(std::int64_t n, std::int64_t g, LeafSink& sink) {
  std::int64_t before = n - g + 2;  // the ring enters and leaves its nodes at 3 and 2
  for (std::int64_t node = 0; node < n; node += g)
    for (std::int64_t i = 0; i < g; ++i) {
      const std::int64_t rank = node + (i + 3 < g ? i + 3 : i + 3 - g);
      sink(before, rank);
      before = rank;
    }
}

using ByHand = void (*)(std::int64_t, std::int64_t, LeafSink&);
void by_hand(benchmark::State& state, ByHand loop, std::int64_t n, std::int64_t parameter,
             std::int64_t flows) {
  LeafSink sink(n);
  for (auto _ : state) {
    loop(n, parameter, sink);
    sink.consume();
  }
  state.SetItemsProcessed(state.iterations() * flows);
}

// Through for_each_flow.

Phase the_phase(const Term& term) { return std::get<Phase>(term.node); }

GroupMap placed(const std::vector<std::int64_t>& radix, const View& view,
                const DigitShift& rotation = {}, const std::vector<NodeRun>& nodes = {}) {
  Schedule schedule;
  schedule.ranks = 1;
  for (const std::int64_t r : radix) schedule.ranks *= r;
  schedule.radix = radix;
  schedule.nodes = nodes;
  CopyShift shift;
  shift.rotation = rotation;
  auto map = place(whole_map(radix), view, shift, schedule);
  if (!map) std::abort();
  return *map;
}
Lane lane_of(const Term& term, GroupMap map) {
  Lane lane;
  lane.phase = the_phase(term);
  lane.map = std::move(map);
  return lane;
}

View all_digits(int digits) {
  View view;
  for (; view.digit_count < digits; ++view.digit_count)
    view.digits[static_cast<std::size_t>(view.digit_count)] =
        static_cast<std::int8_t>(view.digit_count);
  return view;
}
View mirrored() {
  View view;
  view.mirror = true;
  return view;
}
View moved(std::int32_t twist, std::int32_t shift) {
  View view;
  view.twist = twist;
  view.shift = shift;
  return view;
}

std::int64_t log2_up(std::int64_t m) {
  std::int64_t k = 0;
  while ((std::int64_t{1} << k) < m) ++k;
  return k;
}
Term one_step(Frame frame, std::int64_t d) {
  return {phase(frame, Unit::one, 1, {arc(constant(d))})};
}
Term binary_tree(std::int64_t m) {
  const auto classes = [](std::int64_t residue) {
    return residue_class(units_of(4), units_of(residue));
  };
  OffsetSet left = classes(1);
  left.hi = units_of(-1, m);
  left.hi_is_group_size = false;
  OffsetSet only_left = classes(1);
  only_left.lo = units_of(-1, m);
  return {phase(Frame::absolute, Unit::power_down, log2_up(m),
                {to_receivers(arc(units_of(-1)), left), to_receivers(arc(units_of(1)), classes(3)),
                 to_receivers(arc(units_of(1)), only_left)})};
}
Term bruck(std::int64_t m) {
  return {phase(Frame::cyclic, Unit::power_up, log2_up(m),
                {arc(units_of(1), cut_below(interval(units_of(1), units_of(2)), m))})};
}
Term butterfly(Frame frame, bool near_first, std::int64_t m) {
  return {phase(frame, near_first ? Unit::power_up : Unit::power_down, log2_up(m),
                {arc(units_of(1), near_first ? interval(units_of(1), units_of(2))
                                             : residue_class(units_of(2), units_of(1)))})};
}
Term exchange(std::int64_t m) {  // Bruck's all_to_all, far steps first
  OffsetSet payload = interval(constant(0), constant(m));
  payload.divisor = units_of(1);
  payload.modulus = constant(2);
  payload.residue = constant(1);
  Phase p = phase(Frame::cyclic, Unit::power_down, log2_up(m), {arc(units_of(1), payload)});
  p.address = Address::pair;
  p.transfer = Transfer::move;
  return {p};
}
Term restricted(std::int64_t root, Term term) { return *restrict_to(root, std::move(term)); }
Term multicast() {
  Phase p = the_phase(one_step(Frame::cyclic, 0));
  p.network = InNetwork::multicast;
  return {p};
}

constexpr std::int64_t kAllSteps = -1;  // step by step
constexpr std::int64_t kTogether = -2;  // for_each_flow_of_all_steps

void flows(benchmark::State& state, const Lane& lane, std::int64_t step) {
  LeafSink sink(switch_of(lane, lane.map.group_count));
  std::int64_t count = 0;
  const auto enumerate = [&](auto&& f) {
    for (int a = 0; a < arc_count(lane) && step == kTogether; ++a)
      for_each_flow_of_all_steps(lane, a, f);
    if (step == kTogether) return;
    const std::int64_t first = step < 0 ? 0 : step;
    const std::int64_t last = step < 0 ? lane.phase.steps : step + 1;
    for (std::int64_t s = first; s < last; ++s)
      for (int a = 0; a < arc_count(lane); ++a) for_each_flow(lane, s, a, f);
  };
  enumerate([&](std::int64_t, std::int64_t) { ++count; });
  for (auto _ : state) {
    enumerate([&](std::int64_t source, std::int64_t destination) { sink(source, destination); });
    sink.consume();
  }
  state.SetItemsProcessed(state.iterations() * count);
}

void register_flows(std::int64_t n) {
  const auto add = [&](const std::string& kind, Lane lane, std::int64_t step = kAllSteps) {
    benchmark::RegisterBenchmark(("flows/" + kind + "/" + std::to_string(n)).c_str(),
                                 [lane, step](benchmark::State& s) { flows(s, lane, step); })
        ->Unit(benchmark::kMillisecond);
  };
  const auto add_by_hand = [&](const std::string& kind, ByHand loop, std::int64_t parameter,
                               std::int64_t count) {
    benchmark::RegisterBenchmark(
        ("by_hand/" + kind + "/" + std::to_string(n)).c_str(),
        [=](benchmark::State& s) { by_hand(s, loop, n, parameter, count); })
        ->Unit(benchmark::kMillisecond);
  };
  const GroupMap whole = whole_map({n});
  add_by_hand("shift_near", shift_by_hand, 1, n);
  add_by_hand("shift_far", shift_by_hand, n / 3, n);
  add_by_hand("tree", tree_by_hand, 0, n - 1);
  add("ring_forth", lane_of(one_step(Frame::cyclic, 1), whole));
  add("ring_back", lane_of(one_step(Frame::cyclic, -1), whole));
  add("cyclic_far", lane_of(one_step(Frame::cyclic, n / 3), whole));
  add("bruck_all_steps", lane_of(bruck(n), whole));
  add("direct_step",
      lane_of({phase(Frame::cyclic, Unit::one, n - 1,
                     {arc(steps_of(1, 1), singleton(steps_of(1, 1)))})},
              whole),
      12'345);
  add("tree", lane_of(binary_tree(n), whole));
  add("tree_up", lane_of(dual(binary_tree(n)), whole));
  add("tree_mirrored", lane_of(binary_tree(n), placed({n}, mirrored())));
  add("tree_shifted", lane_of(binary_tree(n), placed({n}, moved(0, 1))));
  add("tree_twisted", lane_of(binary_tree(n), placed({n}, moved(1, 54'321))));
  const std::int64_t core = core_size(n);
  const View first = core_view(core);
  const View neighbour = core_view(core, View::CoreMap::neighbour);
  add("xor_1_first_core", lane_of(one_step(Frame::exclusive_or, 1), placed({n}, first)));
  add("xor_1_neighbour_core", lane_of(one_step(Frame::exclusive_or, 1), placed({n}, neighbour)));
  add("xor_64_neighbour_core", lane_of(one_step(Frame::exclusive_or, 64), placed({n}, neighbour)));
  add("dihedral_neighbour_core",
      lane_of(one_step(Frame::dihedral, 1 << 10), placed({n}, neighbour)));
  const std::int64_t root = n / 7;
  add("restricted_bruck", lane_of(restricted(root, bruck(n)), whole));
  add("restricted_scatter", lane_of(restricted(root, exchange(n)), whole));
  add("restricted_xor", lane_of(restricted(root / 2, butterfly(Frame::exclusive_or, true, core)),
                                placed({n}, first)));
  add("restricted_bine",
      lane_of(restricted(root / 2, butterfly(Frame::dihedral, true, core)), placed({n}, first)));
  add("restricted_swing",
      lane_of(restricted(root / 2, butterfly(Frame::dihedral, false, core)), placed({n}, first)));
  // One message a step: all steps at once, as engines take phases without lag and full pipelines.
  const Term forth = {
      phase(Frame::cyclic, Unit::one, n - 1, {arc(constant(1), singleton(steps_of(1, 1)))})};
  Phase direct =
      phase(Frame::cyclic, Unit::one, n - 1, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.address = Address::pair;
  direct.transfer = Transfer::move;
  add("restricted_ring_together", lane_of(restricted(root, forth), whole), kTogether);
  add("restricted_ring_step_by_step", lane_of(restricted(root, forth), whole));
  add("restricted_direct_together", lane_of(restricted(root, {direct}), whole), kTogether);
  View listed;
  std::vector<std::int32_t> order;
  for (std::int64_t i = 0; i < n; ++i) order.push_back(static_cast<std::int32_t>(n - 1 - i));
  listed.members = std::make_shared<const std::vector<std::vector<std::int32_t>>>(1, order);
  add("ring_member_list", lane_of(one_step(Frame::cyclic, 1), placed({n}, listed)));

  // Nodes of 8 ranks, some of 5, and one of what is left.
  const std::int64_t of_five = n / 50;
  const std::int64_t of_eight = (n - 5 * of_five) / 8 - 1;
  const std::vector<NodeRun> uneven = {
      {of_eight, 8}, {of_five, 5}, {1, n - 5 * of_five - 8 * of_eight}};
  View turned = nodes_view(0);
  turned.turn = 3;
  const Term ring_step = one_step(Frame::cyclic, 1);
  add("inside_uneven_nodes", lane_of(ring_step, placed({n}, turned, {}, uneven)));
  add("leaders_ring", lane_of(ring_step, placed({n}, leaders_view(), {}, uneven)));
  add("leaders_tree",
      lane_of(binary_tree(of_eight + of_five + 1), placed({n}, leaders_view(), {}, uneven)));

  if (n == core) {
    add_by_hand("xor_small", exclusive_or_by_hand, 1, n);
    add_by_hand("xor_large", exclusive_or_by_hand, n / 2, n);
    add_by_hand("dihedral", dihedral_by_hand, dihedral_hop(10), n);
    for (const std::int64_t mask : {std::int64_t{1}, std::int64_t{3}, std::int64_t{16},
                                    std::int64_t{4096}, n / 2, std::int64_t{0x55555}, n - 1})
      add("xor_" + std::to_string(mask), lane_of(one_step(Frame::exclusive_or, mask), whole));
    for (const std::int64_t mask : {1, 1 << 10, 1 << 19})
      add("dihedral_" + std::to_string(mask), lane_of(one_step(Frame::dihedral, mask), whole));
  }
  if (n % 8 != 0) return;
  const std::vector<std::int64_t> nodes = {8, n / 8};
  const Term ring = one_step(Frame::cyclic, 1);
  add_by_hand("inside_nodes", inside_by_hand, 8, n);
  add_by_hand("channel_3", turning_by_hand, 8, n);
  add("over_digit_0", lane_of(ring, placed(nodes, digits_view({0}))));
  add("over_digit_0_turned", lane_of(ring, placed(nodes, digits_view({0}), {3, 0, 0, 0})));
  add("over_digit_1", lane_of(ring, placed(nodes, digits_view({1}))));
  add("tree_over_digit_1", lane_of(binary_tree(n / 8), placed(nodes, digits_view({1}))));
  add("channel_0", lane_of(ring, placed(nodes, all_digits(2))));
  add("channel_3", lane_of(ring, placed(nodes, all_digits(2), {3, 0, 0, 0})));
  add("channel_3_tree", lane_of(binary_tree(n), placed(nodes, all_digits(2), {3, 0, 0, 0})));
  add("digits_exchanged", lane_of(ring, placed(nodes, digits_view({1, 0}))));
  add("in_network", lane_of(multicast(), placed(nodes, digits_view({0}))));
  add("in_network_rails", lane_of(multicast(), placed(nodes, digits_view({1}))));
  const std::int64_t side = n == core ? 64 : 100;
  const std::vector<std::int64_t> torus = {side, side, n / side / side};
  for (const int d : {0, 1, 2})
    add("torus_3d_digit_" + std::to_string(d), lane_of(ring, placed(torus, digits_view({d}))));
  add("torus_3d_turned", lane_of(ring, placed(torus, all_digits(3), {5, 7, 0, 0})));
}

// Schedules.

void schedule_and_program(benchmark::State& state, const Algorithm& algorithm, const Shape& shape) {
  for (auto _ : state) {
    const auto schedule = make_schedule(algorithm.collective, algorithm.name, shape);
    if (!schedule) {
      state.SkipWithError(schedule.error().message.c_str());
      return;
    }
    const auto program = make_program(*schedule);
    if (!program) {
      state.SkipWithError(program.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(program->parts.data());
    benchmark::ClobberMemory();
  }
}

const bool registered = [] {
  for (const std::int64_t n :
       {std::int64_t{1'000'000}, std::int64_t{1} << 20, std::int64_t{1'000'003}})
    register_flows(n);
  for (const Algorithm& a : algorithms()) {
    for (const std::int64_t n : {std::int64_t{1'000'000}, std::int64_t{1} << 20}) {
      const Shape shape{
          .ranks = n, .ranks_per_node = 8, .channels = 8, .root = 5, .nodes_per_group = 50};
      Shape fitting = shape;
      if (n % 1'000 != 0) fitting.nodes_per_group = 64;
      benchmark::RegisterBenchmark(
          ("schedule/" + std::string(name(a.collective)) + "/" + std::string(a.name) + "/" +
           std::to_string(n))
              .c_str(),
          [&a, fitting](benchmark::State& s) { schedule_and_program(s, a, fitting); })
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace collscale
