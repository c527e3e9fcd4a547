// SPDX-License-Identifier: Apache-2.0
// The choices of `collscale extrapolate`: which algorithm, and whether the machine is the measured
// one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

nlohmann::json extrapolated(const std::vector<std::string>& more) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{
      "extrapolate",
      std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json",
      "-t",
      "fat-tree:nodes=512,gpus=4,nic=200Gbps",
      "-c",
      "all_reduce",
      "-s",
      "1MiB",
      "-n",
      "256",
      "--json",
      "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = run_collscale(arguments, folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return nlohmann::json::parse(outcome.out).at("benchmarks").at(0);
}

/// High ÷ low of the 95 % interval.
double width(const nlohmann::json& record) {
  const nlohmann::json& widest = record.at("intervals").back();
  EXPECT_EQ(widest.at("level"), 0.95);
  return widest.at("high_s").get<double>() / widest.at("low_s").get<double>();
}

TEST(Extrapolate, AllowsForAnotherMachineUnlessToldThatItIsTheSame) {
  EXPECT_LT(width(extrapolated({"--same-system"})), 0.8 * width(extrapolated({})));
}

TEST(Extrapolate, TakesTheAlgorithmThatIsAskedFor) {
  EXPECT_EQ(extrapolated({"-a", "ring"}).at("scenario").at("algorithm"), "ring");
  EXPECT_EQ(extrapolated({}).at("scenario").at("algorithm"), "auto");
}

// 34 GB/s of NICs of 48.5 on 16 and 32 ranks, two channels to a peer; one from 64 on.
TEST(Extrapolate, KnowsThatNcclTakesFewerChannelsToAPeerAmongManyRanks) {
  const TemporaryFolder folder;
  nlohmann::json records = nlohmann::json::array();
  for (const int ranks : {16, 32})
    records.push_back(
        {{"name", fmt::format("send_recv/auto/float/bytes:34359738368/ranks:{}", ranks)},
         {"run_type", "iteration"},
         {"engine", "nccl"},
         {"trust", "measured"},
         {"scenario",
          {{"topology", "together-b200"},
           {"collective", "send_recv"},
           {"algorithm", "auto"},
           {"size_bytes", 34359738368},
           {"ranks", ranks},
           {"nodes", ranks / 8}}},
         {"time_s", 1.0}});
  const auto file = folder.path() / "messages.json";
  std::ofstream(file) << nlohmann::json{{"context", {{"schema_version", "1.0"}}},
                                        {"benchmarks", records}};
  const auto answer_on = [&](const std::string& ranks) {
    const Outcome outcome =
        run_collscale({"extrapolate", file.string(), "-t", "together-b200", "-c", "send_recv", "-s",
                       "32GiB", "-n", ranks, "--json", "-"},
                      folder.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out).at("benchmarks").at(0);
  };
  const nlohmann::json many = answer_on("64");
  EXPECT_NEAR(many.at("time_s").get<double>(), 2, 0.2);
  EXPECT_NE(many.at("source").get<std::string>().find("through 1 channel there, 2 on 32 ranks"),
            std::string::npos);
  EXPECT_NEAR(answer_on("32").at("time_s").get<double>(), 1, 0.01);
}

TEST(Extrapolate, TakesSystemsOfEveryKindOfFabric) {
  for (const std::string topology :
       {"torus:dims=16x16x16", "torus:dims=16x16x16,mesh=x", "dragonfly", "dragonfly+:spines=8"}) {
    const TemporaryFolder folder;
    const Outcome outcome = run_collscale(
        {"extrapolate",
         std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json", "-t",
         topology, "-c", "all_reduce", "-s", "1MiB", "-n", "64", "--json", "out.json"},
        folder.path());
    EXPECT_EQ(outcome.exit_code, 0) << topology << ": " << outcome.err;
    EXPECT_FALSE(folder.names().empty());
  }
}

// What the fit alone cannot tell is said beside every answer.
TEST(Extrapolate, SaysWhatDominatesAndWhatTheIntervalAllowsFor) {
  const nlohmann::json record = extrapolated({"-t", "colossus-100k", "-n", "65536"});
  EXPECT_NE(record.at("bottleneck"), "");
  const std::string source = record.at("source");
  EXPECT_NE(source.find("bottleneck of the analytic engine's "), std::string::npos) << source;
  EXPECT_NE(source.find("far latency of "), std::string::npos) << source;
}

