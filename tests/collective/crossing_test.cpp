// SPDX-License-Identifier: Apache-2.0
// Each closed form against counting: for every aligned group, how many of its ranks hear from
// outside.
#include "collective/crossing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "collective/flows.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using testing::schedule_of;

struct Counted {
  std::int64_t most = 0;                          ///< receivers from outside, of the busiest group
  std::vector<std::set<std::int64_t>> receivers;  ///< per group, local ranks
};

Counted count(const Lane& lane, std::int64_t step, int arc, std::int64_t group) {
  const std::int64_t ranks = lane.map.all_ranks();
  Counted c;
  c.receivers.resize(static_cast<std::size_t>((ranks + group - 1) / group));
  // A switch lies in the group that holds all of its members, if there is one.
  constexpr std::int64_t kOutside = -1;
  std::map<std::int64_t, std::int64_t> switch_group;
  for_each_flow(lane, step, arc, [&](std::int64_t from, std::int64_t to) {
    const std::int64_t rank = std::min(from, to);
    const std::int64_t hub = std::max(from, to);
    if (hub < ranks) return;
    const auto [at, is_new] = switch_group.emplace(hub, rank / group);
    if (!is_new && at->second != rank / group) at->second = kOutside;
  });
  for_each_flow(lane, step, arc, [&](std::int64_t from, std::int64_t to) {
    if (std::max(from, to) >= ranks) {
      const std::int64_t rank = std::min(from, to);
      if (switch_group.at(std::max(from, to)) == kOutside)
        c.receivers[static_cast<std::size_t>(rank / group)].insert(rank % group);
    } else if (from / group != to / group) {
      c.receivers[static_cast<std::size_t>(to / group)].insert(to % group);
    }
  });
  for (const auto& r : c.receivers) c.most = std::max(c.most, static_cast<std::int64_t>(r.size()));
  return c;
}

Lane flat_lane(const Phase& phase, testing::Radix radix, View view) {
  Lane lane;
  lane.phase = phase;
  lane.map.radix = std::move(radix);
  lane.map.view = std::move(view);
  lane.map.size = lane.map.view.core > 0 ? lane.map.view.core : lane.map.full_size();
  lane.map.group_count = 1;
  for (std::size_t d = 0; d < lane.map.radix.size(); ++d) {
    bool named = false;
    for (int i = 0; i < lane.map.view.digit_count; ++i)
      named = named || lane.map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(d);
    if (!named) lane.map.group_count *= lane.map.radix[d];
  }
  return lane;
}

/// The positions the closed form names are those counted in a group with the most crossings.
void expect_positions(const Crossing& c, const Counted& counted, std::int64_t group) {
  if (c.even || c.messages == 0) return;
  std::set<std::int64_t> named;
  for (std::int64_t i = 0; i < c.messages; ++i) named.insert((c.first + i) % group);
  EXPECT_NE(std::find(counted.receivers.begin(), counted.receivers.end(), named),
            counted.receivers.end());
}

TEST(Crossing, OfCyclicShiftsIsExactWhereGroupsDivideAndNeverTooLow) {
  for (std::int64_t m = 2; m <= 64; ++m) {
    for (std::int64_t d = -m; d <= m; ++d) {
      const Lane lane =
          flat_lane(phase(Frame::cyclic, Unit::one, 1, {arc(constant(d))}), {m}, digits_view({0}));
      for (std::int64_t group = 1; group <= m; ++group) {
        const Crossing c = crossing(lane, 0, 0, group);
        const Counted counted = count(lane, 0, 0, group);
        if (m % group == 0) {
          ASSERT_EQ(c.messages, counted.most) << "m=" << m << " d=" << d << " group=" << group;
          expect_positions(c, counted, group);
        } else {
          ASSERT_GE(c.messages, counted.most) << "m=" << m << " d=" << d << " group=" << group;
        }
      }
    }
  }
}

TEST(Crossing, OfADualRunsTheOtherWayRound) {
  Phase p = phase(Frame::cyclic, Unit::one, 1, {arc(constant(3))});
  p.dual = true;
  const Lane lane = flat_lane(p, {24}, digits_view({0}));
  const Crossing c = crossing(lane, 0, 0, 8);
  EXPECT_EQ(c.messages, 3);
  EXPECT_EQ(c.first, 5);
  expect_positions(c, count(lane, 0, 0, 8), 8);
}

