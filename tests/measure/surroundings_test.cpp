// SPDX-License-Identifier: Apache-2.0
#include "measure/surroundings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace collscale {
namespace {

TEST(RecordedEnvironment, HoldsWhatDecidesAndNothingThatMayBeSecret) {
  const std::array variables{"OMPI_MCA_btl=tcp,self",
                             "OMPI_MCA_coll_tuned_use_dynamic_rules=1",
                             "OMPI_MCA_orte_precondition_transports=2f1c-key",
                             "OMPI_MCA_ess_base_vpid=0",
                             "NCCL_ALGO=Ring",
                             "UCX_TLS=",
                             "AWS_SECRET_ACCESS_KEY=hidden",
                             "PATH=/bin",
                             "SLURM_JOB_USER=me",
                             "no equals"};
  const Context context = recorded_environment(variables);
  EXPECT_EQ(context, (Context{{"env.OMPI_MCA_btl", "tcp,self"},
                              {"env.OMPI_MCA_coll_tuned_use_dynamic_rules", "1"},
                              {"env.NCCL_ALGO", "Ring"},
                              {"env.UCX_TLS", ""}}));
}

TEST(RecordedEnvironment, CutsLongValues) {
  std::string variable = "UCX_NET_DEVICES=";
  variable.append(1000, 'x');
  const std::array variables{variable.c_str()};
  std::string cut(300, 'x');
  cut.append("...");
  EXPECT_EQ(recorded_environment(variables).at("env.UCX_NET_DEVICES"), cut);
}

TEST(Binding, RanksOnTheSameProcessorsAreNamedTogether) {
  const std::vector<int> low{0, 1, 2, 3}, high{4, 5, 6, 7};
  EXPECT_EQ(describe_binding(std::vector{low, low, high, high, low}),
            "ranks 0,1,4: processors 0-3; ranks 2,3: processors 4-7");
  EXPECT_EQ(describe_binding(std::vector<std::vector<int>>{{5}}), "rank 0: processor 5");
  EXPECT_EQ(describe_binding(std::vector<std::vector<int>>{{}}), "rank 0: processors unknown");
}

TEST(Binding, OfManyRanksThePatternIsShown) {
  std::vector<std::vector<int>> each;
  for (int rank = 0; rank < 64; ++rank) each.push_back({rank});
  EXPECT_EQ(describe_binding(each),
            "64 ranks on 64 different sets; rank 0: processor 0; rank 1: processor 1; ...; rank "
            "63: processor 63");
}

/// Rank `rank` of 3, whose maxima are taken with what the others hold.
struct OneOfThree {
  int rank_ = 0;
  std::vector<double> others;
  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] static int size() { return 3; }
  static void barrier() {}
  void all_max(std::span<double> values) const {
    if (values.size() == 1) values[0] = std::max(values[0], 3.0);
    for (std::size_t i = 0; values.size() > 1 && i < values.size(); ++i)
      values[i] = std::max(values[i], others[i]);
  }
  static std::int64_t agree(std::int64_t value) { return value; }
};

TEST(Binding, IsGatheredFromAllRanksHoweverManyProcessorsTheyHave) {
  // Three words each: rank 0 on 0 and 31, rank 2 on 64.
  OneOfThree ranks{1, {1 + 2147483648.0, 0, 0, 0, 0, 0, 0, 0, 1}};
  EXPECT_EQ(gather_binding(ranks, {33}), (std::vector<std::vector<int>>{{0, 31}, {33}, {64}}));
}

TEST(Binding, ThisProcessMayRunSomewhere) { EXPECT_FALSE(allowed_processors().empty()); }

#ifdef COLLSCALE_HAVE_HWLOC
TEST(Machine, CountsCoresAndNamesItsParts) {
  const Machine machine;
  EXPECT_THAT(machine.shape().at("machine"), testing::ContainsRegex("[1-9][0-9]* cores?, "));
  EXPECT_EQ(machine.part({}), "");
  std::vector<int> online;
  for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); ++cpu) online.push_back(cpu);
  EXPECT_EQ(machine.part(online), "the whole machine");
  if (online.size() > 1) {
    EXPECT_THAT(machine.part(std::vector<int>{0}), testing::EndsWith(" 0"));
    EXPECT_THAT(describe_binding(std::vector<std::vector<int>>{{1}}, &machine),
                testing::MatchesRegex("rank 0: processor 1 \\((part of )?[A-Za-z0-9]+ [0-9]+\\)"));
  }
}
#endif

}  // namespace
}  // namespace collscale
