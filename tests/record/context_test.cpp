// SPDX-License-Identifier: Apache-2.0
#include "record/context.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

TEST(ContextDifferences, ResultsAndOccasionsExplainNothing) {
  const Context a{
      {"date", "1"},         {"contended_points", "1 of 2"}, {"slowest_group/layout:node", "x"},
      {"slow/bytes:8", "x"}, {"mpi_library", "A"},           {"sync", "barrier"}};
  const Context b{{"date", "2"}, {"resumed", "3"}, {"group_times/x", "1 2"}, {"sync", "barrier"}};
  const auto found = context_differences(a, b);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "mpi_library");
  EXPECT_EQ(found[0].a, "A");
  EXPECT_EQ(found[0].b, "");
}

TEST(FullBenchmarkName, HasWhatTheNameLeavesOut) {
  Scenario scenario;
  scenario.ranks = 2;
  scenario.size_bytes = 8;
  const std::string plain = full_benchmark_name(scenario);
  EXPECT_EQ(plain, benchmark_name(scenario));
  scenario.op = ReduceOp::max;
  scenario.root = 3;
  scenario.in_place = true;
  EXPECT_EQ(full_benchmark_name(scenario), plain + "/op:max/root:3/in_place");
}

}  // namespace
}  // namespace collscale
