// SPDX-License-Identifier: Apache-2.0
#include "selector/openmpi/openmpi.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <set>
#include <utility>

#include "collective/algorithms.hpp"
#include "selector/openmpi/rules.hpp"

namespace collscale {
namespace {

using F = OpenMpiFunction;
using testing::ElementsAre;
using testing::HasSubstr;

OpenMpiChoice choice(F function, std::int64_t ranks, double bytes, bool commutative = true,
                     double element_bytes = 4) {
  OpenMpiCall call;
  call.function = function;
  call.ranks = ranks;
  call.bytes = bytes;
  call.commutative = commutative;
  call.element_bytes = element_bytes;
  return openmpi_choice(call);
}
int chosen(F function, std::int64_t ranks, double bytes, bool commutative = true) {
  return choice(function, ranks, bytes, commutative).chosen;
}
int runs(F function, std::int64_t ranks, double bytes, bool commutative = true,
         double element_bytes = 4) {
  return choice(function, ranks, bytes, commutative, element_bytes).runs;
}
Selection select(Collective collective, std::int64_t ranks, double size_bytes,
                 bool commutative = true) {
  return openmpi_selection(collective, ranks, size_bytes, commutative).value();
}

constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * kKiB;

// Expectations read off the source by eye, apart from the tables.
TEST(OpenMpiSelector, ChoosesByThresholdsAtLargeCommunicators) {
  EXPECT_EQ(chosen(F::allreduce, 1024, 2047), 2);
  EXPECT_EQ(chosen(F::allreduce, 1024, 2048), 3);
  EXPECT_EQ(chosen(F::allreduce, 1024, 16 * kKiB), 6);
  EXPECT_EQ(chosen(F::allreduce, 2047, 2048), 3);
  EXPECT_EQ(chosen(F::allreduce, 2048, 2048), 5);
  EXPECT_EQ(chosen(F::allreduce, 100000, 32 * kKiB - 1), 3);
  EXPECT_EQ(chosen(F::allreduce, 100000, 32 * kKiB), 6);
  EXPECT_EQ(chosen(F::allgather, 512, 2047), 3);
  EXPECT_EQ(chosen(F::allgather, 512, 2048), 5);
  EXPECT_EQ(chosen(F::allgather, 100000, 1), 3);
  EXPECT_EQ(chosen(F::allgather, 100000, 2), 2);
  EXPECT_EQ(chosen(F::allgather, 100000, 1 * kMiB), 5);
  EXPECT_EQ(chosen(F::alltoall, 4095, 128 * kKiB), 1);
  EXPECT_EQ(chosen(F::alltoall, 4096, 128 * kKiB), 4);
  EXPECT_EQ(chosen(F::bcast, 255, 16 * kKiB), 1);
  EXPECT_EQ(chosen(F::bcast, 256, 16 * kKiB), 4);
  EXPECT_EQ(chosen(F::bcast, 2048, 256 * kKiB - 1), 7);
  EXPECT_EQ(chosen(F::bcast, 2048, 256 * kKiB), 8);
  EXPECT_EQ(chosen(F::reduce, 511, 8 * kKiB), 6);
  EXPECT_EQ(chosen(F::reduce, 512, 8 * kKiB), 5);
  EXPECT_EQ(chosen(F::reduce_scatter_block, 32, 64 * kKiB), 1);
  EXPECT_EQ(chosen(F::reduce_scatter_block, 100000, 256 * kKiB), 4);
  EXPECT_EQ(chosen(F::reduce_scatter, 1023, 8 * kKiB), 2);
  EXPECT_EQ(chosen(F::reduce_scatter, 1024, 8 * kKiB), 4);
  EXPECT_EQ(chosen(F::gather, 256, 2048), 1);
  EXPECT_EQ(chosen(F::gather, 512, 2048), 2);
  EXPECT_EQ(chosen(F::scatter, 64, 511), 2);
  EXPECT_EQ(chosen(F::scatter, 64, 512), 3);
  EXPECT_EQ(chosen(F::barrier, 255, 0), 4);
  EXPECT_EQ(chosen(F::barrier, 256, 0), 6);
  EXPECT_EQ(chosen(F::barrier, 4096, 0), 4);
}

TEST(OpenMpiSelector, KeepsToAlgorithmsThatPreserveTheOrderOfOperations) {
  EXPECT_EQ(chosen(F::allreduce, 8, 64 * kKiB, true), 6);
  EXPECT_EQ(chosen(F::allreduce, 8, 64 * kKiB, false), 3);
  EXPECT_EQ(chosen(F::allreduce, 300, 1 * kMiB, false), 2);
  EXPECT_EQ(chosen(F::reduce, 16, 1 * kMiB, true), 5);
  EXPECT_EQ(chosen(F::reduce, 16, 1 * kMiB, false), 6);
  EXPECT_EQ(chosen(F::reduce_scatter, 64, 1 * kMiB, false), 1);
  EXPECT_EQ(chosen(F::reduce_scatter_block, 64, 1 * kMiB, false), 1);
  // What does not reduce does not ask.
  EXPECT_EQ(chosen(F::bcast, 64, 1 * kMiB, false), chosen(F::bcast, 64, 1 * kMiB, true));
}

TEST(OpenMpiSelector, FollowsAlgorithmsThatHandSmallCasesToOthers) {
  EXPECT_EQ(runs(F::allreduce, 2, 128 * kKiB), 4);  // a segmented ring without segments
  EXPECT_EQ(chosen(F::allreduce, 2, 128 * kKiB), 5);
  EXPECT_EQ(runs(F::allreduce, 5, 12), 3);           // fewer elements than ranks: no ring
  EXPECT_EQ(runs(F::allreduce, 5, 12, true, 1), 4);  // 12 elements of a byte suffice
  EXPECT_EQ(runs(F::allreduce, 3000, 3000), 3);
  EXPECT_EQ(runs(F::allreduce, 10000, 32 * kKiB - 4), 3);
  EXPECT_EQ(runs(F::allreduce, 10000, 32 * kKiB), 6);  // 8192 elements, core of 8192
  EXPECT_EQ(runs(F::allreduce, 20000, 32 * kKiB), 1);  // core of 16384
  EXPECT_EQ(runs(F::allgather, 16, 64 * kKiB), 3);
  EXPECT_EQ(runs(F::allgather, 17, 64 * kKiB), 2);  // not a power of two
  EXPECT_EQ(runs(F::allgather, 2048, 64 * kKiB), 5);
  EXPECT_EQ(runs(F::allgather, 2049, 64 * kKiB), 4);  // odd
  EXPECT_EQ(runs(F::bcast, 100000, 256 * kKiB), 1);   // 65536 elements for 100000 ranks
  EXPECT_EQ(runs(F::bcast, 65536, 256 * kKiB), 8);
  EXPECT_EQ(runs(F::reduce, 3, 4), 1);
  EXPECT_EQ(runs(F::reduce, 3, 4, true, 1), 7);
}

TEST(OpenMpiSelector, LooksAtABlockWhereTheRuleDoes) {
  // 3 ranks: the whole message of 64 KiB; blocks of 8 KiB.
  EXPECT_EQ(select(Collective::all_reduce, 3, 64 * kKiB).library_algorithm, "segmented_ring");
  EXPECT_EQ(select(Collective::all_to_all, 4, 4 * 8 * kKiB).library_algorithm, "linear");
  EXPECT_EQ(select(Collective::all_to_all, 4, 4 * 8 * kKiB - 4).library_algorithm, "linear_sync");
  EXPECT_EQ(select(Collective::reduce_scatter, 4, 4 * kMiB - 4).library_algorithm,
            "recursive_halving");
  EXPECT_EQ(select(Collective::reduce_scatter, 4, 4 * kMiB).library_algorithm, "basic_linear");
  EXPECT_EQ(select(Collective::gather, 4, 4 * 1024).library_algorithm, "basic_linear");
  EXPECT_EQ(select(Collective::gather, 4, 4 * 1023).library_algorithm, "binomial");
  EXPECT_EQ(select(Collective::scatter, 8, 8 * 16 * kKiB).library_algorithm, "linear_nb");
  EXPECT_EQ(select(Collective::all_gather, 512, 512 * 2048).library_algorithm, "neighbor");
  EXPECT_EQ(select(Collective::broadcast, 4, 8 * kKiB).library_algorithm, "basic_linear");
}

TEST(OpenMpiSelector, NamesOurAlgorithmForWhatRuns) {
  EXPECT_EQ(select(Collective::all_reduce, 16, 1 * kMiB).algorithm, "halving_doubling");
  EXPECT_EQ(select(Collective::all_reduce, 2, 128 * kKiB).algorithm, "ring");
  EXPECT_EQ(select(Collective::all_gather, 17, 17).algorithm, "bruck");
  EXPECT_EQ(select(Collective::all_gather, 17, 17).radix, 2);
  EXPECT_EQ(select(Collective::all_gather, 17, 17).library_algorithm, "recursive_doubling");
  EXPECT_EQ(select(Collective::barrier, 64, 0).algorithm, "dissemination");
  EXPECT_EQ(select(Collective::broadcast, 64, 1 * kMiB).library_algorithm, "knomial");
  EXPECT_EQ(select(Collective::broadcast, 64, 1 * kMiB).algorithm, "knomial");
  EXPECT_EQ(select(Collective::broadcast, 64, 1 * kMiB).radix, 4);
  EXPECT_EQ(select(Collective::send_recv, 64, 1 * kMiB).algorithm, "shift");
  EXPECT_EQ(select(Collective::send_recv, 64, 1 * kMiB).library_algorithm, "point_to_point");
}

TEST(OpenMpiSelector, TakesAReduceAndABroadcastApartByTheirOwnRules) {
  const auto knomial = select(Collective::all_reduce, 1024, 2000);
  EXPECT_EQ(knomial.library_algorithm, "nonoverlapping");
  EXPECT_EQ(knomial.algorithm, "reduce_broadcast");
  EXPECT_EQ(knomial.radix, 4);
  // 128 ranks: the broadcast is a binary tree, or linear, or k-nomial, by size.
  EXPECT_EQ(select(Collective::all_reduce, 128, 2000).algorithm, "");
  EXPECT_EQ(select(Collective::all_reduce, 128, 64 * kKiB).algorithm, "reduce_broadcast");
  EXPECT_EQ(select(Collective::all_reduce, 10, 1 * kMiB, false).library_algorithm,
            "nonoverlapping");
  EXPECT_EQ(select(Collective::all_reduce, 10, 1 * kMiB, false).algorithm, "");
}

TEST(OpenMpiSelector, PromisesOnlyAlgorithmsThatTheRegistryHas) {
  int with_ours = 0;
  for (const auto collective :
       {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
        Collective::broadcast, Collective::reduce, Collective::all_to_all, Collective::gather,
        Collective::scatter, Collective::send_recv, Collective::barrier}) {
    for (std::int64_t ranks = 2; ranks < 20000; ranks = ranks * 5 / 4 + 1) {
      for (double size = 1; size < 1e12; size *= 4) {
        for (const bool commutative : {true, false}) {
          const auto selection = select(collective, ranks, size, commutative);
          EXPECT_NE(selection.library_algorithm, "");
          EXPECT_EQ(selection.segment_bytes, 0);
          if (selection.algorithm.empty()) continue;
          ++with_ours;
          EXPECT_NE(find_algorithm(collective, selection.algorithm), nullptr)
              << name(collective) << " " << selection.algorithm;
        }
      }
    }
  }
  EXPECT_GT(with_ours, 10000);
}

TEST(OpenMpiSelector, ReachesEveryStepOfEveryRow) {
  int steps = 0;
  for (const auto function : openmpi_functions()) {
    for (const bool commutative : {true, false}) {
      std::int64_t from_ranks = 2;
      for (const auto& row : openmpi_rules(function, commutative)) {
        EXPECT_LT(from_ranks, row.below_ranks) << "line " << row.line;
        std::int64_t from_bytes = 0;
        int before = 0;
        for (const auto& step : row.steps) {
          ASSERT_LT(from_bytes, step.below_bytes) << "line " << row.line;
          EXPECT_NE(step.algorithm, before) << "line " << row.line;
          EXPECT_NE(openmpi_algorithm(function, step.algorithm), "") << "line " << row.line;
          const auto last_ranks = row.below_ranks == kRest ? from_ranks * 3 : row.below_ranks - 1;
          for (const auto ranks : {from_ranks, last_ranks}) {
            const auto first = static_cast<double>(from_bytes);
            EXPECT_EQ(chosen(function, ranks, first, commutative), step.algorithm);
            if (step.below_bytes != kRest) {
              const auto last = static_cast<double>(step.below_bytes - 1);
              EXPECT_EQ(chosen(function, ranks, last, commutative), step.algorithm);
            }
          }
          ++steps;
          before = step.algorithm;
          from_bytes = step.below_bytes;
          if (step.below_bytes == kRest) break;
        }
        EXPECT_EQ(from_bytes, kRest) << "line " << row.line;
        from_ranks = row.below_ranks;
      }
      EXPECT_EQ(from_ranks, kRest) << name(function);
    }
  }
  EXPECT_GT(steps, 300);
}

TEST(OpenMpiSelector, KnowsTheNamesThatTheLibraryPrints) {
  EXPECT_THAT(openmpi_algorithms(F::allreduce),
              ElementsAre("basic_linear", "nonoverlapping", "recursive_doubling", "ring",
                          "segmented_ring", "rabenseifner"));
  EXPECT_THAT(openmpi_algorithms(F::allgather),
              ElementsAre("linear", "bruck", "recursive_doubling", "ring", "neighbor", "two_proc"));
  EXPECT_THAT(openmpi_algorithms(F::alltoall),
              ElementsAre("linear", "pairwise", "modified_bruck", "linear_sync", "two_proc"));
  EXPECT_THAT(
      openmpi_algorithms(F::barrier),
      ElementsAre("linear", "double_ring", "recursive_doubling", "bruck", "two_proc", "tree"));
  EXPECT_THAT(openmpi_algorithms(F::bcast),
              ElementsAre("basic_linear", "chain", "pipeline", "split_binary_tree", "binary_tree",
                          "binomial", "knomial", "scatter_allgather", "scatter_allgather_ring"));
  EXPECT_THAT(openmpi_algorithms(F::gather),
              ElementsAre("basic_linear", "binomial", "linear_sync"));
  EXPECT_THAT(openmpi_algorithms(F::reduce),
              ElementsAre("linear", "chain", "pipeline", "binary", "binomial", "in-order_binary",
                          "rabenseifner"));
  EXPECT_THAT(openmpi_algorithms(F::reduce_scatter),
              ElementsAre("non-overlapping", "recursive_halving", "ring", "butterfly"));
  EXPECT_THAT(openmpi_algorithms(F::reduce_scatter_block),
              ElementsAre("basic_linear", "recursive_doubling", "recursive_halving", "butterfly"));
  EXPECT_THAT(openmpi_algorithms(F::scatter), ElementsAre("basic_linear", "binomial", "linear_nb"));
  EXPECT_EQ(openmpi_algorithm(F::scatter, 4), "");
  EXPECT_EQ(openmpi_algorithm(F::scatter, 0), "");
}

TEST(OpenMpiSelector, TakesItsVersionInSeveralSpellings) {
  for (const auto* text : {"openmpi:4.1", "openmpi", "4.1", "4.1.4", "openmpi:4.1.8"})
    EXPECT_EQ(parse_openmpi_version(text).value(), "4.1") << text;
}

TEST(OpenMpiSelector, RefusesOtherVersionsNamingTheOneItKnows) {
  for (const auto* text :
       {"openmpi:5.0", "4.0", "openmpi:4.1.9", "openmpi:", "4.10", "mpich:4.1"}) {
    const auto version = parse_openmpi_version(text);
    ASSERT_FALSE(version) << text;
    EXPECT_THAT(version.error().message, HasSubstr(text));
    EXPECT_THAT(version.error().message, HasSubstr("openmpi:4.1 "));
    EXPECT_EQ(version.error().code, ExitCode::bad_input);
  }
}

TEST(OpenMpiSelector, RefusesWhatCannotBeAsked) {
  EXPECT_THAT(openmpi_selection(Collective::all_reduce, 1, 8).error().message,
              HasSubstr("2 ranks, found 1"));
  EXPECT_THAT(openmpi_selection(Collective::all_reduce, 2, -8).error().message,
              HasSubstr("size -8 B"));
  EXPECT_FALSE(
      openmpi_selection(Collective::all_reduce, 2, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(openmpi_selection(Collective::all_reduce, 2, 8, true, 0));
  EXPECT_THAT(parse_openmpi_function("alreduce").error().message, HasSubstr("allreduce"));
}

}  // namespace
}  // namespace collscale
