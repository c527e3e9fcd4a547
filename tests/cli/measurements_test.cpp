// SPDX-License-Identifier: Apache-2.0
// What `collscale calibrate` and `extrapolate` make of the files they are given: several of one
// machine, named protocols, what is no result file, times in a wrong unit.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string published(const std::string& name) {
  return fmt::format("{}/results/published/{}.json", COLLSCALE_SOURCE_DIR, name);
}

using Words = std::vector<std::string>;

Outcome run_words(const TemporaryFolder& folder, Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return run_collscale(words, folder.path());
}

TEST(Measurements, FilesOfOneMachineAreOneSystemWhereTheUserSaysSo) {
  const TemporaryFolder folder;
  const Words both = {"extrapolate",
                      published("alps-gh200"),
                      published("alps-gh200-docs"),
                      "-t",
                      "alps",
                      "-c",
                      "all_reduce",
                      "-s",
                      "1KiB",
                      "-n",
                      "512"};
  const Outcome unsaid = run_words(folder, both, {});
  EXPECT_EQ(unsaid.exit_code, 2);
  EXPECT_THAT(unsaid.err,
              AllOf(HasSubstr("two systems, \"github:boeschf/nccl-benchmark-on-alps-2025\" and "
                              "\"alps\""),
                    HasSubstr("or say --same-system where -t names the one machine of both")));
  const Outcome said = run_words(folder, both, {"--same-system"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("measurements of github:boeschf/nccl-benchmark-on-alps-2025 and "
                                  "github:eth-cscs/cscs-docs"));
  const Outcome fitted =
      run_collscale({"calibrate", published("alps-gh200"), published("alps-gh200-docs"), "-t",
                     "alps", "--same-system", "-o", "alps.json"},
                    folder.path());
  EXPECT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.out, HasSubstr("all_reduce, algorithm auto: fitted on 8 to 256 ranks"));
  EXPECT_THAT(fitted.err, Not(HasSubstr("without all_reduce")));
}

std::string log_of(int ranks, const std::string& device) {
  std::string log = "# Collective test starting: all_reduce_perf\n# Using devices\n";
  for (int rank = 0; rank < ranks; ++rank)
    log += fmt::format("#  Rank {:2} Group  0 Pid {} on node{} device  {} [0x1b] {}\n", rank,
                       100 + rank, rank / 4, rank % 4, device);
  log +=
      "#       size         count      type   redop    root     time   algbw   busbw #wrong     "
      "time "
      "  algbw   busbw #wrong\n";
  for (int i = 0; i < 5; ++i) {
    const double size = 1 << (10 + 4 * i);
    const double time_us = 10.0 * std::log2(ranks) + std::round(size / 1e4);
    const double rate = size / time_us / 1e3;
    const std::string half = fmt::format("{:8.2f} {:7.2f} {:7.2f}      0", time_us, rate,
                                         rate * 2 * (ranks - 1) / ranks);
    log += fmt::format("{:12.0f} {:12.0f}     float     sum      -1 {} {}\n", size, size / 4, half,
                       half);
  }
  return log;
}

// Logs of one import need no word about their machine; of several devices they are refused.
TEST(Measurements, LogsOfOneImportAreOfOneMachine) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a8.log", log_of(8, "NVIDIA GH200 120GB"));
  write_file(folder.path() / "a16.log", log_of(16, "NVIDIA GH200 120GB"));
  write_file(folder.path() / "h16.log", log_of(16, "NVIDIA H100 80GB HBM3"));
  const auto calibrated = [&](const Words& files) {
    return run_words(folder, {"calibrate", "-t", "alps", "-o", "profile.json"}, files);
  };
  run_collscale({"import", "a8.log", "a16.log", "-o", "one.json"}, folder.path());
  const Outcome one = calibrated({"one.json"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("measurements of one.json, NVIDIA GH200 120GB\n"));
  EXPECT_THAT(one.out, HasSubstr("fitted on 8 to 16 ranks"));
  run_collscale({"import", "a8.log", "h16.log", "-o", "two.json"}, folder.path());
  EXPECT_THAT(calibrated({"two.json"}).err,
              HasSubstr("two systems, \"two.json, NVIDIA GH200 120GB\" and \"two.json, NVIDIA H100 "
                        "80GB HBM3\": calibrate each by itself, or say --same-system"));
  run_collscale({"import", "a8.log", "-o", "a8.json"}, folder.path());
  run_collscale({"import", "a16.log", "-o", "a16.json"}, folder.path());
  EXPECT_THAT(calibrated({"a8.json", "a16.json"}).err,
              HasSubstr("two systems, \"a8.log\" and \"a16.log\""));
  EXPECT_EQ(calibrated({"a8.json", "a16.json", "--same-system"}).exit_code, 0);
}

