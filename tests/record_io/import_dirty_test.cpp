// SPDX-License-Identifier: Apache-2.0
// Logs as people paste them: with the marks of launchers and collectors, messages in the middle of
// rows, numbers of other countries, several runs in one file.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "record_io/launch_line.hpp"
#include "record_io/log_prefix.hpp"
#include "record_io/log_text.hpp"
#include "record_io/nccl_choice_line.hpp"

namespace collscale {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// "1024 out 21.37": size, placement and time in us of every record.
std::vector<std::string> points(const Expected<ImportReport>& report) {
  std::vector<std::string> result;
  if (!report) return {report.error().message};
  for (const Record& record : report->records) {
    result.push_back(fmt::format("{} {} {:.6g}", record.scenario.size_bytes,
                                 record.scenario.in_place ? "in" : "out", record.time_s * 1e6));
  }
  return result;
}

TEST(ImportDirty, JoinsRowsThatMessagesOfTheLibraryCutInTwo) {
  const auto report = import_fixture("nccl-tests-messages-between.log");
  EXPECT_THAT(points(report),
              ElementsAre("1024 out 21.37", "1024 in 20.87", "4096 out 21.81", "4096 in 21.31",
                          "16384 out 23.02", "16384 in 22.52", "65536 out 25.66", "65536 in 25.16",
                          "4194304 out 96.4", "4194304 in 95.9"));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr(": 4 torn lines were left out: lines 23, 24, 25 and 27")));
  EXPECT_EQ(report->records[0].scenario.ranks, 4);
  EXPECT_EQ(report->records[0].scenario.nodes, 2);
}

/// "all_reduce 1024: tree LL" of the records out of place.
std::vector<std::string> choices(const ImportReport& report) {
  std::vector<std::string> texts;
  for (const Record& record : report.records) {
    EXPECT_EQ(record.scenario.algorithm, "auto");
    EXPECT_EQ(record.scenario.protocol, "");
    if (record.scenario.in_place) continue;
    texts.push_back(fmt::format(
        "{} {:.0f}: {}", name(record.scenario.collective), record.scenario.size_bytes,
        record.chosen ? record.chosen->algorithm + " " + record.chosen->protocol : "not told"));
  }
  return texts;
}

// A made-up log: what NCCL 2.26 writes (of all_gather the bytes of one rank's part), then what 2.23
// and 2.20 write (numbers, the whole size); before the rows, in them, and twice.
TEST(ImportDirty, KeepsWhatTheLibrarySaysThatItRan) {
  const auto report = import_fixture("nccl-tests-choices.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(choices(*report),
              ElementsAre("all_reduce 1024: tree LL", "all_reduce 16384: tree LL",
                          "all_reduce 262144: ring LL128", "all_reduce 1048576: not told",
                          "all_reduce 16777216: ring Simple", "all_gather 4096: ring LL",
                          "all_gather 65536: pat Simple", "all_gather 1048576: ring Simple",
                          "all_gather 16777216: symmetric ", "all_gather 4096: ring LL",
                          "all_gather 65536: pat Simple", "all_gather 1048576: ring Simple",
                          "all_gather 16777216: not told"));
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr("1 row keeps the choice that most of"),
                          HasSubstr("1 row keeps no choice, since the library's")));
}

TEST(ImportDirty, TakesNoOtherLineForAChoice) {
  for (const char* line :
       {"NCCL INFO AllReduce: 1024 Bytes -> Algo 7 proto 2 time 1.0",
        "NCCL INFO AllReduce: 1024 Bytes -> Algo RING proto Unknown channel{Lo..Hi}={0..1}",
        "NCCL INFO Everything: 1024 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..1}",
        "NCCL INFO AllReduce: some Bytes -> Algo RING proto LL", "1024 Bytes -> Algo RING",
        " Bytes -> Algo RING proto LL", "NCCL INFO AllGather [Copy Engine]: 8 Bytes -> cudaMemcpy"})
    EXPECT_FALSE(read_nccl_choice(line)) << line;
  const auto bare = read_nccl_choice("[0] NCCL INFO 1024 Bytes -> Algo 5 proto 2 time 1.0");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->chosen, (Chosen{"nvls_tree", "Simple"}));
  EXPECT_FALSE(bare->collective);
}

