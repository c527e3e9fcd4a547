// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "record_io/importer.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kRow[] =
    "        1024           256     float     sum      -1    10.00    0.10    0.18      0    10.00 "
    "   0.10    0.18      0\n";

ImportOptions all_reduce_of(std::int64_t ranks) {
  ImportOptions options;
  options.collective = Collective::all_reduce;
  options.ranks = ranks;
  return options;
}

// --- what is refused -------------------------------------------------------------------------

TEST(ImportLog, RefusesWhatItDoesNotRecognise) {
  for (const std::string text :
       {"", "\n\n", "hello, world\n", "{\"context\": {}}", "# a comment\n1 2 3\n", "\x1b[31m"}) {
    EXPECT_THAT(error_of(import_log(text, "x.log", {})),
                HasSubstr("x.log: not a log that can be imported"))
        << text;
  }
  EXPECT_EQ(error_of(import_file("/no/such.log", {})),
            "cannot read \"/no/such.log\": No such file or directory");
}

TEST(ImportNcclTests, AsksForWhatTheLogDoesNotSay) {
  EXPECT_EQ(error_of(import_log(kRow, "x.log", {})),
            "x.log: the log does not name its collective: give --collective");
  ImportOptions options;
  options.collective = Collective::all_reduce;
  EXPECT_EQ(error_of(import_log(kRow, "x.log", options)),
            "x.log: the log does not list its ranks: give their number with --ranks");
}

TEST(ImportNcclTests, RefusesALogWithoutOneGoodRowAndSaysWhy) {
  const std::string torn =
      std::string("# nThread 1 nGpus 8\n") + std::string(kRow).substr(0, 70) + "\n";
  EXPECT_EQ(error_of(import_log(torn, "x.log", all_reduce_of(8))),
            "x.log: no measurement could be read from this nccl-tests log; 1 torn line was left "
            "out: line 2");
  EXPECT_THAT(error_of(import_log("# nThread 1 nGpus 8 minBytes 8\n", "x.log", {})),
              HasSubstr("no measurement"));
}

// --- what is read ----------------------------------------------------------------------------

// With -c 0 the column says N/A; tables that others print lack it.
TEST(ImportNcclTests, ReadsATableWhoseResultsWereNotChecked) {
  const std::string row = "1024 256 float sum -1 10.00 0.10 0.18";
  for (const auto& [names, wrong] : {std::pair{" #wrong", " N/A"}, std::pair{"", ""}}) {
    const std::string half = std::string(" time algbw busbw") + names;
    const std::string log = "# size count type redop root" + half + half + "\n" + row + wrong +
                            " 10.00 0.10 0.18" + wrong + "\n";
    const auto report = import_log(log, "x.log", all_reduce_of(8));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->records.size(), 2U);
    EXPECT_THAT(report->warnings, ElementsAre());
  }
}

TEST(ImportNcclTests, ReadsACurrentLog) {
  const auto report = import_fixture("nccl-tests-all-reduce-8.log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::nccl_tests);
  EXPECT_THAT(report->warnings, ElementsAre());
  ASSERT_EQ(report->records.size(), 12u);
  const Record& first = report->records[0];
  EXPECT_EQ(first.scenario.collective, Collective::all_reduce);
  EXPECT_EQ(first.scenario.algorithm, "auto");
  EXPECT_EQ(first.scenario.dtype, DataType::float32);
  EXPECT_EQ(first.scenario.size_bytes, 8);
  EXPECT_EQ(first.scenario.ranks, 8);
  EXPECT_EQ(first.scenario.nodes, 1);
  EXPECT_FALSE(first.scenario.in_place);
  EXPECT_TRUE(report->records[1].scenario.in_place);
  EXPECT_EQ(first.engine, Engine::nccl);
  EXPECT_EQ(first.trust, Trust::measured);
  EXPECT_EQ(first.time_s, 22e-6);
  EXPECT_EQ(first.iterations, 20);
  EXPECT_THAT(first.source, testing::EndsWith("nccl-tests-all-reduce-8.log [NVIDIA Toy GPU 80GB]"));
}

TEST(ImportNcclTests, ReadsAnOldLogWhoseErrorColumnIsADeviation) {
  const auto report = import_fixture("nccl-tests-old-all-gather-16.log");
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 6u);
  EXPECT_THAT(report->warnings, ElementsAre());
  const Scenario& scenario = report->records[0].scenario;
  EXPECT_EQ(scenario.collective, Collective::all_gather);
  EXPECT_EQ(scenario.ranks, 16);
  EXPECT_EQ(scenario.nodes, 2);
  EXPECT_EQ(scenario.size_bytes, 1048576);
  EXPECT_EQ(report->records[0].iterations, 50);
  EXPECT_THAT(report->records[0].source, HasSubstr("[NCCL 2.8.4+cuda11.0, Toy-SXM2-32GB]"));
}

