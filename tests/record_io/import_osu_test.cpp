// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fixture.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ImportOptions ranks(std::int64_t count) {
  ImportOptions options;
  options.ranks = count;
  return options;
}

TEST(ImportOsu, AsksForTheRanksInOneSentence) {
  EXPECT_THAT(
      error_of(import_fixture("osu-allreduce-full.log")),
      HasSubstr(
          "an OSU log does not say how many ranks it was run on: give their number with --ranks"));
}

TEST(ImportOsu, RefusesAPointToPointTest) {
  EXPECT_THAT(
      error_of(import_fixture("osu-point-to-point.log", ranks(2))),
      HasSubstr("\"OSU MPI Bandwidth Test v7.4\" is not one of OSU's blocking collectives"));
  EXPECT_THAT(error_of(import_log("# OSU MPI Allgatherv Latency Test v7.4\n", "x.log", ranks(2))),
              HasSubstr("is not one of OSU's"));
}

TEST(ImportOsu, TakesAHeadingForNoTitle) {
  const auto report = import_log(
      "## OSU allreduce\n```\n$ mpirun -np 4 osu_allreduce\n# OSU MPI Allreduce Latency Test v5.8\n"
      "# Size       Avg Latency(us)\n4                      12.45\n```\n",
      "x.md", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre());
}

TEST(ImportOsu, RefusesALogWithoutRows) {
  EXPECT_THAT(
      error_of(import_log("# OSU MPI Allreduce Latency Test v7.4\n# Size  Avg Latency(us)\n",
                          "x.log", ranks(2))),
      HasSubstr("no measurement could be read"));
}

TEST(ImportOsu, TakesTheSlowestRankWhereItWasPrinted) {
  const auto report = import_fixture("osu-allreduce-full.log", ranks(16));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::osu);
  ASSERT_EQ(report->records.size(), 3u);
  const Record& last = report->records.back();
  EXPECT_EQ(benchmark_name(last.scenario), "all_reduce/auto/int32/bytes:1048576/ranks:16");
  EXPECT_NEAR(last.time_s, 1.1 * (2.0 + 1048576 / 4e3) * 1e-6, 0.006e-6);
  EXPECT_EQ(last.iterations, 100);
  EXPECT_EQ(last.engine, Engine::mpi);
  EXPECT_THAT(last.source, HasSubstr("[OSU, maximum over ranks]"));
}

TEST(ImportOsu, ReadsColumnsWhoseBlanksWereSqueezed) {
  const auto report = import_log(
      "OSU MPI Allreduce Latency Test v7.4\n"
      "Size Avg Latency(us) Min Latency(us) Max Latency(us) Iterations Validation\n"
      "4 2.31 2.10 2.60 1000 Pass\n8 2.31 2.10 2.70 1000 Fail\n",
      "x.log", ranks(2));
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 1u);
  EXPECT_DOUBLE_EQ(report->records[0].time_s, 2.60e-6);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("wrong results was left out: line 4")));
}

TEST(ImportOsu, ReadsFullRowsBelowTheNamesOfFewerColumns) {
  const auto report = import_log(
      "$ mpirun -np 96 osu_reduce -d cuda -f\n# OSU MPI-CUDA Reduce Latency Test v7.3\n"
      "# Datatype: MPI_CHAR.\n# Size       Avg Latency(us)\n"
      "1                      50.89             18.27             89.23        1000\n"
      "2                      50.20             18.24             88.37        1000\n",
      "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 2U);
  EXPECT_NEAR(report->records[0].time_s, 89.23e-6, 1e-9);
  EXPECT_EQ(report->records[0].iterations, 1000);
}

TEST(ImportOsu, CountsTheWholeVectorOfAnAllgather) {
  const auto report = import_fixture("osu-allgather-dirty.log", ranks(4));
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 4u);
  EXPECT_EQ(report->records[0].scenario.size_bytes, 4);
  EXPECT_EQ(report->records[2].scenario.size_bytes, 4 * 65536);
  EXPECT_DOUBLE_EQ(report->records[2].time_s, 88.4e-6);
  EXPECT_DOUBLE_EQ(report->records[2].busbw_Bps, 3 * 65536 / 88.4e-6);
  EXPECT_THAT(report->records[2].source, HasSubstr("mean over ranks"));
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr(": 1 torn line was left out")));
}

TEST(ImportOsu, ReadsABarrierWithoutSizes) {
  const auto report = import_fixture("osu-allgather-dirty.log", ranks(4));
  ASSERT_TRUE(report);
  const Record& barrier = report->records.back();
  EXPECT_EQ(barrier.scenario.collective, Collective::barrier);
  EXPECT_EQ(barrier.scenario.size_bytes, 0);
  EXPECT_DOUBLE_EQ(barrier.time_s, 3.21e-6);
}

TEST(ImportOsu, KnowsOsusOwnNamesOfTheCollectives) {
  for (const auto& [title, collective, size] :
       {std::tuple{"MPI-CUDA All-to-All Personalized Exchange", Collective::all_to_all, 80.0},
        {"MPI Broadcast", Collective::broadcast, 10.0},
        {"MPI Reduce_scatter", Collective::reduce_scatter, 10.0},
        {"MPI Scatter", Collective::scatter, 80.0},
        {"NCCL Allgather", Collective::all_gather, 80.0}}) {
    const auto report = import_log(
        std::string("# OSU ") + title + " Latency Test v7.4\n# Size  Avg Latency(us)\n10  5.00\n",
        "x.log", ranks(8));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->records.front().scenario.collective, collective) << title;
    EXPECT_EQ(report->records.front().scenario.size_bytes, size) << title;
  }
}

}  // namespace
}  // namespace collscale
