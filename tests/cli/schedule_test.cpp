// SPDX-License-Identifier: Apache-2.0
// `collscale schedule`: what the built tool says and writes.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

Outcome schedule(const std::string& arguments, const TemporaryFolder& folder) {
  return run_shell("collscale schedule " + arguments, folder.path());
}

TEST(ScheduleList, NamesEveryCollectiveOnceAndItsSources) {
  const TemporaryFolder folder;
  const Outcome list = schedule("list", folder);
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.out, AllOf(StartsWith("all_reduce\n"), HasSubstr("\nall_gather\n"),
                              HasSubstr("\nall_to_all\n"), HasSubstr("2(n-1)/n S")));
  const Outcome one = schedule("list -c all_gather", folder);
  EXPECT_THAT(one.out, AllOf(StartsWith("all_gather\n"), Not(HasSubstr("all_to_all"))));
  const Json json = Json::parse(schedule("list --json -", folder).out);
  for (const Json& algorithm : json.at("algorithms")) {
    EXPECT_THAT(algorithm.at("source").get<std::string>(), Not(IsEmpty())) << algorithm;
    EXPECT_THAT(algorithm.at("depth").get<std::string>(), Not(IsEmpty())) << algorithm;
  }
}

TEST(ScheduleShow, ABareNameMeansAllReduceAndSaysSo) {
  const TemporaryFolder folder;
  const Outcome bare = schedule("show ring -n 4", folder);
  EXPECT_EQ(bare.exit_code, 0) << bare.err;
  EXPECT_THAT(bare.out, AllOf(StartsWith("all_reduce/ring, 4 ranks\n"), HasSubstr("6 as executed"),
                              HasSubstr("0→1 [3]"), HasSubstr("of all_gather")));
  EXPECT_THAT(schedule("show pairwise -n 4", folder).out, StartsWith("all_to_all/pairwise,"));
  const Outcome named = schedule("show all_gather/ring -n 4", folder);
  EXPECT_THAT(named.out, AllOf(StartsWith("all_gather/ring,"), Not(HasSubstr("\nalso"))));
  EXPECT_EQ(named.out, schedule("show ring -c all_gather -n 4", folder).out);
}

TEST(ScheduleShow, WithASizeSaysBytes) {
  const TemporaryFolder folder;
  EXPECT_THAT(schedule("show ring -n 4", folder).out, HasSubstr("S/4"));
  EXPECT_THAT(schedule("show ring -n 4 -s 1MiB", folder).out,
              AllOf(HasSubstr("256 KiB"), Not(HasSubstr("S/4"))));
}

TEST(ScheduleShow, ManyRanksAreAPatternUnlessAllIsAskedFor) {
  const TemporaryFolder folder;
  EXPECT_THAT(schedule("show all_gather/ring -n 20", folder).out,
              AllOf(HasSubstr("20 messages in all"), Not(HasSubstr("7→8"))));
  EXPECT_THAT(schedule("show all_gather/ring -n 20 --all", folder).out, HasSubstr("7→8"));
}

TEST(ScheduleShow, JsonHasEveryMessage) {
  const TemporaryFolder folder;
  const Json json = Json::parse(schedule("show ring -n 5 -s 1MiB --json -", folder).out);
  EXPECT_EQ(json.at("depth"), 8);
  ASSERT_EQ(json.at("steps").size(), 8U);
  EXPECT_EQ(json["steps"][0]["messages"].size(), 5U);
  EXPECT_EQ(json["steps"][0]["messages"][0]["blocks"].size(), 1U);
  EXPECT_DOUBLE_EQ(json["steps"][0]["messages"][0]["bytes"].get<double>(), (1 << 20) / 5.0);
}

TEST(ScheduleShow, WritesPictureAndGoalBesideTheTable) {
  const TemporaryFolder folder;
  const Outcome outcome = schedule("show ring -n 4 --draw a.svg --goal a.goal", folder);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("0→1 [3]"));
  EXPECT_THAT(outcome.err, HasSubstr("S = 1 MiB"));
  EXPECT_THAT(read_file(folder.path() / "a.goal"),
              AllOf(HasSubstr("num_ranks 4\n"), HasSubstr(": send 262144b to 1 tag ")));
  const std::string svg = read_file(folder.path() / "a.svg");
  EXPECT_THAT(svg, StartsWith("<svg "));
  schedule("draw ring -n 4 -o b.svg", folder);
  EXPECT_EQ(svg, read_file(folder.path() / "b.svg"));
  EXPECT_THAT(folder.names(), ::testing::ElementsAre("a.goal", "a.svg", "b.svg"));
}

TEST(ScheduleShow, NotesOptionsThatChangeNothing) {
  const TemporaryFolder folder;
  const Outcome outcome = schedule("show halving_doubling -n 4 --radix 4 --root 2", folder);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err,
              HasSubstr("all_reduce/halving_doubling does not look at --root, --radix"));
}

TEST(ScheduleShow, NodesOfHierarchicalAlgorithmsAreChosenAndSaid) {
  const TemporaryFolder folder;
  EXPECT_THAT(schedule("show hierarchical -n 8", folder).out,
              HasSubstr("nodes      2 of 4 ranks; --ranks-per-node"));
  EXPECT_THAT(schedule("show hierarchical -n 8 --ranks-per-node 2", folder).out,
              HasSubstr("nodes      4 of 2 ranks\n"));
}