TEST(ImportDirty, TakesProgramsThatRanSideBySideForRepeats) {
  const auto report = import_fixture("nccl-tests-two-programs.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 12U);
  for (const Record& record : report->records) {
    EXPECT_EQ(record.scenario.ranks, 4);
    EXPECT_EQ(record.scenario.nodes, 1);
  }
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("2 times: so many programs ran side by")));
}

// As where a job's output goes to a file and through a collector into the same.
TEST(ImportDirty, LinesThatWereWrittenTwiceAreOfOneProgram) {
  std::ifstream log(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/nccl-tests-messages-between.log");
  std::string text;
  for (std::string line; std::getline(log, line);) text += line + "\n" + line + "\n";
  const auto once = import_fixture("nccl-tests-messages-between.log");
  const auto twice = import_log(text, "t.log", {});
  ASSERT_TRUE(once && twice);
  EXPECT_EQ(twice->records.front().scenario.ranks, once->records.front().scenario.ranks);
  EXPECT_EQ(twice->records.front().scenario.nodes, once->records.front().scenario.nodes);
  EXPECT_THAT(twice->warnings, testing::Not(testing::Contains(HasSubstr("side by"))));
}

TEST(ImportDirty, SeesThroughThePrefixesOfLaunchersAndCollectors) {
  const auto report = import_fixture("nccl-tests-prefixed.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, IsEmpty());
  ASSERT_EQ(report->records.size(), 8U * 6U);
  for (const Record& record : report->records) {
    EXPECT_EQ(record.scenario.collective, Collective::all_gather);
    EXPECT_EQ(record.scenario.ranks, 2);
    EXPECT_EQ(record.scenario.nodes, 2);
  }
}

TEST(ImportDirty, ReadsDecimalCommasAndGroupsOfThousands) {
  const auto report = import_fixture("nccl-tests-decimal-comma.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, IsEmpty());
  ASSERT_EQ(report->records.size(), 36U);
  for (std::size_t i = 0; i < 18; ++i) {
    EXPECT_EQ(report->records[i].time_s, report->records[i + 18].time_s) << i;
    EXPECT_EQ(report->records[i].scenario.size_bytes, report->records[i + 18].scenario.size_bytes);
  }
  EXPECT_EQ(report->records[16].scenario.size_bytes, 1073741824);
  EXPECT_DOUBLE_EQ(report->records[16].time_s, 15876.4e-6);
}

TEST(ImportDirty, ReadsTheColumnsOfEveryIteration) {
  EXPECT_THAT(points(import_fixture("nccl-tests-per-iteration.log")),
              ElementsAre("1024 out 21.37", "1024 in 20.87", "4096 out 21.81", "4096 in 21.31"));
}

TEST(ImportDirty, CountsTheRanksOfOneGroup) {
  const auto report = import_fixture("nccl-tests-groups.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.front().scenario.ranks, 2);
  EXPECT_EQ(report->records.front().scenario.nodes, 2);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("split into 2 groups")));
}

TEST(ImportDirty, TakesTheRanksFromTheLibrarysMessagesWhereTheLogListsNone) {
  const auto report = import_log(
      "$ ./run.sh all_reduce_perf\n"
      "n1:63:221 [0] NCCL INFO comm 0x5 rank 0 nranks 8 cudaDev 0 busId 1e0 - Init COMPLETE\n"
      "     1048576        262144     float     sum      -1    30.74   34.11   59.69      0    "
      "30.12   34.81   60.92      0\n",
      "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.front().scenario.ranks, 8);
}

// Out of a spreadsheet: the first row became the names of the columns.
TEST(ImportDirty, ReadsRowsWithBars) {
  ImportOptions options;
  options.ranks = 8;
  options.collective = Collective::all_reduce;
  const auto report = import_log(
      "\\#  size  count  type  redop  root  time  algbw  busbw #wrong  time  algbw  busbw #wrong\n"
      "1048576 | 262144 | float | sum | -1 | 30.74 | 34.11 | 59.69 | 0 | 30.12 | 34.81 | 60.92 | "
      "0\n-- | -- | -- | -- | -- | -- | -- | -- | -- | -- | -- | -- | --\n"
      "2097152 | 524288 | float | sum | -1 | 40.5 | 51.78 | 90.62 | 0 | 40.5 | 51.78 | 90.62 | 0\n",
      "x.md", options);
  EXPECT_THAT(points(report), ElementsAre("1048576 out 30.74", "1048576 in 30.12",
                                          "2097152 out 40.5", "2097152 in 40.5"));
}

TEST(ImportDirty, TakesTheRanksFromTheCommandLineWhereTheLogListsNone) {
  const std::string log =
      "$ mpirun -np 4 -x A=1 ./build/all_reduce_perf -n 100 -g 2\n"
      "# nThread 1 nGpus 2 minBytes 1024 maxBytes 1024 step: 2(factor) iters: 100\n"
      "        1024           256     float     sum      -1    22.01    0.05    0.08      0    "
      "22.01    0.05    0.08      0\n";
  const auto report = import_log(log, "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.front().scenario.ranks, 8);
}

TEST(ImportDirty, NamesTheLineWhoseFiguresContradictEachOther) {
  const std::string log =
      "# nThread 1 nGpus 8\n"
      "        1024           256     float     sum      -1    22.01    0.05    0.08      0    "
      "22.01    0.05    0.08      0\n"
      "     1048576        262144     float     sum      -1    30.74   34.11   59.69      0    "
      "3.07   34.11   59.69      0\n";
  ImportOptions options;
  options.collective = Collective::all_reduce;
  options.ranks = 8;
  const auto report = import_log(log, "x.log", options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records.size(), 2U);
  EXPECT_THAT(report->warnings,
              ElementsAre("x.log: 1 row was left out whose bandwidth is not what its size and time "
                          "give: line 3"));
}

TEST(ImportDirty, FindsTheRanksOfALogThatLostLinesOfItsList) {
  std::string log = "# Collective test starting: all_reduce_perf\n# nThread 1 nGpus 1 iters: 20\n";
  for (int rank = 0; rank < 7; ++rank) {  // of 8
    log += fmt::format("#  Rank {:2} Group  0 Pid 41 on n1 device {} [0x1a] Toy\n", rank, rank);
  }
  log +=
      "     1048576        262144     float     sum      -1    30.74   34.11   59.69      0    "
      "30.12   34.81   60.92      0\n";
  const auto report = import_log(log, "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.front().scenario.ranks, 8);
  EXPECT_NEAR(report->records.front().busbw_Bps, 59.69e9, 0.02e9);
  EXPECT_THAT(report->warnings,
              ElementsAre("x.log: the log lists 7 ranks, but its bandwidths are those of 8: 8 were "
                          "taken"));
}

TEST(ImportDirty, DoesNotTakeRowsBehindALostTitleForTheOnesBefore) {
  ImportOptions options;
  options.ranks = 4;
  const auto report = import_log(
      "# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n"
      "4                       2.31\n1048576              1274.90\n"
      "1                       5.12\n2                       5.20\n4         7\n",
      "x.log", options);
  EXPECT_THAT(points(report), ElementsAre("4 out 2.31", "1048576 out 1274.9"));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr(": 3 torn lines were left out: lines 5, 6 and 7")));
}

// --- OSU, IMB, JSON ----------------------------------------------------------------------------

TEST(ImportDirty, ReadsSeveralOsuRunsWithDecimalCommas) {
  const auto report = import_fixture("osu-several.log");
  EXPECT_THAT(points(report),
              ElementsAre("4 out 2.31", "1024 out 3.07", "1048576 out 1274.9", "16384 out 12.5"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records[0].scenario.ranks, 8);
  EXPECT_EQ(report->records[3].scenario.ranks, 16);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("left out: ")));
}

TEST(ImportDirty, SaysOnceWhatAnOsuLogHoldsBesidesCollectives) {
  ImportOptions options;
  options.ranks = 4;
  std::string log;
  for (int pair = 0; pair < 28; ++pair) {
    log += "# OSU MPI Latency Test v5.8\n# Size          Latency (us)\n0     1.55\n";
    log += "# OSU MPI Bandwidth Test v5.8\n# Size      Bandwidth (MB/s)\n1     3.97\n";
  }
  log += "# OSU MPI Allreduce Latency Test v5.8\n# Size       Avg Latency(us)\n4       2.31\n";
  const auto report = import_log(log, "x.log", options);
  EXPECT_THAT(points(report), ElementsAre("4 out 2.31"));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->warnings,
              ElementsAre(AllOf(HasSubstr("MPI Latency"), HasSubstr("28 tables")),
                          AllOf(HasSubstr("MPI Bandwidth"), HasSubstr("28 tables"))));
}

TEST(ImportDirty, TakesWhatAPackageManagerPrintsForNoRowOfOsu) {
  const auto report = import_log(
      "+ mpirun -np 4 osu_allreduce\n# OSU MPI Allreduce Latency Test v5.8\n"
      "# Size       Avg Latency(us)\n4       2.31\n"
      "0 upgraded, 0 newly installed, 0 to remove and 26 not upgraded.\n8       2.3\n",
      "x.log", {});
  EXPECT_THAT(points(report), ElementsAre("4 out 2.31"));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr(": 1 torn line was left out: line 6")));
}

