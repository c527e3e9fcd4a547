// SPDX-License-Identifier: Apache-2.0
// The suite on a backend that answers at once.
#include "bench/suite/suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <tuple>

#include "bench/suite/hosting.hpp"
#include "bench/suite/table.hpp"
#include "record_io/results_file.hpp"
#include "run_program.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

BenchOptions options_for(std::vector<double> sizes) {
  BenchOptions options;
  options.collectives = {Collective::all_reduce};
  options.sizes_bytes = std::move(sizes);
  return options;
}

BenchBackend instant_backend(double time_s) {
  BenchBackend backend;
  backend.ranks = 2;
  backend.measure = [time_s](const BenchPoint&) {
    PointResult result;
    result.samples.time_s.assign(10, time_s);
    result.mismatch = Mismatch{};
    return result;
  };
  return backend;
}

/// What a function prints to stdout and stderr.
template <class F>
std::pair<std::string, std::string> printed_by(F&& f) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  f();
  std::fflush(stdout);
  std::fflush(stderr);
  const std::string out = testing::internal::GetCapturedStdout();
  return {out, testing::internal::GetCapturedStderr()};
}

TEST(MakePoints, RoundedSizesAreMeasuredOnceAndEmptyOnesLeftOut) {
  BenchOptions options = options_for({1, 4, 5, 7, 8});
  const auto list = make_points(options, 2, 1);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->points.size(), 2U);
  EXPECT_EQ(benchmark_name(list->points[0].scenario), "all_reduce/auto/float/bytes:4/ranks:2");
  EXPECT_EQ(list->left_out.size(), 1U);
}

TEST(MakePoints, ARootBeyondTheRanksIsRefused) {
  BenchOptions options = options_for({8});
  options.root = 2;
  EXPECT_FALSE(make_points(options, 2, 1));
}

TEST(MakePoints, AFilterThatSelectsNothingIsAnError) {
  BenchOptions options = options_for({8});
  options.benchmark.filter = "nothing";
  const auto list = make_points(options, 2, 1);
  ASSERT_FALSE(list);
  EXPECT_THAT(list.error().message, HasSubstr("no benchmark has such a name"));
}

TEST(MakePoints, ABarrierIsOnePointWithoutASize) {
  BenchOptions options = options_for({8, 1024});
  options.collectives = {Collective::barrier};
  const auto list = make_points(options, 2, 1);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->points.size(), 1U);
  EXPECT_EQ(benchmark_name(list->points[0].scenario), "barrier/auto/float/bytes:0/ranks:2");
  EXPECT_TRUE(list->left_out.empty());
}

TEST(MakePoints, OnlyUnequalBlocksHaveTheSkew) {
  BenchOptions options = options_for({1024});
  options.collectives = {Collective::all_gather, Collective::all_gather_v};
  options.skew = 4;
  const auto list = make_points(options, 2, 1);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->points[0].scenario.skew, 1);
  EXPECT_EQ(benchmark_name(list->points[1].scenario),
            "all_gather_v/auto/float/bytes:1024/ranks:2/skew:4");
}

TEST(RunSuite, WhatMovesNothingHasADashForItsBandwidths) {
  BenchOptions options = options_for({1024});
  options.collectives = {Collective::barrier};
  const auto [barrier, none] =
      printed_by([&] { run_suite(options, instant_backend(1e-3), *make_points(options, 2, 1)); });
  EXPECT_THAT(barrier, testing::ContainsRegex("barrier +- +10 +.*  - +-  "));
  EXPECT_THAT(barrier, testing::Not(HasSubstr("B/s")));
  options.collectives = {Collective::all_reduce};
  BenchBackend alone = instant_backend(1e-3);
  alone.ranks = 1;
  for (const bool nccl_table : {false, true}) {
    options.nccl_table = nccl_table;
    const auto [out, err] =
        printed_by([&] { run_suite(options, alone, *make_points(options, 1, 1)); });
    EXPECT_THAT(out, testing::ContainsRegex(nccl_table ? "float +sum +-1 +1000[.]00 +0.00 +- +0 "
                                                       : "1.02 MB/s +- +- +0  good\n"));
    EXPECT_THAT(err, HasSubstr("note: one rank alone"));
  }
}

