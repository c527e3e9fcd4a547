// SPDX-License-Identifier: Apache-2.0
// --resume on a backend that answers at once.
#include "bench/suite/resume.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "bench/suite/algorithms.hpp"
#include "bench/suite/suite.hpp"
#include "record_io/results_file.hpp"
#include "run_program.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string text_of(const std::string& path) { return read_text_file(path).value_or(""); }

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const auto results = read_results(path);
  if (!results) return {results.error().message};
  for (const Record& record : results->records) names.push_back(benchmark_name(record.scenario));
  return names;
}

/// Runs of the same command, one after another.
struct Runs {
  Runs() {
    options.collectives = {Collective::all_reduce};
    options.sizes_bytes = {1024, 2048, 4096};
    options.json_path = scratch.file("r.json");
    options.resume = true;
    backend.ranks = 2;
    backend.context = {{"mpi_library", "one"}};
  }
  /// Every sample is the number of the call.
  PointResult answer(const BenchPoint& point) {
    measured.push_back(point.scenario.algorithm + " " + std::to_string(point.layout.size_bytes));
    if (measured.size() == interrupt_at) {
      EXPECT_EQ(std::raise(SIGINT), 0);
    }
    PointResult result;
    result.samples.time_s.assign(10, static_cast<double>(++calls));
    return result;
  }
  ExitCode run() {
    measured.clear();
    const auto list =
        make_points(options, 2, 1, "", [this](const Scenario&) { return algorithms; });
    PointPlan three_turns;
    three_turns.sampling.fixed_samples = 3;
    TurnTaking turns(list->points, three_turns,
                     [this](const BenchPoint& point, const PointPlan&) { return answer(point); });
    backend.measure = [&](const BenchPoint& point) {
      return algorithms.size() > 1 ? turns(point) : answer(point);
    };
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const ExitCode code = run_suite(options, backend, *list);
    std::fflush(stdout);
    std::fflush(stderr);
    out = testing::internal::GetCapturedStdout();
    err = testing::internal::GetCapturedStderr();
    return code;
  }
  /// Interrupted in the n-th call of this run.
  void run_until(std::size_t call) {
    interrupt_at = call;
    EXPECT_EQ(run(), ExitCode::interrupted);
    interrupt_at = 0;
  }
  void expect_refused(const std::string& sentence) {
    const std::string before = text_of(options.json_path);
    EXPECT_EQ(run(), ExitCode::bad_input) << err;
    EXPECT_THAT(err, HasSubstr("error: --resume: "));
    EXPECT_THAT(err, HasSubstr(sentence));
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
    EXPECT_THAT(measured, IsEmpty());
    EXPECT_EQ(text_of(options.json_path), before);
  }
  TemporaryFolder scratch;
  BenchOptions options;
  BenchBackend backend;
  std::vector<std::string> algorithms{"auto"};
  std::vector<std::string> measured;
  int calls = 0;
  std::size_t interrupt_at = 0;
  std::string out, err;
};

TEST(Resume, MeasuresTheRestAndTheFileIsAsIfItHadNotBeenInterrupted) {
  Runs runs;
  runs.run_until(2);
  EXPECT_EQ(names_in(runs.options.json_path).size(), 2U);
  const auto earlier = read_results(runs.options.json_path);
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_THAT(runs.measured, ElementsAre("auto 4096"));
  EXPECT_THAT(runs.err, HasSubstr("note: --resume: 2 of 3 points are kept from "));
  const auto results = read_results(runs.options.json_path);
  ASSERT_EQ(results->records.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(results->records[i].scenario.size_bytes, 1024 << i);
    EXPECT_EQ(results->records[i].time_s, static_cast<double>(i + 1));
  }
  EXPECT_EQ(results->context.at("date"), earlier->context.at("date"));
  EXPECT_EQ(results->context.count("resumed"), 1U);
}

TEST(Resume, AFinishedFileIsLeftAsItIs) {
  Runs runs;
  EXPECT_EQ(runs.run(), ExitCode::ok) << "no file: from nothing";
  EXPECT_EQ(runs.measured.size(), 3U);
  const std::string before = text_of(runs.options.json_path);
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_THAT(runs.measured, IsEmpty());
  EXPECT_THAT(runs.err, HasSubstr("3 of 3 points are kept from "));
  EXPECT_THAT(runs.err, HasSubstr("nothing is left to measure\n"));
  EXPECT_EQ(text_of(runs.options.json_path), before);
}

TEST(Resume, WhatTheEarlierRunMeasuredCountsForTheGate) {
  Runs runs;
  runs.run();
  runs.options.min_busbw_Bps = 1e9;
  EXPECT_EQ(runs.run(), ExitCode::gate_failed);
}

TEST(Resume, MoreSizesGoBetweenThoseThatAreThere) {
  Runs runs;
  runs.options.sizes_bytes = {1024, 4096};
  runs.run();
  runs.options.sizes_bytes = {512, 1024, 2048, 4096};
  runs.run_until(1);
  EXPECT_EQ(names_in(runs.options.json_path).size(), 3U) << "4096 is not lost on the way";
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_THAT(runs.measured, ElementsAre("auto 2048"));
  EXPECT_THAT(names_in(runs.options.json_path),
              ElementsAre("all_reduce/auto/float/bytes:512/ranks:2",
                          "all_reduce/auto/float/bytes:1024/ranks:2",
                          "all_reduce/auto/float/bytes:2048/ranks:2",
                          "all_reduce/auto/float/bytes:4096/ranks:2"));
}

