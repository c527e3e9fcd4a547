// SPDX-License-Identifier: Apache-2.0
#include "units/quantity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <locale>
#include <string>
#include <vector>

namespace collscale {
namespace {

using testing::HasSubstr;

template <class T>
std::string error_of(const Expected<T>& result) {
  return result ? "no error" : result.error().message;
}

// --- what is refused -------------------------------------------------------------------------

TEST(ParseSize, RefusesABarePrefixWithBothReadings) {
  EXPECT_EQ(error_of(parse_size_bytes("8M")),
            "\"8M\" is ambiguous: write 8MiB (8388608 B) or 8MB (8000000 B)");
  EXPECT_EQ(error_of(parse_size_bytes("64K")),
            "\"64K\" is ambiguous: write 64KiB (65536 B) or 64kB (64000 B)");
  EXPECT_EQ(error_of(parse_size_bytes("64k")),
            "\"64k\" is ambiguous: write 64KiB (65536 B) or 64kB (64000 B)");
}

TEST(ParseSize, RefusesANumberWithoutUnit) {
  EXPECT_EQ(error_of(parse_size_bytes("8")), "\"8\" has no unit: write 8B for bytes, or 8KiB, 8MB");
}

TEST(ParseSize, RefusesBitsAndSaysHowToWriteBytes) {
  EXPECT_EQ(error_of(parse_size_bytes("8Mb")),
            "\"8Mb\" counts bits (b is a bit, B a byte): write 8MB for bytes");
  EXPECT_THAT(error_of(parse_size_bytes("8 Mibit")), HasSubstr("write 8MiB for bytes"));
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  const std::vector<std::string> refused{"",       " ",      "MiB", "-8MiB", "nanB",  "inf B",
                                         "1e400B", "1e30GB", "8XB", "8mib",  "8MiBx", "8MiB 3",
                                         "8,5MB",  "0x8B",   "+8B", "8MB/s", "8iB",   "1.5B",
                                         "8Mi",    "8m",     "--8B"};
  for (const std::string& text : refused) {
    EXPECT_FALSE(parse_size_bytes(text)) << text;
  }
}

TEST(ParseSize, NamesTheBadValueInTheError) {
  for (const std::string text : {"8XB", "-8MiB", "nanB", "1e400B", "1.5B"}) {
    EXPECT_THAT(error_of(parse_size_bytes(text)), HasSubstr("\"" + text + "\""));
    EXPECT_EQ(parse_size_bytes(text).error().code, ExitCode::bad_input);
  }
}

TEST(ParseBandwidth, RefusesAPrefixThatLeavesBitsOrBytesOpen) {
  EXPECT_EQ(error_of(parse_bandwidth_Bps("400G")),
            "\"400G\" is ambiguous: write 400Gb/s (bits) or 400GB/s (bytes)");
  EXPECT_THAT(error_of(parse_bandwidth_Bps("400")), HasSubstr("has no unit"));
  EXPECT_THAT(error_of(parse_bandwidth_Bps("400GB")), HasSubstr("write 400GB/s for a bandwidth"));
}

TEST(ParseBandwidth, RefusesWhatIsNoBandwidth) {
  for (const std::string text :
       {"", "fast", "-1GB/s", "infGB/s", "nan GB/s", "8GT/s", "1e308EB/s", "8GB/min", "3us"}) {
    EXPECT_FALSE(parse_bandwidth_Bps(text)) << text;
  }
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const std::string text :
       {"", "3", "-1us", "nans", "inf s", "1e999s", "3 minutes", "3US", "3m", "3GB/s"}) {
    EXPECT_FALSE(parse_time_s(text)) << text;
  }
}

TEST(ParseNcclTestsSize, RefusesADecimalSpellingThatMeansSomethingElseElsewhere) {
  EXPECT_EQ(error_of(parse_nccl_tests_size_bytes("8MB")),
            "\"8MB\" means 8MiB to nccl-tests and 8000000 bytes elsewhere: write 8MiB");
  for (const std::string text : {"", "M", "-8M", "8X", "8Mb", "1.5", "nan", "1e30G"}) {
    EXPECT_FALSE(parse_nccl_tests_size_bytes(text)) << text;
  }
}

// --- what is read ----------------------------------------------------------------------------

TEST(ParseSize, KnowsBinaryAndDecimalPrefixes) {
  EXPECT_EQ(parse_size_bytes("8B"), 8.0);
  EXPECT_EQ(parse_size_bytes("0B"), 0.0);
  EXPECT_EQ(parse_size_bytes("8MiB"), 8388608.0);
  EXPECT_EQ(parse_size_bytes(" 8 MB\t"), 8e6);
  EXPECT_EQ(parse_size_bytes("1.1MB"), 1.1e6);
  EXPECT_EQ(parse_size_bytes("1.5KiB"), 1536.0);
  EXPECT_EQ(parse_size_bytes("2kB"), 2000.0);
  EXPECT_EQ(parse_size_bytes("2KB"), 2000.0);
  EXPECT_EQ(parse_size_bytes("1e6B"), 1e6);
  EXPECT_EQ(parse_size_bytes("2TiB"), 0x1p41);
  EXPECT_EQ(parse_size_bytes("1PB"), 1e15);
}

TEST(ParseBandwidth, ReadsBitsAndBytes) {
  EXPECT_EQ(parse_bandwidth_Bps("400Gbps"), 50e9);
  EXPECT_EQ(parse_bandwidth_Bps("400 Gb/s"), 50e9);
  EXPECT_EQ(parse_bandwidth_Bps("400Gbit/s"), 50e9);
  EXPECT_EQ(parse_bandwidth_Bps("1.6Tbit/s"), 200e9);
  EXPECT_EQ(parse_bandwidth_Bps("50GB/s"), 50e9);
  EXPECT_EQ(parse_bandwidth_Bps("50GBps"), 50e9);
  EXPECT_EQ(parse_bandwidth_Bps("1GiB/s"), 0x1p30);
  EXPECT_EQ(parse_bandwidth_Bps("1 B/s"), 1.0);
}

TEST(ParseTime, ReadsEveryUnitToTheNearestDouble) {
  EXPECT_EQ(parse_time_s("1.5us"), 1.5e-6);
  EXPECT_EQ(parse_time_s("1.5\xC2\xB5s"), 1.5e-6);
  EXPECT_EQ(parse_time_s("350 ns"), 350e-9);
  EXPECT_EQ(parse_time_s("2ms"), 2e-3);
  EXPECT_EQ(parse_time_s("7ps"), 7e-12);
  EXPECT_EQ(parse_time_s("1s"), 1.0);
}

TEST(ParseNcclTestsSize, TakesPrefixesAsPowersOf1024) {
  EXPECT_EQ(parse_nccl_tests_size_bytes("8"), 8.0);
  EXPECT_EQ(parse_nccl_tests_size_bytes("8M"), 0x1p23);
  EXPECT_EQ(parse_nccl_tests_size_bytes("8m"), 0x1p23);
  EXPECT_EQ(parse_nccl_tests_size_bytes("8MiB"), 0x1p23);
  EXPECT_EQ(parse_nccl_tests_size_bytes("4g"), 0x1p32);
  EXPECT_EQ(parse_nccl_tests_size_bytes("64k"), 65536.0);
}

/// A decimal comma and grouping by dots, as in German.
struct CommaDecimal : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(ParseQuantity, DoesNotFollowTheProgramsLocale) {
  const std::locale before = std::locale::global(std::locale(std::locale(), new CommaDecimal));
  for (const char* const installed : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_NUMERIC, installed) != nullptr) break;
  }
  EXPECT_EQ(parse_time_s("1.5us"), 1.5e-6);
  EXPECT_FALSE(parse_time_s("1,5us"));
  EXPECT_EQ(parse_size_bytes("1.5KiB"), 1536.0);
  EXPECT_EQ(format_time(1.5e-6), "1.50 us");
  EXPECT_EQ(format_count(100000), "100,000");
  std::setlocale(LC_NUMERIC, "C");
  std::locale::global(before);
}

}  // namespace
}  // namespace collscale
