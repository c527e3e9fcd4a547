// SPDX-License-Identifier: Apache-2.0
// What `collscale import` says of files that people hand over by mistake.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Outcome imported(const TemporaryFolder& folder, const std::string& name, const std::string& text) {
  write_file(folder.path() / name, text);
  return run_collscale({"import", name, "-o", "results.json"}, folder.path());
}

/// Whether nothing in it makes a terminal do anything.
bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\n' || (c >= ' ' && c < '\x7f'); });
}

TEST(Import, SaysThatAFileIsNoText) {
  const TemporaryFolder folder;
  std::string noise = ",;";
  for (int i = 0; i < 600; ++i) noise += static_cast<char>(i * 7919 % 251);
  for (const auto& [text, what] :
       {std::pair{noise, "found a file that is no text,"},
        {"\x1f\x8b\x08" + noise, "found a file packed by gzip,"},
        {"PK\x03\x04" + noise, "found a ZIP archive or a spreadsheet,"},
        {"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "found a PDF,"}}) {
    const Outcome outcome = imported(folder, "table.csv", text);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(what));
    EXPECT_TRUE(is_plain(outcome.err)) << outcome.err;
  }
}

TEST(Import, EscapesAFilesBytesInItsMessages) {
  const TemporaryFolder folder;
  const Outcome outcome =
      imported(folder, "table.csv",
               "bytes,time_us,collective\x1b[31m,r\xffnks,gr\u00f6\u00dfe\n8,1,2,3,4\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("collective\\x1b[31m, r\\xffnks, gr\u00f6\u00dfe"),
                                 Not(HasSubstr("\x1b"))));
}

/// The rows of a job on so many ranks, with the list of them above.
std::vector<std::string> job_of(int ranks, const std::string& host) {
  std::vector<std::string> lines{"# Collective test starting: all_reduce_perf"};
  for (int rank = 0; rank < ranks; ++rank)
    lines.push_back(fmt::format("#  Rank {} Group  0 Pid {} on {} device {} [0x1b] Toy", rank,
                                100 + rank, host, rank));
  lines.emplace_back(
      "# size count type redop root time algbw busbw #wrong time algbw busbw #wrong");
  for (int i = 0; i < 8; ++i) {
    const double size = std::ldexp(1024, 3 * i);
    const double time_us = 5.0 * ranks + std::ldexp(1, 2 * i);
    const double algbw = size / time_us / 1e3;
    const std::string half =
        fmt::format("{:.1f} {:.2f} {:.2f} 0", time_us, algbw, algbw * 2 * (ranks - 1) / ranks);
    lines.push_back(fmt::format("{:.0f} {:.0f} float sum -1 {} {}", size, size / 4, half, half));
  }
  return lines;
}

// Small sizes have bandwidths of a digit or two, which would fit any number of ranks.
TEST(Import, RefusesTheOutputOfTwoJobsMergedLineByLine) {
  const TemporaryFolder folder;
  const auto few = job_of(4, "n1");
  const auto many = job_of(8, "n2");
  std::string log;
  for (std::size_t i = 0; i < many.size(); ++i)
    log += (i < few.size() ? few[i] + "\n" : "") + many[i] + "\n";
  const Outcome outcome = imported(folder, "jobs.log", log);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("is it the output of two jobs, merged line by line? Import "
                                     "that of each by itself"));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
}

// PICO names what the library does by itself so.
TEST(Import, TakesALibrarysDefaultForAuto) {
  const TemporaryFolder folder;
  const Outcome outcome =
      imported(folder, "table.csv",
               "collective,algorithm,ranks,bytes,time_us,library\n"
               "all_reduce,default_default,8,1024,10,MPI\nall_reduce,Default,8,2048,11,MPI\n");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto results = nlohmann::json::parse(read_file(folder.path() / "results.json"));
  for (const auto& record : results.at("benchmarks"))
    EXPECT_EQ(record.at("scenario").at("algorithm"), "auto");
}

}  // namespace
}  // namespace collscale::testing