TEST(ImportImb, TakesReduceScattersSizeForEachRanksSince2019Update1) {
  const auto size_of = [](const std::string& suite) {
    const auto report =
        import_log(suite +
                       "# Benchmarking Reduce_scatter \n# #processes = 8 \n"
                       "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]\n"
                       "1024 1000 2.10 2.31 2.20\n",
                   "x.log", {});
    return report ? report->records.front().scenario.size_bytes : -1.0;
  };
  EXPECT_EQ(size_of("#    Intel(R) MPI Benchmarks 2021.8, MPI-1 part\n"), 8192);
  EXPECT_EQ(size_of("#    Intel(R) MPI Benchmarks 2019 Update 6, MPI-1 part\n"), 8192);
  EXPECT_EQ(size_of("#    Intel(R) MPI Benchmarks 2019, MPI-1 part\n"), 1024);
  EXPECT_EQ(size_of("#    Intel(R) MPI Benchmarks 2018 Update 1, MPI-1 part\n"), 1024);
  EXPECT_EQ(size_of("#    Intel (R) MPI Benchmarks 4.1 Update 1, MPI-1 part\n"), 1024);
  EXPECT_EQ(size_of(""), 8192);
}

TEST(ImportImb, ReadsCollectivesByTheirSlowestRank) {
  const auto report = import_fixture("imb.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::imb);
  std::vector<std::string> names;
  for (const Record& record : report->records) names.push_back(benchmark_name(record.scenario));
  EXPECT_THAT(
      names,
      ElementsAre(
          "all_reduce/auto/float/bytes:4/ranks:4", "all_reduce/auto/float/bytes:1024/ranks:4",
          "all_reduce/auto/float/bytes:1048576/ranks:4", "all_reduce/auto/float/bytes:4/ranks:8",
          "all_reduce/auto/float/bytes:1048576/ranks:8", "all_gather/auto/int8/bytes:8192/ranks:8",
          "all_gather/auto/int8/bytes:524288/ranks:8", "barrier/auto/int8/bytes:0/ranks:8"));
  EXPECT_DOUBLE_EQ(report->records[2].time_s, 264.41e-6);
  EXPECT_EQ(report->records[2].iterations, 40);
  EXPECT_THAT(
      report->warnings,
      ElementsAre(HasSubstr(": 1 torn line was left out: line 20"), HasSubstr(": 1 row of size 0"),
                  HasSubstr(": 1 size was not measured"), HasSubstr("PingPong")));
}

TEST(ImportImb, TheNodesThatAreGivenAreThoseOfTheLargestRun) {
  ImportOptions options;
  options.nodes = 4;
  std::string log;
  for (const int ranks : {2, 4, 8, 16})
    log += fmt::format(
        "# Benchmarking Allreduce\n# #processes = {}\n"
        "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]\n1024 1000 2.10 2.31 2.20\n",
        ranks);
  const auto report = import_log(log, "x.log", options);
  ASSERT_TRUE(report) << report.error().message;
  std::vector<std::int64_t> nodes;
  for (const Record& record : report->records) nodes.push_back(record.scenario.nodes);
  EXPECT_THAT(nodes, ElementsAre(1, 1, 2, 4));
}

TEST(ImportJson, ReadsWhatNcclTestsWrites) {
  const auto report = import_fixture("nccl-tests.json");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::nccl_tests_json);
  EXPECT_THAT(points(report), ElementsAre("1024 out 21.37", "1024 in 20.87", "1048576 out 48.17",
                                          "1048576 in 47.67"));
  const Record& first = report->records.front();
  EXPECT_EQ(benchmark_name(first.scenario), "all_reduce/auto/float/bytes:1024/ranks:4");
  EXPECT_EQ(first.scenario.nodes, 2);
  EXPECT_EQ(first.iterations, 20);
  EXPECT_THAT(first.source, HasSubstr("[NCCL 2.29.7, NVIDIA Toy GPU]"));
  ASSERT_EQ(first.quantiles.size(), 5U);
  EXPECT_EQ(first.quantiles[1].which, "p50");
  EXPECT_DOUBLE_EQ(first.quantiles[1].value_s, 21.37e-6);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr(": 1 result was left out whose bandwidth"),
                                            HasSubstr(": 1 result of size 0")));
}

