// SPDX-License-Identifier: Apache-2.0
#include "scenario/scenario.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

Scenario ring_all_reduce() {
  Scenario scenario;
  scenario.algorithm = "ring";
  scenario.size_bytes = 1048576;
  scenario.ranks = 8;
  return scenario;
}

TEST(BenchmarkName, IsExactlyTheNameScriptsRelyOn) {
  EXPECT_EQ(benchmark_name(ring_all_reduce()), "all_reduce/ring/float/bytes:1048576/ranks:8");
}

TEST(BenchmarkName, EndsInTheLayoutWhenThereIsOne) {
  Scenario scenario = ring_all_reduce();
  scenario.layout = "tp8";
  EXPECT_EQ(benchmark_name(scenario), "all_reduce/ring/float/bytes:1048576/ranks:8/layout:tp8");
}

TEST(BenchmarkName, HasTheSkewOfUnequalBlocksAlone) {
  Scenario scenario = ring_all_reduce();
  scenario.skew = 2.5;
  EXPECT_EQ(benchmark_name(scenario), "all_reduce/ring/float/bytes:1048576/ranks:8");
  scenario.collective = Collective::all_gather_v;
  EXPECT_EQ(benchmark_name(scenario), "all_gather_v/ring/float/bytes:1048576/ranks:8/skew:2.5");
  scenario.skew = 1;
  scenario.layout = "tp8";
  EXPECT_EQ(benchmark_name(scenario),
            "all_gather_v/ring/float/bytes:1048576/ranks:8/skew:1/layout:tp8");
}

TEST(BenchmarkName, WritesLargeSizesInFull) {
  Scenario scenario = ring_all_reduce();
  scenario.collective = Collective::all_to_all;
  scenario.dtype = DataType::bfloat16;
  scenario.size_bytes = 0x1p45;
  scenario.ranks = 100000;
  EXPECT_EQ(benchmark_name(scenario), "all_to_all/ring/bfloat16/bytes:35184372088832/ranks:100000");
}

TEST(BenchmarkName, OfTheDefaultScenarioLeavesTheChoiceToTheLibrary) {
  EXPECT_EQ(benchmark_name(Scenario{}), "all_reduce/auto/float/bytes:0/ranks:0");
}

}  // namespace
}  // namespace collscale
