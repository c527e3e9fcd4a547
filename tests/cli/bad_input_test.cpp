// SPDX-License-Identifier: Apache-2.0
// Bad input: exit 2, one sentence on stderr that begins with "error: ", nothing on stdout, no file.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct BadInput {
  std::string what;
  std::vector<std::string> arguments;
  std::string says;  ///< part of the sentence
};

std::ostream& operator<<(std::ostream& out, const BadInput& input) { return out << input.what; }

class BadInputTest : public ::testing::TestWithParam<BadInput> {};

TEST_P(BadInputTest, EndsWithOneSentenceAndExitCode2) {
  const TemporaryFolder folder;
  write_file(folder.path() / "empty.json", "");
  write_file(folder.path() / "noise.log", "nothing that any benchmark prints\n");
  write_file(folder.path() / "broken.yaml", "name: [unclosed\n");
  const std::vector<std::string> before = folder.names();

  const Outcome outcome = run_collscale(GetParam().arguments, folder.path());

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, StartsWith("error: "));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
  EXPECT_EQ(outcome.err.find('\033'), std::string::npos);
  EXPECT_EQ(folder.names(), before);
}

const std::vector<std::string> kPredict{"predict", "-t",  "dgx-h100-superpod", "-c", "all_reduce",
                                        "-s",      "1MiB"};

std::vector<std::string> predict_with(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = kPredict;
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, BadInputTest,
    ::testing::Values(
        BadInput{"ConcurrentLayout", predict_with({"--engine", "flow", "--layout", "rial"}),
                 "did you mean \"rail\"?"},
        BadInput{"ConcurrentGrammar",
                 predict_with({"--engine", "flow", "--concurrent", "all_gather"}),
                 "COLLECTIVE[/ALGORITHM]:SIZE[:LAYOUT]"},
        BadInput{"ConcurrentWithoutFlow", predict_with({"--background", "20%"}), "--engine flow"},
        BadInput{"BackgroundOfAll", predict_with({"--background", "100%"}), "below 100%"},
        BadInput{"UnknownCommand", {"predcit"}, "did you mean \"predict\"?"},
        BadInput{"CommandLikeNothing", {"frobnicate"}, "valid: topo, predict"},
        BadInput{"UnknownTopoCommand", {"topo", "shw", "x"}, "did you mean \"show\"?"},
        BadInput{"TopoWithoutCommand", {"topo"}, "list, show, check, compare, draw or export"},
        BadInput{"UnknownOption", predict_with({"--siez", "8B"}), "did you mean --sizes?"},
        BadInput{"UnknownOptionWithValue", predict_with({"--sede=3"}), "did you mean --seed?"},
        BadInput{"LongOptionWithOneDash", predict_with({"-json", "x.json"}),
                 "did you mean --json?"},
        BadInput{"UnknownOptionOfTheTool", {"--verison"}, "did you mean --version?"},
        BadInput{"OptionLikeNothing", predict_with({"--frobnicate"}), "predict --help"},
        BadInput{"UnknownOptionBesideHelp", predict_with({"--helpp", "--help"}), "--help"},
        BadInput{"UnexpectedWord", predict_with({"extra"}), "unexpected \"extra\""},
        BadInput{"MissingSizes",
                 {"predict", "-t", "dgx-h100-superpod", "-c", "all_reduce"},
                 "needs -s, --sizes SIZES, for example: collscale predict"},
        BadInput{"MissingTopology", {"predict", "-c", "all_reduce", "-s", "1MiB"}, "--topology"},
        BadInput{"MissingPositional", {"topo", "show"}, "needs SYSTEM"},
        BadInput{"MissingOutput", {"import", "noise.log"}, "--output"},
        BadInput{"OptionWithoutValue", predict_with({"--json"}), "--json needs a value"},
        BadInput{"EmptyValue", predict_with({"--json", ""}), "--json"},
        BadInput{"LongOptionWithOneDashThatBeginsLikeAShort",
                 {"predict", "-t", "dgx-h100-superpod", "-c", "all_reduce", "-sizes", "1MiB"},
                 "no option -sizes, did you mean --sizes?"},
        BadInput{"FlagWithANumber", predict_with({"--breakdown=3"}), "--breakdown takes no value"},
        BadInput{"FlagWithValue", predict_with({"--breakdown=many"}),
                 "--breakdown takes no value"}),
    [](const auto& test) { return test.param.what; });