TEST(MakePoints, AGateOverOneRankAloneIsRefused) {
  BenchOptions options = options_for({1024});
  options.min_busbw_Bps = 1;
  const auto list = make_points(options, 1, 1);
  ASSERT_FALSE(list);
  EXPECT_THAT(list.error().message, HasSubstr("one rank alone has no bus bandwidth"));
}

TEST(RunSuite, WritesRecordsWithExactNamesAndShowsARowEach) {
  const TemporaryFolder scratch;
  BenchOptions options = options_for({1024, 2048});
  options.json_path = scratch.file("r.json");
  ExitCode code{};
  const auto [out, err] = printed_by(
      [&] { code = run_suite(options, instant_backend(1e-3), *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::ok);
  EXPECT_THAT(out, HasSubstr("1 KiB"));
  EXPECT_THAT(out, HasSubstr("1.00 ms"));
  EXPECT_EQ(err, "");
  const auto results = read_results(options.json_path);
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->records.size(), 2U);
  EXPECT_EQ(benchmark_name(results->records[1].scenario),
            "all_reduce/auto/float/bytes:2048/ranks:2");
  EXPECT_DOUBLE_EQ(results->records[0].busbw_Bps, 1024 / 1e-3);
}

TEST(RunSuite, AWrongResultIsNamedNotRecordedAndEndsWith1) {
  const TemporaryFolder scratch;
  BenchOptions options = options_for({1024, 2048});
  options.json_path = scratch.file("r.json");
  BenchBackend backend = instant_backend(1e-3);
  const auto honest = backend.measure;
  backend.measure = [honest](const BenchPoint& point) {
    PointResult result = honest(point);
    if (point.layout.size_bytes == 1024) {
      result.mismatch = Mismatch{3, 1, 7, 41, 42};
      result.samples.time_s.clear();
    }
    return result;
  };
  ExitCode code{};
  const auto [out, err] =
      printed_by([&] { code = run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::failed);
  EXPECT_THAT(err,
              HasSubstr("error: all_reduce/auto/float/bytes:1024/ranks:2: wrong result: rank 1, "
                        "element 7: got 41, want 42 (3 of 512 elements wrong)"));
  EXPECT_EQ(read_results(options.json_path)->records.size(), 1U) << "the right one is kept";
}

TEST(RunSuite, AGateBelowItsBandwidthEndsWith3) {
  BenchOptions options = options_for({1024});
  options.min_busbw_Bps = 2e6;
  ExitCode code{};
  const auto [out, err] = printed_by(
      [&] { code = run_suite(options, instant_backend(1e-3), *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::gate_failed);
  EXPECT_THAT(err,
              HasSubstr("--min-busbw: all_reduce reached 1.02 MB/s, expected at least 2.00 MB/s"));
  options.min_busbw_Bps = 1e6;
  printed_by(
      [&] { code = run_suite(options, instant_backend(1e-3), *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::ok);
}

TEST(RunSuite, AnUnwritablePathFailsBeforeAnythingIsMeasured) {
  BenchOptions options = options_for({1024});
  options.json_path = "/nonexistent/r.json";
  BenchBackend backend = instant_backend(1e-3);
  bool measured = false;
  backend.measure = [&measured](const BenchPoint&) {
    measured = true;
    return PointResult{};
  };
  ExitCode code{};
  printed_by([&] { code = run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::bad_input);
  EXPECT_FALSE(measured);
}

TEST(RunSuite, ADirectoryThatGoesAwayIsSaidOnceAndTheTableGoesOn) {
  const TemporaryFolder scratch;
  BenchOptions options = options_for({1024, 2048, 4096});
  const std::filesystem::path directory = scratch.path() / "results";
  std::filesystem::create_directory(directory);
  options.json_path = (directory / "r.json").string();
  BenchBackend backend = instant_backend(1e-3);
  const auto measure = backend.measure;
  backend.measure = [&](const BenchPoint& point) {
    if (point.layout.size_bytes == 2048) {
      std::filesystem::remove_all(directory);
    }
    return measure(point);
  };
  ExitCode code{};
  const auto [out, err] =
      printed_by([&] { code = run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::failed);
  EXPECT_THAT(out, HasSubstr("4 KiB"));
  EXPECT_THAT(err, testing::StartsWith("error: cannot write"));
  EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
}

TEST(RunSuite, ASignalKeepsWhatWasDoneAndEndsWith130) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder scratch;
    BenchOptions options = options_for({1024, 2048, 4096});
    options.json_path = scratch.file("r.json");
    BenchBackend backend = instant_backend(1e-3);
    const auto measure = backend.measure;
    backend.measure = [&](const BenchPoint& point) {
      if (point.layout.size_bytes == 2048) {
        EXPECT_EQ(std::raise(signal), 0);
      }
      return measure(point);
    };
    ExitCode code{};
    const auto [out, err] =
        printed_by([&] { code = run_suite(options, backend, *make_points(options, 2, 1)); });
    EXPECT_EQ(code, ExitCode::interrupted);
    EXPECT_EQ(read_results(options.json_path)->records.size(), 2U);
    EXPECT_EQ(err, "note: interrupted; 2 points are kept\n");
  }
}

TEST(RunSuite, ASignalThatAnotherProcessGotEndsThisOneToo) {
  BenchOptions options = options_for({1024, 2048});
  BenchBackend backend = instant_backend(1e-3);
  backend.any = [](bool mine) {
    EXPECT_FALSE(mine);
    return true;
  };
  ExitCode code{};
  printed_by([&] { code = run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_EQ(code, ExitCode::interrupted);
}

TEST(RunHosted, RunsEachOnceInOrderAndReportsAfterEach) {
  std::string story;
  std::vector<HostedBenchmark> benchmarks;
  for (const char* name : {"a/b:1", "a/b:2", "a"}) {
    benchmarks.push_back({name, [&story, name]() -> std::optional<double> {
                            story += name + std::string(" ");
                            return std::string(name) == "a/b:2" ? std::nullopt
                                                                : std::optional<double>(1e-3);
                          }});
  }
  const auto [out, err] =
      printed_by([&] { run_hosted(benchmarks, [&story] { story += "reported; "; }); });
  EXPECT_EQ(story, "a/b:1 reported; a/b:2 reported; a reported; ");
  EXPECT_EQ(out + err, "");
}

TEST(RunSuite, AProcessThatDoesNotReportIsSilentAndWritesNothing) {
  const TemporaryFolder scratch;
  BenchOptions options = options_for({1024});
  options.json_path = scratch.file("r.json");
  BenchBackend backend = instant_backend(1e-3);
  backend.reports = false;
  const auto [out, err] =
      printed_by([&] { run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_EQ(out + err, "");
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

/// Answers that come with the processor shares given, one after the other; then always the last.
BenchBackend backend_with_shares(std::vector<double> shares, int* calls) {
  BenchBackend backend = instant_backend(1e-3);
  const auto quiet = backend.measure;
  backend.measure = [quiet, calls, shares = std::move(shares)](const BenchPoint& point) {
    PointResult result = quiet(point);
    const auto call = static_cast<std::size_t>((*calls)++);
    result.conditions.cpu_share = shares[std::min(call, shares.size() - 1)];
    result.samples.time_s.assign(10, 1e-3 * static_cast<double>(call + 1));
    return result;
  };
  return backend;
}

TEST(RunSuite, ContendedPointsAreMarkedAndCounted) {
  const TemporaryFolder scratch;
  BenchOptions options = options_for({1024, 2048});
  options.json_path = scratch.file("r.json");
  int calls = 0;
  const BenchBackend backend = backend_with_shares({0.5, 0.99}, &calls);
  const auto [out, err] =
      printed_by([&] { run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_THAT(out, HasSubstr("0  contended\n"));
  EXPECT_THAT(out, HasSubstr("0  good\n"));
  EXPECT_THAT(err, HasSubstr("1 of 2 points are not good (1 contended)"));
  const auto results = read_results(options.json_path);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records[0].quality->verdict, "contended");
  EXPECT_EQ(results->records[0].quality->cpu_share, 0.5);
  EXPECT_EQ(results->records[1].quality->verdict, "good");
  EXPECT_EQ(results->context.at("contended_points"), "1 of 2");
}

TEST(RunSuite, NoisyRowsAreMeasuredAgainAndTheBestIsKept) {
  BenchOptions options = options_for({1024});
  options.retry_noisy = 3;
  int calls = 0;
  // The second is good, so that there is no third.
  auto [out, err] = printed_by([&] {
    run_suite(options, backend_with_shares({0.5, 0.99, 0.5}, &calls), *make_points(options, 2, 1));
  });
  EXPECT_EQ(calls, 2);
  EXPECT_THAT(out, HasSubstr("0  good, best of 2\n"));
  EXPECT_THAT(out, HasSubstr("2.00 ms")) << "the good one's time";
  EXPECT_EQ(err, "");
  calls = 0;
  std::tie(out, err) = printed_by(
      [&] { run_suite(options, backend_with_shares({0.5}, &calls), *make_points(options, 2, 1)); });
  EXPECT_EQ(calls, 4) << "once and three times again";
  EXPECT_THAT(out, HasSubstr("contended, best of 4"));
}

TEST(RunSuite, TheTableShowsTheWidthReached) {
  BenchOptions options = options_for({1024});
  BenchBackend backend = instant_backend(1e-3);
  backend.measure = [](const BenchPoint&) {
    PointResult result;
    result.samples.time_s = {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0};
    return result;
  };
  const auto [out, err] =
      printed_by([&] { run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_THAT(out, HasSubstr(" 26.7%")) << "1.5 within 1.1 and 1.9";
}

TEST(RunSuite, RepetitionsMeasureAgain) {
  BenchOptions options = options_for({1024});
  options.benchmark.repetitions = 3;
  int calls = 0;
  BenchBackend backend = instant_backend(1e-3);
  const auto once = backend.measure;
  backend.measure = [&calls, once](const BenchPoint& point) {
    ++calls;
    return once(point);
  };
  printed_by([&] { run_suite(options, backend, *make_points(options, 2, 1)); });
  EXPECT_EQ(calls, 3);
}

TEST(FixedWidth, FitsNumbersAsNcclTestsDoes) {
  EXPECT_EQ(fixed_width(1.234, 6), "  1.23");
  EXPECT_EQ(fixed_width(123.456, 6), "123.46");
  EXPECT_EQ(fixed_width(1234.5678, 6), "1234.6");
  EXPECT_EQ(fixed_width(123456.7, 7), " 123457");
  EXPECT_EQ(fixed_width(999.999, 6), "1000.0");
  EXPECT_EQ(fixed_width(123456789.0, 7), "1.2e+08");
}

TEST(Points, EveryRankIsTheRootInTurnWhereThereIsOne) {
  BenchOptions options;
  options.collectives = {Collective::broadcast, Collective::all_reduce};
  options.sizes_bytes = {1024};
  options.every_root = true;
  const auto list = make_points(options, 3, 1);
  ASSERT_TRUE(list) << list.error().message;
  std::vector<std::int64_t> roots;
  for (const BenchPoint& point : list->points) roots.push_back(point.scenario.root);
  EXPECT_EQ(roots, (std::vector<std::int64_t>{0, 1, 2, 0}));
}

}  // namespace
}  // namespace collscale
