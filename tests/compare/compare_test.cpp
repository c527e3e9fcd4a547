// SPDX-License-Identifier: Apache-2.0
#include "compare/compare.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stats/random.hpp"

namespace collscale {
namespace {

std::vector<double> samples(double middle_s, double spread, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> out(count);
  for (double& x : out) x = middle_s * (1 + spread * (random.uniform() - 0.5));
  return out;
}

Timings run_with(std::vector<Timing> timings) { return {std::move(timings), {}}; }

Verdict verdict_of(double a_s, double b_s, double spread, std::size_t count) {
  const Comparisons out = compare(run_with({{"x", samples(a_s, spread, count, 1)}}),
                                  run_with({{"x", samples(b_s, spread, count, 2)}}));
  return out.list.at(0).verdict;
}

TEST(Compare, TellsChangesFromNoise) {
  EXPECT_EQ(verdict_of(1e-5, 1.2e-5, 0.05, 40), Verdict::regressed);
  EXPECT_EQ(verdict_of(1.2e-5, 1e-5, 0.05, 40), Verdict::improved);
  EXPECT_EQ(verdict_of(1e-5, 1e-5, 0.05, 40), Verdict::no_change);
  // Sure, but less than 2 %.
  EXPECT_EQ(verdict_of(1e-5, 1.01e-5, 0.002, 100), Verdict::within_noise);
  // Three on each side: even when all differ, that happens by chance once in ten.
  EXPECT_EQ(verdict_of(1e-5, 2e-5, 0.01, 3), Verdict::unjudged);
  EXPECT_EQ(verdict_of(1e-5, 2e-5, 0.01, 4), Verdict::regressed);
}

TEST(Compare, CorrectsForTheNumberOfBenchmarks) {
  // 200 benchmarks without a change: single tests would raise some ten alarms.
  std::vector<Timing> a;
  std::vector<Timing> b;
  for (std::uint64_t i = 0; i < 200; ++i) {
    a.push_back({std::to_string(i), samples(1e-5, 0.5, 20, 2 * i)});
    b.push_back({std::to_string(i), samples(1e-5, 0.5, 20, 2 * i + 1)});
  }
  const Comparisons out = compare(run_with(a), run_with(b));
  int alarms = 0;
  int uncorrected = 0;
  for (const Comparison& one : out.list) {
    alarms += one.verdict != Verdict::no_change;
    uncorrected += one.p < 0.05;
  }
  EXPECT_EQ(alarms, 0);
  EXPECT_GT(uncorrected, 0);
}

TEST(Compare, ListsWhatOnlyOneRunHas) {
  const Timings a{{{"x", {1}}, {"y", {1}}},
                  {{"mpi_library", "A"}, {"date", "today"}, {"slowest_group/layout:node", "0"}}};
  const Timings b{
      {{"z", {1}}, {"x", {1}}},
      {{"mpi_library", "B"}, {"date", "tomorrow"}, {"note", "n"}, {"slow/bytes:8", "1"}}};
  const Comparisons out = compare(a, b);
  ASSERT_EQ(out.list.size(), 1U);
  EXPECT_EQ(out.only_in_a, std::vector<std::string>{"y"});
  EXPECT_EQ(out.only_in_b, std::vector<std::string>{"z"});
  ASSERT_EQ(out.context.size(), 2U);
  EXPECT_EQ(out.context[0].key, "mpi_library");
  EXPECT_EQ(out.context[0].b, "B");
  EXPECT_EQ(out.context[1].key, "note");
  EXPECT_EQ(out.context[1].a, "");
}

TEST(Compare, TheGateTakesRegressionsAndWhatCannotBeJudged) {
  const Comparisons out = compare(run_with({{"slower", samples(1e-5, 0.01, 20, 1)},
                                            {"one value", {1e-5}},
                                            {"faster", samples(1e-5, 0.01, 20, 3)}}),
                                  run_with({{"slower", samples(1.1e-5, 0.01, 20, 2)},
                                            {"one value", {1.3e-5}},
                                            {"faster", samples(0.9e-5, 0.01, 20, 4)}}));
  ASSERT_EQ(slower_than(out, 0.05).size(), 2U);
  EXPECT_EQ(slower_than(out, 0.05)[0]->name, "slower");
  EXPECT_EQ(slower_than(out, 0.2).size(), 1U);
  EXPECT_TRUE(slower_than(out, 0.5).empty());
}

TEST(Compare, RecordsOfOneNameAreOneTiming) {
  Record record;
  record.scenario.collective = Collective::all_reduce;
  record.scenario.size_bytes = 1024;
  record.scenario.ranks = 4;
  record.time_s = 1e-5;
  Results results;
  results.records = {record, record};
  results.records[1].samples_s = {2e-5, 3e-5};
  results.records.push_back(record);
  results.records[2].scenario.in_place = true;
  const Timings timings = timings_of(results);
  ASSERT_EQ(timings.list.size(), 2U);
  EXPECT_EQ(timings.list[0].samples_s, (std::vector<double>{1e-5, 2e-5, 3e-5}));
  EXPECT_EQ(timings.list[1].name, timings.list[0].name + "/in_place");
}

}  // namespace
}  // namespace collscale
