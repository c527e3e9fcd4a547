// SPDX-License-Identifier: Apache-2.0
#include "topology/divisor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace collscale {
namespace {

TEST(Divisor, IsExactAroundEveryMultiple) {
  for (const std::int64_t divisor : {1, 2, 3, 7, 8, 64, 512, 4095, 4096, 99991, 100000}) {
    const Divisor by(divisor);
    for (std::int64_t q = 0; q < 3000; ++q) {
      ASSERT_EQ(by.quotient(q * divisor), q);
      ASSERT_EQ(by.quotient(q * divisor + divisor - 1), q);
    }
  }
}

RC_GTEST_PROP(Divisor, EqualsIntegerDivisionUpToTheStatedLimit, ()) {
  const auto divisor = *rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 40);
  const auto quotient = *rc::gen::inRange<std::int64_t>(0, (std::int64_t{1} << 47) / divisor);
  const auto rest = *rc::gen::inRange<std::int64_t>(0, divisor);
  const Divisor by(divisor);
  RC_ASSERT(by.quotient(quotient * divisor) == quotient);
  RC_ASSERT(by.quotient(quotient * divisor + divisor - 1) == quotient);
  RC_ASSERT(by.quotient(quotient * divisor + rest) == quotient);
}

TEST(Pick, IsEvenOverSequentialHashesAndIndependentBetweenTiers) {
  constexpr std::int64_t kLinks = 8;
  constexpr int kDraws = 64000;
  std::vector<int> joint(kLinks * kLinks);
  for (int hash = 0; hash < kDraws; ++hash) {
    const std::int64_t a = pick(static_cast<std::uint64_t>(hash), 0, kLinks);
    const std::int64_t b = pick(static_cast<std::uint64_t>(hash), 1, kLinks);
    ASSERT_GE(a, 0);
    ASSERT_LT(a, kLinks);
    ++joint[static_cast<std::size_t>(a * kLinks + b)];
  }
  // 1000 expected in each cell, standard deviation 31: six of them either way.
  for (const int count : joint) {
    EXPECT_GT(count, 810);
    EXPECT_LT(count, 1190);
  }
}

}  // namespace
}  // namespace collscale