TEST(Crossing, OfHypercubesAndSwingsIsExactForPowersOfTwo) {
  for (const Frame frame : {Frame::exclusive_or, Frame::dihedral}) {
    for (std::int64_t k = 1; k <= 7; ++k) {
      const std::int64_t m = std::int64_t{1} << k;
      const Lane lane =
          flat_lane(phase(frame, Unit::power_up, k, {arc(units_of(1))}), {m}, digits_view({0}));
      for (std::int64_t step = 0; step < k; ++step) {
        for (std::int64_t group = 1; group <= m; ++group) {
          const Crossing c = crossing(lane, step, 0, group);
          const Counted counted = count(lane, step, 0, group);
          if (m % group == 0) {
            ASSERT_EQ(c.messages, counted.most)
                << static_cast<int>(frame) << " m=" << m << " step=" << step << " group=" << group;
            expect_positions(c, counted, group);
          } else {
            ASSERT_GE(c.messages, counted.most)
                << "m=" << m << " step=" << step << " group=" << group;
          }
        }
      }
    }
  }
}

TEST(Crossing, OfATreeByPowersOfTwoIsExactInGroupsOfPowersOfTwo) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t m = 2; m <= 130; ++m) sizes.push_back(m);
  sizes.insert(sizes.end(), {199, 1000, 4096});
  for (const std::int64_t m : sizes) {
    for (const bool up : {false, true}) {
      Phase tree = std::get<Phase>(testing::btree(m).node);
      tree.dual = up;
      const Lane lane = flat_lane(tree, {m}, digits_view({0}));
      for (std::int64_t group = 1; group < m; group *= 2) {
        for (std::int64_t step = 0; step < tree.steps; ++step) {
          for (int a = 0; a < 3; ++a) {
            const Crossing c = crossing(lane, step, a, group);
            const Counted counted = count(lane, step, a, group);
            ASSERT_EQ(c.messages, counted.most) << "m=" << m << " up=" << up << " group=" << group
                                                << " step=" << step << " arc=" << a;
            expect_positions(c, counted, group);
          }
        }
      }
    }
  }
}

TEST(Crossing, OfAMirroredOrShiftedTreeStaysFarBelowTheWholeGroup) {
  for (const std::int64_t m : {64, 100, 129}) {
    View mirrored = digits_view({0});
    mirrored.mirror = true;
    View shifted = digits_view({0});
    shifted.shift = 1;
    for (const View& view : {mirrored, shifted}) {
      const Phase tree = std::get<Phase>(testing::btree(m).node);
      const Lane lane = flat_lane(tree, {m}, view);
      for (std::int64_t group = 1; group < m; ++group)
        for (std::int64_t step = 0; step < tree.steps; ++step)
          for (int a = 0; a < 3; ++a) {
            const Crossing c = crossing(lane, step, a, group);
            ASSERT_GE(c.messages, count(lane, step, a, group).most)
                << "m=" << m << " group=" << group << " step=" << step << " arc=" << a;
            ASSERT_LE(c.messages, 2 * (group / 2 + 1));
            if (group >= 8 && (std::int64_t{1} << (tree.steps - 1 - step)) >= group) {
              ASSERT_LE(c.messages, 2);
            }
          }
    }
  }
}

TEST(Crossing, OfASwitchIsEveryMemberUnlessTheGroupHoldsThemAll) {
  for (const InNetwork network : {InNetwork::multicast, InNetwork::all_reduce}) {
    Phase p = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
    p.network = network;
    for (int digit = 0; digit < 3; ++digit) {
      const Lane lane = flat_lane(p, {4, 3, 2}, digits_view({digit}));
      const std::int64_t span = digit == 0 ? 4 : digit == 1 ? 12 : 24;
      for (std::int64_t group = 1; group <= 24; ++group)
        for (int a = 0; a < arc_count(lane); ++a) {
          const std::int64_t most = count(lane, 0, a, group).most;
          ASSERT_GE(crossing(lane, 0, a, group).messages, most) << digit << " " << group;
          if (24 % group == 0 && (group % span == 0 || span % group == 0)) {
            ASSERT_EQ(crossing(lane, 0, a, group).messages, most) << digit << " " << group;
          }
        }
    }
  }
}

