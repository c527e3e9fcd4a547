// SPDX-License-Identifier: Apache-2.0
// Rings that go round the ranks of a node in several orders (View::orders): they are the same
// collective, and every way to look at a lane knows its order.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <utility>

#include "collective/algorithms.hpp"
#include "collective/executor.hpp"
#include "collective/flows.hpp"
#include "collective/invariants.hpp"
#include "collective/program.hpp"
#include "collective/terms.hpp"
#include "reference_results.hpp"

namespace collscale {
namespace {

using testing::expected_output;
using testing::inputs;

/// By number, backwards, and even ranks before odd ones.
std::shared_ptr<const LocalOrders> orders_of(std::int32_t ranks) {
  LocalOrders orders(3);
  for (std::int32_t i = 0; i < ranks; ++i) {
    orders[0].push_back(i);
    orders[1].push_back(ranks - 1 - i);
    orders[2].push_back(2 * i < ranks ? 2 * i : 2 * (i - (ranks + 1) / 2) + 1);
  }
  return std::make_shared<const LocalOrders>(std::move(orders));
}

Shape shape_of(std::int64_t nodes, std::int32_t per_node) {
  Shape shape{.ranks = nodes * per_node, .ranks_per_node = per_node};
  shape.node_rings = orders_of(per_node);
  return shape;
}

TEST(OrderedRings, GiveTheRightResult) {
  int executed = 0;
  for (const Algorithm& algorithm : algorithms()) {
    if (!algorithm.uses.nodes) continue;
    for (const std::int64_t nodes : {1, 2, 3}) {
      for (const std::int32_t per_node : {3, 4, 5}) {
        const auto schedule =
            make_schedule(algorithm.collective, algorithm.name, shape_of(nodes, per_node));
        if (!schedule) continue;
        SCOPED_TRACE(schedule->algorithm + " " + std::to_string(nodes) + "x" +
                     std::to_string(per_node));
        const std::int64_t count = 7 * schedule->ranks + 2;
        const auto input = inputs<std::int64_t>(*schedule, count);
        const auto run = execute_on<std::int64_t>(*schedule, count, input);
        ASSERT_TRUE(run) << run.error().message;
        EXPECT_EQ(run->output, expected_output(*schedule, count, input));
        const auto proved = prove(*schedule);
        EXPECT_TRUE(proved) << proved.error().message;
        const auto plain = make_schedule(algorithm.collective, algorithm.name,
                                         {.ranks = schedule->ranks, .ranks_per_node = per_node});
        EXPECT_EQ(execute(*schedule)->depth, execute(*plain)->depth);
        ++executed;
      }
    }
  }
  EXPECT_GT(executed, 100);
}

TEST(OrderedRings, AreEnumeratedAsTheirRanksSay) {
  const auto schedule = make_schedule(Collective::all_gather, "ring", shape_of(2, 4));
  const auto program = make_program(*schedule);
  ASSERT_TRUE(program) << program.error().message;
  ASSERT_GT(program->lanes.size(), 3U);  // every order, begun at several of its ranks
  std::set<std::set<std::pair<std::int64_t, std::int64_t>>> different;
  for (const Lane& lane : program->lanes) {
    std::set<std::pair<std::int64_t, std::int64_t>> expected;
    for (std::int64_t i = 0; i < lane.map.size; ++i)
      expected.emplace(lane.map.rank(0, (i + lane.map.size - 1) % lane.map.size),
                       lane.map.rank(0, i));
    std::set<std::pair<std::int64_t, std::int64_t>> found;
    for_each_flow(lane, 0, 0, [&](std::int64_t source, std::int64_t destination) {
      found.emplace(source, destination);
    });
    EXPECT_EQ(found, expected);
    different.insert(found);
    for (std::int64_t node = 0; node < 2; ++node)  // a node after the other
      for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(lane.map.rank(0, 4 * node + i) / 4, node);
  }
  EXPECT_GT(different.size(), 3U);
}

TEST(OrderedRings, AreLeftOutWhereNodesAreUneven) {
  Shape shape = shape_of(2, 4);
  shape.ranks = 7;
  const auto schedule = make_schedule(Collective::all_gather, "ring", shape);
  ASSERT_TRUE(schedule);
  EXPECT_FALSE(make_program(*schedule)->lanes.front().map.view.orders);
}

TEST(OrderedRings, AreRefusedWhereTheyDoNotFit) {
  Schedule schedule;
  schedule.collective = Collective::all_gather;
  schedule.ranks = 8;
  schedule.radix = {4, 2};
  const Term ring = {
      phase(Frame::cyclic, Unit::one, 7, {arc(constant(1), singleton(steps_of(1, 1)))})};
  const auto refusal = [&](std::vector<std::vector<std::int32_t>> orders, std::int32_t order) {
    View view;
    view.orders = std::make_shared<const LocalOrders>(std::move(orders));
    view.turn = order;
    schedule.term = over(view, ring);
    const auto program = make_program(schedule);
    return program ? std::string() : program.error().message;
  };
  EXPECT_EQ(refusal({{3, 1, 0, 2}}, 0), "");
  EXPECT_NE(refusal({{3, 1, 0, 2}}, 1).find("V4: order 1 does not exist, there are 1"),
            std::string::npos);
  EXPECT_NE(refusal({{3, 1, 1, 2}}, 0).find("V4: local rank 1 in an order of 4, or twice"),
            std::string::npos);
  EXPECT_NE(refusal({{0, 1, 2}}, 0).find("V4: an order of 3 ranks for a digit of 4"),
            std::string::npos);
}

}  // namespace
}  // namespace collscale
