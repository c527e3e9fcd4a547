// SPDX-License-Identifier: Apache-2.0
// One log of each program, handed on in the ways in which people do: the records stay the same.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "record_io/plain_text.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

/// "all_reduce 1024 float out, 8 ranks on 2, 21.37 us" of every record.
std::vector<std::string> described(const Expected<ImportReport>& report) {
  std::vector<std::string> texts;
  if (!report) return {report.error().message};
  for (const Record& record : report->records) {
    const Scenario& s = record.scenario;
    texts.push_back(fmt::format("{} {} {} {}, {} ranks on {}, {:.6g} us", name(s.collective),
                                s.size_bytes, name(s.dtype), s.in_place ? "in" : "out", s.ranks,
                                s.nodes, record.time_s * 1e6));
  }
  return texts;
}

using Change = std::function<std::string(const std::string&)>;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

Change before_each_line(std::string_view prefix) {
  return [prefix](const std::string& text) {
    return std::string(prefix) + replaced(text, "\n", "\n" + std::string(prefix));
  };
}

/// Before each line what stands before its number, that, and what stands behind it.
Change numbered(std::string_view front, std::string_view back) {
  return [front, back](const std::string& text) {
    std::istringstream lines(text);
    std::string result;
    int number = 0;
    for (std::string line; std::getline(lines, line);)
      result += fmt::format("{}{}{}{}\n", front, ++number, back, line);
    return result;
  };
}

/// As Docker keeps what a container wrote.
std::string container_log(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);)
    result += fmt::format("{{\"log\":\"{}\\n\",\"stream\":\"stdout\"}}\n",
                          replaced(replaced(line, "\\", "\\\\"), "\"", "\\\""));
  return result;
}

/// What Python prints of the text as a string.
std::string repr(const std::string& text) {
  return "'" + replaced(replaced(replaced(text, "\\", "\\\\"), "'", "\\'"), "\n", "\\n") + "'";
}

/// The lines as strings, each with its end, and what is put between two.
std::string repr_of_lines(const std::string& text, std::string_view between) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    if (!result.empty()) result += between;
    result += repr(line + "\n");
  }
  return result;
}

/// A '#' before each line that begins with a figure, as before those of a plotter's file.
std::string rows_behind_hash(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line); result += line + "\n") {
    const auto first = line.find_first_not_of(' ');
    if (first != std::string::npos && std::isdigit(line[first])) result += "# ";
  }
  return result;
}

/// UTF-16 of a text that is ASCII.
Change utf16(std::string_view mark, bool little) {
  return [mark, little](const std::string& text) {
    std::string wide(mark);
    for (const char c : text) wide += little ? std::string{c, '\0'} : std::string{'\0', c};
    return wide;
  };
}

