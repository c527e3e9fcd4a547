// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "units/quantity.hpp"

namespace collscale {
namespace {

TEST(FormatSize, PrintsPowersOfTwoWholeAndOthersWithThreeFigures) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(8), "8 B");
  EXPECT_EQ(format_size(1000), "1000 B");
  EXPECT_EQ(format_size(1024), "1 KiB");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(0x1p26), "64 MiB");
  EXPECT_EQ(format_size(0x1p30), "1 GiB");
  EXPECT_EQ(format_size(8e6), "7.63 MiB");
  EXPECT_EQ(format_size(0.25), "0.25 B");
}

TEST(FormatSize, ChangesTheUnitRatherThanPrinting1024) {
  EXPECT_EQ(format_size(1024 * 1024 - 1), "1 MiB");
  EXPECT_EQ(format_size(1023.0 * 1024), "1023 KiB");
}

TEST(FormatBandwidth, PrintsThreeFiguresInPowersOf1000) {
  EXPECT_EQ(format_bandwidth(12.34e9), "12.3 GB/s");
  EXPECT_EQ(format_bandwidth(50e9), "50.0 GB/s");
  EXPECT_EQ(format_bandwidth(480e9), "480 GB/s");
  EXPECT_EQ(format_bandwidth(3.35e12), "3.35 TB/s");
  EXPECT_EQ(format_bandwidth(1.5e5), "150 kB/s");
  EXPECT_EQ(format_bandwidth(999.9e6), "1.00 GB/s");
  EXPECT_EQ(format_bandwidth(0), "0 B/s");
}

TEST(FormatTime, PrintsThreeFigures) {
  EXPECT_EQ(format_time(1.25e-6), "1.25 us");
  EXPECT_EQ(format_time(350e-9), "350 ns");
  EXPECT_EQ(format_time(12e-3), "12.0 ms");
  EXPECT_EQ(format_time(0.9999e-6), "1.00 us");
  EXPECT_EQ(format_time(9.999e-6), "10.0 us");
  EXPECT_EQ(format_time(1234), "1234 s");
  EXPECT_EQ(format_time(0.5e-9), "0.5 ns");
  EXPECT_EQ(format_time(0), "0 s");
  EXPECT_EQ(format_time(-2e-6), "-2.00 us");
  EXPECT_EQ(format_time(std::numeric_limits<double>::infinity()), "inf s");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(100000), "100,000");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
}

RC_GTEST_PROP(FormatAndParse, WhatIsPrintedReadsBackToThreeFigures, ()) {
  const double mantissa =
      *rc::gen::map(rc::gen::inRange(1000, 9999), [](int m) { return m / 1000.0; });
  const int exponent = *rc::gen::inRange(-9, 1);
  const double time_s = mantissa * std::pow(10.0, exponent);
  const auto parsed_s = parse_time_s(format_time(time_s));
  RC_ASSERT(parsed_s.has_value());
  RC_ASSERT(std::abs(*parsed_s - time_s) <= 0.005001 * time_s);

  const double bandwidth_Bps = mantissa * std::pow(10.0, exponent + 12);
  const auto parsed_Bps = parse_bandwidth_Bps(format_bandwidth(bandwidth_Bps));
  RC_ASSERT(parsed_Bps.has_value());
  RC_ASSERT(std::abs(*parsed_Bps - bandwidth_Bps) <= 0.005001 * bandwidth_Bps);
}

RC_GTEST_PROP(FormatAndParse, PowersOfTwoReadBackExactly, ()) {
  const double size_bytes = std::ldexp(1.0, *rc::gen::inRange(0, 60));
  RC_ASSERT(parse_size_bytes(format_size(size_bytes)) == size_bytes);
}

}  // namespace
}  // namespace collscale
