// SPDX-License-Identifier: Apache-2.0
// What messages of a lane carry, against the definition: every message of a step enumerated.
#include "collective/lane.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "collective/flows.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using testing::schedule_of;

std::vector<Lane> lanes_of(const Schedule& s) {
  const auto p = make_program(s);
  EXPECT_TRUE(p) << p.error().message;
  std::vector<Lane> lanes;
  if (p) testing::collect_lanes(*p, lanes);
  return lanes;
}

Term pairs(std::int64_t m, std::int64_t base, Unit unit) {
  std::vector<Arc> arcs;
  for (std::int64_t c = 1; c < base; ++c) {
    OffsetSet payload = interval(constant(0), constant(m));
    payload.divisor = units_of(1);
    payload.modulus = constant(base);
    payload.residue = constant(c);
    arcs.push_back(arc(units_of(c), payload));
  }
  Phase p = phase(Frame::cyclic, unit, testing::ceil_log(base, m), {arcs.front()});
  p.arc_count = static_cast<std::int8_t>(arcs.size());
  for (std::size_t a = 0; a < arcs.size(); ++a) p.arcs[a] = arcs[a];
  p.base = static_cast<std::int32_t>(base);
  p.address = Address::pair;
  p.transfer = Transfer::move;
  return {p};
}

/// Blocks that arrive at each offset from the root, by the definition.
std::map<std::int64_t, std::int64_t> arriving(const Lane& lane, std::int64_t position, int arc) {
  const Phase& phase = lane.phase;
  const std::int64_t s = forward_step(phase, position);
  const std::int64_t u = unit_value(phase, s);
  std::map<std::int64_t, std::int64_t> at;
  for (std::int64_t j = 0; j < lane.map.size; ++j) {
    if (!offsets_at(phase, phase.arcs[static_cast<std::size_t>(arc)].payload, s, lane.map.size)
             .contains(j))
      continue;
    std::int64_t y = j;
    if (phase.unit == Unit::power_up) y = j % (phase.base * u);
    if (phase.unit == Unit::power_down) y = j - j % u;
    ++at[y];
  }
  return at;
}

TEST(Lanes, ARestrictedExchangeCarriesTheBlocksThatMoveOnTogether) {
  for (std::int64_t m = 2; m <= 40; ++m) {
    for (const std::int64_t base : {2, 3, 4}) {
      for (const Unit unit : {Unit::power_up, Unit::power_down}) {
        const Term scatter = *restrict_to(m / 2, pairs(m, base, unit));
        for (const bool back : {false, true}) {
          const auto lanes = lanes_of(schedule_of(back ? Collective::gather : Collective::scatter,
                                                  "x", {m}, back ? dual(scatter) : scatter, m / 2));
          ASSERT_EQ(lanes.size(), 1U);
          double all = 0;
          for (std::int64_t s = 0; s < lanes[0].phase.steps; ++s)
            for (int a = 0; a < arc_count(lanes[0]); ++a) {
              const auto at = arriving(lanes[0], s, a);
              std::int64_t most = 0;
              std::int64_t total = 0;
              for (const auto& [y, blocks] : at) {
                most = std::max(most, blocks);
                total += blocks;
              }
              const auto size = static_cast<double>(m);
              ASSERT_NEAR(message_fraction(lanes[0], s, a), static_cast<double>(most) / size, 1e-12)
                  << "m=" << m << " base=" << base << " step=" << s << " arc=" << a;
              std::int64_t flows = 0;
              for_each_flow(lanes[0], s, a, [&](std::int64_t, std::int64_t) { ++flows; });
              ASSERT_EQ(flows, static_cast<std::int64_t>(at.size()));
              ASSERT_NEAR(mean_message_fraction(lanes[0], s, a) * static_cast<double>(flows),
                          static_cast<double>(total) / size, 1e-12);
              all += static_cast<double>(total) / size;
            }
          EXPECT_EQ(step_classes(lanes[0]).size(),
                    static_cast<std::size_t>(lanes[0].phase.steps));  // other ranks every step
          EXPECT_GE(all, static_cast<double>(m - 1) / static_cast<double>(m) - 1e-12);
        }
      }
    }
  }
}