TEST(ImportJson, RefusesInOneSentenceWhatIsNoLog) {
  EXPECT_THAT(error_of(import_log("{\"version\":3,\"results\":[", "x.json", {})),
              HasSubstr("x.json: begins like JSON and is none: is its end missing?"));
  EXPECT_THAT(error_of(import_log("{\"config\":{\"devices\":[]}}", "x.json", {})),
              HasSubstr("without results: the run failed"));
  EXPECT_THAT(error_of(import_log("{\"a\":1}", "x.json", {})), HasSubstr("found JSON, expected"));
  EXPECT_THAT(error_of(import_log("{\"results\":[]}", "x.json", {})), HasSubstr("--collective"));
}

TEST(ImportJson, ReadsGoogleBenchmarksByTheirNamesAndCounters) {
  const auto report = import_fixture("google-benchmark.json");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::google_benchmark);
  EXPECT_THAT(points(report), ElementsAre("1024 out 2.1", "1048576 out 1500"));
  EXPECT_EQ(report->records[0].samples_s.size(), 3U);
  EXPECT_EQ(report->records[1].scenario.collective, Collective::all_to_all);
  EXPECT_EQ(report->records[1].scenario.ranks, 8);
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr(": 1 benchmark that failed"),
                          HasSubstr("does not say collective, bytes and ranks (\"BM_Memcpy")));
}