TEST(ImportNcclTests, TakesTheGoodRowsOutOfADirtyTerminalLog) {
  ImportOptions options;
  options.topology = "toy";
  options.source = "our cluster";
  const auto report = import_fixture("nccl-tests-dirty.log", options);
  ASSERT_TRUE(report) << report.error().message;
  std::vector<std::string> names;
  for (const Record& record : report->records) {
    names.push_back(benchmark_name(record.scenario) + (record.scenario.in_place ? " in" : " out"));
    EXPECT_EQ(record.scenario.topology, "toy");
    EXPECT_THAT(record.source, testing::StartsWith("our cluster [NCCL 2.19.3+cuda12.2"));
  }
  EXPECT_THAT(
      names,
      ElementsAre("all_reduce/auto/float/bytes:1024/ranks:4 out",
                  "all_reduce/auto/float/bytes:1024/ranks:4 in",
                  "all_reduce/auto/float/bytes:4096/ranks:4 out",
                  "all_reduce/auto/float/bytes:4096/ranks:4 in",
                  "all_reduce/auto/float/bytes:16384/ranks:4 in",  // out of place had #wrong 17
                  "all_reduce/auto/float/bytes:262144/ranks:4 out",
                  "all_reduce/auto/float/bytes:262144/ranks:4 in",
                  "all_to_all/auto/float/bytes:1048576/ranks:2 out"));
  EXPECT_EQ(report->records.back().scenario.nodes, 2);
  EXPECT_EQ(report->records.back().iterations, 20);
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr(": 3 torn lines were left out: lines 20, 21 and 22"),
                          HasSubstr(": 1 row was left out whose bandwidth"),
                          HasSubstr(": 1 measurement with wrong results was left out"),
                          HasSubstr(": 1 row of size 0"), HasSubstr(": 1 row of a data type"),
                          HasSubstr(": 17 values out of bounds")));
}

TEST(ImportNcclTests, ReadsRowsAlone) {
  const auto report = import_fixture("nccl-tests-rows-only.log", all_reduce_of(8));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 4u);
  EXPECT_THAT(report->warnings, ElementsAre());
  EXPECT_EQ(report->records[0].scenario.nodes, 0);
}

TEST(ImportNcclTests, TakesTheRanksThatThePrintedBandwidthsAreOf) {
  const auto report = import_fixture("nccl-tests-rows-only.log", all_reduce_of(2));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records.front().scenario.ranks, 8);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("--ranks says 2 ranks, but its bandwidths "
                                                      "are those of 8: 8 were taken")));
}

std::string row_of(int ranks, double size, double time_us) {
  const double algbw = size / time_us / 1e3;
  const std::string half =
      fmt::format("{:.1f} {:.2f} {:.2f} 0", time_us, algbw, algbw * 2 * (ranks - 1) / ranks);
  return fmt::format("{:.0f} {:.0f} float sum -1 {} {}\n", size, size / 4, half, half);
}

constexpr const char* kColumns =
    "# size count type redop root time algbw busbw #wrong time algbw busbw #wrong\n";