const std::vector<std::pair<std::string, Change>>& shapes() {
  static const std::vector<std::pair<std::string, Change>> all{
      {"CRLF", [](const auto& text) { return replaced(text, "\n", "\r\n"); }},
      {"UTF-16 LE", utf16("\xFF\xFE", true)},
      {"UTF-16 BE", utf16("\xFE\xFF", false)},
      {"UTF-16 LE, unmarked", utf16("", true)},
      {"UTF-16 BE, unmarked", utf16("", false)},
      {"UTF-8, marked", [](const auto& text) { return "\xEF\xBB\xBF" + text; }},
      {"blanks of the web", [](const auto& text) { return replaced(text, "  ", " \u00a0"); }},
      {"tabs",
       [](const auto& text) { return replaced(replaced(text, "    ", "\t"), "\t\t", "\t"); }},
      {"titles read as Markdown", [](const auto& text) { return replaced(text, "\n# ", "\n "); }},
      {"colours", before_each_line("\x1b[32m\x1b[1m")},
      {"quoted", before_each_line("> ")},
      {"quoted twice", before_each_line(">> ")},
      {"indented", before_each_line("    ")},
      {"srun", before_each_line(" 0: ")},
      {"srun of hosts", before_each_line("gpu-17.cluster: ")},
      {"MPICH", before_each_line("[0] ")},
      {"Open MPI", before_each_line("[1,0]<stdout>:")},
      {"Open MPI 5", before_each_line("[prterun-node01-123@1,0]<stdout>: ")},
      {"Open MPI with times", before_each_line("Mon Nov 13 10:22:05 2023[1,0]<stdout>:")},
      {"Kubernetes", before_each_line("2023-11-13T10:22:05.123456789Z ")},
      {"CRI", before_each_line("2023-11-13T10:22:05.123456789Z stdout F ")},
      {"Compose", before_each_line("launcher-1  | ")},
      {"ts", before_each_line("Nov  3 10:22:05 ")},
      {"a system log", before_each_line("Nov 13 10:22:05 node01 nccl[4711]: ")},
      {"a logger", before_each_line("2023-11-13 10:22:05,123 - root - INFO - ")},
      {"another logger", before_each_line("[2023-11-13 10:22:05] INFO: ")},
      {"torchrun", before_each_line("[default0]:")},
      {"carriage returns", [](const auto& text) { return replaced(text, "\n", "\r"); }},
      {"entities", [](const auto& text) { return replaced(text, "  ", "&nbsp; "); }},
      {"a web page's text",
       [](const auto& text) { return "<pre>" + replaced(text, "\n", "<br>\n") + "</pre>"; }},
      {"a container's file", container_log},
      {"grep", numbered("out.log:", ":")},
      {"lines with numbers", numbered("   ", "  ")},
      {"a time of day", before_each_line("04:05:06 ")},
      {"seconds", before_each_line("1706932800.123456 ")},
      {"stern", before_each_line("nccl-test-launcher-x9z launcher ")},
      {"a difference", before_each_line("+")},
      {"Python", before_each_line("INFO:root:")},
      {"bytes of Python", [](const auto& text) { return "b" + repr(text); }},
      {"a string of Python", [](const auto& text) { return "stdout: " + repr(text); }},
      {"a string within one", [](const auto& text) { return repr("b" + repr(text)); }},
      {"a process of Python",
       [](const auto& text) {
         return "CompletedProcess(args=['mpirun', './x'], returncode=0, stdout=b" + repr(text) +
                ", stderr=b'')\n";
       }},
      {"a list of Python",
       [](const auto& text) { return "[" + repr_of_lines(text, ", ") + "]\n"; }},
      {"lines as strings of Python",
       [](const auto& text) { return "b" + repr_of_lines(text, "\nb") + "\n"; }},
      {"escapes alone", [](const auto& text) { return replaced(text, "\n", "\\n"); }},
      {"remarks", before_each_line("# ")},
      {"remarks without a blank", before_each_line("#")},
      {"rows behind a #", rows_behind_hash}};
  return all;
}

class ImportShapes : public testing::TestWithParam<std::string> {};

