// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "fixture.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ImportCsv, RefusesATableWithoutItsColumns) {
  EXPECT_EQ(
      error_of(import_log("collective,rank,bytes,time_us\nall_reduce,8,1024,5\n", "t.csv", {})),
      "t.csv: the table has no column \"ranks\", only collective, rank, bytes, time_us: say which "
      "it "
      "is with --columns ranks=NAME or give --ranks");
  EXPECT_THAT(error_of(import_log("collective,ranks,bytes\nall_reduce,8,1024\n", "t.csv", {})),
              HasSubstr("no column \"time_us\""));
}

TEST(ImportCsv, RefusesATableWithoutOneUsableRow) {
  EXPECT_EQ(
      error_of(import_log("collective,ranks,bytes,time_us\nall_reduce,8,1024,\n", "t.csv", {})),
      "t.csv: no row could be read; row 1 has bytes \"1024\", ranks \"8\" and time_us \"\", "
      "expected numbers above 0");
  EXPECT_THAT(
      error_of(import_log("collective,ranks,bytes,time_us\nallredoce,8,8,1\n", "t.csv", {})),
      HasSubstr("row 1 has the unknown collective \"allredoce\", did you mean \"all_reduce\"?"));
  EXPECT_THAT(error_of(import_log("collective,ranks,bytes,time_us\nall_reduce,8\n", "t.csv", {})),
              HasSubstr("row 1 has 2 values, expected 4"));
  EXPECT_THAT(error_of(import_log("collective,ranks,bytes,time_us\n", "t.csv", {})),
              HasSubstr("expected rows"));
}

TEST(ImportCsv, CountsEveryRowThatItLeavesOut) {
  const auto report = import_fixture("table.csv");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::csv);
  EXPECT_EQ(report->records.size(), 4u);
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr(": 1 torn line"), HasSubstr(": 1 row of a collective"),
                          HasSubstr(": 1 row of a library"), HasSubstr(": 1 row of a data type"),
                          HasSubstr(": 1 row without a usable size")));
}

TEST(ImportCsv, TakesTheLibraryFromTheOptionWhereNoColumnSaysIt) {
  const std::string table = "collective,ranks,size,Avg Latency(us)\nall_reduce,8,1024,5\n";
  const auto silent = import_log(table, "t.csv", {});
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->records[0].engine, Engine::nccl);
  EXPECT_THAT(silent->warnings, ElementsAre(HasSubstr("NCCL is taken: say it with --library")));
  ImportOptions options;
  options.library = Engine::mpi;
  const auto told = import_log(table, "t.csv", options);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->records[0].engine, Engine::mpi);
  EXPECT_THAT(told->warnings, testing::IsEmpty());
}

TEST(ImportCsv, KnowsLibrariesByTheirNames) {
  for (const auto* mpi : {"Open MPI 4.1", "openmpi", "MPICH", "MVAPICH2 2.3", "Intel MPI", "mpi"})
    EXPECT_EQ(library_engine(mpi), Engine::mpi) << mpi;
  for (const auto* ccl : {"NCCL", "RCCL 2.18", "nccl"})
    EXPECT_EQ(library_engine(ccl), Engine::nccl) << ccl;
  EXPECT_EQ(library_engine("DeepEP"), std::nullopt);
}

TEST(ImportCsv, MapsTheColumnsToAScenario) {
  ImportOptions options;
  options.topology = "toy";
  const auto report = import_fixture("table.csv", options);
  ASSERT_TRUE(report);
  const Record& ring = report->records[0];
  EXPECT_EQ(benchmark_name(ring.scenario), "all_reduce/ring/float/bytes:1048576/ranks:8");
  EXPECT_EQ(ring.scenario.protocol, "Simple");
  EXPECT_EQ(ring.scenario.topology, "toy");
  EXPECT_EQ(ring.scenario.nodes, 1);
  EXPECT_FALSE(ring.scenario.in_place);
  EXPECT_EQ(ring.time_s, 40e-6);
  EXPECT_NEAR(ring.busbw_Bps, 45.8752e9, 1e3);
  EXPECT_EQ(ring.source, "example:toy/logs@1 [toy-n008]");
  const Record& exchange = report->records[1];
  EXPECT_EQ(benchmark_name(exchange.scenario), "all_to_all/nvls_tree/half/bytes:1048576/ranks:8");
  EXPECT_TRUE(exchange.scenario.in_place);
  const Record& mpi = report->records[3];
  EXPECT_EQ(mpi.engine, Engine::mpi);
  EXPECT_EQ(mpi.scenario.collective, Collective::send_recv);
  EXPECT_EQ(mpi.scenario.algorithm, "ring_ompi");
}

TEST(ImportCsv, DerivesATimeFromABusBandwidthAndSaysSo) {
  const auto report = import_fixture("table.csv");
  ASSERT_TRUE(report);
  const Record& record = report->records[2];
  EXPECT_NEAR(record.busbw_Bps, 100e9, 1);
  EXPECT_NEAR(record.time_s, 1073741824.0 * 2 * 15 / 16 / 100e9, 1e-12);
  EXPECT_EQ(record.source, "example:toy/table [toy-n016; dtype not stated; time from busbw]");
}

