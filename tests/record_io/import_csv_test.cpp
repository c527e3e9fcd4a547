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

TEST(ImportCsv, RemarksAreNoRows) {
  const auto report = import_log(
      "# measured on Alps\n# by me, in May\n\ncollective;ranks;bytes;time_us\n# B; us\n"
      "all_reduce;8;1024;5\n#all_reduce;8;2048;6\nall_reduce;16;1024;7\nall_reduce;16;0;7\n",
      "t.csv", {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 2U);
  EXPECT_EQ(report->records[1].scenario.ranks, 16);
  EXPECT_THAT(report->warnings, testing::Contains(HasSubstr("line 9")));
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
  for (const auto* mpi :
       {"Open MPI 4.1", "openmpi", "MPICH", "MVAPICH2 2.3", "Intel MPI", "mpi", "MPT", "SGI MPT"})
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

ImportOptions of_all_reduce() {
  ImportOptions options;
  options.collective = Collective::all_reduce;
  options.library = Engine::nccl;
  return options;
}

TEST(ImportCsv, MakesTwoRecordsOfARowThatHasBothPlaces) {
  ImportOptions options = of_all_reduce();
  options.columns = {{"size_MiB", "size(MB)"}};
  const std::string table =
      "Nodes,GPUs,size(MB),iterations,blocking,out algbw(GB/s),out busbw(GB/s),in algbw(GB/s),"
      "in busbw(GB/s)\n"
      "2,16,32,1000,false,78.57,147.32,78.52,147.22\n"
      "16,128,8192,1000, false,179.54,356.27, 178.35,353.92\n";
  const auto report = import_log(table, "t.csv", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, testing::IsEmpty());
  ASSERT_EQ(report->records.size(), 4u);
  for (const Record& record : report->records) EXPECT_EQ(record.scenario.ranks % 16, 0);
  EXPECT_FALSE(report->records[0].scenario.in_place);
  EXPECT_EQ(report->records[0].scenario.nodes, 2);
  EXPECT_NEAR(report->records[1].busbw_Bps, 356.27e9, 1);
  EXPECT_TRUE(report->records[3].scenario.in_place);
  EXPECT_NEAR(report->records[3].busbw_Bps, 353.92e9, 1);
  options.columns["busbw_GBps"] = "in busbw(GB/s)";  // chooses one of them
  const auto one = import_log(table, "t.csv", options);
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_EQ(one->records.size(), 2u);
  EXPECT_NEAR(one->records[1].busbw_Bps, 353.92e9, 1);
}

TEST(ImportCsv, LeavesOutAPlaceThatWasNotMeasuredAndOneThatFailed) {
  const auto report = import_log(
      "size,count,type,redop,root,oop_time_us,oop_algbw,oop_busbw,oop_wrong,time_us_ip,algbw_ip,"
      "busbw_ip,wrong_ip,nodes,gpus_per_node\n"
      "1048576,262144,float,sum,-1,100.5,10.43,19.56,0,99.5,10.54,19.76,N/A,2,8\n"
      "2097152,524288,float,sum,-1,150.5,13.93,26.13,3,149.5,14.03,26.30,0,2,8\n"
      "4194304,524288,float,sum,-1,250.5,16.74,31.39,0,N/A,N/A,N/A,N/A,2,8\n",
      "t.csv", of_all_reduce());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("failed its own check: line 3")));
  ASSERT_EQ(report->records.size(), 4u);
  for (const Record& record : report->records) {
    EXPECT_EQ(record.scenario.ranks, 16);
    EXPECT_EQ(record.scenario.nodes, 2);
  }
  EXPECT_EQ(report->records[1].scenario.size_bytes, 4194304);
  EXPECT_FALSE(report->records[1].scenario.in_place);
  EXPECT_TRUE(report->records[3].scenario.in_place);
}

constexpr const char* kRcclTestsCsv =
    "numCycle,collective,ranks,rankspernode,gpusperrank,size,type,redop,inplace,time,algbw,busbw,"
    "busbwfactor,#wrong\n"
    "0,AllReduce,16,8,1,1048576,float,sum,0,100.5,10.43,19.56,1.875,0\n"
    "0,AllReduce,16,8,1,1048576,float,sum,1,99.5,10.54,19.76,1.875,0\n"
    "0,AllReduce,16,8,1,2097152,float,sum,0,150.5,13.93,26.13,1.875,7\n";

