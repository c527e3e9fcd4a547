// SPDX-License-Identifier: Apache-2.0
#include "collective/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "collective/executor.hpp"
#include "collective/flows.hpp"
#include "collective/walk.hpp"
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
    WalkOptions every_chunk;
    every_chunk.expand_pipes = true;
    const auto program = walk(s, every_chunk);
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

/// Nodes of 3, 3, 5, 2, 2, 2 and 1 ranks.
Schedule on_uneven_nodes(Collective collective, Term term) {
  Schedule s = schedule_of(collective, "uneven", {18}, std::move(term));
  s.nodes = {{2, 3}, {1, 5}, {3, 2}, {1, 1}};
  return s;
}

std::vector<std::vector<std::int64_t>> ranks_of_nodes() {
  return {{0, 1, 2}, {3, 4, 5}, {6, 7, 8, 9, 10}, {11, 12}, {13, 14}, {15, 16}, {17}};
}

std::vector<Lane> lanes_of(const Schedule& s) {
  const auto p = make_program(s);
  EXPECT_TRUE(p) << p.error().message;
  std::vector<Lane> lanes;
  if (p) testing::collect_lanes(*p, lanes);
  return lanes;
}

TEST(NodeViews, InsideIsOneGroupPerNodeOfTheRunTurned) {
  const auto nodes = ranks_of_nodes();
  std::size_t first_node = 0;
  std::int64_t first_switch = 18;
  for (std::int32_t run = 0; run < 4; ++run) {
    for (const std::int32_t turn : {0, 1, 4}) {
      View view = nodes_view(run);
      view.turn = turn;
      const std::size_t size = nodes[first_node].size();
      const auto lanes = lanes_of(on_uneven_nodes(
          Collective::broadcast,
          over(view, *restrict_to(0, ring_gather(static_cast<std::int64_t>(size), 1)))));
      if (size == 1) continue;
      ASSERT_EQ(lanes.size(), 1U);
      const GroupMap& map = lanes[0].map;
      EXPECT_EQ(map.size, static_cast<std::int64_t>(size));
      for (std::int64_t g = 0; g < map.group_count; ++g) {
        const auto& node = nodes[first_node + static_cast<std::size_t>(g)];
        ASSERT_EQ(node.size(), size);
        for (std::size_t i = 0; i < size; ++i)
          EXPECT_EQ(map.rank(g, static_cast<std::int64_t>(i)),
                    node[(i + static_cast<std::size_t>(turn)) % size]);
        EXPECT_EQ(switch_of(lanes[0], g), first_switch + g);  // every node has its own
      }
    }
    const std::size_t run_nodes = run == 0 || run == 2 ? (run == 0 ? 2 : 3) : 1;
    first_node += run_nodes;
    first_switch += static_cast<std::int64_t>(run_nodes);
  }
}

TEST(NodeViews, LeadersAreOneRankOfEveryNode) {
  for (const std::int32_t turn : {0, 1, 7}) {
    View view = leaders_view();
    view.turn = turn;
    const auto lanes = lanes_of(on_uneven_nodes(
        Collective::all_reduce, over(view, seq({dual(ring_gather(7, -1)), ring_gather(7, 1)}))));
    ASSERT_EQ(lanes.size(), 2U);
    ASSERT_EQ(lanes[0].map.size, 7);
    ASSERT_EQ(lanes[0].map.group_count, 1);
    EXPECT_FALSE(lanes[0].gathers_for_others);  // intervals of the scope
    EXPECT_DOUBLE_EQ(lanes[0].scope_fraction, 1.0 / 7);
    for (std::size_t k = 0; k < 7; ++k) {
      const std::vector<std::int64_t> node = ranks_of_nodes()[k];
      EXPECT_EQ(lanes[0].map.rank(0, static_cast<std::int64_t>(k)),
                node[static_cast<std::size_t>(turn) % node.size()]);
    }
  }
}

TEST(NodeViews, CopiesOfAParTurnThem) {
  const Term chain = over(nodes_view(1), *restrict_to(0, ring_gather(5, 1)));
  const auto lanes = lanes_of(on_uneven_nodes(Collective::broadcast, par({child(0.25, chain, 4)})));
  ASSERT_EQ(lanes.size(), 4U);
  for (std::int64_t c = 0; c < 4; ++c)
    EXPECT_EQ(lanes[static_cast<std::size_t>(c)].map.rank(0, 0), 6 + c);
}