TEST(ScheduleShow, CutsAPipelineAsNcclDoes) {
  const TemporaryFolder folder;
  // Half of 4 MiB per tree, in chunks of 512 KiB (LL: 32 KiB).
  const std::string tree = "show double_binary_tree -n 4 -s 4MiB --chunks ";
  EXPECT_THAT(schedule(tree + "nccl", folder).out, HasSubstr("\nchunks     4\n"));
  EXPECT_THAT(schedule(tree + "nccl:ll", folder).out, HasSubstr("\nchunks     64\n"));
  EXPECT_THAT(schedule(tree + "3", folder).out, HasSubstr("\nchunks     3\n"));
}

TEST(ScheduleShow, PrintsTheTermWhenAsked) {
  const TemporaryFolder folder;
  EXPECT_THAT(schedule("show all_gather/ring -n 4 --term", folder).out,
              HasSubstr("\ncyclic, 3 steps: d = 1, X = {s+1}\n"));
  EXPECT_THAT(schedule("show all_gather/ring -n 4", folder).out, Not(HasSubstr("cyclic, 3")));
}

/// UPDATE_GOLDEN=1 draws them anew.
TEST(ScheduleDraw, DrawsThePicturesOfTheDocumentation) {
  const TemporaryFolder folder;
  const std::filesystem::path pictures = COLLSCALE_SOURCE_DIR "/docs/images/schedules";
  std::size_t drawn = 0;
  for (const auto& [file, arguments] : std::map<std::string, std::string>{
           {"ring_all_gather", "all_gather/ring -n 4 --ranks-per-node 4"},
           {"recursive_doubling_all_gather", "all_gather/recursive_doubling -n 8"},
           {"ring_all_reduce", "ring -n 4 --ranks-per-node 4"},
           {"binomial_broadcast", "broadcast/binomial -n 8"},
           {"hierarchical_all_reduce", "hierarchical -n 8 --ranks-per-node 4"},
           {"double_binary_tree_all_reduce", "double_binary_tree -n 6 --chunks 2"},
           {"nvls_all_reduce", "all_reduce/nvls -n 4"},
           {"bruck_all_to_all", "all_to_all/bruck -n 4"},
       }) {
    const Outcome outcome = schedule("draw " + arguments + " -o picture.svg", folder);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::string svg = read_file(folder.path() / "picture.svg");
    const std::filesystem::path golden = pictures / (file + ".svg");
    if (std::getenv("UPDATE_GOLDEN") != nullptr) write_file(golden, svg);
    EXPECT_TRUE(svg == read_file(golden)) << golden << " is not what the tool draws";
    ++drawn;
  }
  std::size_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(pictures))
    kept += entry.path().extension() == ".svg" ? 1 : 0;
  EXPECT_EQ(kept, drawn) << "a picture that no test draws";
}

struct Bad {
  std::string arguments;
  std::string sentence;
};

TEST(Schedule, BadInputIsOneSentenceAndExitCode2) {
  const TemporaryFolder folder;
  for (const Bad& bad : {
           Bad{"show rign -n 8", "did you mean \"ring\"?"},
           Bad{"show zzz -n 8", "`collscale schedule list` lists them"},
           Bad{"show all_reduce/rign -n 8", "all_reduce has no algorithm \"rign\", did you mean"},
           Bad{"show pairwise -c all_reduce -n 8", "all_reduce has no algorithm \"pairwise\""},
           Bad{"show all_gather/ring -c all_reduce -n 8", "leave out one of the two"},
           Bad{"show ring -n 1", "-n: \"1\" is not a whole number of at least 2"},
           Bad{"show ring", "how many ranks?"},
           Bad{"show ring -n 100000", "at most 512"},
           Bad{"show ring -n 8 --nodes 4,3", "--nodes 4,3 are 7 ranks, but -n asks for 8"},
           Bad{"show ring --nodes 4,x", "--nodes: \"x\" is not a whole number"},
           Bad{"show torus_2d -n 8 --dimensions 3x2", "3x2"},
           Bad{"show ring -n 8 --chunks nccl", "NCCL has nothing like all_reduce/ring"},
           Bad{"show tree -n 8 --chunks nccl", "which -s SIZE gives"},
           Bad{"show tree -n 8 --chunks few", "or nccl, nccl:ll, nccl:ll128"},
           Bad{"show all_gather/nvls -n 8 --ranks-per-node 4",
               "up to 4 ranks would do, or algorithm hierarchical"},
           Bad{"show ring -n 8 --draw nowhere/a.svg", "--draw: "},
           Bad{"show ring -n 8 --goal nowhere/a.goal", "--goal: "},
           Bad{"show ring -n 8 --json - --goal -", "only one of"},
           Bad{"show ring -n 64 --draw a.svg", "64 ranks are too many to draw"},
           Bad{"draw ring -n 8", "needs -o"},
           Bad{"draw ring -n 8 -o nowhere/a.svg", "--output: "},
           Bad{"show -n 8", "needs ALGORITHM"},
           Bad{"", "list, show or draw"},
       }) {
    const Outcome outcome = schedule(bad.arguments, folder);
    EXPECT_EQ(outcome.exit_code, 2) << bad.arguments;
    EXPECT_THAT(outcome.out, IsEmpty()) << bad.arguments;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("error: "), HasSubstr(bad.sentence)))
        << bad.arguments;
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

}  // namespace
}  // namespace collscale::testing