INSTANTIATE_TEST_SUITE_P(
    Values, BadInputTest,
    ::testing::Values(
        BadInput{"AmbiguousSize", predict_with({"-s", "8M"}), "8MiB"},
        BadInput{"SizeWithoutUnit", predict_with({"-s", "8"}), "-s: "},
        BadInput{"RangeBackwards", predict_with({"-s", "1GiB:8B:x2"}), "-s: "},
        BadInput{"RangeWithoutGrowth", predict_with({"-n", "8:64:x1"}), "-n: "},
        BadInput{"RanksWithUnit", predict_with({"-n", "8k"}), "-n: "},
        BadInput{"NoRanks", predict_with({"-n", "0"}), "-n: "},
        BadInput{"OneRank", predict_with({"-n", "1"}),
                 "-n: \"1\" asks for 1 rank: a collective needs at least 2"},
        BadInput{"MoreRanksThanTheSystem", predict_with({"-n", "10000000"}), "10,000,000"},
        BadInput{"UnknownCollective",
                 {"predict", "-t", "dgx-h100-superpod", "-c", "all_redcue", "-s", "1MiB"},
                 "did you mean \"all_reduce\"?"},
        BadInput{"UnknownAlgorithm", predict_with({"-a", "rin"}), "did you mean \"ring\"?"},
        BadInput{"PredictWithoutSizes",
                 {"predict", "-t", "dgx-h100-superpod", "-c", "all_reduce"},
                 "predict needs -s, --sizes SIZES, for example: "},
        BadInput{"AlgorithmTheSystemCannotRun", predict_with({"-a", "collnet_direct"}),
                 "fabric.in_network"},
        BadInput{"UnknownTerm", predict_with({"--without", "ecmp,niose"}), "\"noise\""},
        BadInput{"TermThatCannotBeLeftOut", predict_with({"--without", "bandwidth"}), "bandwidth"},
        BadInput{"UnknownNoise", predict_with({"--noise", "expnential:1us"}), "exponential"},
        BadInput{"NoiseWithoutAConstantOnRings", predict_with({"--noise", "pareto:1us:1.5"}),
                 "--noise: "},
        BadInput{"UnknownSelector", predict_with({"--selector", "ncl:2.28"}), "nccl:2.28"},
        BadInput{"UnknownVersionOfNccl", predict_with({"--selector", "nccl:2.17"}), "2.19"},
        BadInput{"UnknownVersionOfOpenMpi", predict_with({"--selector", "openmpi:5.0"}), "4.1"},
        BadInput{"SelectorAndAlgorithm", predict_with({"--selector", "nccl", "-a", "ring"}),
                 "leave out --algorithm"},
        BadInput{"SelectorAndEngineFlow", predict_with({"--selector", "nccl", "--engine", "flow"}),
                 "leave out --engine flow"},
        BadInput{"TableWithoutNccl", predict_with({"--table", "--selector", "openmpi:4.1"}),
                 "--selector nccl"},
        BadInput{"GraphWithoutNccl", predict_with({"--nccl-graph", "ring=8x45/45"}),
                 "--selector nccl"},
        BadInput{"GraphThatNcclCannotBuild",
                 predict_with({"--selector", "nccl", "--nccl-graph", "ring=64x45/45"}), "64"},
        BadInput{"RanksPerNodeThatDoNotDivide", predict_with({"--ranks-per-node", "3"}),
                 "divisor of its 8"},
        BadInput{"ChunksBeyondReason", predict_with({"--chunks", "10000000"}), "1000000"},
        BadInput{"UnknownEngine", predict_with({"--engine", "flw"}), "did you mean \"flow\"?"},
        BadInput{"EngineThatMeasures", predict_with({"--engine", "mpi"}), "analytic"},
        BadInput{"BadSeed", predict_with({"--seed", "-1"}), "--seed"}),
    [](const auto& test) { return test.param.what; });