TEST(Extrapolate, GivesEveryMeasuredAlgorithm) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"extrapolate",
       std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json", "-t",
       "fat-tree:nodes=512,gpus=4,nic=200Gbps", "-c", "all_reduce", "-s", "1MiB", "-n", "256", "-a",
       "all"},
      folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const std::string word : {"algorithm", " ring ", " tree ", " auto ", "dominated by",
                                 "no normal form (Extra-P) beside 3 of them: it takes 4"})
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word << outcome.out;
}

// 128 MiB by what NCCL chose, whose growth is the ring's, beside the tree of the same file; as sure
// of both as the data alone let it be.
TEST(Extrapolate, SaysWhereANamedAlgorithmContradictsTheLibrarysChoice) {
  const std::string sentence = "contradicted by tree of the same data, extrapolated to ";
  const std::string sure =
      std::string(COLLSCALE_SOURCE_DIR) + "/tests/fixtures/priors_of_no_width.json";
  const nlohmann::json record =
      extrapolated({"-s", "128MiB", "-n", "1024", "--same-system", "--priors", sure});
  EXPECT_NE(record.at("source").get<std::string>().find(sentence), std::string::npos) << record;
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"extrapolate",
       std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json", "-t",
       "fat-tree:nodes=512,gpus=4,nic=200Gbps", "-c", "all_reduce", "-s", "1MiB,128MiB", "-n",
       "64,1024", "--same-system", "--priors", sure},
      folder.path());
  EXPECT_NE(outcome.out.find("\n128 MiB on 1,024 ranks: " + sentence), std::string::npos)
      << outcome.out;
  EXPECT_EQ(outcome.out.find(" on 64 ranks: contradicted"), std::string::npos) << outcome.out;
}

// A term is a bottleneck, too: Polaris' small messages, which wait for NCCL's overhead.
TEST(Extrapolate, NamesNothingThatTakesNoTime) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"extrapolate",
       std::string(COLLSCALE_SOURCE_DIR) + "/results/published/polaris-ofi-alt-read.json", "-t",
       "polaris", "--same-system", "-c", "all_reduce", "-s", "8B,64KiB,1MiB,1GiB", "-n",
       "32,512,2160"},
      folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("  overhead 6"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find(" 0 %"), std::string::npos) << outcome.out;
}

// Sockets and OFI in one file: of one machine, but not of one setting.
TEST(Extrapolate, SaysThatTheMeasurementsAreOfTwoSettings) {
  const std::string published = std::string(COLLSCALE_SOURCE_DIR) + "/results/published/";
  const auto answer = [&](const std::vector<std::string>& files) {
    const TemporaryFolder folder;
    std::vector<std::string> arguments = {"extrapolate"};
    for (const std::string& file : files) arguments.push_back(published + file);
    for (const char* more : {"-t", "polaris", "--same-system", "-c", "all_gather", "-s", "1GiB",
                             "-n", "2048", "--json", "out.json"})
      arguments.emplace_back(more);
    const Outcome outcome = run_collscale(arguments, folder.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err.find("measured the same points"), std::string::npos) << "said twice";
    const auto json = nlohmann::json::parse(read_file(folder.path() / "out.json"));
    return std::pair(outcome.out, json.at("benchmarks").at(0));
  };
  const auto [text, mixed] = answer({"polaris-ofi-alt-read.json", "polaris-sockets.json"});
  const std::string sentence = "they do not look like one setting";
  EXPECT_NE(text.find(sentence), std::string::npos) << text;
  EXPECT_NE(mixed.at("source").get<std::string>().find(sentence), std::string::npos) << mixed;
  const auto [plain, alone] = answer({"polaris-ofi-alt-read.json"});
  EXPECT_EQ(plain.find(sentence), std::string::npos) << plain;
  EXPECT_GT(width(mixed), 4 * width(alone));
}

