// SPDX-License-Identifier: Apache-2.0
#include "stats/random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace collscale {
namespace {

TEST(SplitMix64, GivesTheReferenceSequence) {
  // The authors' C code, seed 1234567.
  std::uint64_t state = 1234567;
  EXPECT_EQ(splitmix64(state), 6457827717110365317U);
  EXPECT_EQ(splitmix64(state), 3203168211198807973U);
  EXPECT_EQ(splitmix64(state), 9817491932198370423U);
}

TEST(Random, TheSameSeedAndStreamGiveTheSameNumbers) {
  Random a(42, 3);
  Random b(42, 3);
  Random other_stream(42, 4);
  Random other_seed(43, 3);
  bool streams_differ = false;
  bool seeds_differ = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t bits = a.next();
    EXPECT_EQ(bits, b.next());
    streams_differ |= bits != other_stream.next();
    seeds_differ |= bits != other_seed.next();
  }
  EXPECT_TRUE(streams_differ);
  EXPECT_TRUE(seeds_differ);
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(1);
  double sum = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    const double z = random.normal();
    normal_sum += z;
    normal_squares += z * z;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(normal_sum / kDraws, 0.0, 0.015);
  EXPECT_NEAR(normal_squares / kDraws, 1.0, 0.02);
}

TEST(Random, BelowIsUniform) {
  Random random(5);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) {
    ++counts.at(random.below(7));
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10000, 450);
  }
  EXPECT_EQ(random.below(1), 0U);
}

}  // namespace
}  // namespace collscale
