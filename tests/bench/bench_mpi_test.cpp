// SPDX-License-Identifier: Apache-2.0
// bench_mpi as a user starts it: under mpirun, two ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <regex>
#include <set>
#include <thread>

#include "mpirun.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;
using testing::Not;

int occurrences(const std::string& text, const std::string& of) {
  int count = 0;
  for (std::size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) {
    ++count;
  }
  return count;
}

const std::string kShort = "-b 1K -e 4K -f 4 --time-per-point 0.01s ";

TEST(BenchMpi, MeasuresEveryCollectiveAndWritesRecordsThatReadBack) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run =
      bench_mpi(kShort + "-C all --skew 3 --topology dgx-h100-superpod --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  std::set<std::string> names;
  for (const Record& record : results->records) {
    names.insert(benchmark_name(record.scenario));
    EXPECT_EQ(record.engine, Engine::mpi);
    EXPECT_EQ(record.trust, Trust::measured);
    EXPECT_EQ(record.scenario.topology, "dgx-h100-superpod");
    EXPECT_EQ(record.scenario.nodes, 1);
    EXPECT_GE(record.samples_s.size(), 6U);
    EXPECT_GT(record.time_s, 0);
    EXPECT_EQ(record.iterations % static_cast<std::int64_t>(record.samples_s.size()), 0);
  }
  std::set<std::string> expected;
  for (const char* collective :
       {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "reduce", "gather",
        "scatter", "send_recv", "all_gather_v", "all_to_all_v"}) {
    for (const char* size : {"1024", "4096"}) {
      const bool unequal = std::string(collective).ends_with("_v");
      expected.insert(std::string(collective) + "/auto/float/bytes:" + size + "/ranks:2" +
                      (unequal ? "/skew:3" : ""));
    }
  }
  expected.insert("barrier/auto/float/bytes:0/ranks:2");
  EXPECT_EQ(names, expected);
  // One file, no temporary left, and the names in the file as they are, without a suffix.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
  std::ifstream written(file);
  std::stringstream text;
  text << written.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("\"all_reduce/auto/float/bytes:1024/ranks:2\""));
  EXPECT_THAT(text.str(), Not(HasSubstr("manual_time")));
  EXPECT_THAT(text.str(), Not(HasSubstr("iterations:1")));
}

// The share in the row that begins with `row`: what comes after the bus bandwidth.
std::string of_attainable_column(const std::string& table, const std::string& row) {
  std::smatch found;
  const std::regex line("\n" + row + "[^\n]*B/s +([0-9]+%|-) +[0-9]");
  return std::regex_search(table, found, line) ? found[1].str() : "no such row";
}

TEST(BenchMpi, AllTypesAndOperationsAreMeasuredInOneRunAndToldApart) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run =
      bench_mpi("all_reduce,all_gather -s 1K -n 6 -m 1 -d all -o all --no-ceiling --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  std::set<std::string> names;
  for (const Record& record : results->records) names.insert(benchmark_name(record.scenario));
  EXPECT_EQ(names.size(), 8U * 4U + 8U);
  EXPECT_EQ(results->records.size(), names.size());
  EXPECT_TRUE(names.count("all_reduce/auto/double/bytes:1024/ranks:2/op:prod"));
  EXPECT_TRUE(names.count("all_reduce/auto/int8/bytes:1024/ranks:2"));
  EXPECT_TRUE(names.count("all_gather/auto/uint64/bytes:1024/ranks:2"));
  EXPECT_THAT(run.out, HasSubstr("\nall_reduce double max "));
  EXPECT_THAT(run.out, HasSubstr("\nall_gather int32 "));
}

TEST(BenchMpi, TheFileTellsWhatSurroundedTheRun) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run =
      run_program("env UCX_TLS=tcp MY_TOKEN=hidden timeout 60 " COLLSCALE_MPIEXEC
                  " 2 " COLLSCALE_BENCH_MPI " all_reduce -s 1K -n 6 --no-ceiling --json " +
                  file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  const Context& context = results->context;
  EXPECT_EQ(context.at("env.UCX_TLS"), "tcp");
  EXPECT_FALSE(context.count("env.MY_TOKEN"));
  for (const char* key : {"binding", "mpi_library", "google_benchmark_version", "compiler"}) {
    EXPECT_FALSE(context.at(key).empty()) << key;
  }
  EXPECT_THAT(context.at("binding"), HasSubstr("rank"));
  for (const auto& [key, value] : context) EXPECT_THAT(value, Not(HasSubstr("hidden"))) << key;
}