TEST(Extrapolate, PutsAlternativesBesideTheAnswer) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"extrapolate",
       std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json", "-t",
       "fat-tree:nodes=512,gpus=4,nic=200Gbps,oversubscription=2", "-c", "all_reduce", "-s", "1MiB",
       "-n", "256", "--alternatives", "--json", "-"},
      folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto records = nlohmann::json::parse(outcome.out).at("benchmarks");
  ASSERT_GT(records.size(), 4U);
  bool untapered = false;
  for (std::size_t i = 1; i < records.size(); ++i) {
    EXPECT_EQ(records[i].at("source").get<std::string>().rfind("alternative, not measured", 0), 0U);
    untapered = untapered || records[i]
                                     .at("scenario")
                                     .at("topology")
                                     .get<std::string>()
                                     .find(" with 1:1 in place of the taper") != std::string::npos;
  }
  EXPECT_TRUE(untapered);
}

// An all_to_all that groups ranks by leaf is grouped anew without the spine, which is no effect of
// the spine's latency.
TEST(Extrapolate, FarTiersNeverMakeAnythingQuicker) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"extrapolate", std::string(COLLSCALE_SOURCE_DIR) + "/results/published/polaris-ofi.json",
       "-t", "colossus-100k", "-c", "all_to_all", "-s", "1MiB", "-n", "1024,100000"},
      folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("with three_phase"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("far latency of spine and core +"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("far latency of spine -"), std::string::npos) << outcome.out;
}