// A file or a family is the same system as the records' where both were typed alike.
TEST(Measurements, ASystemIsKnownByWhatWasTypedForIt) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a8.log", log_of(8, "NVIDIA GH200 120GB"));
  write_file(folder.path() / "my.yaml",
             read_file(std::string(COLLSCALE_SOURCE_DIR) + "/topologies/alps.yaml"));
  std::filesystem::copy(std::string(COLLSCALE_SOURCE_DIR) + "/topologies/nodes",
                        folder.path() / "nodes");
  for (const std::string system : {"./my.yaml", "fat-tree:nodes=64,gpus=4"}) {
    run_collscale({"import", "a8.log", "-o", "a8.json", "--topology", system}, folder.path());
    const Outcome outcome = run_collscale({"extrapolate", "a8.json", "-t", system, "-c",
                                           "all_reduce", "-s", "1KiB", "-n", "8", "--json", "-"},
                                          folder.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("another system"))) << system;
  }
}

// Runs with one rank on every node are another setting of the machine that has four.
TEST(Measurements, OfTheMeasuredMachineFullNodesCount) {
  const TemporaryFolder folder;
  std::string table = "collective,ranks,nodes,size,time_us,library\n";
  for (const int nodes : {2, 4})
    for (const int per_node : {1, 4})
      for (int i = 0; i < 4; ++i)
        table += fmt::format("all_reduce,{},{},{},{},NCCL\n", nodes * per_node, nodes,
                             1024 << (4 * i), per_node * nodes * (5 + (1 << i)));
  write_file(folder.path() / "table.csv", table);
  run_collscale({"import", "table.csv", "-o", "table.json"}, folder.path());
  const Words calibrate = {"calibrate", "table.json", "-t", "alps", "-o", "profile.json"};
  EXPECT_THAT(run_collscale(calibrate, folder.path()).err,
              HasSubstr("1 and 4 ranks per node, the latter all_reduce/auto, 1 KiB on 8 ranks on 2 "
                        "nodes: calibrate each by itself"));
  const Outcome said = run_words(folder, calibrate, {"--same-system"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_THAT(said.err,
              HasSubstr("note: 8 of 16 records across nodes are left out, of other than 4 "
                        "ranks on every node"));
  EXPECT_THAT(said.out, HasSubstr("fitted on 8 to 16 ranks"));
}

// A profile is of nodes used alike: a collective that was never measured so is named.
TEST(Measurements, ACollectiveThatIsLeftOutWholeIsNamed) {
  const TemporaryFolder folder;
  std::string table = "collective,ranks,nodes,size,time_us,library\n";
  for (const int nodes : {2, 4})
    for (int i = 0; i < 4; ++i) {
      table += fmt::format("all_reduce,{},{},{},{},NCCL\n", nodes * 4, nodes, 1024 << (4 * i),
                           nodes * (5 + (1 << i)));
      table += fmt::format("all_gather,{},{},{},{},NCCL\n", nodes, nodes, 1024 << (4 * i),
                           nodes * (5 + (1 << i)));
    }
  write_file(folder.path() / "table.csv", table);
  run_collscale({"import", "table.csv", "-o", "table.json"}, folder.path());
  const Words calibrate = {"calibrate",     "table.json", "-t",    "alps",
                           "--same-system", "-o",         "p.json"};
  const Outcome all = run_collscale(calibrate, folder.path());
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.err,
              HasSubstr("8 of 16 records across nodes are left out, of other than 4 ranks on every "
                        "node; those are all of all_gather: a profile is of nodes used alike, so "
                        "calibrate it by itself (--collective)"));
  const Outcome alone = run_words(folder, calibrate, {"-c", "all_gather"});
  EXPECT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_THAT(alone.out, HasSubstr("all_gather, algorithm auto: fitted on 2 to 4 ranks"));
}

// The user's word is about records that name no system.
TEST(Measurements, RecordsThatNameAnotherSystemStayOfAnother) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_collscale({"extrapolate", published("alps-gh200"), published("polaris-ofi"), "-t", "alps",
                     "--same-system", "-c", "all_reduce", "-s", "1KiB", "-n", "512"},
                    folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("two systems, \"alps\" and \"polaris\": calibrate each"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("--same-system")));
}