TEST(BenchMpi, ATopologySaysWhatWouldBeAttainableAndAnUnknownOneIsRefused) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const std::string points = "all_reduce,all_gather_v -s 1M -n 6 ";
  const ProgramOutcome run = bench_mpi(points + "--topology fat-tree:nodes=4 --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->records.size(), 2U);
  const Record& record = results->records[0];
  ASSERT_TRUE(record.attainable);
  EXPECT_EQ(record.attainable->by, "topology");
  EXPECT_GE(record.attainable->time_s, record.bound_s.value());
  EXPECT_DOUBLE_EQ(*record.utilisation, *record.bound_s / record.time_s);
  EXPECT_EQ(of_attainable_column(run.out, "all_reduce "),
            fmt::format("{:.0f}%", 100 * of_attainable(record).value()));
  EXPECT_FALSE(results->records[1].attainable);
  EXPECT_EQ(of_attainable_column(run.out, "all_gather_v "), "-");
  const ProgramOutcome unknown = bench_mpi(points + "--topology dgx-h100-superpot");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("error: --topology: unknown topology"));
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"dgx-h100-superpod\""));
  const ProgramOutcome small = bench_mpi(points + "--topology fat-tree:nodes=1", 9);
  EXPECT_EQ(small.exit_code, 2);
  EXPECT_THAT(small.err, HasSubstr("it has 8 ranks, but 9 are running"));
}

TEST(BenchMpi, WithoutATopologyMessagesAndCopiesAreTheCeiling) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const std::string points = "all_reduce -s 64K --time-per-point 0.05s ";
  const ProgramOutcome run = bench_mpi(points + "--json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# of attainable: by what is measured here, message latency "));
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_TRUE(results->records.at(0).attainable);
  EXPECT_EQ(results->records[0].attainable->by, "measured");
  EXPECT_GT(results->records[0].attainable->time_s, 0);
  EXPECT_FALSE(results->records[0].bound_s);
  const ProgramOutcome without = bench_mpi(points + "--no-ceiling");
  EXPECT_EQ(without.exit_code, 0) << without.err;
  EXPECT_EQ(of_attainable_column(without.out, "all_reduce "), "-");
}

TEST(BenchMpi, WhatBacksTheBuffersIsRecorded) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  for (const std::string pages : {"system", "small", "huge"}) {
    const ProgramOutcome run =
        bench_mpi(kShort + "-C all_reduce --pages " + pages + " --json " + file);
    if (run.exit_code == 4) {  // a kernel that gives no huge pages
      EXPECT_THAT(run.err, HasSubstr("--pages huge: "));
      continue;
    }
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("pages " + pages));
    const auto results = read_results(file);
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ(results->context.at("pages"), pages);
    EXPECT_FALSE(results->context.at("transparent_huge_pages").empty());
  }
}

TEST(BenchMpi, EverySynchronisationAndBufferPolicyMeasuresAndIsRecorded) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  for (const auto& [sync, buffers] : {std::pair("window", "hot"), std::pair("back-to-back", "cold"),
                                      std::pair("barrier", "rotate")}) {
    const ProgramOutcome run = bench_mpi(kShort + "-C all_reduce --sync " + sync + " --buffers " +
                                         buffers + " --json " + file);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto results = read_results(file);
    ASSERT_TRUE(results) << results.error().message;
    ASSERT_EQ(results->records.size(), 2U);
    for (const Record& record : results->records) {
      ASSERT_TRUE(record.quality);
      const Quality& quality = *record.quality;
      EXPECT_EQ(quality.buffers, buffers);
      // A machine so busy that ranks miss every window is measured with barriers, and says so.
      EXPECT_TRUE(quality.sync == sync || (quality.missed > 0 && quality.sync == "barrier"));
      EXPECT_EQ(quality.clock_error_s.has_value(), std::string(sync) == "window");
      EXPECT_EQ(record.iterations,
                quality.batch * static_cast<std::int64_t>(record.samples_s.size()));
      EXPECT_GT(quality.warmup, 0);
      EXPECT_TRUE(quality.cpu_share);
    }
  }
}

