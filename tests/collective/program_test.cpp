// SPDX-License-Identifier: Apache-2.0
#include "collective/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "collective/executor.hpp"
#include "collective/flows.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using Kind = Program::Kind;
using ::testing::HasSubstr;
using testing::schedule_of;

Program program_of(Collective collective, std::string_view algorithm, const Shape& shape) {
  const auto s = make_schedule(collective, algorithm, shape);
  EXPECT_TRUE(s);
  auto p = make_program(*s);
  EXPECT_TRUE(p) << p.error().message;
  return std::move(*p);
}

std::string why_not(const Schedule& s) {
  const auto p = make_program(s);
  return p ? "it was accepted" : p.error().message;
}

TEST(Program, ChannelsOfARingRunAsLanesOfOneStage) {
  const Program p = program_of(Collective::all_reduce, "ring", {64, 8, 4, 0});
  ASSERT_EQ(p.kind, Kind::sequence);
  ASSERT_EQ(p.parts.size(), 2U);
  for (const Program& stage : p.parts) {
    ASSERT_EQ(stage.kind, Kind::stage);
    ASSERT_EQ(stage.lanes.size(), 4U);
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(stage.lanes[c].map.view.rotation[0], static_cast<std::int32_t>(c));
      EXPECT_DOUBLE_EQ(message_fraction(stage.lanes[c], 0, 0), 1.0 / 64 / 4);
      EXPECT_EQ(distance(stage.lanes[c], 0, 0), 1);
    }
  }
}

TEST(Program, AHierarchyIsStagesOverItsDigits) {
  const Program p = program_of(Collective::all_reduce, "hierarchical", {64, 8, 1, 0});
  ASSERT_EQ(p.kind, Kind::sequence);
  ASSERT_EQ(p.parts.size(), 4U);
  const std::vector<std::int64_t> sizes{8, 8, 8, 8};
  const std::vector<double> bytes{1.0 / 8, 1.0 / 64, 1.0 / 64, 1.0 / 8};
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(p.parts[i].kind, Kind::stage);
    ASSERT_EQ(p.parts[i].lanes.size(), 1U);
    const Lane& lane = p.parts[i].lanes[0];
    EXPECT_EQ(lane.map.size, sizes[i]);
    EXPECT_EQ(lane.map.group_count, 8);
    EXPECT_NEAR(message_fraction(lane, 0, 0), bytes[i], 1e-15);
  }
}

TEST(Program, HalvingAndDoublingSendsMostBytesTheLeastFar) {
  const Program p = program_of(Collective::all_reduce, "halving_doubling", {1024, 8, 1, 0});
  const Lane& halving = p.parts[0].lanes[0];
  const Lane& doubling = p.parts[1].lanes[0];
  for (std::int64_t s = 0; s < 10; ++s) {
    EXPECT_EQ(distance(halving, s, 0), std::int64_t{1} << s);
    EXPECT_NEAR(message_fraction(halving, s, 0), 0.5 / static_cast<double>(1 << s), 1e-15);
    EXPECT_EQ(distance(doubling, s, 0), std::int64_t{512} >> s);
  }
}

TEST(Program, LanesCarryTheBytesTheExecutorSends) {
  testing::for_each_schedule(testing::shapes(24, 3), [](const Schedule& s, const Shape&) {
    const auto program = make_program(s);
    ASSERT_TRUE(program);
    std::vector<Lane> lanes;
    testing::collect_lanes(*program, lanes);
    double total = 0;
    for (const Lane& lane : lanes)
      for (const StepClass& c : step_classes(lane))
        for (int a = 0; a < lane.phase.arc_count; ++a) {
          std::int64_t flows = 0;
          for_each_flow(lane, c.first, a, [&](std::int64_t, std::int64_t) { ++flows; });
          total += static_cast<double>(c.count * flows) * mean_message_fraction(lane, c.first, a);
        }
    const auto report = execute(s);
    ASSERT_TRUE(report);
    const double sent =
        std::accumulate(report->sent_fraction.begin(), report->sent_fraction.end(), 0.0);
    EXPECT_NEAR(total, sent, 1e-9 * sent);
  });
}

TEST(Program, UnlikeChildrenOfAParStayConcurrent) {
  const auto p = make_program(
      schedule_of(Collective::all_gather, "mixed", {8},
                  par({child(0.5, ring_gather(8, 1)), child(0.5, testing::bruck(8))})));
  ASSERT_TRUE(p) << p.error().message;
  EXPECT_EQ(p->kind, Kind::concurrent);
  EXPECT_EQ(p->parts.size(), 2U);
}

TEST(Program, APipelineCarriesOneChunk) {
  const auto p = make_program(
      schedule_of(Collective::all_reduce, "double tree", {8}, testing::double_tree(8, 4)));
  ASSERT_TRUE(p) << p.error().message;
  ASSERT_EQ(p->kind, Kind::pipeline);  // both trees are alike and zipped
  EXPECT_EQ(p->chunks, 4);
  ASSERT_EQ(p->parts.size(), 2U);
  ASSERT_EQ(p->parts[0].lanes.size(), 2U);
  EXPECT_NEAR(message_fraction(p->parts[0].lanes[0], 0, 0), 1.0 / 8, 1e-15);
}

TEST(Program, OneRankHasNothingToDo) {
  for (const Algorithm& a : algorithms()) {
    const Program p = program_of(a.collective, a.name, {1, 8, 4, 0});
    std::vector<Lane> lanes;
    testing::collect_lanes(p, lanes);
    EXPECT_TRUE(lanes.empty()) << a.name;
  }
}