std::string described(const Record& record) {
  const Scenario& s = record.scenario;
  return fmt::format("{} {} {} {} on {} of {}", name(s.collective), s.algorithm, name(s.dtype),
                     s.size_bytes, s.ranks, s.nodes);
}

TEST(ImportJson, ReadsGoogleBenchmarksOddNames) {
  const auto report = import_log(
      R"({"context":{},"benchmarks":[
{"name":"BM_AllGather<half>/size:4096/np:8","real_time":0.0135,"time_unit":"ms"},
{"name":"nccl/AllReduce/ring/bytes:4096/ranks:16/process_time/real_time","real_time":13500,"time_unit":"ns"},
{"name":"Bcast/4194304","real_time":99,"time_unit":"us","ranks":32,"bytes":4194304,"nodes":4}]})",
      "x.json", {});
  ASSERT_TRUE(report) << report.error().message;
  std::vector<std::string> read;
  for (const Record& record : report->records) read.push_back(described(record));
  EXPECT_THAT(read, ElementsAre("all_gather auto half 4096 on 8 of 0",
                                "all_reduce ring float 4096 on 16 of 0",
                                "broadcast auto float 4194304 on 32 of 4"));
}

TEST(ImportJson, ReadsGoogleBenchmarksTable) {
  const auto report = import_log(
      "2026-02-03T04:05:06+00:00\nRunning ./bench\nRun on (8 X 2400 MHz CPU s)\n"
      "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
      "error_occurred,error_message,\"bytes\",\"ranks\"\n"
      "\"all_reduce/bytes:1024/ranks:8\",1000,12.5,12.1,us,8.19e7,,,,,1024,8\n"
      "\"all_reduce/large\",1000,13.5,12.1,us,8.19e7,,,,,4096,8\n"
      "\"all_reduce/failed\",1000,13.5,12.1,us,,,,true,\"no device\",8192,8\n"
      "\"all_reduce/large_mean\",3,13.5,12.1,us,8.19e7,,,,,4096,8\n",
      "x.csv", {});
  EXPECT_THAT(points(report), ElementsAre("1024 out 12.5", "4096 out 13.5"));
  EXPECT_EQ(report->format, LogFormat::google_benchmark);
}