// Fugaku's growth is a torus' whether the records name it or the user says it.
TEST(Measurements, ATorusHasItsLawWhereTheUserSaysThatItIsTheMachine) {
  const TemporaryFolder folder;
  std::string table = "collective,algorithm,ranks,nodes,size,time_us,library\n";
  for (const int ranks : {8, 64})
    for (int i = 0; i < 8; ++i)
      table += fmt::format("broadcast,binomial,{},{},{},{},MPI\n", ranks, ranks, 64 << (2 * i),
                           std::log2(ranks) * (5 + (1 << i)));
  write_file(folder.path() / "table.csv", table);
  const auto time_s = [&](const Words& named, const Words& said) {
    run_words(folder, {"import", "table.csv", "-o", "table.json"}, named);
    const Outcome outcome = run_words(folder,
                                      {"extrapolate", "table.json", "-t", "fugaku", "-c",
                                       "broadcast", "-s", "1KiB", "-n", "4096", "--json", "-"},
                                      said);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out).at("benchmarks").at(0).at("time_s").get<double>();
  };
  const double named = time_s({"--topology", "fugaku"}, {});
  EXPECT_DOUBLE_EQ(time_s({}, {"--same-system"}), named);
  EXPECT_LT(time_s({}, {}), 0.95 * named);  // of another machine: a tree on no torus
}

TEST(Measurements, AProtocolIsPartOfAnAlgorithmsName) {
  const TemporaryFolder folder;
  std::string table = "collective,algorithm,protocol,ranks,nodes,size,time_us,library\n";
  for (const int nodes : {2, 4, 8})
    for (int i = 0; i < 6; ++i)
      for (const auto& [protocol, step_us] : {std::pair{"LL", 1.0}, std::pair{"Simple", 3.0}})
        table += fmt::format("all_reduce,ring,{},{},{},{},{},NCCL\n", protocol, 8 * nodes, nodes,
                             1024 << (3 * i), 16 * nodes * step_us + (1 << (2 * i)));
  write_file(folder.path() / "table.csv", table);
  run_collscale({"import", "table.csv", "-o", "table.json"}, folder.path());
  const auto answered = [&](const Words& more) {
    return run_words(folder,
                     {"extrapolate", "table.json", "-t", "dgx-h100-superpod", "--same-system", "-c",
                      "all_reduce", "-s", "1KiB", "-n", "128"},
                     more);
  };
  EXPECT_THAT(answered({"-a", "ring"}).err,
              HasSubstr("several protocols: name one of ring/LL, ring/Simple (-a), or all"));
  EXPECT_THAT(answered({"-a", "ring/LL128"}).err, HasSubstr("did you mean \"ring/LL\"?"));
  EXPECT_THAT(answered({"-a", "ring/ll"}).out, HasSubstr("algorithm ring/LL, fitted on"));
  const Outcome all = answered({"-a", "all", "--json", "all.json"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("ring/LL "), HasSubstr("ring/Simple ")));
  const auto records =
      nlohmann::json::parse(read_file(folder.path() / "all.json")).at("benchmarks");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_GT(records[1].at("time_s").get<double>(), 2 * records[0].at("time_s").get<double>());
  // What is said of both is said once.
  EXPECT_THAT(answered({"-a", "all"}).err, Not(HasSubstr("note: all_reduce/ring/Simple:")));
}

TEST(Measurements, OfATableItIsSaidHowItBecomesAResultFile) {
  const TemporaryFolder folder;
  write_file(folder.path() / "table.csv", "collective,ranks,size,time_us\nall_reduce,8,8,10\n");
  for (const Words& command : {Words{"calibrate", "table.csv", "-t", "alps", "-o", "profile.json"},
                               Words{"extrapolate", "table.csv", "-t", "alps", "-c", "all_reduce",
                                     "-s", "8B", "-n", "8"}}) {
    const Outcome outcome = run_collscale(command, folder.path());
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("table.csv: not a result file; of a log or a table "
                                       "`collscale import table.csv -o results.json` makes one"));
  }
}