TEST(Crossing, OfUnevenNodesIsNeverTooLowAndNothingWhereNodesNest) {
  const std::vector<std::vector<NodeRun>> systems{
      {{2, 3}, {1, 5}, {3, 2}, {1, 1}}, {{4, 8}, {1, 3}}, {{1, 2}, {6, 4}}, {{5, 1}, {2, 6}}};
  for (const auto& nodes : systems) {
    std::int64_t ranks = 0;
    std::int64_t count_of_nodes = 0;
    for (const NodeRun& run : nodes) {
      ranks += run.nodes * run.ranks;
      count_of_nodes += run.nodes;
    }
    std::vector<Lane> lanes;
    const auto add = [&](View view, const Term& term) {
      Schedule s = schedule_of(Collective::all_reduce, "x", {ranks}, over(std::move(view), term));
      s.nodes = nodes;
      const auto program = make_program(s);
      ASSERT_TRUE(program) << program.error().message;
      testing::collect_lanes(*program, lanes);
    };
    Phase switched = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
    switched.network = InNetwork::all_reduce;
    for (const std::int32_t turn : {0, 1}) {
      for (std::size_t run = 0; run < nodes.size(); ++run) {
        View inside = nodes_view(static_cast<std::int32_t>(run));
        inside.turn = turn;
        add(inside, *restrict_to(0, testing::bruck(nodes[run].ranks)));
        add(inside, {switched});
      }
      View leaders = leaders_view();
      leaders.turn = turn;
      add(leaders, {switched});
      add(leaders, testing::double_tree(count_of_nodes, 1));
      add(leaders, testing::recursive_doubling(count_of_nodes));
      for (const std::int64_t direction : {-1, 1}) {
        const Term ring = ring_gather(count_of_nodes, static_cast<int>(direction));
        add(leaders, seq({dual(ring), ring}));
      }
      add(leaders, seq({dual(testing::bruck(count_of_nodes)), testing::bruck(count_of_nodes)}));
    }
    ASSERT_FALSE(::testing::Test::HasFatalFailure());
    for (const Lane& lane : lanes)
      for (std::int64_t step = 0; step < lane.phase.steps; ++step)
        for (int a = 0; a < arc_count(lane); ++a)
          for (std::int64_t group = 1; group <= ranks; ++group)
            ASSERT_GE(crossing(lane, step, a, group).messages, count(lane, step, a, group).most)
                << "ranks=" << ranks << " group=" << group << " step=" << step << " arc=" << a;
    if (nodes.size() != 2 || nodes[0].ranks != 8) continue;
    EXPECT_EQ(crossing(lanes[0], 0, 0, 16).messages, 0);  // whole nodes of 8
    for (const Lane& lane : lanes)  // a ring of leaders: one neighbour outside
      if (lane.map.view.nodes == View::Nodes::leaders && lane.phase.steps == 4) {
        EXPECT_EQ(crossing(lane, 0, 0, 16).messages, 1);
      }
  }
}

TEST(Crossing, OverOneDigitIsThatOfItsPlaces) {
  for (const testing::Radix& radix :
       {testing::Radix{4, 6}, testing::Radix{8, 12}, testing::Radix{2, 4, 8},
        testing::Radix{4, 4, 4}, testing::Radix{3, 5, 2}}) {
    const std::int64_t ranks =
        std::accumulate(radix.begin(), radix.end(), std::int64_t{1}, std::multiplies<>());
    for (int digit = 0; digit < static_cast<int>(radix.size()); ++digit) {
      const std::int64_t n = radix[static_cast<std::size_t>(digit)];
      for (std::int64_t d = 1; d < n; ++d) {
        const Lane lane = flat_lane(phase(Frame::cyclic, Unit::one, 1, {arc(constant(d))}), radix,
                                    digits_view({digit}));
        std::int64_t stride = 1;
        for (int i = 0; i < digit; ++i) stride *= radix[static_cast<std::size_t>(i)];
        for (std::int64_t group = 1; group <= ranks; ++group) {
          const Crossing c = crossing(lane, 0, 0, group);
          const Counted counted = count(lane, 0, 0, group);
          const bool nests = (stride % group == 0) ||
                             (group % stride == 0 && (n * stride) % group == 0) ||
                             group % (n * stride) == 0;
          if (nests) {
            ASSERT_EQ(c.messages, counted.most)
                << "digit " << digit << " d=" << d << " group=" << group;
            expect_positions(c, counted, group);
          } else {
            ASSERT_GE(c.messages, counted.most)
                << "digit " << digit << " d=" << d << " group=" << group;
          }
        }
      }
    }
  }
}

