// SPDX-License-Identifier: Apache-2.0
// What the command lines that a log shows say of its tables: ranks, nodes, Open MPI's algorithms.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "record_io/openmpi_setting.hpp"
#include "record_io/shell_loop.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string osu_table(const std::string& test = "Allreduce") {
  return fmt::format("# OSU MPI {} Latency Test v5.9\n# Size       Avg Latency(us)\n8   3.25\n",
                     test);
}

/// Of the records, in their order.
std::vector<std::int64_t> ranks_of(const std::string& log) {
  std::vector<std::int64_t> ranks;
  const auto report = import_log(log, "x.log", {});
  if (report)
    for (const Record& record : report->records) ranks.push_back(record.scenario.ranks);
  return ranks;
}

TEST(ShellLoop, RunsItsCommands) {
  const auto commands = [](std::string_view script) {
    return commands_of_loop(script).value_or(std::vector<std::string>{"none"});
  };
  EXPECT_THAT(commands("$ for n in 2 4; do a -n $n; b \"${n}x\" $no; done"),
              ElementsAre("a -n 2", "b 2x $no", "a -n 4", "b 4x $no"));
  EXPECT_THAT(commands("for i in {2..6..2}\ndo\n  run $i\ndone\n"),
              ElementsAre("run 2", "run 4", "run 6"));
  EXPECT_THAT(commands("for i in $(seq 3); do x $i; done"), ElementsAre("x 1", "x 2", "x 3"));
  EXPECT_THAT(commands("for i in `seq 8 -4 1`; do x $i; done"), ElementsAre("x 8", "x 4"));
  EXPECT_THAT(commands("for t in p q; do for n in 1 2; do $t $n; done; done"),
              ElementsAre("p 1", "p 2", "q 1", "q 2"));
  for (const char* const untold :
       {"for n in $LIST; do x; done", "for f in *; do x; done", "for n in 1 2; do x",
        "for n in 1 2; do if y; then x; fi; done", "for n in {1..1000000000}; do x; done",
        "for n in {-9223372036854775807..9223372036854775807}; do x; done",
        "for a in {1..999}; do for b in {1..999}; do for c in {1..999}; do done; done; done",
        "for n in; do x; done", "for", "done"})
    EXPECT_THAT(commands(untold), ElementsAre("none")) << untold;
}

// The first loop printed one table, the second failed but once: they are in no order.
TEST(ImportOsu, TablesOfAnotherBenchmarkAreNotThoseOfALoop) {
  const std::string log =
      "for n in 2 4; do mpirun -np $n ./osu_bcast; done\n"
      "for n in 8 16; do mpirun -np $n ./osu_allreduce; done\n" +
      osu_table("Broadcast") + osu_table();
  EXPECT_THAT(ranks_of(log), ElementsAre(16));
}

TEST(ImportOsu, TakesTheRanksOfALoop) {
  const std::string three = osu_table() + osu_table() + osu_table();
  EXPECT_THAT(ranks_of("$ for n in 2 4 8; do mpirun -np $n ./osu_allreduce; done\n" + three),
              ElementsAre(2, 4, 8));
  EXPECT_THAT(
      ranks_of("for n in 2 4 8\ndo\n  srun -N $n --ntasks-per-node=4 osu_allreduce\ndone\n" +
               three),
      ElementsAre(8, 16, 32));
  EXPECT_THAT(ranks_of("$ for i in {1..5}; do mpirun -n 16 osu_allreduce; done\n" + three),
              ElementsAre(16, 16, 16));
  EXPECT_THAT(ranks_of("$ for t in allreduce bcast; do for n in 2 4; do\n"
                       "mpirun -np $n ./osu_$t; done; done\n" +
                       osu_table() + osu_table() + osu_table("Broadcast") + osu_table("Broadcast")),
              ElementsAre(2, 4, 2, 4));
}