/// The all_reduce records of MareNostrum 5, changed, in a file of their own.
Outcome extrapolated_from(const TemporaryFolder& folder,
                          const std::function<void(nlohmann::json&)>& change) {
  auto results = nlohmann::json::parse(
      read_file(std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json"));
  auto& records = results.at("benchmarks");
  nlohmann::json kept = nlohmann::json::array();
  for (const auto& record : records)
    if (record.at("scenario").at("collective") == "all_reduce" &&
        record.at("scenario").value("algorithm", "auto") == "ring")
      kept.push_back(record);
  change(kept);
  records = kept;
  write_file(folder.path() / "data.json", results.dump());
  return run_collscale({"extrapolate", "data.json", "-t", "fat-tree:nodes=512,gpus=4,nic=200Gbps",
                        "-c", "all_reduce", "-s", "1MiB", "-n", "256", "--json", "out.json"},
                       folder.path());
}

void keep_if(nlohmann::json& records, const std::function<bool(const nlohmann::json&)>& good) {
  nlohmann::json kept = nlohmann::json::array();
  for (const auto& record : records)
    if (good(record.at("scenario"))) kept.push_back(record);
  records = kept;
}

// One scale across nodes is answered from, by assumed growth: with more than a factor of 2 in
// doubt.
TEST(Extrapolate, OneScaleAcrossNodesIsExtendedByAssumedGrowth) {
  const TemporaryFolder folder;
  const Outcome outcome = extrapolated_from(folder, [](auto& records) {
    keep_if(records, [](const auto& scenario) { return scenario.at("ranks") == 16; });
  });
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("growth is assumed"), std::string::npos) << outcome.err;
  const auto results = nlohmann::json::parse(read_file(folder.path() / "out.json"));
  EXPECT_NE(results.at("context").at("notes").get<std::string>().find("growth is assumed"),
            std::string::npos);
  const auto answer = results.at("benchmarks").at(0);
  const auto& wide = answer.at("intervals").at(1);
  EXPECT_GT(wide.at("high_s").get<double>(), 2 * answer.at("time_s").get<double>());
  EXPECT_LT(wide.at("low_s").get<double>(), answer.at("time_s").get<double>() / 2);
}

// One that was measured inside a node alone, such as NVLS, keeps the others from nothing.
TEST(Extrapolate, OfAllAlgorithmsOneThatCannotAnswerIsANote) {
  const TemporaryFolder folder;
  const auto answered = [&](const std::string& ranks) {
    return run_collscale({"extrapolate", "data.json", "-t", "fat-tree:nodes=512,gpus=4", "-c",
                          "all_reduce", "-s", "1MiB", "-n", ranks, "-a", "all"},
                         folder.path());
  };
  extrapolated_from(folder, [](auto& records) {
    auto others = records;
    keep_if(others, [](const auto& scenario) { return scenario.at("ranks") == 16; });
    for (auto& record : others) {
      record.erase("name");
      record.erase("run_name");
      record["scenario"]["algorithm"] = "nvls";
      record["scenario"]["nodes"] = 1;
      record["scenario"]["ranks"] = 4;
      record.erase("busbw_Bps");
      records.push_back(record);
    }
  });
  const Outcome outcome = answered("256");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("ring"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.err.find("note: without nvls: all_reduce on 256 ranks"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(answered("3").exit_code, 0);
  EXPECT_EQ(answered("1000000").exit_code, 2);  // none can
}

// A log of 72 GPUs of a GB200 NVL72 lists 18 hosts.
TEST(Extrapolate, TraysOfARackAreOneNodeOfTheSameSystem) {
  const TemporaryFolder folder;
  std::string table = "collective,ranks,nodes,size,time_us,library\n";
  for (int i = 0; i < 5; ++i)
    table += fmt::format("all_reduce,72,18,{},{},NCCL\n", 1024 << (4 * i), 30 << i);
  write_file(folder.path() / "nvl72.csv", table);
  run_collscale({"import", "nvl72.csv", "-o", "nvl72.json"}, folder.path());
  const auto answered = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"extrapolate", "nvl72.json", "-t", "coreweave-gb200",
                                      "-c",          "all_reduce", "-s", "1KiB",
                                      "-n",          "72"};
    words.insert(words.end(), more.begin(), more.end());
    return run_collscale(words, folder.path());
  };
  const Outcome unsaid = answered({});
  EXPECT_EQ(unsaid.exit_code, 2);
  EXPECT_NE(unsaid.err.find("note: the records have 72 ranks on 18 nodes, and a node of "
                            "coreweave-gb200 is a rack of 72 on one scale-up network: if they were "
                            "measured on it, say --same-system"),
            std::string::npos)
      << unsaid.err;
  const Outcome said = answered({"--same-system"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_NE(said.out.find("30.0 us"), std::string::npos) << said.out;
  EXPECT_NE(said.err.find("72 ranks on 18 nodes of the records are taken as on 1 of them"),
            std::string::npos)
      << said.err;
}

// Nanoseconds that were taken for seconds would otherwise be the best machine there can be.
TEST(Extrapolate, SaysWhereTheMeasurementsAreFasterThanTheSystemCanBe) {
  const auto notes = [](double factor) {
    const TemporaryFolder folder;
    return extrapolated_from(folder,
                             [factor](auto& records) {
                               for (auto& record : records) {
                                 for (const char* name : {"time_s", "real_time", "cpu_time"})
                                   if (record.contains(name))
                                     record[name] = factor * record.at(name).template get<double>();
                                 for (const char* name : {"algbw_Bps", "busbw_Bps"})
                                   if (record.contains(name))
                                     record[name] = record.at(name).template get<double>() / factor;
                               }
                             })
        .out;
  };
  const std::string sentence = "1 of 1 answers are the lower bound of ";
  EXPECT_EQ(notes(1).find(sentence), std::string::npos);
  EXPECT_NE(notes(1e-3).find(sentence), std::string::npos) << notes(1e-3);
}

// Never a confident number from nothing: one sentence, and no file.
TEST(Extrapolate, SaysWhatDataLackInOneSentence) {
  struct Case {
    std::string sentence;
    std::function<void(nlohmann::json&)> change;
  };
  const std::vector<Case> cases = {
      {"is more than x4 away, and a law over sizes needs 3 of them",
       [](auto& records) {
         const auto size = records.at(0).at("scenario").at("size_bytes");
         keep_if(records, [&](const auto& scenario) { return scenario.at("size_bytes") == size; });
       }},
      {"contradict each other",
       [](auto& records) {
         auto others = records;
         for (auto& record : others) {
           for (const char* name : {"time_s", "real_time", "cpu_time"})
             if (record.contains(name)) record[name] = 20 * record.at(name).template get<double>();
           for (const char* name : {"algbw_Bps", "busbw_Bps"})
             record[name] = record.at(name).template get<double>() / 20;
           record["source"] = record.at("source").template get<std::string>() + " again";
           records.push_back(record);
         }
       }},
      {"two systems",
       [](auto& records) {
         records.at(0)["source"] = "github:somebody/else";
         records.at(0).at("scenario")["topology"] = "other";
       }},
  };
  for (const Case& one : cases) {
    const TemporaryFolder folder;
    const Outcome outcome = extrapolated_from(folder, one.change);
    EXPECT_EQ(outcome.exit_code, 2) << one.sentence;
    EXPECT_NE(outcome.err.find(one.sentence), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "out.json"));
  }
}

}  // namespace
}  // namespace collscale::testing