// --- parts -------------------------------------------------------------------------------------

TEST(LogPrefix, GoesOnlyBeforeWhatIsOurs) {
  EXPECT_EQ(without_prefixes("srun: error: x"), "srun: error: x");
  EXPECT_EQ(without_prefixes("n1: 1024 3"), " 1024 3");
  EXPECT_EQ(without_prefixes("12:34"), "12:34");
  EXPECT_EQ(without_prefixes("[default0]:#  Rank  0"), "#  Rank  0");
  EXPECT_EQ(without_prefixes("[0]: x"), "[0]: x");
  EXPECT_EQ(without_prefixes("[user@login osu]$ mpirun"), "[user@login osu]$ mpirun");
  EXPECT_EQ(without_prefixes("2026-02-03T04:05:06Z [1,3]<stdout>:# x"), "# x");
}

TEST(NumberStyle, IsToldOnlyByWhatIsUnambiguous) {
  EXPECT_EQ(style_of("1,234"), std::nullopt);
  EXPECT_EQ(style_of("1234"), std::nullopt);
  EXPECT_EQ(style_of("1,5"), NumberStyle::comma_decimal);
  EXPECT_EQ(style_of("1.234,5"), NumberStyle::comma_decimal);
  EXPECT_EQ(style_of("1,234.5"), NumberStyle::comma_groups);
  EXPECT_EQ(style_of("1,234,567"), NumberStyle::comma_groups);
  EXPECT_EQ(style_of("12.25"), NumberStyle::plain);
  EXPECT_EQ(common_style({"1,5", "12.25"}), NumberStyle::plain);
  EXPECT_EQ(plain_number("1.234,5", NumberStyle::comma_decimal), "1234.5");
  EXPECT_EQ(plain_number("1,234.5", NumberStyle::comma_groups), "1234.5");
  EXPECT_EQ(plain_number("a,b", NumberStyle::comma_decimal), "a,b");
}

/// "16 on 2": processes and nodes.
std::string launched(std::string_view line) {
  const auto launch = read_launch(line);
  return launch ? fmt::format("{} on {}", launch->processes, launch->nodes) : "not launched";
}