TEST(ImportCsv, ReadsWhatRcclTestsWrites) {
  const auto report = import_log(kRcclTestsCsv, "t.csv", of_all_reduce());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("failed its own check: line 4")));
  ASSERT_EQ(report->records.size(), 2u);
  EXPECT_EQ(report->records[0].scenario.nodes, 2);
  EXPECT_DOUBLE_EQ(report->records[0].time_s, 100.5e-6);
  EXPECT_TRUE(report->records[1].scenario.in_place);
  const auto json = import_log(
      R"([{"numCycle": 0, "name": "AllReduce", "nodes": 2, "ranks": 16, "size": 1048576,
           "type": "float", "redop": "sum", "inPlace": 0, "time": 100.5, "algBw": 10.43,
           "busBw": 19.56, "wrong": "0"},
          {"name": "AllReduce", "nodes": 2, "ranks": 16, "size": 1048576, "time": 99.5,
           "algBw": 10.54, "busBw": 19.76, "wrong": "2"}])",
      "t.json", of_all_reduce());
  ASSERT_TRUE(json) << json.error().message;
  ASSERT_EQ(json->records.size(), 1u);
  EXPECT_EQ(benchmark_name(json->records[0].scenario), benchmark_name(report->records[0].scenario));
  EXPECT_DOUBLE_EQ(json->records[0].time_s, 100.5e-6);
  EXPECT_THAT(json->warnings, ElementsAre(HasSubstr("failed its own check: line 4")));
  EXPECT_THAT(error_of(import_log("[{\"name\": \"AllReduce\",", "t.json", {})),
              HasSubstr("expected a list of flat JSON objects"));
}

TEST(ImportCsv, TakesUnitsThatTheFiguresProveAndNoOthers) {
  const auto table = [](const std::string& time, const std::string& algbw) {
    return import_log("gpus,size,time,algbw\n8,1048576," + time + "," + algbw + "\n", "t.csv",
                      of_all_reduce());
  };
  const auto proved = table("100.5", "10.43");
  ASSERT_TRUE(proved) << proved.error().message;
  EXPECT_DOUBLE_EQ(proved->records[0].time_s, 100.5e-6);
  for (const auto& [time, algbw] : {std::pair{"0.1005", "10.43"}, {"100.5", "83.44"}, {"9", "0.1"}})
    EXPECT_THAT(error_of(table(time, algbw)), HasSubstr("does not say its unit")) << time;
}

// As NumPy writes them; a table's own names count before a remark's.
TEST(ImportCsv, TakesTheNamesOfTheColumnsFromTheRemarkAboveThem) {
  for (const char* text :
       {"# made by numpy\n# collective,ranks,bytes,time_us\nall_reduce,8,1024,5\n",
        "  # measured in May\ncollective,ranks,bytes,time_us\nall_reduce,8,1024,5\n",
        "# ranks,bytes,time_ms\ncollective,ranks,bytes,time_us\nall_reduce,8,1024,5\n"}) {
    const auto report = import_log(text, "t.csv", {});
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->records.size(), 1U) << text;
    EXPECT_EQ(report->records[0].scenario.ranks, 8);
    EXPECT_DOUBLE_EQ(report->records[0].time_s, 5e-6);
  }
}

