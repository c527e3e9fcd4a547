// SPDX-License-Identifier: Apache-2.0
// What each command prints, compared with tests/fixtures/golden. After a wanted change:
//   UPDATE_GOLDEN=1 ctest --test-dir build/release -R cli.Golden
// and read the difference before it is committed.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

struct Golden {
  std::string name;
  std::string command;
};

std::ostream& operator<<(std::ostream& out, const Golden& golden) { return out << golden.name; }

/// The test's folders and the machine's properties, by placeholders.
std::string masked(std::string text, const std::filesystem::path& folder) {
  const std::vector<std::pair<std::regex, std::string>> masks{
      {std::regex(folder.string()), "FOLDER"},
      {std::regex(COLLSCALE_SOURCE_DIR), "SOURCE"},
  };
  for (const auto& [pattern, placeholder] : masks)
    text = std::regex_replace(text, pattern, placeholder);
  return text;
}

/// `doctor` tells about the machine: only what is looked for can be compared.
std::string masked_doctor(const std::string& text) {
  std::string out = std::regex_replace(text, std::regex("^collscale .*"), "collscale VERSION");
  out = std::regex_replace(out, std::regex("\n {20,}[^\n]*"), "");  // what was wrapped
  return std::regex_replace(out, std::regex("(  )(yes|no ?) .*"), "$1FOUND");
}

class GoldenTest : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, OutputIsAsBefore) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  const Outcome outcome =
      run_shell("COLLSCALE_TOPOLOGIES=" COLLSCALE_SOURCE_DIR "/topologies; " + GetParam().command,
                folder.path());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::string actual = "$ " + GetParam().command + "\n" + masked(outcome.out, folder.path());
  if (!outcome.err.empty())
    actual.append("--- stderr\n").append(masked(outcome.err, folder.path()));
  if (GetParam().name == "doctor") {
    actual = "$ " + GetParam().command + "\n" + masked_doctor(outcome.out);
  }

  const std::filesystem::path file =
      std::filesystem::path(COLLSCALE_SOURCE_DIR "/tests/fixtures/golden") /
      (GetParam().name + ".txt");
  if (std::getenv("UPDATE_GOLDEN") != nullptr) write_file(file, actual);
  EXPECT_EQ(actual, read_file(file)) << "golden file: " << file;
}

INSTANTIATE_TEST_SUITE_P(
    Commands, GoldenTest,
    ::testing::Values(
        Golden{"topo_list", "collscale topo list"},
        Golden{"topo_show_colossus", "collscale topo show colossus-100k"},
        Golden{"topo_show_family", "collscale topo show fat-tree:nodes=4096,oversubscription=4"},
        Golden{"topo_check", "collscale topo check my-cluster.yaml"},
        Golden{"topo_compare",
               "collscale topo compare fat-tree:nodes=64,rails=8 torus:dims=4x4x4,gpus=8"},
        Golden{"topo_draw_torus", "collscale topo draw torus:dims=3x2,mesh=y"},
        Golden{"topo_draw_cluster", "collscale topo draw my-cluster.yaml"},
        Golden{"predict_one", "collscale predict -t colossus-100k -c all_reduce -s 1GiB"},
        Golden{"predict_sweep",
               "collscale predict -t colossus-100k -c all_reduce -s 8B:1GiB:x512 -n 8,512,100000"},
        Golden{"predict_flow",
               "collscale predict -t dgx-h100-superpod -c all_gather -s 1MiB,1GiB -n 8:512:x8 "
               "--engine flow"},
        Golden{"predict_all",
               "collscale predict -t dgx-h100-superpod -c all_reduce -s 64MiB -n 256 -a all"},
        Golden{"predict_map",
               "collscale predict -t colossus-100k -c all_reduce -s 8B:8GiB:x64 -n 8:100000:x16 "
               "--map"},
        Golden{"predict_nccl_table",
               "collscale predict -t colossus-100k -c all_reduce -s 1GiB --selector nccl:2.28 "
               "--table --nccl-graph ring=8x45/45,nvls=8x40/48"},
        Golden{"predict_nccl",
               "collscale predict -t colossus-100k -c all_gather -s 8B,64MiB,8GiB --selector nccl"},
        Golden{"predict_nccl_rail",
               "collscale predict -t colossus-100k -c all_gather -s 8B,64MiB,8GiB --selector nccl "
               "--ranks-per-node 1"},
        Golden{"predict_openmpi",
               "collscale predict -t dgx-h100-superpod -c all_reduce -s 8B:64MiB:x64 -n 64 "
               "--selector openmpi:4.1"},
        Golden{"predict_noise",
               "collscale predict -t colossus-100k -c all_reduce -s 1MiB -a tree --noise "
               "exponential:1us --without overhead"},
        Golden{"predict_barrier", "collscale predict -t colossus-100k -c barrier"},
        Golden{"predict_breakdown",
               "collscale predict -t dgx-h100-superpod -c reduce_scatter -s 1MiB,1GiB -n 64 "
               "--breakdown"},
        Golden{"import_nccl_tests", "collscale import nccl-tests.log -o out.json"},
        Golden{"import_columns",
               "collscale import table.csv -o out.json --columns time_us=latency,size=payload"},
        Golden{"import_osu",
               "collscale import osu_allreduce.txt -o out.json --ranks 64 --nodes 8 "
               "--topology dgx-h100-superpod"},
        Golden{"compare", "collscale compare before.json after.json"},
        Golden{"compare_markdown",
               "collscale compare before.json after.json --only-changed --markdown -"},
        Golden{"compare_json", "collscale compare before.json after.json --json -"},
        Golden{"calibrate",
               "collscale calibrate results.json -t colossus-100k -c all_reduce -o profile.json"},
        Golden{"extrapolate",
               "collscale extrapolate results.json -t colossus-100k -c all_reduce "
               "-s 1MiB,1GiB -n 256,4096,100000"},
        Golden{"schedule_show", "collscale schedule show all_gather/ring -n 4"},
        Golden{"schedule_show_nodes",
               "collscale schedule show hierarchical -n 8 --ranks-per-node 4 -s 1MiB"},
        Golden{"schedule_show_pairs", "collscale schedule show all_to_all/pairwise -n 4"},
        Golden{"help_schedule", "collscale schedule show --help"},
        Golden{"doctor", "collscale doctor"}, Golden{"bare", "collscale"},
        Golden{"help_predict", "collscale predict --help"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace collscale::testing