TEST(LaunchLine, SaysProcessesAndNodesBeforeTheProgram) {
  EXPECT_EQ(launched("mpirun -np 16 ./all_reduce_perf -n 100 -N 2"), "16 on 0");
  EXPECT_EQ(launched("$ srun --ntasks=8 ./osu_allreduce -m 4:8"), "8 on 0");
  EXPECT_EQ(launched("srun -N 4 -n 32 ./all_reduce_perf"), "32 on 4");
  EXPECT_EQ(launched("srun -N4 --ntasks-per-node=8 ./all_reduce_perf"), "32 on 4");
  EXPECT_EQ(launched("srun --nodes=4 --ntasks-per-node 8 ./all_reduce_perf"), "32 on 4");
  EXPECT_EQ(launched("srun -N 2-4 -n 32 ./all_reduce_perf"), "32 on 0");
  EXPECT_EQ(launched("mpirun -np 16 --map-by ppr:4:node ./osu_allreduce"), "16 on 4");
  EXPECT_EQ(launched("mpirun -np 18 -map-by ppr:4:node:PE=8 ./osu_allreduce"), "18 on 5");
  EXPECT_EQ(launched("mpirun -np 16 --map-by ppr:4:socket ./osu_allreduce"), "16 on 0");
  EXPECT_EQ(launched("mpirun -np 16 -npernode 8 ./IMB-MPI1 Bcast"), "16 on 2");
  EXPECT_EQ(launched("mpirun -N 8 -np 16 ./IMB-MPI1 Bcast"), "16 on 2");
  EXPECT_EQ(launched("mpiexec -n 64 -ppn 32 ./osu_bcast"), "64 on 2");
  EXPECT_EQ(launched("aprun -n 64 -N 32 ./osu_bcast"), "64 on 2");
  EXPECT_EQ(launched("srun -N 8 -n 4 ./osu_bcast"), "4 on 0");
  EXPECT_EQ(launched("jsrun -n 128 -a 1 -c 1 -r 1 -l cpu-cpu mpi/osu_allreduce"), "128 on 128");
  EXPECT_EQ(launched("jsrun -n 8 -a4 -g 4 -r 1 ./all_reduce_perf"), "32 on 8");
  EXPECT_EQ(launched("jsrun --nrs=12 --rs_per_host=6 ./osu_bcast"), "12 on 2");
  EXPECT_EQ(launched("jsrun -p 12 ./osu_bcast"), "12 on 0");
  EXPECT_EQ(launched("flux run -N2 -n 16 -o cpu-affinity=per-task ./osu_bcast"), "16 on 2");
  EXPECT_EQ(launched("lrun -N 4 -T 4 ./osu_bcast"), "16 on 4");
  EXPECT_EQ(launched("mpirun_rsh -np 4 -hostfile h ./osu_bcast"), "4 on 0");
  EXPECT_EQ(launched("mpirun -H b1:128,b2:128 ./osu_allreduce"), "256 on 2");
  EXPECT_EQ(launched("mpirun -np 16 --host b1:8,b2:8 ./osu_allreduce"), "16 on 2");
  EXPECT_EQ(launched("mpiexec -hosts b1,b2 -ppn 4 ./osu_allreduce"), "8 on 2");
  EXPECT_EQ(launched("mpirun -np 16 -host b1,b2 ./osu_allreduce"), "16 on 2");
  EXPECT_EQ(launched("srun -H -n 4 ./osu_allreduce"), "4 on 0");
  EXPECT_EQ(launched("mpirun -np 4 ./all_reduce_perf_mpi -b 8 -n 5"), "4 on 0");
  EXPECT_EQ(launched("mpirun -np 1 -x ID=a ./osu_bcast -m 8 : -np 3 -x ID=b ./osu_bcast -m 8"),
            "4 on 0");
  EXPECT_EQ(launched("./all_reduce_perf -n 100"), "not launched");
  EXPECT_EQ(launched("/opt/bin/mpirun ./x_perf -n 3"), "0 on 0");
}

TEST(LaunchLine, GivesTheNodesOfATableThatDoesNotSayThem) {
  const std::string osu =
      "$ mpirun -np 8 --map-by ppr:4:node ./osu_allreduce\n# OSU MPI Allreduce Latency Test v7.3\n"
      "# Size       Avg Latency(us)\n1024               3.01\n";
  const auto report = import_log(
      osu + "$ srun -N 4 -n 8 ./osu_allreduce\n" + osu.substr(osu.find('#')), "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 2U);
  EXPECT_EQ(report->records[0].scenario.nodes, 2);
  EXPECT_EQ(report->records[1].scenario.nodes, 4);
  ImportOptions options;
  options.nodes = 1;  // what is given counts
  EXPECT_EQ(import_log(osu, "x.log", options)->records[0].scenario.nodes, 1);

  std::string imb = "$ srun -N 4 --ntasks-per-node=4 ./IMB-MPI1 Allreduce\n";
  for (const int ranks : {2, 4, 8, 16})
    imb += fmt::format(
        "# Benchmarking Allreduce\n# #processes = {}\n"
        "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]\n1024 1000 2.10 2.31 2.20\n",
        ranks);
  const auto runs = import_log(imb, "x.log", {});
  ASSERT_TRUE(runs) << runs.error().message;
  EXPECT_EQ(runs->records.front().scenario.nodes, 1);
  EXPECT_EQ(runs->records.back().scenario.nodes, 4);
}

TEST(ImportImb, LeavesOutWhatWasWrongAndWhatWasNotMeasured) {
  const auto report = import_log(
      "# Benchmarking Allreduce\n# #processes = 4\n"
      "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]  defects\n"
      "4 1000 2.10 2.31 2.20 0.00\n8 1000 2.10 2.31 2.20 1.50\n"
      "16 time-out.; Time limit (secs_per_sample * msg_sizes_list_len) is over; use \"-time X\"\n",
      "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 1U);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("wrong results was left out: line 5"),
                                            HasSubstr("IMB's time was up: line 6")));
}

