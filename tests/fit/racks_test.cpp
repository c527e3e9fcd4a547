// SPDX-License-Identifier: Apache-2.0
#include "fit/racks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::pair<std::int64_t, std::int64_t>> counted(
    const std::vector<std::pair<std::int64_t, std::int64_t>>& ranks_and_nodes,
    const System& system) {
  std::vector<Record> records;
  for (const auto& [ranks, nodes] : ranks_and_nodes)
    records.push_back(synthetic::record(Collective::all_reduce, "auto", ranks, nodes, 1024, 1e-5));
  std::vector<std::pair<std::int64_t, std::int64_t>> after;
  for (const Record& record : with_racks_for_nodes(records, system))
    after.emplace_back(record.scenario.ranks, record.scenario.nodes);
  return after;
}

TEST(Racks, TraysOfARackAreOneNode) {
  const System rack = synthetic::system(72);
  EXPECT_THAT(counted({{4, 1}, {72, 18}}, rack), ElementsAre(Pair(4, 1), Pair(72, 1)));
  EXPECT_THAT(counted({{64, 16}, {128, 32}, {192, 48}}, rack),
              ElementsAre(Pair(64, 1), Pair(128, 2), Pair(192, 3)));  // 64 of each rack
  EXPECT_THAT(counted({{144, 36}}, rack), ElementsAre(Pair(144, 2)));
}

TEST(Racks, WhatCountsRacksAlreadyAndNodesOfOneHostStayAsTheyAre) {
  EXPECT_THAT(counted({{128, 2}, {1024, 16}}, synthetic::system(72)),
              ElementsAre(Pair(128, 2), Pair(1024, 16)));
  EXPECT_THAT(counted({{16, 4}, {2, 2}}, synthetic::system(8)),
              ElementsAre(Pair(16, 4), Pair(2, 2)));
  System processors = synthetic::system(2);
  processors.node.ranks_per_accelerator = synthetic::figure(32);
  EXPECT_THAT(counted({{32, 4}}, processors), ElementsAre(Pair(32, 4)));
}

// Two hosts of 128 cores, of which a job uses a few on each.
TEST(Racks, CoresOfAHostAreNone) {
  System family = synthetic::system(128);
  family.node.scale_up.bandwidth_Bps.label = Label::assumed;
  Record record = synthetic::record(Collective::broadcast, "auto", 16, 2, 1024, 1e-5);
  EXPECT_TRUE(counts_hosts(record, family));
  record.engine = Engine::mpi;
  EXPECT_FALSE(counts_hosts(record, family));
  EXPECT_EQ(with_racks_for_nodes({record}, family).front().scenario.nodes, 2);
}

}  // namespace
}  // namespace collscale