INSTANTIATE_TEST_SUITE_P(
    Files, BadInputTest,
    ::testing::Values(
        BadInput{"UnknownTopology",
                 {"predict", "-t", "colosus-100k", "-c", "all_reduce", "-s", "1MiB"},
                 "did you mean \"colossus-100k\"?"},
        BadInput{"MissingTopologyFile", {"topo", "show", "./none.yaml"}, "none.yaml"},
        BadInput{"BrokenTopologyFile", {"topo", "check", "broken.yaml"}, "broken.yaml:"},
        BadInput{"BadFamilyParameter", {"topo", "show", "fat-tree:nods=4"}, "nodes"},
        BadInput{"JsonInMissingFolder", predict_with({"--json", "none/x.json"}), "--json: "},
        BadInput{"JsonIsAFolder", predict_with({"--json", "."}), "--json: "},
        BadInput{"TopoJsonInMissingFolder", {"topo", "list", "--json", "none/x"}, "--json: "},
        BadInput{"DoctorJsonInMissingFolder", {"doctor", "--json", "none/x"}, "--json: "},
        BadInput{"MissingLog", {"import", "none.log", "-o", "x.json"}, "none.log"},
        BadInput{"LogThatIsAFolder", {"import", ".", "-o", "x.json"}, "it is a directory"},
        BadInput{"ProfileThatIsAFolder",
                 {"extrapolate", "--profile", ".", "-t", "dgx-h100-superpod", "-c", "all_reduce",
                  "-s", "1MiB", "-n", "512"},
                 "it is a directory"},
        BadInput{"NameOfASystemAsAFile",
                 {"topo", "show", "colossus-100k.yaml"},
                 "did you mean \"colossus-100k\"?"},
        BadInput{"ParametersForAFile",
                 {"topo", "show", "colossus-100k:nodes=4"},
                 "takes no parameters, found \"nodes=4\""},
        BadInput{"LogThatIsNone", {"import", "noise.log", "-o", "x.json"}, "noise.log"},
        BadInput{"CompareWithAMissingFile", {"compare", "none.json", "empty.json"}, "none.json"},
        BadInput{"CompareWithWhatIsNoRun", {"compare", "noise.log", "empty.json"}, "noise.log"},
        BadInput{"CompareWithNothing", {"compare", "empty.json", "empty.json"}, "empty.json"},
        BadInput{"CompareIntoMissingFolder",
                 {"compare", "empty.json", "empty.json", "--markdown", "none/x"},
                 "--markdown: "},
        BadInput{"CompareAboveNothing",
                 {"compare", "empty.json", "empty.json", "--fail-above", "five"},
                 "--fail-above: \"five\" is not a share"},
        BadInput{"ColumnsWithoutNames",
                 {"import", "noise.log", "-o", "x.json", "--columns", "time_us"},
                 "--columns: expected OURS=THEIRS, such as time_us=latency, found \"time_us\""},
        BadInput{"ColumnsTwice",
                 {"import", "noise.log", "-o", "x.json", "--columns", "size=a,size=b"},
                 "names \"size\" twice"},
        BadInput{"ImportIntoMissingFolder", {"import", "noise.log", "-o", "none/x"}, "--output: "},
        BadInput{"ImportWithUnknownTopology",
                 {"import", "noise.log", "-o", "x.json", "--topology", "none"},
                 "none"},
        BadInput{"CalibrateOnNothing",
                 {"calibrate", "empty.json", "-t", "dgx-h100-superpod", "-o", "p.json"},
                 "empty.json"},
        BadInput{"CalibrateIntoMissingFolder",
                 {"calibrate", "empty.json", "-t", "dgx-h100-superpod", "-o", "none/p.json"},
                 "--output: "},
        BadInput{"ExtrapolateMissingFile",
                 {"extrapolate", "none.json", "-t", "dgx-h100-superpod", "-c", "all_reduce", "-s",
                  "1MiB", "-n", "512"},
                 "none.json"}),
    [](const auto& test) { return test.param.what; });

TEST(CliErrors, AFullDiskBehindStdoutIsAnError) {
  const TemporaryFolder folder;
  const Outcome outcome = run_shell("collscale topo list > /dev/full", folder.path());
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("error: stdout: cannot be written"));
}

// As root a rename over a device would replace it by a file.
TEST(CliErrors, ADeviceIsWrittenToAndNotReplaced) {
  const TemporaryFolder folder;
  const Outcome outcome = run_shell("collscale topo list --json /dev/full", folder.path());
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("cannot write \"/dev/full\""));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST(CliErrors, AProfileInPlaceOfMeasurementsIsNamed) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  const Outcome outcome = run_shell(
      "collscale calibrate results.json -t colossus-100k -c all_reduce -o p.json > /dev/null && "
      "collscale extrapolate p.json -t colossus-100k -c all_reduce -s 1MiB -n 512",
      folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("p.json: is a profile, expected measurements"));
}

TEST(CliErrors, CheckOfSeveralFilesNamesEachAndCountsTheBad) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  write_file(folder.path() / "broken.yaml", "name: [unclosed\n");
  const Outcome outcome =
      run_collscale({"topo", "check", "my-cluster.yaml", "broken.yaml"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, HasSubstr("ok   my-cluster.yaml"));
  EXPECT_THAT(outcome.out, HasSubstr("bad  "));
  EXPECT_EQ(outcome.err, "error: 1 of 2 topology files cannot be used\n");
}

}  // namespace
}  // namespace collscale::testing