TEST(TimedRows, OfTwoJobsAreRefused) {
  ImportOptions options;
  options.ranks = 4;
  const std::string title = "# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n";
  std::string merged = title + title;
  std::string doubled = title + title;
  for (int size = 4; size < 128; size *= 2) {
    merged += fmt::format("{}  2.{}\n{}  3.{}\n", size, size % 90 + 10, size, size % 90 + 10);
    doubled += fmt::format("{}  2.{}\n{}  2.{}\n", size, size % 90 + 10, size, size % 90 + 10);
  }
  EXPECT_THAT(error_of(import_log(merged, "x.log", options)),
              HasSubstr("x.log: 5 sizes stand twice in their tables, with other times, the first "
                        "at line 6: is it the output of two jobs"));
  EXPECT_TRUE(import_log(doubled, "x.log", options));
}

TEST(TimedRows, ATableForEachTypeStandsBelowOneTitle) {
  ImportOptions options;
  options.ranks = 4;
  const auto report = import_log(
      "# OSU MPI Allreduce Latency Test v7.4\n# Datatype: MPI_CHAR.\n# Size  Avg Latency(us)\n"
      "4  2.31\n8  2.40\n# Datatype: MPI_FLOAT.\n# Size  Avg Latency(us)\n4  3.31\n8  3.40\n",
      "x.log", options);
  EXPECT_THAT(points(report), ElementsAre("4 out 2.31", "8 out 2.4", "4 out 3.31", "8 out 3.4"));
}

// A row that was measured wrongly is a row of its table: what is smaller below it is of another.
TEST(TimedRows, AWrongRowCountsForTheOrderOfSizes) {
  ImportOptions options;
  options.ranks = 4;
  for (const std::string text :
       {"# OSU MPI Allreduce Latency Test v7.4\n"
        "# Size       Avg Latency(us)  Validation\n4  2.31  Pass\n16  2.40  Fail\n8  9.10  Pass\n",
        "# Benchmarking Allreduce\n# #processes = 4\n"
        "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]  defects\n"
        "4 1000 2.10 2.31 2.20 0.00\n16 1000 2.10 2.40 2.20 1.50\n8 1000 9.00 9.10 9.00 0.00\n"}) {
    const auto report = import_log(text, "x.log", options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->records.size(), 1U);
    EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("1 torn line was left out"),
                                              HasSubstr("1 size with wrong results")));
  }
}

TEST(ImportImb, NamesTheTestsWhoseTablesHaveNoTimes) {
  EXPECT_THAT(error_of(import_log("# Benchmarking Biband\n# #processes = 4\n"
                                  "#bytes #repetitions   Mbytes/sec      Msg/sec\n"
                                  "1 1000 5.26 5257353\n",
                                  "x.log", {})),
              HasSubstr(", only of Biband"));
}

TEST(ImportImb, SaysWhatToDoAboutGroupsSideBySide) {
  const std::string multi =
      "# Benchmarking Multi-Allreduce\n# ( 4 groups of 4 processes each running simultaneously )\n"
      "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]\n1024 1000 2.10 2.31 2.20\n";
  EXPECT_THAT(error_of(import_log(multi, "x.log", {})), HasSubstr("measure without -multi"));
}

}  // namespace
}  // namespace collscale