TEST(BenchMpi, MoreRanksThanCoresAreAVerdict) {
  const int ranks = static_cast<int>(std::thread::hardware_concurrency()) + 1;
  if (ranks > 16) {
    GTEST_SKIP() << "too many cores to oversubscribe in a test";
  }
  const ProgramOutcome run =
      bench_mpi("-C all_reduce -b 1K -e 1K --time-per-point 0.01s --retry-noisy=5", ranks);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("oversubscribed\n")) << "and not tried again";
  EXPECT_THAT(run.err, HasSubstr("1 of 1 points are not good (1 oversubscribed)"));
}

TEST(BenchMpi, TheTableHasOneRowPerPointAndNoAlarmAboutTheLibrary) {
  const ProgramOutcome run = bench_mpi(kShort + "all_reduce");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("2 ranks on 1 node"));
  const std::regex row(
      R"(all_reduce +(1|4) KiB +[0-9]+( x [0-9]+)? +[0-9.]+ [num]?s +([0-9.]+%|-) +[0-9.]+ [num]?s +[0-9.]+ [num]?s +[0-9.]+ [kMG]?B/s +[0-9.]+ [kMG]?B/s +([0-9]+%|-) +0)");
  EXPECT_EQ(std::distance(std::sregex_iterator(run.out.begin(), run.out.end(), row), {}), 2)
      << run.out;
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("DEBUG")));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b"))) << "no colour codes";
}

TEST(BenchMpi, TheNcclTableHasNcclTestsColumns) {
  const ProgramOutcome run = bench_mpi(kShort + "all_reduce --table=nccl");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::regex row(
      R"( +4096 +1024 +float +sum +-1 +[0-9.]+ +[0-9.]+ +[0-9.]+ +0 +N/A +N/A +N/A +N/A)");
  EXPECT_TRUE(std::regex_search(run.out, row)) << run.out;
}

TEST(BenchMpi, TheNcclTableNamesTheRootAndPutsInPlaceInItsHalf) {
  const ProgramOutcome run =
      bench_mpi("scatter,all_to_all -s 4K -n 6 -m 1 -r 1 --in-place --table=nccl", 2);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# Collective test starting: alltoall_perf\n"));
  const std::regex row(
      R"( +4096 +512 +float +none +1 +N/A +N/A +N/A +N/A +[0-9.]+ +[0-9.]+ +[0-9.]+ +0\n)");
  EXPECT_TRUE(std::regex_search(run.out, row)) << run.out;
}

TEST(BenchMpi, FixedSampleCountsAreObeyed) {
  const TemporaryFolder scratch;
  const ProgramOutcome run =
      bench_mpi("all_reduce -b 1K -e 1K -n 7 -m 3 --json " + scratch.file("r.json"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results);
  EXPECT_EQ(results->records.at(0).samples_s.size(), 7U);
  EXPECT_EQ(results->records.at(0).iterations, 21);
}

TEST(BenchMpi, GoogleBenchmarksOutFlagAndVariableWriteOneFileFromRank0) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("flag.json");
  EXPECT_EQ(bench_mpi(kShort + "all_reduce --benchmark_out=" + file).exit_code, 0);
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 2U);
  const std::string variable = scratch.file("variable.json");
  EXPECT_EQ(run_program("BENCHMARK_OUT=" + variable + " " + COLLSCALE_MPIEXEC + " 2 " +
                        COLLSCALE_BENCH_MPI + " " + kShort + "all_reduce")
                .exit_code,
            0);
  EXPECT_TRUE(read_results(variable));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 2);
}

TEST(BenchMpi, JsonOnStdoutIsOneDocument) {
  const ProgramOutcome run = bench_mpi(kShort + "all_reduce --json -");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = from_json(run.out, "stdout");
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 2U);
}

