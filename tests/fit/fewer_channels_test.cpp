// SPDX-License-Identifier: Apache-2.0
#include "fit/fewer_channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace collscale {
namespace {

using ::testing::HasSubstr;

constexpr double kSize_bytes = 1 << 30;

Series messages() {
  Series series;
  series.collective = Collective::send_recv;
  series.engine = Engine::nccl;
  for (const std::int64_t ranks : {16, 32}) {
    Cell cell;
    cell.ranks = ranks;
    cell.nodes = ranks / 8;
    cell.size_bytes = kSize_bytes;
    series.cells.push_back(cell);
  }
  return series;
}

Target target_of(std::int64_t ranks) {
  Target target;
  target.ranks = ranks;
  target.network = true;
  return target;
}

// All of its time is bytes through the NIC.
Prediction wire(double time_s) {
  Prediction prediction;
  prediction.time_s = time_s;
  prediction.bottleneck_s = time_s;
  return prediction;
}

// As NCCL with 16 channels: two to a peer up to 32 ranks.
std::optional<std::int64_t> two_then_one(double, std::int64_t ranks) { return ranks > 32 ? 1 : 2; }

TEST(FewerChannels, BytesThatChannelsHoldBackTakeAsManyTimesLongerAsChannelsAreFewer) {
  const auto step =
      fewer_channels(messages(), target_of(64), kSize_bytes, 1.4, wire(1.0), two_then_one);
  EXPECT_NEAR(step.log_slower, std::log(2), 1e-12);
  EXPECT_EQ(step.log_width, 0);
  EXPECT_THAT(step.text, HasSubstr("through 1 channel there, 2 on 32 ranks: x2 is in the answer"));
}

TEST(FewerChannels, WhatTheNicHoldsBackOnlyWidensTheInterval) {
  const auto step =
      fewer_channels(messages(), target_of(64), kSize_bytes, 1.1, wire(1.0), two_then_one);
  EXPECT_EQ(step.log_slower, 0);
  EXPECT_NEAR(step.log_width, std::log(2), 1e-12);
  EXPECT_THAT(step.text, HasSubstr("the interval allows for x2"));
}

TEST(FewerChannels, LatencyDoesNotGrow) {
  Prediction half = wire(1.0);
  half.bottleneck_s = 0.5;
  const auto step = fewer_channels(messages(), target_of(64), kSize_bytes, 2, half, two_then_one);
  EXPECT_NEAR(step.log_slower, std::log(1.5), 1e-12);
}

TEST(FewerChannels, NothingWithoutAStepOrWhereTheRuleIsNotKnown) {
  const auto none = [](const Series& series, std::int64_t ranks, const ChannelFunction& channels) {
    const auto step = fewer_channels(series, target_of(ranks), kSize_bytes, 2, wire(1.0), channels);
    return step.log_slower == 0 && step.log_width == 0 && step.text.empty();
  };
  EXPECT_FALSE(none(messages(), 64, two_then_one));
  EXPECT_TRUE(none(messages(), 32, two_then_one));
  EXPECT_TRUE(none(messages(), 64, {}));
  EXPECT_TRUE(none(messages(), 64, [](double, std::int64_t) { return std::nullopt; }));
  EXPECT_TRUE(none(messages(), 64, [](double, std::int64_t) { return 1; }));
  Series mpi = messages();
  mpi.engine = Engine::mpi;
  EXPECT_TRUE(none(mpi, 64, two_then_one));
  Series gathers = messages();
  gathers.collective = Collective::all_gather;
  EXPECT_TRUE(none(gathers, 64, two_then_one));
}

}  // namespace
}  // namespace collscale