TEST(Resume, RepetitionsGoOnWhereTheyStopped) {
  Runs runs;
  runs.options.benchmark.repetitions = 3;
  runs.run_until(5);
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_THAT(runs.measured, ElementsAre("auto 4096", "auto 1024", "auto 2048", "auto 4096"));
  const auto results = read_results(runs.options.json_path);
  ASSERT_EQ(results->records.size(), 9U);
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_EQ(results->records[i].time_s, 1.0 + static_cast<double>(i));
}

TEST(Resume, AlgorithmsThatTakeTurnsAreKeptTogetherOrNotAtAll) {
  Runs runs;
  runs.options.sizes_bytes = {1024, 2048};
  runs.run();
  runs.algorithms = {"auto", "ring"};
  runs.run_until(6);  // the last turn of the first size
  EXPECT_EQ(names_in(runs.options.json_path).size(), 1U) << "of two that were measured";
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_EQ(runs.measured.size(), 12U) << "both sizes, both algorithms, three turns";
  EXPECT_THAT(names_in(runs.options.json_path),
              ElementsAre("all_reduce/auto/float/bytes:1024/ranks:2",
                          "all_reduce/ring/float/bytes:1024/ranks:2",
                          "all_reduce/auto/float/bytes:2048/ranks:2",
                          "all_reduce/ring/float/bytes:2048/ranks:2"));
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_THAT(runs.measured, IsEmpty());
}

TEST(Resume, AFileMeasuredOtherwiseIsRefusedAndTheFirstDifferenceNamed) {
  Runs runs;
  runs.run_until(2);
  const auto refused = [&same = runs](auto&& change, const std::string& sentence) {
    Runs other;
    other.options.json_path = same.options.json_path;
    change(other);
    other.expect_refused(sentence);
  };
  refused([](Runs& r) { r.backend.context["mpi_library"] = "two"; },
          R"(its mpi_library is "one", but this run's is "two")");
  refused([](Runs& r) { r.backend.ranks = 3; }, R"(its ranks is "2", but this run's is "3")");
  refused([](Runs& r) { r.backend.engine = Engine::nccl; },
          R"(its executable is "bench_mpi", but this run's is "bench_nccl")");
  refused([](Runs& r) { r.options.verify = false; }, R"(its check is "1", but this run's is "0")");
  refused([](Runs& r) { r.options.sampling.precision = 0.01; },
          R"(its precision is "2%", but this run's is "1%")");
  refused([](Runs& r) { r.options.sampling.fixed_samples = 7; },
          R"(its iters is "adaptive", but this run's is "7")");
  refused([](Runs& r) { r.options.sampling.sync = SyncPolicy::window; }, "its sample is ");
  refused([](Runs& r) { r.options.buffers = BufferPolicy::cold; }, R"(this run's is "cold")");
  refused([](Runs& r) { r.backend.context["layout/node"] = "0,1"; },
          R"(its layout/node is none, but this run's is "0,1")");
  refused(
      [](Runs& r) {
        r.options.sizes_bytes = {1024, 4096};
      },
      "holds all_reduce/auto/float/bytes:2048/ranks:2, which this run does not measure");
  refused([](Runs& r) { r.options.ops = {ReduceOp::max}; }, "which this run does not measure");
}

TEST(Resume, ATornOrForeignFileIsRefused) {
  Runs runs;
  runs.run();
  const std::string whole = text_of(runs.options.json_path);
  for (const std::string& text :
       {whole.substr(0, whole.size() / 2), std::string("notes\n"), std::string(),
        std::string(R"({"context": {}, "benchmarks": [{"name": "x", "real_time": 1}]})")}) {
    std::ofstream(runs.options.json_path) << text;
    runs.expect_refused(runs.options.json_path);
  }
  std::ofstream(runs.options.json_path) << whole.substr(0, whole.rfind(']')) << "]}\n";
  EXPECT_EQ(runs.run(), ExitCode::ok) << runs.err;
}

TEST(Resume, AProcessThatDoesNotReportSkipsWhatTheOneThatReportsSays) {
  Runs runs;
  runs.backend.reports = false;
  std::vector<std::int64_t> said{0, 0b101};  // no error; the first and the last point are there
  runs.backend.agree = [&said](std::int64_t mine) {
    if (said.empty()) return mine;
    const std::int64_t value = said.front();
    said.erase(said.begin());
    return value;
  };
  EXPECT_EQ(runs.run(), ExitCode::ok);
  EXPECT_THAT(runs.measured, ElementsAre("auto 2048"));
  EXPECT_EQ(runs.out + runs.err, "");
}

TEST(AgreeOnFlags, TakesMoreThanANumberHolds) {
  std::vector<bool> flags;
  for (int i = 0; i < 200; ++i) flags.push_back(i % 3 == 0 || i == 61 || i == 62);
  int calls = 0;
  EXPECT_EQ(agree_on_flags(flags,
                           [&calls](std::int64_t bits) {
                             EXPECT_GE(bits, 0);
                             ++calls;
                             return bits;
                           }),
            flags);
  EXPECT_EQ(calls, 4);
}

}  // namespace
}  // namespace collscale