TEST(Lanes, WhatAPhaseGainsIsTheSumOverItsSteps) {
  std::vector<Phase> phases;
  for (std::int64_t m = 2; m <= 30; ++m) {
    phases.push_back(std::get<Phase>(testing::biring(m).node));
    phases.push_back(std::get<Phase>(testing::bruck(m).node));
    phases.push_back(std::get<Phase>(ring_gather(m, -1).node));
  }
  for (const std::int64_t per_step : {-3, -2, -1, 1, 2, 3})
    for (const std::int64_t start : {-9, -1, 0, 4})
      for (const std::int32_t low : {-20, -3, 0, 2})
        for (const std::int32_t high : {-4, 0, 1, 9}) {
          OffsetSet set = singleton(steps_of(start, per_step));
          set.has_cut = true;
          set.cut_low = low;
          set.cut_high = high;
          phases.push_back(phase(Frame::cyclic, Unit::one, 7, {arc(constant(1), set)}));
        }
  for (const Phase& p : phases) {
    std::int64_t sum = 0;
    for (std::int64_t s = 0; s < p.steps; ++s)
      for (int a = 0; a < p.arc_count; ++a)
        sum += offsets_at(p, p.arcs[static_cast<std::size_t>(a)].payload, s, 30).count();
    EXPECT_EQ(total_gain(p, 30), sum);
  }
}

TEST(Lanes, ALinearScatterSendsOneBlockToEachRank) {
  const auto lanes =
      lanes_of(schedule_of(Collective::scatter, "x", {3, 4},
                           seq({over(digits_view({1}), *restrict_to(2, testing::pairwise(4))),
                                over(digits_view({0}), *restrict_to(1, testing::pairwise(3)))}),
                           7));
  ASSERT_EQ(lanes.size(), 2U);
  EXPECT_DOUBLE_EQ(message_fraction(lanes[0], 0, 0), 1.0 / 4);
  EXPECT_DOUBLE_EQ(message_fraction(lanes[1], 0, 0), 1.0 / 12);
  EXPECT_EQ(lanes[1].states[1], DigitState::own);
}

Phase in_network(InNetwork network) {
  Phase p = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  p.network = network;
  if (network == InNetwork::multicast) p.address = Address::block;
  return p;
}

TEST(Lanes, ASwitchTakesOneBlockUpAndSendsAllOfThemDown) {
  const Term gather{in_network(InNetwork::multicast)};
  const auto lanes =
      lanes_of(schedule_of(Collective::all_reduce, "x", {8, 3},
                           seq({over(digits_view({0}), dual(gather)),
                                over(digits_view({1}), {in_network(InNetwork::all_reduce)}),
                                over(digits_view({0}), gather)})));
  ASSERT_EQ(lanes.size(), 3U);
  for (const Lane& lane : lanes) {
    EXPECT_EQ(arc_count(lane), 2);
    EXPECT_EQ(step_classes(lane).size(), 1U);
  }
  const std::vector<std::vector<double>> up_down{{1, 1.0 / 8}, {1.0 / 8, 1.0 / 8}, {1.0 / 8, 1}};
  for (std::size_t i = 0; i < 3; ++i)
    for (int a = 0; a < 2; ++a) {
      EXPECT_DOUBLE_EQ(message_fraction(lanes[i], 0, a), up_down[i][static_cast<std::size_t>(a)]);
      EXPECT_DOUBLE_EQ(mean_message_fraction(lanes[i], 0, a),
                       up_down[i][static_cast<std::size_t>(a)]);
      std::int64_t flows = 0;
      for_each_flow(lanes[i], 0, a, [&](std::int64_t from, std::int64_t to) {
        EXPECT_GE(a == 0 ? to : from, 24);
        ++flows;
      });
      EXPECT_EQ(flows, 24);
    }
  EXPECT_EQ(total_gain(lanes[2].phase, 8), 7);
  EXPECT_EQ(total_gain(lanes[1].phase, 3), 0);
}

