// SPDX-License-Identifier: Apache-2.0
// Each closed form against counting: for every aligned group, how many of its ranks hear from
// outside.
#include "collective/crossing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "collective/flows.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

struct Counted {
  std::int64_t most = 0;                          ///< receivers from outside, of the busiest group
  std::vector<std::set<std::int64_t>> receivers;  ///< per group, local ranks
};

Counted count(const Lane& lane, std::int64_t step, int arc, std::int64_t group) {
  std::int64_t ranks = 1;
  for (const std::int64_t r : lane.map.radix) ranks *= r;
  Counted c;
  c.receivers.resize(static_cast<std::size_t>((ranks + group - 1) / group));
  for_each_flow(lane, step, arc, [&](std::int64_t from, std::int64_t to) {
    if (from / group != to / group)
      c.receivers[static_cast<std::size_t>(to / group)].insert(to % group);
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
    testing::for_each_schedule({{n, n % 4 == 0 ? 4 : 1, 3, 0}, {n, n, 1, 0}},
                               [&](const Schedule& s, const Shape&) { all.push_back(s); });
  }
  std::int64_t compared = 0;
  std::int64_t equal = 0;
  for (const Schedule& s : all) {
    const auto program = make_program(s);
    ASSERT_TRUE(program) << program.error().message;
    std::vector<Lane> lanes;
    testing::collect_lanes(*program, lanes);
    for (const Lane& lane : lanes)
      for (std::int64_t step = 0; step < lane.phase.steps; ++step)
        for (int a = 0; a < lane.phase.arc_count; ++a)
          for (std::int64_t group = 1; group <= s.ranks; group += group < 4 ? 1 : 4) {
            const std::int64_t most = count(lane, step, a, group).most;
            const std::int64_t closed = crossing(lane, step, a, group).messages;
            ASSERT_GE(closed, most) << s.algorithm << " n=" << s.ranks << " step=" << step
                                    << " arc=" << a << " group=" << group;
            ++compared;
            equal += closed == most ? 1 : 0;
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
