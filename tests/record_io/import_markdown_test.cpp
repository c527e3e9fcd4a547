// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fixture.hpp"
#include "record_io/markdown_tables.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ImportOptions of_all_reduce(std::int64_t ranks) {
  ImportOptions options;
  options.collective = Collective::all_reduce;
  options.library = Engine::nccl;
  options.ranks = ranks;
  return options;
}

constexpr const char* kReport =
    "# Acceptance\n\nProse with a | in it, and `cat x | grep y`.\n\n"
    "| node | state |\n|------|-------|\n| n1 | ok |\n\n"
    "```text\n"
    "| Size (B) | Time (us) | AlgBW (GB/s) | BusBW (GB/s) | #wrong |\n"
    "|---:|:---:|---|---|---|\n"
    "| 1,048,576 | 100.0 | 10.49 | **19.66** | 0 |\n"
    "| 2,097,152 | 200.0 | 10.49 | 19.66 | 3 |\n"
    "```\n\nMore prose.\n\n"
    "Size | out Time (us) | in Time (us)\r\n--- | --- | ---\r\n4 MiB | `300.0` | 310.0\r\n\n"
    "The end.\n";

TEST(ImportMarkdown, ReadsTheTablesOfAReportAndNoOthers) {
  const auto report = import_log(kReport, "r.md", of_all_reduce(16));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::markdown);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("failed its own check: line 13")));
  ASSERT_EQ(report->records.size(), 3U);
  EXPECT_EQ(report->records[0].scenario.size_bytes, 1048576);
  EXPECT_EQ(report->records[1].scenario.size_bytes, 4194304);
  EXPECT_DOUBLE_EQ(report->records[1].time_s, 300e-6);
  EXPECT_TRUE(report->records[2].scenario.in_place);
}

TEST(ImportMarkdown, SaysWhichTableItCouldNotRead) {
  const std::string text =
      fmt::format("{}{}", kReport, "\n| Size | Latency |\n|--|--|\n| 1024 | 12.5 |\n");
  const auto report = import_log(text, "r.md", of_all_reduce(16));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 3U);
  EXPECT_EQ(report->warnings.back(),
            "left out, the table at line 24: r.md: the column \"Latency\" does not say its unit: "
            "say it with --columns time_us=Latency");
}

TEST(ImportMarkdown, TakesTheTableThatTheOptionNames) {
  ImportOptions options = of_all_reduce(8);
  options.columns = {{"time_us", "t1"}};
  const std::string text = "Text.\n\n| Size | t0 | t1 |\n|--|--|--|\n| 1024 | 9 | 12.5 |\n";
  const auto report = import_log(text, "r.md", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_DOUBLE_EQ(report->records.front().time_s, 12.5e-6);
}

TEST(ImportMarkdown, ReadsTablesWithBorders) {
  const auto report = import_log(
      "#alltoall_device\n"
      "+----------+--------+-------------+\n"
      "| size(B)  | scope  | latency(us) |\n"
      "+----------+--------+-------------+\n"
      "|  1024    | block  |  10.5       |\n"
      "+----------+--------+-------------+\n",
      "x.txt", of_all_reduce(8));
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->records.size(), 1U);
  EXPECT_DOUBLE_EQ(report->records[0].time_s, 10.5e-6);
}

TEST(ImportMarkdown, RefusesAReportWithoutMeasurements) {
  EXPECT_THAT(error_of(import_log("# A\n\n| node | state |\n|--|--|\n| n1 | ok |\n", "r.md", {})),
              HasSubstr("not a log that can be imported"));
}

// A log within a report counts before its tables, which may say the same again.
TEST(ImportMarkdown, LeavesAReportsTablesOutWhereItHoldsALog) {
  const std::string log =
      "```\n# size count type redop root time algbw busbw #wrong time algbw busbw #wrong\n"
      "1024 256 float sum -1 10.00 0.10 0.19 0 10.00 0.10 0.19 0\n```\n";
  const auto report = import_log(fmt::format("{}{}", kReport, log), "r.md", of_all_reduce(16));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::nccl_tests);
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("also holds 3 records of tables")));
}

TEST(MarkdownTables, NeedARuleOrBarsInFront) {
  EXPECT_THAT(markdown_tables("a | b\nc | d\n"), IsEmpty());
  EXPECT_THAT(markdown_tables("a | b\n---\nc | d\n"), IsEmpty());
  EXPECT_THAT(markdown_tables("| a\n\ntext\n"), IsEmpty());
  for (const char* text :
       {"a | b\n--|--\nc | d\n", "|a|b|\n|c|d|", "> |a|b|\r\n> |--|--|\r\n> |c|d|"}) {
    const auto tables = markdown_tables(text);
    ASSERT_EQ(tables.size(), 1U) << text;
    EXPECT_THAT(tables[0].names, ElementsAre("a", "b"));
    EXPECT_THAT(tables[0].rows, ElementsAre(ElementsAre("c", "d")));
  }
}

}  // namespace
}  // namespace collscale