Schedule on_uneven_nodes(Collective collective, Term term) {
  Schedule s = schedule_of(collective, "uneven", {18}, std::move(term));
  s.nodes = {{2, 3}, {1, 5}, {3, 2}, {1, 1}};
  return s;
}
const std::vector<std::int64_t>& node_sizes() {
  static const std::vector<std::int64_t> sizes{3, 3, 5, 2, 2, 2, 1};
  return sizes;
}

/// Ranks of all nodes that index i of the leaders stands for.
std::int64_t led(const Lane& lane, std::int64_t index) {
  std::int64_t ranks = 0;
  for (std::int64_t i = index; i < lane.map.full_size(); i += lane.map.size)
    ranks += node_sizes()[static_cast<std::size_t>(lane.map.place_of(i))];
  return ranks;
}

/// Hand over to the leaders of nodes of one size.
Term to_leader(std::int64_t size) {
  return {phase(
      Frame::cyclic, Unit::one, size - 1,
      {to_receivers(arc(steps_of(-1, -1), singleton(steps_of(-1, -1))), singleton(constant(0)))})};
}

TEST(Lanes, LeadersGatherTheBlocksOfTheirNodes) {
  View mirrored = leaders_view();
  mirrored.mirror = true;
  View shifted = leaders_view();
  shifted.shift = 3;
  View twisted = leaders_view();
  twisted.twist = 2;
  const auto butterfly = testing::cube_like(Frame::exclusive_or, true, 4);
  const std::vector<Term> gathers{
      over(leaders_view(), ring_gather(7, 1)),  over(mirrored, ring_gather(7, -1)),
      over(shifted, testing::bruck(7)),         over(twisted, testing::bruck(7)),
      over(leaders_view(), testing::pat(7, 2)), over(leaders_view(), fold_gather(7, butterfly)),
      over(leaders_view(), testing::biring(7))};
  for (const Term& gather : gathers) {
    for (const bool back : {false, true}) {
      const Term down = seq({over(nodes_view(0), to_leader(3)), over(nodes_view(1), to_leader(5)),
                             over(nodes_view(2), to_leader(2))});
      const auto lanes =
          lanes_of(on_uneven_nodes(back ? Collective::reduce_scatter : Collective::all_gather,
                                   back ? seq({dual(gather), dual(down)}) : seq({down, gather})));
      for (const Lane& lane : lanes) {
        if (lane.map.view.nodes != View::Nodes::leaders || carries_scope(lane.phase)) continue;
        ASSERT_TRUE(lane.gathers_for_others);
        std::int64_t classified = 0;
        for (const StepClass& c : step_classes(lane)) classified += c.count;
        EXPECT_EQ(classified, lane.phase.steps);
        for (std::int64_t s = 0; s < lane.phase.steps; ++s)
          for (int a = 0; a < arc_count(lane); ++a) {
            const std::int64_t f = forward_step(lane.phase, s);
            const Arc& arc = lane.phase.arcs[static_cast<std::size_t>(a)];
            const Offsets x = offsets_at(lane.phase, arc.payload, f, lane.map.size);
            std::int64_t most = 0;
            std::int64_t total = 0;
            std::int64_t messages = 0;
            for (std::int64_t w = 0; w < lane.map.size; ++w) {
              if (arc.has_receivers &&
                  !offsets_at(lane.phase, arc.receivers, f, lane.map.size).contains(w))
                continue;
              std::int64_t ranks = 0;
              x.for_each([&](std::int64_t o) {
                ranks += led(lane, behind(lane.phase, w, o, lane.map.size));
              });
              if (ranks == 0) continue;
              most = std::max(most, ranks);
              total += ranks;
              ++messages;
            }
            if (messages == 0) continue;
            EXPECT_NEAR(mean_message_fraction(lane, s, a),
                        static_cast<double>(total) / static_cast<double>(18 * messages), 1e-12);
            EXPECT_GE(message_fraction(lane, s, a), static_cast<double>(most) / 18 - 1e-12);
            EXPECT_LE(message_fraction(lane, s, a), 1 + 1e-12);
            if (x.count() == 1 && lane.map.size == 7) {
              EXPECT_NEAR(message_fraction(lane, s, a), static_cast<double>(most) / 18, 1e-12);
            }
          }
      }
    }
  }
}

