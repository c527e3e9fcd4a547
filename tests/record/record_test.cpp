// SPDX-License-Identifier: Apache-2.0
#include "record/record.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

TEST(ParseEngine, RefusesAnUnknownNameAndOffersTheNearest) {
  EXPECT_EQ(parse_engine("analytics").error().message,
            "unknown engine \"analytics\", did you mean \"analytic\"?");
  EXPECT_EQ(parse_trust("true").error().message,
            "unknown trust label \"true\"; valid: measured, emulated, simulated, predicted");
  EXPECT_FALSE(parse_engine(""));
  EXPECT_FALSE(parse_engine("NCCL "));
}

TEST(ParseEngine, ReadsBackEveryName) {
  for (const Engine engine :
       {Engine::nccl, Engine::mpi, Engine::flow, Engine::event, Engine::analytic}) {
    EXPECT_EQ(parse_engine(name(engine)), engine);
  }
  for (const Trust trust : {Trust::measured, Trust::emulated, Trust::simulated, Trust::predicted}) {
    EXPECT_EQ(parse_trust(name(trust)), trust);
  }
  EXPECT_EQ(name(Engine::flow), "flow");
  EXPECT_EQ(name(Trust::predicted), "predicted");
}

TEST(SetBandwidths, FollowsTheDefinitions) {
  Record record;
  record.scenario.collective = Collective::all_reduce;
  record.scenario.ranks = 4;
  record.scenario.size_bytes = 8e9;
  record.time_s = 0.5;
  set_bandwidths(record);
  EXPECT_DOUBLE_EQ(record.algbw_Bps, 16e9);
  EXPECT_DOUBLE_EQ(record.busbw_Bps, 24e9);
}

TEST(SetBandwidths, GivesZeroWhereThereIsNoTimeOrNothingMoves) {
  Record record;
  record.scenario.ranks = 4;
  record.scenario.size_bytes = 8;
  set_bandwidths(record);
  EXPECT_EQ(record.algbw_Bps, 0);
  record.scenario.collective = Collective::barrier;
  record.scenario.size_bytes = 0;
  record.time_s = 1e-6;
  set_bandwidths(record);
  EXPECT_EQ(record.busbw_Bps, 0);
}

}  // namespace
}  // namespace collscale
