// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>

#include "sim/flow.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

System hashed_system() {
  test::ClosOptions options;
  options.nodes = 32;
  options.children = {8, 4};
  options.routing = Routing::ecmp;
  return test::clos_system(options);
}

TEST(FlowTrials, AreTheAnswersOfTheirSeeds) {
  const System system = hashed_system();
  const std::vector<double> sizes = {1e6, 1e9};
  const auto trials = simulate_flow_trials(system, Collective::all_reduce, "halving_doubling", 256,
                                           sizes, 9, 2, {.seed = 5});
  ASSERT_TRUE(trials.has_value());
  for (std::size_t size = 0; size < sizes.size(); ++size) {
    std::vector<double> samples = (*trials)[size].samples_s;
    ASSERT_EQ(samples.size(), 9U);
    for (std::uint64_t t = 0; t < 9; ++t) {
      const auto one = simulate_flow(system, Collective::all_reduce, "halving_doubling", 256, sizes,
                                     {.seed = 5 + t});
      EXPECT_EQ(samples[t], (*one)[size].time_s);
    }
    std::sort(samples.begin(), samples.end());
    EXPECT_EQ((*trials)[size].median.time_s, samples[4]);
    EXPECT_LT(samples.front(), samples.back());
  }
}

TEST(FlowTrials, AreTheSameForAnyNumberOfThreads) {
  const System system = hashed_system();
  const std::vector<double> sizes = {1e9};
  const auto samples = [&](int threads) {
    const auto trials =
        simulate_flow_trials(system, Collective::all_reduce, "auto", 200, sizes, 16, threads);
    return std::pair(trials->front().samples_s, trials->front().median.algorithm);
  };
  EXPECT_EQ(samples(1), samples(3));
}

TEST(FlowTrials, WithoutHashingAreAllAlike) {
  test::ClosOptions options;
  options.routing = Routing::adaptive;
  const std::vector<double> sizes = {1e9};
  const auto trials = simulate_flow_trials(test::clos_system(options), Collective::all_reduce,
                                           "ring", 128, sizes, 5, 0);
  ASSERT_TRUE(trials.has_value());
  EXPECT_THAT(trials->front().samples_s, ::testing::Each(trials->front().median.time_s));
  EXPECT_EQ(trials->front().samples_s.size(), 5U);
}

// Seeds that differ only above their lower 16 bits are seeds of their own.
TEST(FlowTrials, LargeSeedsAreNotSmallOnes) {
  const System system = hashed_system();
  const std::vector<double> sizes = {1e9};
  const auto time = [&](std::uint64_t seed) {
    return simulate_flow(system, Collective::all_reduce, "halving_doubling", 256, sizes,
                         {.seed = seed})
        ->front()
        .breakdown;
  };
  const auto a = time(1);
  const auto b = time(65537);
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) same = a[i].exposed_s == b[i].exposed_s;
  EXPECT_FALSE(same);
}

TEST(FlowMemory, IsRefusedBeforeItIsTaken) {
  FlowOptions options;
  options.memory_limit_bytes = 1000;
  const std::vector<double> sizes = {1e9};
  const auto answer =
      simulate_flow(hashed_system(), Collective::all_reduce, "ring", 256, sizes, options);
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().message, ::testing::HasSubstr("of memory, more than the limit of"));
}

}  // namespace
}  // namespace collscale