TEST(Measurements, TimesInAWrongUnitAreAskedAbout) {
  const TemporaryFolder folder;
  const auto notes = [&](double factor) {
    std::string table = "collective,ranks,nodes,size,time_us,library\n";
    for (int i = 0; i < 9; ++i)
      table += fmt::format("all_reduce,16,2,{},{},NCCL\n", 1024 << (2 * i),
                           factor * (40 + (1 << (2 * i)) * 0.02));
    write_file(folder.path() / "table.csv", table);
    run_collscale({"import", "table.csv", "-o", "table.json"}, folder.path());
    const Words of = {"table.json", "-t", "dgx-h100-superpod", "--same-system"};
    return run_words(folder, {"extrapolate", "-c", "all_reduce", "-s", "1KiB,1MiB", "-n", "64"}, of)
               .out +
           run_words(folder, {"calibrate", "-o", "profile.json"}, of).err;
  };
  EXPECT_THAT(notes(1), Not(HasSubstr("in a wrong unit")));
  EXPECT_THAT(notes(1000), AllOf(HasSubstr("what the analytic engine makes of dgx-h100-superpod: "
                                           "are the measurements in a wrong unit"),
                                 HasSubstr("what the model makes of dgx-h100-superpod: are they in "
                                           "a wrong unit")));
}

// What was said of the data when they were fitted need not be said again.
TEST(Measurements, AProfileKeepsThatItsSystemIsTheMeasuredOne) {
  const TemporaryFolder folder;
  const auto source_of = [&](const Words& of_calibrate, const std::string& target) {
    run_words(folder, {"calibrate", published("alps-gh200"), "-t", "alps", "-o", "profile.json"},
              of_calibrate);
    const Outcome outcome =
        run_collscale({"extrapolate", "--profile", "profile.json", "-t", target, "-c", "all_reduce",
                       "-s", "1MiB", "-n", "512", "--json", "-"},
                      folder.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out)
        .at("benchmarks")
        .at(0)
        .at("source")
        .get<std::string>();
  };
  EXPECT_THAT(source_of({}, "alps"), HasSubstr("another system than the target"));
  EXPECT_THAT(source_of({"--same-system"}, "alps"), Not(HasSubstr("another system")));
  EXPECT_THAT(source_of({"--same-system"}, "polaris"), HasSubstr("another system"));
}

TEST(Measurements, ResultsInThePlaceOfAProfileAreToldApart) {
  const TemporaryFolder folder;
  for (const std::string command : {"extrapolate", "predict"}) {
    const Outcome outcome = run_collscale({command, "--profile", published("alps-gh200"), "-t",
                                           "alps", "-c", "all_reduce", "-s", "1MiB", "-n", "512"},
                                          folder.path());
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("alps-gh200.json: is a file of results, expected a profile, "
                                       "which `collscale calibrate` makes of them"));
  }
}

TEST(Measurements, AProfileOfFiguresAloneIsForPredict) {
  const TemporaryFolder folder;
  run_collscale({"calibrate", published("alps-gh200"), "-t", "alps", "-c", "all_reduce", "-o",
                 "profile.json"},
                folder.path());
  auto profile = nlohmann::json::parse(read_file(folder.path() / "profile.json"));
  profile.at("series") = nlohmann::json::array();
  write_file(folder.path() / "profile.json", profile.dump());
  const Outcome outcome = run_collscale({"extrapolate", "--profile", "profile.json", "-t", "alps",
                                         "-c", "all_reduce", "-s", "1MiB", "-n", "512"},
                                        folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err,
            "error: the profile has no growth laws, only figures, which `predict --profile` "
            "takes\n");
}

// Sizes far from all that were measured are told by bounds alone, whatever the machine.
TEST(Measurements, AnswersAtTheBoundSayWhy) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_collscale({"extrapolate", published("together-b200"), "-t", "together-b200", "-c",
                     "all_gather", "-a", "ring", "-s", "64KiB", "-n", "128"},
                    folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("x131,072 beyond the smallest measured size"),
                    HasSubstr("1 of 1 answers are the lower bound of together-b200, as "
                              "sizes so far from theirs say no more"),
                    Not(HasSubstr("faster machine"))));
}

// A profile of many collectives answers for one.
TEST(Measurements, NotesOfOtherCollectivesAreNotToldWithAnAnswer) {
  const TemporaryFolder folder;
  run_collscale({"calibrate", published("polaris-ofi"), "-t", "polaris", "-o", "profile.json"},
                folder.path());
  const Outcome outcome = run_collscale({"extrapolate", "--profile", "profile.json", "-t",
                                         "polaris", "-c", "all_gather", "-s", "1MiB", "-n", "512"},
                                        folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("note: all_gather/"), Not(HasSubstr("all_to_all/"))));
}

}  // namespace
}  // namespace collscale::testing