TEST(ImportCsv, ReadsQuotedFieldsWithCommasQuotesAndLineEnds) {
  const auto report = import_log(
      "system,collective,ranks,bytes,time_us\r\n\"a \"\"b\"\",\nc\",all_reduce,2,8,1\r\n", "t.csv",
      {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.front().source, "t.csv [a \"b\",\nc; dtype not stated]");
}

ImportOptions mapped(std::map<std::string, std::string> columns) {
  ImportOptions options;
  options.columns = std::move(columns);
  return options;
}

TEST(ImportCsv, ReadsASpreadsheetOfAnotherCountryByAMap) {
  const auto report =
      import_fixture("columns.csv", mapped({{"time_us", "latency"}, {"size", "payload"}}));
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 4u);
  EXPECT_EQ(report->records[0].scenario.size_bytes, 1024);
  EXPECT_EQ(report->records[0].scenario.ranks, 8);
  EXPECT_DOUBLE_EQ(report->records[1].time_s, 48.17e-6);
  EXPECT_DOUBLE_EQ(report->records[2].time_s, 9876.5e-6);
  EXPECT_EQ(report->records[3].scenario.ranks, 16);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("without a usable size, number of ranks or "
                                                      "time was left out: line 6"),
                                            HasSubstr("--library")));
}

TEST(ImportCsv, TakesUnitsFromNamesAndValues) {
  const auto report = import_log(
      "Collective,Ranks,Message size (KiB),Latency [ms],Bus bandwidth\n"
      "all-reduce,4,1024,2,0.786432 GB/s\n",
      "t.csv", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records[0].scenario.size_bytes, 1048576);
  EXPECT_DOUBLE_EQ(report->records[0].time_s, 2e-3);
  EXPECT_THAT(error_of(import_log("collective,ranks,size,latency\nreduce,2,8,1\n", "t.csv", {})),
              HasSubstr("the column \"latency\" does not say its unit: say it with --columns "
                        "time_us=latency"));
  const auto values = import_log("ranks,size,time\n2,8 B,1.5 us\n", "t.csv", [] {
    ImportOptions options;
    options.collective = Collective::broadcast;
    return options;
  }());
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_DOUBLE_EQ(values->records[0].time_s, 1.5e-6);
}

TEST(ImportCsv, RefusesUnitsThatContradictOrMayMeanTwoThings) {
  const std::string table = "collective;gpus;payload (MB);latenz ms\nreduce;2;1,5;0,25\n";
  const auto columns = [&](const std::string& size, const std::string& time) {
    return import_log(table, "t.csv", mapped({{size, "payload (MB)"}, {time, "latenz ms"}}));
  };
  EXPECT_EQ(error_of(columns("size_MiB", "time_us")),
            "--columns time_us=latenz ms: the column's name says ms, not us: expected "
            "time=latenz ms");
  EXPECT_EQ(error_of(columns("size", "time")),
            "t.csv: the column \"payload (MB)\" may be in powers of 1000 or of 1024: say which "
            "with --columns size_MB=payload (MB) or size_MiB=payload (MB)");
  EXPECT_THAT(
      error_of(import_log("collective,ranks,size (MB),time_us\nreduce,2,8,1\n", "t.csv", {})),
      HasSubstr("may be in powers of 1000 or of 1024"));
  const auto binary = columns("size_MiB", "time");
  ASSERT_TRUE(binary) << binary.error().message;
  EXPECT_EQ(binary->records[0].scenario.size_bytes, 1.5 * 1048576);
  EXPECT_DOUBLE_EQ(binary->records[0].time_s, 0.25e-3);
  EXPECT_EQ(columns("size_MB", "time_ms")->records[0].scenario.size_bytes, 1.5e6);
}

TEST(ImportCsv, RefusesAMapThatNamesWhatIsNotThere) {
  const std::string table = "collective,ranks,bytes,latency\nall_reduce,2,8,1\n";
  EXPECT_THAT(
      error_of(import_log(table, "t.csv", mapped({{"time_us", "latencey"}}))),
      HasSubstr("no column \"latencey\", which --columns names, did you mean \"latency\"?"));
  EXPECT_THAT(error_of(import_log(table, "t.csv", mapped({{"tiem_us", "latency"}}))),
              HasSubstr("there is no column \"tiem_us\" of ours, did you mean \"time_us\"?"));
  EXPECT_THAT(error_of(import_log("collective,ranks,bytes,time_us,latency_us\nall_reduce,2,8,1,1\n",
                                  "t.csv", {})),
              HasSubstr("\"time_us\" and \"latency_us\" may both be the time_us"));
}

TEST(ImportCsv, LeavesOutRowsWhoseBandwidthIsNotSizeOverTime) {
  ImportOptions options;
  options.library = Engine::nccl;
  const auto report = import_log(
      "collective,ranks,bytes,time_us,algbw_GBps,busbw_GBps\n"
      "all_reduce,8,1048576,30.74,34.11,59.69\n"
      "all_reduce,8,1048576,3.74,34.11,59.69\n"
      "all_reduce,4,1048576,30.74,34.11,59.69\n",
      "t.csv", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 2u);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("is not what its size and time give: line 3"),
                                            HasSubstr("is the number of ranks right?: line 4")));
}

TEST(AlgorithmName, SpellsOthersNamesOurWay) {
  EXPECT_EQ(algorithm_name(""), "auto");
  EXPECT_EQ(algorithm_name("Ring"), "ring");
  EXPECT_EQ(algorithm_name("TREE"), "tree");
  EXPECT_EQ(algorithm_name("NVLS"), "nvls");
  EXPECT_EQ(algorithm_name("NVLSTree"), "nvls_tree");
  EXPECT_EQ(algorithm_name("CollNetChain"), "collnet_chain");
  EXPECT_EQ(algorithm_name("CollNetDirect"), "collnet_direct");
  EXPECT_EQ(algorithm_name("CollNet/SHARP"), "collnet_sharp");
  EXPECT_EQ(algorithm_name("CollNet-SHARP"), "collnet_sharp");
  EXPECT_EQ(algorithm_name("/"), "auto");
}

}  // namespace
}  // namespace collscale