TEST(BenchMpi, HelpAndListEndWellUnderMpirun) {
  const ProgramOutcome help = bench_mpi("--help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(occurrences(help.out, "Examples:"), 1) << "one rank prints it";
  EXPECT_THAT(help.err, Not(HasSubstr("mpirun"))) << "no block of errors";
  const ProgramOutcome list = bench_mpi("--list -b 8 -e 8");
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_EQ(list.out,
            "all_reduce/auto/float/bytes:8/ranks:2\nall_gather/auto/float/bytes:8/ranks:2\n");
}

TEST(BenchMpi, MistakesEndWith2AndOneMessageBeforeAnythingIsMeasured) {
  const TemporaryFolder scratch;
  for (const auto& [arguments, message] : std::vector<std::pair<std::string, std::string>>{
           {"--itres 3", "error: unknown flag --itres, did you mean \"--iters\"?"},
           {"allreduc", "error: unknown collective \"allreduc\", did you mean \"all_reduce\"?"},
           {"-d half", "error: data type half: MPI has no such type"},
           {"-r 2", "error: -r 2: expected a rank from 0 to 1"},
           {"--benchmark_enable_random_interleaving", "random interleaving is refused"},
           {"--json " + scratch.file("no/such/r.json"), "error: cannot write"}}) {
    const ProgramOutcome run = bench_mpi(arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments;
    EXPECT_EQ(occurrences(run.err, message), 1) << arguments << "\n" << run.err;
    EXPECT_EQ(occurrences(run.err, "error: "), 1) << arguments << "\n" << run.err;
    EXPECT_EQ(run.out, "") << arguments;
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(BenchMpi, RandomInterleavingIsRefusedFromTheEnvironmentToo) {
  const ProgramOutcome run = run_program(std::string("BENCHMARK_ENABLE_RANDOM_INTERLEAVING=true ") +
                                         COLLSCALE_MPIEXEC + " 2 " + COLLSCALE_BENCH_MPI);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(occurrences(run.err, "random interleaving is refused"), 1);
}

TEST(BenchMpi, RanksStartedDifferentlyAreRefusedInsteadOfHanging) {
  const ProgramOutcome run = run_program(
      std::string("timeout 30 ") + COLLSCALE_MPIEXEC + " 1 " + COLLSCALE_BENCH_MPI +
      " -b 8 -e 8 : " + COLLSCALE_MPI_NP_FLAG + " 1 " + COLLSCALE_BENCH_MPI + " -b 16 -e 16");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("different arguments"));
}

TEST(BenchMpi, ASignalToAnyOneRankStopsAllAndKeepsWhatWasDone) {
  for (const char* rank : {"0", "1"}) {
    const TemporaryFolder scratch;
    const std::string file = scratch.file("r.json");
    // The rank is signalled once the first point is in the file; the whole run has 48.
    std::ofstream(scratch.file("start.sh"))
        << "if [ \"${OMPI_COMM_WORLD_RANK:-$PMI_RANK}\" = " << rank << " ]; then\n"
        << "  ( while [ ! -f " << file << " ]; do sleep 0.02; done; kill -INT $$ ) &\n"
        << "fi\n"
        << "exec " << COLLSCALE_BENCH_MPI << " --json " << file << "\n";
    const ProgramOutcome run = run_program("timeout 60 " + std::string(COLLSCALE_MPIEXEC) +
                                           " 2 sh " + scratch.file("start.sh"));
    EXPECT_EQ(run.exit_code, 130) << "rank " << rank << "\n" << run.err;
    EXPECT_EQ(occurrences(run.err, "note: interrupted; "), 1) << run.err;
    const auto results = read_results(file);
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_GE(results->records.size(), 1U);
    EXPECT_LT(results->records.size(), 48U);
  }
}

TEST(BenchMpi, GoogleBenchmarksOtherVariablesDoNotMakeRanksDiffer) {
  // Left alone, the first makes every rank warm up by its own clock: the ranks hang.
  const ProgramOutcome run = run_program(
      "BENCHMARK_MIN_WARMUP_TIME=0.1 BENCHMARK_TIME_UNIT=x BENCHMARK_CONTEXT=a=b timeout 60 " +
      std::string(COLLSCALE_MPIEXEC) + " 2 " + COLLSCALE_BENCH_MPI + " " + kShort +
      "all_reduce --json - --benchmark_repetitions=2");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = from_json(run.out, "stdout");
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 4U);
  EXPECT_EQ(results->context.at("a"), "b");
  EXPECT_THAT(run.err, Not(HasSubstr("custom context")));
}

TEST(BenchMpi, MoreMemoryThanThereIsIsRefusedBeforeItIsTouched) {
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (memory > 100e9) {
    GTEST_SKIP() << "128 GiB could fit";
  }
  const ProgramOutcome run = bench_mpi("all_gather -d double -b 31G -e 31G");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(occurrences(run.err, "error: "), 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("error: -e: the send and receive buffers of 2 ranks on this node "
                                 "need 124 GiB, but it has "));
}

TEST(BenchMpi, MoreRanksThanCoresIsSaid) {
  const auto ranks = static_cast<int>(std::thread::hardware_concurrency()) + 1;
  if (ranks > 9) {
    GTEST_SKIP() << "so many ranks would take long";
  }
  const ProgramOutcome run = bench_mpi("all_reduce -b 8 -e 8 -n 6 -m 1", ranks);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(occurrences(run.out, "# more ranks than cores"), 1) << run.out;
}

TEST(BenchMpi, APlantedCorruptionIsNamedAndEndsWith1) {
  const std::string element = R"(rank 1, element [0-9]+: got \S+, want [0-9]+ \([0-9]+ of )";
  for (const auto& [fault, message] : std::vector<std::pair<std::string, std::string>>{
           {"all_reduce wrong_element", R"(rank 1, element 128: got \S+, want [0-9]+ \(1 of 512 )"},
           {"all_gather swapped_blocks", element},
           {"all_to_all_v off_by_one_block", element},
           {"reduce_scatter stale_buffer", element},
           {"gather beyond_the_end", "rank 1, element 0: written beyond the end"},
           {"barrier missing_contribution", "rank [01] left the barrier before rank [01] had"}}) {
    const ProgramOutcome run =
        run_program(std::string(COLLSCALE_MPIEXEC) + " 2 " + COLLSCALE_CORRUPT_BENCH + " " + fault);
    EXPECT_EQ(run.exit_code, 1) << fault;
    EXPECT_TRUE(std::regex_search(run.err, std::regex("wrong result: " + message))) << fault << "\n"
                                                                                    << run.err;
    EXPECT_EQ(occurrences(run.err, "error: "), 1) << fault;
  }
}

TEST(BenchMpi, AGateThatIsNotMetEndsWith3) {
  const ProgramOutcome run = bench_mpi(kShort + "all_reduce --min-busbw 1000TB/s");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("--min-busbw: all_reduce reached"));
  EXPECT_EQ(bench_mpi(kShort + "all_reduce --min-busbw 1B/s").exit_code, 0);
}

TEST(BenchMpi, ATableThatDoesNotArriveEndsWith1AndKeepsTheFile) {
  const TemporaryFolder scratch;
  // Without mpirun, which would stand between; more rows than a buffer of the stream holds.
  for (const std::string& arguments :
       {"-C all -b 8 -e 4K -n 3 --json " + scratch.file("r.json"), std::string("--help")}) {
    const ProgramOutcome run =
        run_program("sh -c '" COLLSCALE_BENCH_MPI " " + arguments + " >/dev/full'");
    EXPECT_EQ(run.exit_code, 1) << arguments;
    EXPECT_THAT(run.err, HasSubstr("error: stdout: cannot be written: ")) << arguments;
  }
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_GT(results->records.size(), 100U);
}

TEST(BenchMpi, OneRankAloneIsToldThatItIsAlone) {
  const ProgramOutcome run = bench_mpi(kShort + "all_reduce", 1);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("note: one rank alone"));
  EXPECT_TRUE(std::regex_search(run.out, std::regex(R"(B/s +- +- +0)"))) << run.out;
  EXPECT_THAT(run.out, Not(HasSubstr(" 0 B/s"))) << "no bandwidth rather than none";
}

}  // namespace
}  // namespace collscale