// A report that shows the large sizes of several runs: the first with its list of ranks, one
// without, one below its command, one of so many ranks that its bandwidths tell no number.
TEST(ImportNcclTests, TakesEachTableOfAReportForARunOfItsOwn) {
  const std::string log =
      "$ ./build/all_reduce_perf -b 1G -e 8G -f 2 -g 4\n# nThread 1 nGpus 4 iters: 20\n" +
      std::string(kColumns) + row_of(4, 1e9, 2750.5) + "# Avg bus bandwidth : 545\n\nTwo nodes:\n" +
      kColumns + row_of(8, 1e9, 3150.5) + row_of(8, 4e9, 12001.5) + "\nA rack:\n" +
      "$ mpirun -np 64 --map-by ppr:4:node ./build/all_reduce_perf -b 1G -e 8G -f 2 -g 1\n" +
      kColumns + row_of(64, 1e9, 4100.5) + "\nMany racks:\n" + kColumns + row_of(700, 1e9, 9000.5) +
      "physcpubind: 72 73 74 75 76 77\n";
  const auto report = import_log(log, "x.md", {});
  ASSERT_TRUE(report) << report.error().message;
  std::vector<std::string> read;
  for (const Record& record : report->records)
    if (!record.scenario.in_place)
      read.push_back(fmt::format("{} on {}", record.scenario.ranks, record.scenario.nodes));
  EXPECT_THAT(read, ElementsAre("4 on 0", "8 on 0", "8 on 0", "64 on 16"));
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr("lists 4 ranks, but its bandwidths are those of 8: 8 were"),
                          HasSubstr("2 measurements were left out whose busbw is not that of the "
                                    "number of ranks: line 19")));
}

/// What a job lists and measures, line by line.
std::vector<std::string> job_of(int ranks, const std::string& host) {
  std::vector<std::string> lines{"# Collective test starting: all_reduce_perf\n",
                                 "# nThread 1 nGpus 1 iters: 20\n"};
  for (int rank = 0; rank < ranks; ++rank)
    lines.push_back(fmt::format("#  Rank {:2} Group  0 Pid {} on {} device {} [0x1b] Toy\n", rank,
                                100 + rank, host, rank));
  lines.emplace_back(kColumns);
  for (int i = 0; i < 8; ++i)
    lines.push_back(row_of(ranks, std::ldexp(1024, 3 * i), 5.0 * ranks + std::ldexp(1, 2 * i)));
  return lines;
}

std::string merged(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  std::string log;
  for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i)
    log += (i < one.size() ? one[i] : "") + (i < other.size() ? other[i] : "");
  return log;
}