TEST(Crossing, OfARotatedRingIsThatOfTheRingInWholeNodes) {
  for (std::int32_t rotation = 0; rotation < 4; ++rotation) {
    View view = digits_view({0, 1});
    view.rotation[0] = rotation;
    const Lane lane =
        flat_lane(phase(Frame::cyclic, Unit::one, 1, {arc(constant(1))}), {4, 6}, view);
    for (std::int64_t group = 1; group <= 24; ++group) {
      const Crossing c = crossing(lane, 0, 0, group);
      const Counted counted = count(lane, 0, 0, group);
      ASSERT_GE(c.messages, counted.most);
      if (group % 4 != 0 || 24 % group != 0) continue;
      ASSERT_EQ(c.messages, counted.most);
      if (group == 24) continue;
      EXPECT_EQ(counted.receivers[0], std::set<std::int64_t>{(c.first + rotation) % 4});
    }
  }
}

/// Every lane of every algorithm and of the catalogue: never below what is counted, at any group
/// size.
TEST(Crossing, IsNeverBelowTheCountForAnyLane) {
  std::vector<Schedule> all;
  for (const std::int64_t n : {2, 3, 6, 8, 12, 16, 21, 24, 31, 32}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n))
      all.push_back(entry.schedule);
    testing::for_each_schedule({{n, n % 4 == 0 ? 4 : 1, 3, 0}, {n, n, 1, 0}, {n, 5, 2, 0}},
                               [&](const Schedule& s, const Shape&) { all.push_back(s); });
  }
  std::int64_t compared = 0;
  std::int64_t equal = 0;
  for (const Schedule& s : all) {
    const auto program = make_program(s);
    ASSERT_TRUE(program) << program.error().message;
    std::vector<Lane> lanes;
    testing::collect_lanes(*program, lanes);
    for (const Lane& lane : lanes) {
      if (lane.phase.network != InNetwork::none) continue;  // a switch lies in no group of ranks
      for (std::int64_t step = 0; step < lane.phase.steps; ++step)
        for (int a = 0; a < arc_count(lane); ++a)
          for (std::int64_t group = 1; group <= s.ranks; group += group < 4 ? 1 : 4) {
            const std::int64_t most = count(lane, step, a, group).most;
            const std::int64_t closed = crossing(lane, step, a, group).messages;
            ASSERT_GE(closed, most) << s.algorithm << " n=" << s.ranks << " step=" << step
                                    << " arc=" << a << " group=" << group;
            ++compared;
            equal += closed == most ? 1 : 0;
          }
    }
  }
  EXPECT_GT(equal, compared / 2);  // bounds, but not idle ones
}

TEST(Crossing, AllPairsIsEveryBlockThatLeaves) {
  for (const testing::Radix& radix :
       {testing::Radix{24}, testing::Radix{4, 6}, testing::Radix{2, 3, 4}}) {
    for (int digit = 0; digit < static_cast<int>(radix.size()); ++digit) {
      const std::int64_t n = radix[static_cast<std::size_t>(digit)];
      const Lane lane =
          flat_lane(std::get<Phase>(testing::pairwise(n).node), radix, digits_view({digit}));
      std::int64_t stride = 1;
      for (int i = 0; i < digit; ++i) stride *= radix[static_cast<std::size_t>(i)];
      for (std::int64_t group = 1; group <= 24; ++group) {
        if (24 % group != 0) continue;
        const bool nests = stride % group == 0 ||
                           (group % stride == 0 && (n * stride) % group == 0) ||
                           group % (n * stride) == 0;
        std::int64_t leaving = 0;
        for (std::int64_t step = 0; step < n - 1; ++step)
          for_each_flow(lane, step, 0, [&](std::int64_t from, std::int64_t to) {
            leaving += from / group == 0 && to / group != 0 ? 1 : 0;
          });
        if (nests) {
          EXPECT_EQ(all_pairs_crossing(lane, group), leaving);
        } else {
          EXPECT_GE(all_pairs_crossing(lane, group), leaving);
        }
      }
    }
  }
}

TEST(Crossing, HoldsForLargeGroups) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {100'000, 8, 8, 0});
  const auto program = make_program(*s);
  ASSERT_TRUE(program);
  const Lane& lane = program->parts[0].lanes[5];
  for (const std::int64_t group : {8, 32, 2000, 50'000}) {
    EXPECT_EQ(crossing(lane, 0, 0, group).messages, 1);
    EXPECT_EQ(crossing(lane, 0, 0, group).messages, count(lane, 0, 0, group).most);
  }
  EXPECT_EQ(crossing(lane, 0, 0, 100'000).messages, 0);
}

}  // namespace
}  // namespace collscale
