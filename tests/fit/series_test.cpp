// SPDX-License-Identifier: Apache-2.0
#include "fit/series.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synthetic.hpp"

namespace collscale {
namespace {

using synthetic::record;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Series, MergesInAndOutOfPlaceAndKeepsEveryValue) {
  std::vector<Record> records = {
      record(Collective::all_reduce, "auto", 8, 2, 1024, 10e-6, "a"),
      record(Collective::all_reduce, "auto", 8, 2, 1024, 30e-6, "b"),
      record(Collective::all_reduce, "auto", 8, 2, 1024, 11e-6, "a"),
  };
  records[2].scenario.in_place = true;
  const auto series = make_series(records, synthetic::system(4));
  ASSERT_TRUE(series) << series.error().message;
  ASSERT_EQ(series->size(), 1U);
  ASSERT_EQ(series->front().cells.size(), 1U);
  const Cell& cell = series->front().cells.front();
  EXPECT_THAT(cell.time_s, ElementsAre(10e-6, 30e-6, 11e-6));
  EXPECT_THAT(cell.run, ElementsAre(0, 1, 0));  // in and out of place of one run go together
  EXPECT_THAT(cell_medians(series->front()), ElementsAre(11e-6));
}

TEST(Series, OneRunPerScaleCountsInAndOutOfPlaceAsTwo) {
  std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 2, 1024, 10e-6),
                                 record(Collective::all_reduce, "auto", 8, 2, 1024, 11e-6),
                                 record(Collective::all_reduce, "auto", 8, 2, 1024, 12e-6)};
  records[1].scenario.in_place = true;
  const auto series = make_series(records, synthetic::system(4));
  ASSERT_TRUE(series);
  EXPECT_THAT(series->front().cells.front().run, ElementsAre(0, 1, 2));
}

TEST(Series, ASeriesPerCollectiveAndAlgorithm) {
  const std::vector<Record> records = {record(Collective::all_reduce, "ring", 16, 4, 1024, 10e-6),
                                       record(Collective::all_reduce, "tree", 16, 4, 1024, 10e-6),
                                       record(Collective::all_gather, "auto", 16, 4, 1024, 10e-6),
                                       record(Collective::all_reduce, "ring", 8, 2, 1024, 10e-6)};
  const auto series = make_series(records, synthetic::system(4));
  ASSERT_TRUE(series);
  ASSERT_EQ(series->size(), 3U);
  EXPECT_THAT((*series)[0].scales(), ElementsAre(8, 16));
  EXPECT_EQ((*series)[0].growth, Growth::ring);
  EXPECT_EQ((*series)[1].growth, Growth::tree);
  EXPECT_EQ((*series)[2].growth, Growth::ring);  // what NCCL does by default
  EXPECT_EQ((*series)[0].ranks_per_node, 4);
}

TEST(Series, KnowsHowAlgorithmsGrow) {
  EXPECT_EQ(growth_of(Collective::all_reduce, "auto", Engine::nccl), Growth::library);
  EXPECT_EQ(growth_of(Collective::all_reduce, "nvls_tree", Engine::nccl), Growth::tree);
  EXPECT_EQ(growth_of(Collective::all_reduce, "halving_doubling", Engine::flow), Growth::tree);
  EXPECT_EQ(growth_of(Collective::all_to_all, "pairwise", Engine::mpi), Growth::ring);
  EXPECT_EQ(growth_of(Collective::broadcast, "auto", Engine::nccl), Growth::chain);
  EXPECT_EQ(growth_of(Collective::all_gather, "auto", Engine::mpi), Growth::library);
  for (const Growth growth : {Growth::ring, Growth::tree, Growth::chain, Growth::library}) {
    EXPECT_EQ(parse_growth(name(growth)).value(), growth);
  }
  EXPECT_THAT(parse_growth("rung").error().message, HasSubstr("ring"));
}

TEST(Series, RefusesWhatCannotBeOneSystem) {
  std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 2, 1024, 10e-6),
                                 record(Collective::all_reduce, "auto", 16, 4, 1024, 10e-6)};
  const auto error = [&] {
    const auto series = make_series(records, synthetic::system(4));
    return series ? std::string("no error") : series.error().message;
  };
  EXPECT_EQ(error(), "no error");
  records[1].scenario.topology = "other";
  EXPECT_THAT(error(), HasSubstr("two systems, \"synthetic\" and \"other\""));
  records[1].scenario.topology = "synthetic";
  records[1].engine = Engine::mpi;
  EXPECT_THAT(error(), HasSubstr("two engines, nccl and mpi"));
  records[1].engine = Engine::nccl;
  records[1].scenario.nodes = 2;
  EXPECT_THAT(error(), HasSubstr("4 and 8 ranks per node"));
  records[1].scenario.nodes = 3;
  EXPECT_THAT(error(), HasSubstr("same number of ranks on every node"));
  records[1].scenario.nodes = 4;
  records[1].scenario.size_bytes = 0;
  EXPECT_THAT(error(), HasSubstr("moves no bytes"));
  records[1].scenario.size_bytes = 1024;
  records[1].time_s = 0;
  EXPECT_THAT(error(), HasSubstr("must be positive"));
  records.clear();
  EXPECT_THAT(error(), HasSubstr("no records"));
}