TEST_P(ImportShapes, GiveTheSameRecords) {
  std::ifstream file(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/" + GetParam(), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::vector<std::string> plain = described(import_log(text, "x.log", {}));
  ASSERT_GT(plain.size(), 3U) << plain.front();
  for (const auto& [shape, change] : shapes())
    EXPECT_EQ(described(import_log(change(text), "x.log", {})), plain) << shape;
}

INSTANTIATE_TEST_SUITE_P(Logs, ImportShapes,
                         testing::Values("nccl-tests-all-reduce-8.log",
                                         "nccl-tests-old-all-gather-16.log", "osu-full.log",
                                         "imb.log"),
                         [](const auto& log) {
                           std::string name;
                           for (const char c : log.param) name += std::isalnum(c) ? c : '_';
                           return name;
                         });

TEST(ImportLog, JoinsRowsThatATerminalsWidthCut) {
  std::ifstream file(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/nccl-tests-all-reduce-8.log");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::vector<std::string> plain = described(import_log(text, "x.log", {}));
  for (const std::size_t width : {76U, 80U, 88U, 100U, 104U, 110U}) {
    std::istringstream lines(text);
    std::string cut;
    for (std::string line; std::getline(lines, line); cut += '\n') {
      for (; line.size() > width; line.erase(0, width)) cut += line.substr(0, width) + '\n';
      cut += line;
    }
    EXPECT_EQ(described(import_log(cut, "x.log", {})), plain) << width;
  }
}

TEST(ImportLog, LeavesARowOutThatAloneIsBehindAHash) {
  ImportOptions options;
  options.ranks = 8;
  const auto report = import_log(
      "# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n"
      "4       2.31\n# 8       99.00\n16      2.40\n",
      "x.log", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 2U);
}

TEST(ImportCsv, ReadsATableOfWhichEveryLineIsARemark) {
  const auto report = import_log(
      "# collective,ranks,size,time_us\n# all_reduce,8,1024,22.5\n#all_reduce,8,2048,23.5\n",
      "x.csv", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 2U);
}

TEST(ImportLog, LeavesEscapesOfAShellAlone) {
  ImportOptions options;
  options.ranks = 8;
  const auto report = import_log(
      "$ printf 'size\\ntime\\n' # doesn't count\n# OSU MPI Allreduce Latency Test v7.4\n"
      "# Size       Avg Latency(us)\n4       2.31\n",
      "x.log", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 1U);
}

TEST(PlainText, DecodesWhatIsBeyondAscii) {
  EXPECT_EQ(plain_text(std::string_view("\xFF\xFE\xB5\x00\x73\x00\x3D\xD8\x00\xDE", 10)),
            "\u00b5s\U0001F600");
  EXPECT_EQ(plain_text("1\u202f024\u00a0B"), "1 024 B");
  EXPECT_EQ(plain_text(""), "");
}

TEST(ImportLog, TakesTagsOutOfTheMiddleOfARow) {
  ImportOptions options;
  options.collective = Collective::all_reduce;
  options.ranks = 2;
  for (const std::string tag : {"[1,0]<stdout>:", "[0] "}) {
    const std::string log = fmt::format(
        "{0}# nThread 1 nGpus 1\n{0}  1048576  262144  float  sum  -1{0}   100.0   10.49   "
        "10.49  0{0}  105.0   9.99   9.99  0\n"
        "{0}  1048576  262144  float  sum  -1{0}n1:4:4 [0] NCCL INFO a message\n"
        "{0}  100.0   10.49   10.49  0{0}n1:4:4 [0] NCCL INFO a message\n"
        "{0}  105.0   9.99   9.99  0\n",
        tag);
    const auto report = import_log(log, "x.log", options);
    ASSERT_TRUE(report) << tag << report.error().message;
    EXPECT_EQ(report->records.size(), 4U) << tag;
  }
}

TEST(ImportLog, ReadsALogBehindADictionaryOfPython) {
  std::ifstream file(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/nccl-tests-all-reduce-8.log");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto report = import_log("{'nodes': 1, 'gpus': 8}\n" + text, "x.log", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->format, LogFormat::nccl_tests);
}

TEST(ImportLog, NamesTheOtherProgramWhoseOutputItSees) {
  for (const auto& [text, what] :
       {std::pair{"# Benchmarking: allreduce \n# #processes: 4\n#bytes  #repetitions  t_max[usec]\n"
                  "4  16  12.00\n",
                  "found oneCCL's benchmark,"},
        {"\tCOMMS-RES-all_reduce-float32\tsize (B)\tLatency(us):p50\tAlgBW(GB/s)\n", "PARAM's"},
        {"       Count        Size                Time, us                Bandwidth, GB/s\n",
         "UCC's perftest"},
        {"<html><body>Results,&nbsp;&nbsp;all,1\n", "found a web page"}})
    EXPECT_THAT(error_of(import_log(text, "x.log", {})), HasSubstr(what));
}

TEST(ImportLog, NamesTheFormatOfWhatItLeavesOut) {
  ImportOptions options;
  options.ranks = 8;
  const auto report = import_log(
      "# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n4       2.31\n"
      "# Collective test starting: all_reduce_perf\n"
      "# size count type redop root time algbw busbw #wrong time algbw busbw #wrong\n"
      "1024 256 float sum -1 10.00 0.10 0.18 0 10.00 0.10 0.18 0\n",
      "x.log", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records.size(), 1U);
  EXPECT_EQ(report->warnings.back(),
            "x.log: also holds 2 records of nccl-tests, left out: give them a file of their own");
}

}  // namespace
}  // namespace collscale