/// What nccl-tests prints, in three spellings of the names of both places.
TEST(ImportCsv, LeavesOutThePlaceWhoseResultsWereWrong) {
  const std::string rows =
      "1048576,262144,float,sum,-1,100.0,10.49,19.66,0,105.0,9.99,18.72,0\n"
      "2097152,524288,float,sum,-1,200.0,10.49,19.66,2,205.0,10.23,19.18,0\n"
      "4194304,1048576,float,sum,-1,400.0,10.49,19.66,0,405.0,10.36,19.42,5\n";
  ImportOptions options = of_all_reduce();
  options.ranks = 16;
  for (const char* names :
       {"out time,out algbw,out busbw,out #wrong,in time,in algbw,in busbw,in #wrong",
        "time,algbw,busbw,#wrong,time,algbw,busbw,#wrong",
        "time,algbw,busbw,#wrong,time.1,algbw.1,busbw.1,#wrong.1"}) {
    const auto report = import_log(std::string("size,count,type,redop,root,") + names + "\n" + rows,
                                   "t.csv", options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("failed its own check: line 3"),
                                              HasSubstr("failed its own check: line 4")))
        << names;
    ASSERT_EQ(report->records.size(), 4u);
    EXPECT_DOUBLE_EQ(report->records[1].time_s, 400e-6);
    EXPECT_FALSE(report->records[1].scenario.in_place);
    EXPECT_DOUBLE_EQ(report->records[3].time_s, 205e-6);
    EXPECT_TRUE(report->records[3].scenario.in_place);
  }
}

TEST(ImportCsv, SaysWhyNothingIsLeftOfAPlace) {
  ImportOptions options = of_all_reduce();
  options.ranks = 16;
  const auto report =
      import_log("size,out time (us),out #wrong,in time (us),in #wrong\n1048576,100.0,7,105.0,0\n",
                 "t.csv", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 1u);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("failed its own check: line 2")));
}

TEST(ImportCsv, NamesTheColumnsOfATableOfBothPlacesAsItDoes) {
  ImportOptions options = of_all_reduce();
  options.columns = {{"time_us", "foo"}};
  const std::string table = "size,oop_time_us,time_us_ip\n8,1,2\n";
  EXPECT_EQ(error_of(import_log(table, "t.csv", options)),
            "t.csv: the table has no column \"foo\", which --columns names; valid: size, "
            "oop_time_us, time_us_ip");
  options.columns = {{"time_us", "time_us_iq"}};
  EXPECT_THAT(error_of(import_log(table, "t.csv", options)),
              HasSubstr("did you mean \"time_us_ip\"?"));
}

TEST(ImportCsv, AsksWhichMegabyteAValueIsIn) {
  ImportOptions options = of_all_reduce();
  options.ranks = 8;
  const std::string table = "Size,time_us\n64K,10\n8 MB,300\n";
  EXPECT_EQ(error_of(import_log(table, "t.csv", options)),
            "t.csv: the column \"Size\" may be in powers of 1000 or of 1024: say which with "
            "--columns size_K=Size or size_KiB=Size");
  for (const auto& [ours, first, second] :
       {std::tuple{"size_KiB", 65536.0, 8388608.0}, {"size_KB", 64000.0, 8000000.0}}) {
    options.columns = {{ours, "Size"}};
    const auto report = import_log(table, "t.csv", options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->records[0].scenario.size_bytes, first);
    EXPECT_EQ(report->records[1].scenario.size_bytes, second);
  }
}

TEST(ImportCsv, ReadsATableOfMarkdown) {
  const auto report = import_log(
      "| Size (B) | Count | Type | Time (us) | **BusBW (GB/s)** | Nodes | GPUs per node |\r\n"
      "|---:|:---:|---|---|---|---|---|\r\n"
      "| 1,048,576 | 262144 | float | 100.5 | **19.56** | 2 | 8 |\r\n"
      "| 2 MiB | 524288 | float | `150.5` | 26.13 | 2 | 8 |\r\n"
      "| 4 MiB | 524288 | float | 1505.5 |\r\n"
      "\n| text | after |\n",
      "t.md", of_all_reduce());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("1 torn line was left out: line 5")));
  ASSERT_EQ(report->records.size(), 2u);
  EXPECT_EQ(report->records[0].scenario.size_bytes, 1048576);
  EXPECT_EQ(report->records[1].scenario.size_bytes, 2097152);
  EXPECT_EQ(report->records[1].scenario.ranks, 16);
  EXPECT_DOUBLE_EQ(report->records[1].time_s, 150.5e-6);
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
  EXPECT_EQ(algorithm_name("default"), "auto");
  EXPECT_EQ(algorithm_name("default_ring"), "default_ring");
}

}  // namespace
}  // namespace collscale