TEST(Series, RefusesRecordsThatWereNotMeasured) {
  std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 2, 1024, 10e-6),
                                 record(Collective::all_reduce, "ring", 16, 4, 1024, 10e-6)};
  for (const Trust trust : {Trust::emulated, Trust::simulated, Trust::predicted}) {
    records[1].trust = trust;
    records[1].engine = Engine::flow;
    const auto series = make_series(records, synthetic::system(4));
    ASSERT_FALSE(series);
    EXPECT_THAT(series.error().message, HasSubstr(std::string(name(trust))));
    EXPECT_THAT(series.error().message, HasSubstr("only measured records can be calibrated on"));
  }
}

TEST(Series, RefusesOneNodeThatHoldsMoreRanksThanTheOthers) {
  const std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 1, 1024, 10e-6),
                                       record(Collective::all_reduce, "auto", 8, 2, 1024, 20e-6),
                                       record(Collective::all_reduce, "auto", 16, 4, 1024, 30e-6)};
  const auto series = make_series(records, synthetic::system(4));
  ASSERT_FALSE(series);
  EXPECT_THAT(series.error().message, HasSubstr("8 ranks on one node and 4 per node on several"));
}

TEST(Series, OnTheMeasuredMachineSourcesAreRuns) {
  std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 2, 1024, 10e-6),
                                 record(Collective::all_reduce, "auto", 16, 4, 1024, 10e-6),
                                 record(Collective::all_reduce, "auto", 16, 4, 1024, 11e-6)};
  records[0].scenario.topology = records[1].scenario.topology = "";
  records[0].source = "github:owner/name@0123456 [set-n0008]";
  records[1].source = "github:somebody/else [set-n0016]";
  const System system = synthetic::system(4);
  EXPECT_FALSE(make_series(records, system));
  const auto series = make_series(records, system, true);
  ASSERT_TRUE(series) << series.error().message;
  EXPECT_EQ(series->front().system, "github:owner/name and github:somebody/else and run 1");
  records[2].scenario.topology = "other";
  EXPECT_THAT(make_series(records, system, true).error().message,
              HasSubstr("two systems, \"synthetic\" and \"other\": calibrate each by itself"));
}

TEST(Series, PublishedIsARepositoryOrAPage) {
  for (const char* source : {"github:owner/name@0123456 a.log [set]", "https://example.org/page"})
    EXPECT_TRUE(is_published(source)) << source;
  for (const char* source :
       {"", "a.log", "C:\\logs\\a.log", "me@host:a.log", "lab: the second run"})
    EXPECT_FALSE(is_published(source)) << source;
}

TEST(Series, OfOneProtocolIsNamedSo) {
  Series series;
  series.algorithm = "ring";
  EXPECT_EQ(name_of(series), "ring");
  series.protocol = "LL128";
  EXPECT_EQ(name_of(series), "ring/LL128");
}

TEST(Series, SystemsWithoutATopologyAreToldApartByTheRepositoryOfTheirSource) {
  std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 2, 1024, 10e-6),
                                 record(Collective::all_reduce, "auto", 16, 4, 1024, 10e-6)};
  records[0].scenario.topology = records[1].scenario.topology = "";
  records[0].source = "github:owner/name@0123456 [set-n0008]";
  records[1].source = "github:owner/name@0123456 [set-n0016]";
  EXPECT_TRUE(make_series(records, synthetic::system(4)));
  records[1].source = "github:somebody/else [set-n0016]";
  const auto series = make_series(records, synthetic::system(4));
  ASSERT_FALSE(series);
  EXPECT_THAT(series.error().message, HasSubstr("github:somebody/else"));
}

TEST(Series, RefusesRecordsThatContradictEachOther) {
  std::vector<Record> records;
  for (double size_bytes = 8; size_bytes < 1e6; size_bytes *= 8) {
    records.push_back(record(Collective::all_reduce, "auto", 8, 2, size_bytes, 10e-6, "a"));
    records.push_back(record(Collective::all_reduce, "auto", 8, 2, size_bytes, 50e-6, "b"));
  }
  const auto series = make_series(records, synthetic::system(4));
  ASSERT_FALSE(series);
  EXPECT_THAT(series.error().message, HasSubstr("contradict each other"));
}

TEST(Series, TakesTheNodesFromTheSystemWhereARecordDoesNotSay) {
  const std::vector<Record> records = {record(Collective::all_reduce, "auto", 8, 0, 1024, 10e-6),
                                       record(Collective::all_reduce, "auto", 64, 0, 1024, 10e-6)};
  const auto series = make_series(records, synthetic::system(8));
  ASSERT_TRUE(series);
  EXPECT_EQ(series->front().cells[0].nodes, 1);
  EXPECT_EQ(series->front().cells[1].nodes, 8);
}

}  // namespace
}  // namespace collscale