TEST(Lanes, AScatterToLeadersCarriesTheBlocksOfWholeNodes) {
  const auto lanes = lanes_of(on_uneven_nodes(
      Collective::scatter,
      seq({over(leaders_view(), *restrict_to(0, pairs(7, 2, Unit::power_down))),
           dual(over(nodes_view(0), to_leader(3))), dual(over(nodes_view(1), to_leader(5))),
           dual(over(nodes_view(2), to_leader(2)))})));
  ASSERT_EQ(lanes.size(), 4U);
  EXPECT_TRUE(lanes[0].gathers_for_others);
  EXPECT_NEAR(message_fraction(lanes[0], 0, 0), 5.0 / 18, 1e-12);  // nodes 4, 5, 6
  EXPECT_NEAR(message_fraction(lanes[0], 1, 0), 7.0 / 18, 1e-12);  // nodes 2 and 3; 6
  EXPECT_NEAR(mean_message_fraction(lanes[0], 2, 0), (3 + 2 + 2) / 3.0 / 18, 1e-12);
  EXPECT_DOUBLE_EQ(message_fraction(lanes[1], 0, 0), 1.0 / 18);
}

/// Blocks of `origins` that go to `sigma` successive destinations of one digit.
Term spread_phase(std::int64_t m, std::int64_t sigma) {
  Phase p = phase(Frame::cyclic, Unit::one, m - 1,
                  {arc(steps_of(1, 1), interval(steps_of(2 - sigma, 1), steps_of(2, 1)))});
  p.address = Address::spread;
  p.lag = Lag::none;
  return {p};
}

TEST(Lanes, BlocksForSeveralDestinationsWeighOneOfAllTheirCopies) {
  for (const bool back : {false, true}) {
    Schedule s = schedule_of(Collective::all_to_all, "x", {4, 6}, {});
    s.term = seq(
        {over(digits_view({1}), spread_phase(6, 3)), over(digits_view({0}), spread_phase(4, 2))});
    s.spread = {2, 3};
    if (back) {
      s.term = dual(s.term);
      s.combines = true;
    }
    const auto lanes = lanes_of(s);
    ASSERT_EQ(lanes.size(), 2U);
    const Lane& nodes = lanes[back ? 1 : 0];
    const Lane& local = lanes[back ? 0 : 1];
    // Over nodes: own tokens for a node, once for the two of its ranks: 3·4 blocks of 24·6.
    EXPECT_DOUBLE_EQ(message_fraction(nodes, 0, 0), 3.0 * 4 / (24 * 6));
    // Within: those of all 6 nodes, 3 first nodes each.
    EXPECT_DOUBLE_EQ(message_fraction(local, 0, 0), 2.0 * 6 * 3 / (24 * 6));
    EXPECT_DOUBLE_EQ(mean_message_fraction(local, 0, 0), message_fraction(local, 0, 0));
    EXPECT_EQ(step_classes(local).size(), 3U);
  }
}

TEST(Lanes, SendRecvMovesTheFullSizeAndABarrierNothing) {
  const Term neighbour{
      phase(Frame::cyclic, Unit::one, 1, {arc(constant(1), singleton(constant(1)))})};
  const auto lanes = lanes_of(schedule_of(Collective::send_recv, "x", {9}, neighbour));
  ASSERT_EQ(lanes.size(), 1U);
  EXPECT_DOUBLE_EQ(message_fraction(lanes[0], 0, 0), 1);
  const auto none = lanes_of(schedule_of(Collective::barrier, "x", {9}, testing::bruck(9)));
  EXPECT_EQ(message_fraction(none.at(0), 0, 0), 0);
}

}  // namespace
}  // namespace collscale
