// SPDX-License-Identifier: Apache-2.0
#include "model/startup.hpp"

#include <gmock/gmock.h>

namespace collscale {
namespace {

using ::testing::HasSubstr;

Startup of(double ranks, const StartupOptions& options = {}) {
  const Expected<Startup> startup = communicator_startup(ranks, options);
  EXPECT_TRUE(startup.has_value());
  return startup.value_or(Startup{});
}

double part_s(const Startup& startup, std::string_view name) {
  for (const StartupPart& part : startup.parts)
    if (part.name == name) return part.time_s;
  ADD_FAILURE() << name;
  return 0;
}

constexpr StartupOptions kNcclx{.library = StartupLibrary::ncclx, .nccl_version = 0, .roots = 1};

StartupOptions version(int code, double roots = 1) {
  StartupOptions options;
  options.nccl_version = code;
  options.roots = roots;
  return options;
}

TEST(Startup, PassesThroughThePublishedTimes) {
  EXPECT_NEAR(of(8192).total_s, 14.5, 1e-9);
  EXPECT_NEAR(of(32768).total_s, 55.71, 1e-9);
  EXPECT_NEAR(of(98304).total_s, 265.0, 1e-9);
  EXPECT_NEAR(of(8192, kNcclx).total_s, 3.97, 1e-9);
  EXPECT_NEAR(of(32768, kNcclx).total_s, 11.89, 1e-9);
  EXPECT_NEAR(of(98304, kNcclx).total_s, 24.0, 1e-9);
}

// What the quadratic 5.28 + 1.011 n + 0.01765 n² says between and beyond, n in 1,024 ranks.
TEST(Startup, IsTheQuadraticBetweenAndBeyond) {
  EXPECT_NEAR(of(48 * 1024).total_s, 94, 1);
  EXPECT_NEAR(of(128 * 1024).total_s, 424, 1);
  EXPECT_NEAR(of(20 * 1024).total_s, 5.28 + 1.011 * 20 + 0.01765 * 400, 0.02);
}

TEST(Startup, PartsSumToTheTotalAndNoneIsNegative) {
  for (double ranks = 2; ranks < 2e6; ranks *= 2) {
    for (const StartupOptions& options :
         {StartupOptions{}, kNcclx, version(22803), version(22899, 2)}) {
      const Startup startup = of(ranks, options);
      double sum_s = 0;
      for (const StartupPart& part : startup.parts) {
        EXPECT_GE(part.time_s, 0) << part.name;
        sum_s += part.time_s;
      }
      EXPECT_DOUBLE_EQ(sum_s, startup.total_s);
      EXPECT_GT(startup.total_s, 0);
      EXPECT_DOUBLE_EQ(startup.low_s, 0.65 * startup.total_s);
      EXPECT_DOUBLE_EQ(startup.high_s, 1.35 * startup.total_s);
    }
  }
}

// Another publication of the same company has 17, 30, 100 and 200 s at 16K, 22K, 64K and 98K ranks.
TEST(Startup, IntervalHoldsTheSecondPublication) {
  EXPECT_LE(of(16384).low_s, 17);
  EXPECT_LE(of(22 * 1024).low_s, 30);
  EXPECT_LE(of(65536).low_s, 100);
  EXPECT_LE(of(98304).low_s, 200);
  EXPECT_GE(of(16384).high_s, 17);
  EXPECT_GE(of(65536).high_s, 100);
}

TEST(Startup, ScalableInitDividesOnlyTheRoot) {
  const Startup one = of(65536, version(22700));
  const Startup many = of(65536, version(22700, 16));
  EXPECT_DOUBLE_EQ(part_s(one, "root"), 65536.0 / 7000);
  EXPECT_DOUBLE_EQ(part_s(many, "root"), part_s(one, "root") / 16);
  EXPECT_NEAR(one.total_s - many.total_s, 15.0 / 16 * 65536 / 7000, 1e-9);
  EXPECT_FALSE(one.is_derived);
  EXPECT_TRUE(many.is_derived);
}

TEST(Startup, FasterBootstrapHalvesGathersAndDropsTheRingCheck) {
  const Startup before = of(98304, version(22803));
  const Startup after = of(98304, version(22807));
  EXPECT_DOUBLE_EQ(part_s(after, "gathers"), part_s(before, "gathers") / 2);
  EXPECT_DOUBLE_EQ(part_s(before, "ring check"), 26);
  EXPECT_DOUBLE_EQ(part_s(after, "ring check"), 0);
  EXPECT_DOUBLE_EQ(part_s(before, "pairs"), 44);  // 11 s at half the ranks
  EXPECT_DOUBLE_EQ(part_s(after, "pairs"), part_s(before, "pairs"));
  EXPECT_TRUE(after.is_derived);
}

TEST(Startup, SaysWhatIsOutsideThePublishedScales) {
  EXPECT_TRUE(of(8191).is_extrapolated);
  EXPECT_FALSE(of(8192).is_extrapolated);
  EXPECT_FALSE(of(98304).is_extrapolated);
  EXPECT_TRUE(of(98305).is_extrapolated);
}

TEST(Startup, MemoryIsAsPublishedAt64KRanks) {
  EXPECT_NEAR(of(65536).memory_bytes, 10e9, 1);
  EXPECT_NEAR(of(65536, kNcclx).memory_bytes, 4.2e9, 1);
  EXPECT_NEAR(of(100000).metadata_bytes, 1e9, 1);
  EXPECT_GT(of(1e6).memory_bytes, of(1e6).metadata_bytes);
  EXPECT_GT(of(8).memory_bytes, 0);
}

TEST(Startup, RefusesRootsThatCannotBe) {
  const auto refusal = [](double ranks, const StartupOptions& options) {
    const Expected<Startup> startup = communicator_startup(ranks, options);
    return startup ? "" : startup.error().message;
  };
  EXPECT_THAT(refusal(8, version(22700, 9)), HasSubstr("9 roots for 8 ranks"));
  EXPECT_THAT(refusal(8192, version(22203, 2)), HasSubstr("several roots came with 2.23"));
  StartupOptions ncclx = kNcclx;
  ncclx.roots = 2;
  EXPECT_THAT(refusal(8192, ncclx), HasSubstr("2 roots with ncclx"));
}

TEST(NcclVersion, IsReadAsItsCode) {
  EXPECT_EQ(*parse_bootstrap_version("2.28.9"), 22809);
  EXPECT_EQ(*parse_bootstrap_version("2.28.3"), 22803);
  EXPECT_GE(*parse_bootstrap_version("2.28"), 22807);
  for (const char* const bad : {"", "2", "3.1", "2.", "2.28.", "2.28.9.1", "v2.28", "2.x", "2.-1"})
    EXPECT_FALSE(parse_bootstrap_version(bad).has_value()) << bad;
}

}  // namespace
}  // namespace collscale
