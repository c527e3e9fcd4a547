// SPDX-License-Identifier: Apache-2.0
#include "fit/target_place.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "synthetic.hpp"

namespace collscale {
namespace {

Series series_of(Engine engine, Collective collective) {
  Series series;
  series.engine = engine;
  series.collective = collective;
  return series;
}

TEST(TargetPlace, NodesOfNcclAreReadAtTheSameBytesPerRank) {
  const Series series = series_of(Engine::nccl, Collective::all_reduce);
  const Target target = map_target(series, 4, synthetic::system(8), 1000, false);
  EXPECT_DOUBLE_EQ(target.place.units, 125);
  EXPECT_DOUBLE_EQ(target.place.ranks, 500);
  EXPECT_DOUBLE_EQ(target.size_factor, 0.5);
  EXPECT_DOUBLE_EQ(per_node_width(series, target, false), 0) << "part of another system's factor";
  EXPECT_DOUBLE_EQ(per_node_width(series, target, true), 0.5 * std::log(2.0));
}

TEST(TargetPlace, RanksOfMpiShareTheirNode) {
  for (const Collective collective : {Collective::all_reduce, Collective::all_gather}) {
    const Series series = series_of(Engine::mpi, collective);
    const Target target = map_target(series, 16, synthetic::system(64), 128, true);
    EXPECT_DOUBLE_EQ(target.place.units, 2);
    EXPECT_DOUBLE_EQ(target.size_factor, 1);
    EXPECT_DOUBLE_EQ(per_node_width(series, target, true), std::log(4.0));
  }
  const Series series = series_of(Engine::mpi, Collective::all_to_all);
  EXPECT_DOUBLE_EQ(map_target(series, 16, synthetic::system(64), 128, true).size_factor, 4)
      << "four times as many ranks send it";
}

TEST(TargetPlace, TheSameNodesAndTheInsideOfOneAreAsTheyAre) {
  for (const Engine engine : {Engine::nccl, Engine::mpi}) {
    const Series series = series_of(engine, Collective::all_to_all);
    for (const std::int64_t ranks : {8, 64}) {
      const Target target = map_target(series, 8, synthetic::system(8), ranks, true);
      EXPECT_DOUBLE_EQ(target.size_factor, 1);
      EXPECT_DOUBLE_EQ(target.place.ranks, static_cast<double>(ranks));
      EXPECT_DOUBLE_EQ(per_node_width(series, target, true), 0);
    }
  }
}

}  // namespace
}  // namespace collscale