// One run may have failed, and nobody knows which.
TEST(ImportOsu, DoesNotGuessWhichRunOfALoopIsMissing) {
  const std::string loop = "$ for n in 2 4 8; do mpirun -np $n ./osu_allreduce; done\n";
  EXPECT_THAT(error_of(import_log(loop + osu_table() + osu_table(), "x.log", {})),
              HasSubstr("give their number with --ranks"));
  EXPECT_THAT(error_of(import_log(
                  "$ for n in $SIZES; do mpirun -np $n ./osu_allreduce; done\n" + osu_table(),
                  "x.log", {})),
              HasSubstr("give their number with --ranks"));
}

TEST(ImportOsu, TakesTheRanksOfAJobScript) {
  EXPECT_THAT(
      ranks_of("#SBATCH -N 2\n#SBATCH --ntasks-per-node=8\nsrun ./osu_allreduce\n" + osu_table()),
      ElementsAre(16));
  EXPECT_THAT(ranks_of("#SBATCH --ntasks=64\nsrun -n 4 ./osu_allreduce\n" + osu_table()),
              ElementsAre(4));
}

TEST(OpenMpiSetting, NamesTheAlgorithmThatACommandForces) {
  const std::string dynamic = "mpirun --mca coll_tuned_use_dynamic_rules 1 -np 4 ";
  const auto forced = [](const std::string& command) {
    return forced_algorithm(command, Collective::all_reduce);
  };
  EXPECT_EQ(forced(dynamic + "--mca coll_tuned_allreduce_algorithm 4 ./x"), "ring");
  EXPECT_EQ(forced(dynamic + "-x OMPI_MCA_coll_tuned_allreduce_algorithm=2 ./x"),
            "non_overlapping");
  EXPECT_EQ(forced(dynamic + "--mca coll_tuned_allreduce_algorithm 0 ./x"), "auto");
  EXPECT_EQ(forced(dynamic + "--mca coll_tuned_allreduce_algorithm 99 ./x"), "99");
  EXPECT_EQ(forced(dynamic + "--mca coll_tuned_bcast_algorithm 4 ./x"), "auto");
  // The library takes no notice of it then.
  EXPECT_EQ(forced("mpirun --mca coll_tuned_allreduce_algorithm 4 ./x"), "auto");
  EXPECT_EQ(forced(""), "auto");
}

TEST(OpenMpiSetting, IsOfTheRecords) {
  const std::string command =
      "$ mpirun -np 4 --mca coll_tuned_use_dynamic_rules 1 --mca coll_tuned_allreduce_algorithm 3 ";
  const auto osu = import_log(command + "./osu_allreduce\n" + osu_table(), "x.log", {});
  ASSERT_TRUE(osu) << osu.error().message;
  EXPECT_EQ(osu->records.front().scenario.algorithm, "recursive_doubling");
  const auto imb =
      import_log(command +
                     "./IMB-MPI1 Allreduce\n# Benchmarking Allreduce\n# #processes = 4\n"
                     "#bytes #repetitions t_min[usec] t_max[usec] t_avg[usec]\n"
                     "8 1000 2.00 3.00 2.50\n",
                 "x.log", {});
  ASSERT_TRUE(imb) << imb.error().message;
  EXPECT_EQ(imb->records.front().scenario.algorithm, "recursive_doubling");
}

TEST(OpenMpiSetting, NamesTheNumbersOfATable) {
  const auto algorithm = [](const std::string& row) {
    const auto report = import_log(
        "collective,library,algorithm,ranks,size,time_us\n" + row + ",8,1024,9.5\n", "x.csv", {});
    return report ? report->records.front().scenario.algorithm : report.error().message;
  };
  EXPECT_EQ(algorithm("all_reduce,Open MPI 4.1.5,4"), "ring");
  EXPECT_EQ(algorithm("bcast,OpenMPI,6"), "binomial");
  EXPECT_EQ(algorithm("all_reduce,Open MPI,0"), "auto");
  EXPECT_EQ(algorithm("all_reduce,Open MPI,rabenseifner"), "rabenseifner");
  EXPECT_EQ(algorithm("all_reduce,Intel MPI,4"), "4");
  EXPECT_EQ(algorithm("reduce_scatter,Open MPI,3"), "3") << "of one of two functions";
}

}  // namespace
}  // namespace collscale
