// SPDX-License-Identifier: Apache-2.0
#include "units/range.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>

#include <string>

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseSizes, RefusesWhatIsNoSweep) {
  for (const std::string text : {"",           " ",
                                 "8B:",        "8B:64B",
                                 "8B:64B:2",   "8B:64B:x",
                                 "8B:64B:x1",  "8B:64B:x0.5",
                                 "8B:64B:x2y", "8B:64B:+",
                                 "8B:64B:+0B", "8B:64B:+8",
                                 "8B:64B:*2",  "8B:64B:x2:x2",
                                 "64B:8B:x2",  "8:64B:x2",
                                 "8B,,16B",    "8B,",
                                 "0B",         "0B:8B:x2",
                                 "8M",         "8B:1GiB:xinf",
                                 "8B:1GiB:x-2"}) {
    EXPECT_FALSE(parse_sizes(text)) << text;
  }
}

TEST(ParseSizes, SaysWhatIsWrong) {
  EXPECT_EQ(parse_sizes("8B:64B").error().message,
            "\"8B:64B\" is not a range: expected START:END:xFACTOR or START:END:+STEP, such as "
            "8B:1GiB:x2 or 8B:64B:+8B");
  EXPECT_EQ(parse_sizes("64B:8B:x2").error().message,
            "the range \"64B:8B:x2\" ends below its start");
  EXPECT_THAT(parse_sizes("8B:8M:x2").error().message,
              HasSubstr("8MiB (8388608 B) or 8MB (8000000 B)"));
}

TEST(ParseSizes, RefusesASweepOfMorePointsThanAnyoneReads) {
  EXPECT_THAT(parse_sizes("8B:1GiB:+1B").error().message, HasSubstr("more than 10000 points"));
  EXPECT_THAT(parse_sizes("8B:1GiB:x1.0000001").error().message,
              HasSubstr("more than 10000 points"));
}

TEST(ParseSizes, IncludesTheEndOfARange) {
  EXPECT_THAT(*parse_sizes("8B:64B:x2"), ElementsAre(8, 16, 32, 64));
  EXPECT_THAT(*parse_sizes("8B:100B:x2"), ElementsAre(8, 16, 32, 64, 100));
  EXPECT_THAT(*parse_sizes("8B:32B:+8B"), ElementsAre(8, 16, 24, 32));
  EXPECT_THAT(*parse_sizes("8B:8B:x2"), ElementsAre(8));
  EXPECT_EQ(parse_sizes("8B:1GiB:x2")->size(), 28u);
}

TEST(ParseSizes, RoundsAFractionalFactorToWholeBytesWithoutRepeats) {
  EXPECT_THAT(*parse_sizes("1B:4B:x1.5"), ElementsAre(1, 2, 3, 4));
}

TEST(ParseSizes, SortsAListAndDropsRepeats) {
  EXPECT_THAT(*parse_sizes("1MiB, 8B,1KiB,8B"), ElementsAre(8, 1024, 1048576));
  EXPECT_THAT(*parse_sizes("8B:32B:x2,1KiB"), ElementsAre(8, 16, 32, 1024));
}

TEST(ParseRanks, RefusesWhatIsNoCount) {
  for (const std::string text :
       {"", "0", "-8", "8.5", "8B", "1e3", "eight", "8:64", "8:64:x1", "64:8:x2", "8,,9",
        "99999999999999999999", "9007199254740993", "0:8:x2", "8:64:+0"}) {
    EXPECT_FALSE(parse_ranks(text)) << text;
  }
}

TEST(ParseRanks, ReadsRangesAndLists) {
  EXPECT_THAT(*parse_ranks("8:100:x2"), ElementsAre(8, 16, 32, 64, 100));
  EXPECT_THAT(*parse_ranks("2:6:+2"), ElementsAre(2, 4, 6));
  EXPECT_THAT(*parse_ranks("512,8,64"), ElementsAre(8, 64, 512));
  EXPECT_EQ(parse_ranks("8:100000:x2")->back(), 100000);
}

RC_GTEST_PROP(ParseRanks, ARangeIsAscendingFromItsStartToItsEnd, ()) {
  const int start = *rc::gen::inRange(1, 1000);
  const int end = start + *rc::gen::inRange(0, 100000);
  const int stride = *rc::gen::inRange(2, 50);
  const char kind = *rc::gen::element('x', '+');
  const auto ranks =
      parse_ranks(fmt::format("{}:{}:{}{}", start, end, kind, stride * (kind == '+' ? 20 : 1)));
  RC_ASSERT(ranks.has_value());
  RC_ASSERT(ranks->front() == start);
  RC_ASSERT(ranks->back() == end);
  for (std::size_t i = 1; i < ranks->size(); ++i) RC_ASSERT((*ranks)[i - 1] < (*ranks)[i]);
}

}  // namespace
}  // namespace collscale