TEST(ImportNcclTests, RefusesTheOutputOfTwoJobsMergedLineByLine) {
  const auto report = import_log(merged(job_of(4, "n1"), job_of(8, "n2")), "x.log", {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message,
              ::testing::AllOf(HasSubstr("x.log: the table at line "),
                               HasSubstr("has rows of several numbers of ranks: is it the output "
                                         "of two jobs, merged line by line?")));
  const auto alike = import_log(merged(job_of(4, "n1"), job_of(4, "n2")), "x.log", {});
  ASSERT_TRUE(alike) << alike.error().message;  // repeats
  EXPECT_EQ(alike->records.size(), 32U);
  std::string listed = merged(job_of(4, "n1"), job_of(8, "n2"));  // no bandwidth tells anything
  for (auto at = listed.find("all_reduce_perf"); at != std::string::npos;
       at = listed.find("all_reduce_perf"))
    listed.replace(at, 15, "broadcast_perf");
  EXPECT_THAT(import_log(listed, "x.log", {}).error().message, HasSubstr("of two jobs"));
}

TEST(ImportNcclTests, BelievesWhatOurOwnProgramsSayAboveTheTable) {
  const auto report = import_log(
      "# bench_mpi: Open MPI v4.1.4, 6 ranks on 3 nodes of 2 cores; float, sum, buffers rotate\n"
      "# Collective test starting: broadcast_perf\n#\n"
      "#       size         count      type   redop    root     time   algbw   busbw  #wrong     "
      "time   algbw   busbw  #wrong\n"
      "     1048576        262144     float    none       0      N/A     N/A     N/A     N/A   "
      "171.31    6.12    6.12       0\n",
      "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 1U);
  const Record& record = report->records.front();
  EXPECT_EQ(record.engine, Engine::mpi);
  EXPECT_EQ(record.scenario.ranks, 6);
  EXPECT_EQ(record.scenario.nodes, 3);
  EXPECT_TRUE(record.scenario.in_place);
  EXPECT_EQ(record.source, "x.log [Open MPI v4.1.4]");
}

TEST(ImportNcclTests, ReadsATimeOfDayAtTheEndOfARow) {
  const auto report = import_fixture("nccl-tests-timestamps.log");
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 2u);
  EXPECT_EQ(report->records[0].scenario.collective, Collective::send_recv);
  EXPECT_EQ(report->records[0].scenario.dtype, DataType::bfloat16);
  EXPECT_EQ(report->records[1].time_s, 51e-6);
  EXPECT_THAT(report->records[0].source, HasSubstr("[NCCL 2.28.7, NVIDIA Toy GPU]"));
}

// Before 2020 all_gather and reduce_scatter printed their bus bandwidth twice.
TEST(ImportNcclTests, ReadsABusBandwidthInTheColumnOfAlgbw) {
  const std::string log =
      "# size count type time algbw busbw error time algbw busbw error\n"
      "1048576 65536 float 100.0 7.86 7.86 0e+00 100.0 10.49 7.86 0e+00\n"
      "2097152 131072 float 100.0 17.86 17.86 0e+00 100.0 15.73 15.73 1e+00\n";
  ImportOptions options = all_reduce_of(4);
  options.collective = Collective::all_gather;
  const auto report = import_log(log, "x.log", options);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 2U);
  EXPECT_NEAR(report->records[0].algbw_Bps, 10.49e9, 0.01e9);
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr("bandwidth is not what its size and time give: line 3"),
                          HasSubstr("wrong results was left out: line 3")));
  const auto other = import_log(log, "x.log", all_reduce_of(4));  // which never did
  EXPECT_THAT(other.error().message, HasSubstr("busbw is not that of the number of ranks: line 2"));
}

TEST(ImportNcclTests, TellsADeviationFromACountWithoutTheNamesOfTheColumns) {
  const auto report = import_log(
      "262144 65536 float sum 413.8 0.63 1.19 7e-07 410.0 0.64 1.20 7e-07\n"
      "524288 131072 float sum 413.8 1.27 2.38 7e-01 410.0 1.28 2.40 3\n",
      "x.log", all_reduce_of(16));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 2U);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("2 measurements with wrong results")));
}

TEST(ImportNcclTests, LeavesOutOperationsThatItDoesNotHave) {
  const std::string row(kRow);
  std::string other = row;
  other.replace(other.find("sum"), 3, "mulsum");
  const auto report = import_log(row + other, "x.log", all_reduce_of(8));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 2U);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("operation that collscale does not have")));
}

TEST(ImportNcclTests, TakesTimesOfTwoDecimalsForWhole) {
  const auto report =
      import_log("8 2 float sum -1 3.33 0.00 0.00 0 0.07 0.11 0.00 0\n", "x.log", all_reduce_of(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 2U);
}

TEST(ImportNcclTests, TakesAnothersTableForNoTornRows) {
  const auto report = import_log(std::string("# nThread 1 nGpus 8\n") + kRow +
                                     "| 70b | 64 | fp8 | 3712 | 6.482 | 1983 | 3.46 | 278492 |\n",
                                 "x.log", all_reduce_of(8));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre());
}