TEST(Program, SaysWhichInvariantATermBreaks) {
  const Collective ar = Collective::all_reduce;
  const Term ring = ring_gather(8, 1);
  EXPECT_THAT(why_not(schedule_of(ar, "x", {8}, ring)), HasSubstr("V5: an all_gather over digits"));
  EXPECT_THAT(why_not(schedule_of(ar, "x", {8}, dual(ring))),
              HasSubstr("V5: digit 0 does not end"));
  EXPECT_THAT(why_not(schedule_of(ar, "x", {8}, seq({dual(ring), ring, ring}))),
              HasSubstr("part 3 of Seq"));
  Phase longer = std::get<Phase>(ring.node);
  ++longer.steps;
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {8}, {longer})),
              HasSubstr("V1: the steps gain 8 blocks, a group has 8"));
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {12},
                                  testing::cube_like(Frame::exclusive_or, true, 12))),
              HasSubstr("power of two"));
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {8},
                                  par({child(0.4, ring), child(0.5, ring)}))),
              HasSubstr("add up to 0.9"));
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {8}, over(digits_view({1}), ring))),
              HasSubstr("digit 1 does not exist"));
  View twice = digits_view({0});
  twice.fixed[0] = {0, 1};
  twice.fixed_count = 1;
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {8}, over(twice, ring))),
              HasSubstr("named twice"));
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {4}, ring)), HasSubstr("V1"));
  Schedule wrong = schedule_of(Collective::all_gather, "x", {8}, ring);
  wrong.ranks = 9;
  EXPECT_THAT(why_not(wrong), HasSubstr("do not number its 9 ranks"));
}

TEST(Program, RefusesWhatItCannotPlaceYet) {
  Phase nvls = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  nvls.network = InNetwork::all_reduce;
  EXPECT_THAT(why_not(schedule_of(Collective::all_reduce, "x", {8}, {nvls})),
              HasSubstr("in-network"));
  EXPECT_THAT(
      why_not(schedule_of(Collective::scatter, "x", {8}, *restrict_to(0, testing::pairwise(8)))),
      HasSubstr("restricted all_to_all"));
}

TEST(Program, AListKeepsItsMessagesAndTheIntervalTheyMove) {
  const Term two = list({{0, 1, 0, 0, 0, 2, Transfer::copy}});
  const auto p = make_program(
      schedule_of(Collective::broadcast, "x", {2}, par({child(0.25, two), child(0.75, two)})));
  ASSERT_TRUE(p) << p.error().message;
  ASSERT_EQ(p->kind, Kind::concurrent);  // lists have no steps to be zipped by
  ASSERT_EQ(p->parts.size(), 2U);
  EXPECT_EQ(p->parts[1].kind, Kind::messages);
  EXPECT_EQ(p->parts[1].messages->size(), 1U);
  EXPECT_DOUBLE_EQ(p->parts[1].part_low, 0.25);
  EXPECT_DOUBLE_EQ(p->parts[1].part_high, 1);
}

TEST(Program, RefusesMessagesOfAListThatNameNoRankOrNoBlock) {
  const auto refused = [](Message m) {
    return why_not(schedule_of(Collective::broadcast, "x", {2}, list({m})));
  };
  EXPECT_THAT(refused({0, 2, 0, 0, 0, 2, Transfer::copy}), HasSubstr("goes from 0 to 2"));
  EXPECT_THAT(refused({1, 1, 0, 0, 0, 2, Transfer::copy}), HasSubstr("goes from 1 to 1"));
  EXPECT_THAT(refused({0, 1, 0, 0, 0, 0, Transfer::copy}), HasSubstr("names 0 blocks"));
}

TEST(Program, MemberListsReorderARing) {
  // A snake through a 4x4 grid: every hop is to a neighbour.
  std::vector<std::int32_t> snake;
  for (std::int32_t row = 0; row < 4; ++row)
    for (std::int32_t column = 0; column < 4; ++column)
      snake.push_back(row * 4 + (row % 2 == 0 ? column : 3 - column));
  View view;
  view.members = std::make_shared<const std::vector<std::vector<std::int32_t>>>(
      std::vector<std::vector<std::int32_t>>{snake});
  const Schedule s = schedule_of(Collective::all_reduce, "snake", {16},
                                 over(view, seq({dual(ring_gather(16, -1)), ring_gather(16, 1)})));
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  const auto report = execute(s, options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->depth, 30);
  const auto p = make_program(s);
  std::vector<std::pair<std::int64_t, std::int64_t>> flows;
  for_each_flow(p->parts[0].lanes[0], 0, 0, [&](std::int64_t from, std::int64_t to) {
    flows.push_back({from, to});
  });
  EXPECT_EQ(flows.size(), 16U);
  EXPECT_THAT(flows, ::testing::Contains(std::pair<std::int64_t, std::int64_t>{3, 7}));
}

TEST(Program, UnevenNodesWorkThroughLeaders) {
  // Nodes of 3, 3 and 2: a reduction to each leader, an all_reduce among leaders, and back.
  const auto lists = [](std::vector<std::vector<std::int32_t>> groups) {
    View view;
    view.members =
        std::make_shared<const std::vector<std::vector<std::int32_t>>>(std::move(groups));
    return view;
  };
  const View threes = lists({{0, 1, 2}, {3, 4, 5}});
  const View twos = lists({{6, 7}});
  const View leaders = lists({{0, 3, 6}});
  const Term down3 = over(threes, *restrict_to(0, ring_gather(3, 1)));
  const Term down2 = over(twos, *restrict_to(0, ring_gather(2, 1)));
  const Schedule s = schedule_of(
      Collective::all_reduce, "leaders", {8},
      seq({dual(down3), dual(down2), over(leaders, testing::recursive_doubling(3)), down3, down2}));
  const auto report = execute(s);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->depth, 2 + 3 + 2);
}

}  // namespace
}  // namespace collscale
