// SPDX-License-Identifier: Apache-2.0
// Layouts over MPI, under mpirun (CMakeLists.txt). Every rank runs every test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "measure/mpi/mpi_layout.hpp"
#include "measure/mpi/mpi_measure.hpp"
#include "measure/mpi/mpi_operation.hpp"

namespace collscale {
namespace {

class MpiLayouts : public testing::Test {
 protected:
  /// Nodes of two ranks.
  [[nodiscard]] RankGroups groups(std::string_view layout) const {
    std::vector<int> node_of;
    for (int rank = 0; rank < all_.size(); ++rank) node_of.push_back(rank / 2);
    return make_rank_groups(layout, node_of).value();
  }
  static Scenario scenario(Collective collective, std::int64_t ranks) {
    Scenario made;
    made.collective = collective;
    made.ranks = ranks;
    made.root = ranks - 1;
    return as_mpi_runs_it(made);
  }
  MpiCommunicator all_;
  HostPools pools_{HostBuffer(1 << 20), HostBuffer(1 << 20)};
};

TEST_F(MpiLayouts, TheNodesOfRanksAreThoseThatShareMemory) {
  EXPECT_EQ(nodes_of_ranks(all_), std::vector<int>(static_cast<std::size_t>(all_.size()), 0));
}

TEST_F(MpiLayouts, EveryElementArrivesInEveryGroupAndNowhereElse) {
  for (const char* layout : {"node", "stride:1", "pairs", "node:0"}) {
    const RankGroups made = groups(layout);
    MpiGroups ranks(all_, made);
    for (const Collective collective :
         {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
          Collective::all_to_all, Collective::broadcast, Collective::reduce}) {
      const Scenario asked = scenario(collective, made.size());
      const BufferLayout buffers = buffer_layout(collective, asked.dtype, 4096, made.size());
      const MpiOperation run(asked, buffers, ranks.group());
      const bool runs = ranks.takes_part();
      const auto operation = [&](const std::byte* send, std::byte* receive) {
        if (runs) run(send, receive);
      };
      const BufferLayout mine = runs ? buffers : BufferLayout{};
      const Mismatch found = verify_on_host(ranks, asked, mine, pools_, operation);
      EXPECT_EQ(found.wrong, 0) << layout << " " << name(collective) << describe(found, 0);

      // The last rank that takes part is the root of its group, and the guilty one.
      const int guilty = made.groups.back().ranks.back();
      const auto corrupt = [&](const std::byte* send, std::byte* receive) {
        operation(send, receive);
        if (all_.rank() == guilty) reinterpret_cast<float*>(receive)[5] += 1;
      };
      const Mismatch planted = verify_on_host(ranks, asked, mine, pools_, corrupt);
      EXPECT_EQ(planted.wrong, 1) << layout << " " << name(collective);
      EXPECT_EQ(planted.rank, guilty) << layout << ": as the user counts ranks";
    }
  }
}

TEST_F(MpiLayouts, ASampleIsTheSlowestGroupsAndThatGroupIsKnown) {
  const RankGroups made = groups("node");
  MpiGroups ranks(all_, made);
  const std::size_t last = made.groups.size() - 1;
  const bool slow = ranks.takes_part() && all_.rank() == made.groups[last].ranks.front();
  SamplingPlan plan;
  plan.fixed_samples = 5;
  plan.fixed_batch = 2;
  const auto run = [&](std::int64_t operations) {
    if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(10) * operations);
    for (std::int64_t i = 0; i < operations; ++i) ranks.group().barrier();
  };
  const SampleSet samples = take_samples(ranks, plan, run, steady_now_s);
  ASSERT_EQ(samples.time_s.size(), 5U);
  for (const double time_s : samples.time_s) EXPECT_GE(time_s, 0.010);
  const std::vector<double> medians = ranks.take_group_medians_s();
  if (made.groups.size() < 2) {
    EXPECT_TRUE(medians.empty());
    return;
  }
  ASSERT_EQ(medians.size(), made.groups.size());
  EXPECT_GE(medians[last], 0.020);
  for (std::size_t g = 0; g < last; ++g) EXPECT_LT(medians[g], medians[last]);
  EXPECT_TRUE(ranks.take_group_medians_s()[last] < 0) << "forgotten after they were taken";
}

}  // namespace
}  // namespace collscale