TEST(NodeViews, LeadersMayBeFoldedAndMirrored) {
  View mirrored = leaders_view();
  mirrored.mirror = true;
  const auto lanes = lanes_of(
      on_uneven_nodes(Collective::all_reduce,
                      seq({over(leaders_view(), testing::recursive_doubling(7)),
                           over(mirrored, seq({dual(testing::btree(7)), testing::btree(7)}))})));
  ASSERT_EQ(lanes.size(), 5U);
  EXPECT_EQ(lanes[1].map.size, 4);
  EXPECT_EQ(lanes[1].map.full_size(), 7);
  EXPECT_EQ(lanes[1].map.rank(0, 3), 11);
  EXPECT_EQ(lanes[3].map.rank(0, 0), 17);
  EXPECT_EQ(lanes[3].map.rank(0, 6), 0);
}

/// Every rank of a node hands its block to the node's first.
Term to_leader(std::int64_t size) {
  return {phase(
      Frame::cyclic, Unit::one, size - 1,
      {to_receivers(arc(steps_of(-1, -1), singleton(steps_of(-1, -1))), singleton(constant(0)))})};
}

TEST(NodeViews, HandOversLeaveBlocksOwnAndLeadersGatherForTheirNodes) {
  std::vector<Term> terms;
  for (std::int32_t run = 0; run < 3; ++run)
    terms.push_back(over(nodes_view(run), to_leader(std::array<std::int64_t, 3>{
                                              3, 5, 2}[static_cast<std::size_t>(run)])));
  terms.push_back(over(leaders_view(), ring_gather(7, 1)));
  for (std::int32_t run = 0; run < 3; ++run)
    terms.push_back(
        over(nodes_view(run), *restrict_to(0, testing::bruck(std::array<std::int64_t, 3>{
                                                  3, 5, 2}[static_cast<std::size_t>(run)]))));
  const auto lanes = lanes_of(on_uneven_nodes(Collective::all_gather, seq(terms)));
  ASSERT_EQ(lanes.size(), 7U);
  EXPECT_DOUBLE_EQ(lanes[0].scope_fraction, 1.0 / 18);
  EXPECT_EQ(lanes[0].states[0], DigitState::own);
  EXPECT_EQ(lanes[3].states[0], DigitState::own);
  EXPECT_TRUE(lanes[3].gathers_for_others);
  EXPECT_DOUBLE_EQ(lanes[3].scope_fraction, 1.0 / 7);
  EXPECT_EQ(lanes[4].states[0], DigitState::all);
  EXPECT_DOUBLE_EQ(lanes[4].scope_fraction, 1);
}

TEST(NodeViews, AreRefusedWhereTheyDoNotFit) {
  const Collective ag = Collective::all_gather;
  EXPECT_THAT(why_not(on_uneven_nodes(ag, over(nodes_view(0), ring_gather(3, 1)))),
              HasSubstr("V4: inside uneven nodes"));
  EXPECT_THAT(why_not(on_uneven_nodes(ag, over(nodes_view(4), ring_gather(3, 1)))),
              HasSubstr("V4: node run 4 does not exist"));
  EXPECT_THAT(
      why_not(on_uneven_nodes(ag, over(leaders_view(), over(nodes_view(0), ring_gather(3, 1))))),
      HasSubstr("V4: digits or nodes named within"));
  EXPECT_THAT(why_not(schedule_of(ag, "x", {8}, over(leaders_view(), ring_gather(8, 1)))),
              HasSubstr("does not say what its nodes hold"));
  View both = leaders_view();
  both.digits[0] = 0;
  both.digit_count = 1;
  EXPECT_THAT(why_not(on_uneven_nodes(ag, over(both, ring_gather(7, 1)))),
              HasSubstr("not by several of them"));
  Schedule s = on_uneven_nodes(ag, ring_gather(18, 1));
  s.nodes[0].nodes = 3;
  EXPECT_THAT(why_not(s), HasSubstr("the nodes hold 21 ranks, the schedule has 18"));
  s.nodes[0].nodes = 0;
  EXPECT_THAT(why_not(s), HasSubstr("V4: a run of 0 nodes of 3 ranks"));
  s = on_uneven_nodes(ag, ring_gather(18, 1));
  s.radix = {6, 3};
  EXPECT_THAT(why_not(s), HasSubstr("by one digit, not by 2"));
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