TEST(ImportNcclTests, TakesTheGpusOfTheOneProcessWhereNoLauncherStartedMore) {
  const auto report =
      import_log(std::string("$ ./all_reduce_perf -g 8\n# nThread 1 nGpus 8 minBytes 8\n") + kRow,
                 "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records[0].scenario.ranks, 8);
}

// Blanks or lines were lost before these numbers.
TEST(ImportNcclTests, TakesNoImpossibleNumberForRanks) {
  const std::string header =
      "# Collective test starting: all_reduce_perf\n"
      "# nThread 134217728 nGpus 9223372036854775807 iters: 9223372036854775807\n"
      "#  Rank  0 Group  0 Pid  1 on n1 device  0 [0x01] Toy\n"
      "#  Rank  9223372036854775807 Group  0 Pid  1 on n1 device  0 [0x01] Toy\n"
      "#  Rank  7 Group  0 Pid  1 on n1 device  7 [0x01] Toy\n";
  const auto report = import_log(header +
                                     "1048576 262144 float sum -1 30.74 34.11 59.69 0 30.12 "
                                     "34.81 60.92 0\n",
                                 "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records[0].scenario.ranks, 8);
}

TEST(ImportNcclTests, KnowsNoNodesFromAnExcerptOfTheList) {
  const auto report = import_log(
      std::string("#  Rank 71 Group  0 Pid  14840 on rack1-18 device  3 [0x01] Toy\n") +
          "# Collective test starting: all_reduce_perf\n"
          "536870912 134217728 float sum -1 1806.7 297.16 586.06 0 1835.9 292.43 576.74 0\n",
      "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records[0].scenario.ranks, 72);
  EXPECT_EQ(report->records[0].scenario.nodes, 0);
}

/// The printed busbw of every row of a file, out of place then in place, as the importer orders
/// them.
std::vector<double> printed_busbw(const std::string& name) {
  std::ifstream file(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/" + name);
  std::vector<double> values;
  for (std::string line; std::getline(file, line);) {
    double size = 0, count = 0, t1 = 0, a1 = 0, b1 = 0, t2 = 0, a2 = 0, b2 = 0;
    if (std::sscanf(line.c_str(), "%lf %lf float sum -1 %lf %lf %lf %*s %lf %lf %lf", &size, &count,
                    &t1, &a1, &b1, &t2, &a2, &b2) == 8) {
      values.push_back(b1);
      values.push_back(b2);
    }
  }
  return values;
}

TEST(ImportNcclTests, DerivesThePrintedBusBandwidthToItsPrintedDigits) {
  const std::string name = "nccl-tests-all-reduce-8.log";
  const auto report = import_fixture(name);
  ASSERT_TRUE(report);
  const std::vector<double> printed = printed_busbw(name);
  ASSERT_EQ(printed.size(), report->records.size());
  for (std::size_t i = 0; i < printed.size(); ++i) {
    EXPECT_NEAR(report->records[i].busbw_Bps / 1e9, printed[i], 0.0051)
        << benchmark_name(report->records[i].scenario);
  }
}

RC_GTEST_PROP(ImportNcclTests, ADamagedLogNeverCrashesNorGivesAnImpossibleRecord, ()) {
  std::ifstream file(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/nccl-tests-dirty.log",
                     std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const int edits = *rc::gen::inRange(1, 40);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    if (*rc::gen::arbitrary<bool>()) {
      text[at] = *rc::gen::arbitrary<char>();
    } else {
      text.erase(at, *rc::gen::inRange<std::size_t>(1, 30));
    }
  }
  const auto report = import_log(text, "x.log", all_reduce_of(4));
  if (!report) return;
  for (const Record& record : report->records) {
    RC_ASSERT(record.time_s > 0 && std::isfinite(record.time_s));
    RC_ASSERT(record.scenario.size_bytes > 0 && std::isfinite(record.busbw_Bps));
    RC_ASSERT(record.scenario.ranks >= 1);
  }
}

}  // namespace
}  // namespace collscale
