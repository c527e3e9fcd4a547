// SPDX-License-Identifier: Apache-2.0
#include "collective_io/labels.hpp"

#include <gmock/gmock.h>

#include "schedules.hpp"

namespace collscale::testing {
namespace {

TEST(Labels, FractionsOfTheSizeAreRatios) {
  EXPECT_EQ(fraction_of_size(0), "0");
  EXPECT_EQ(fraction_of_size(1), "S");
  EXPECT_EQ(fraction_of_size(2), "2S");
  EXPECT_EQ(fraction_of_size(0.125), "S/8");
  EXPECT_EQ(fraction_of_size(3.0 / 16), "3S/16");
  EXPECT_EQ(fraction_of_size(1.0 / 3), "S/3");
  EXPECT_EQ(fraction_of_size(2.0 * 6 / 7), "12S/7");
  EXPECT_EQ(fraction_of_size(1.0 / 511), "S/511");
  EXPECT_EQ(fraction_of_size(0.7071067811865476), "0.7071 S");
}

TEST(Labels, AmountsAreBytesWhereTheSizeIsGiven) {
  EXPECT_EQ(amount(0.125, 1 << 20), "128 KiB");
  EXPECT_EQ(amount(0.125, 0), "S/8");
}

TEST(Labels, NeighbouringBlocksAreRanges) {
  EXPECT_EQ(ranges({7}), "7");
  EXPECT_EQ(ranges({0, 1, 2, 3}), "0-3");
  EXPECT_EQ(ranges({0, 2, 3, 7}), "0,2-3,7");
}

TEST(Labels, PairsAreOriginsAndDestinations) {
  const auto e = executed(Collective::all_to_all, "pairwise", shape_of(4));
  ExecutedMessage message = e->trace.messages.front();
  message.cells = {{1, 0}, {2, 0}, {5, 0}, {6, 0}, {15, 0}};
  EXPECT_EQ(payload_label(e->schedule, e->trace, message), "0-1→1-2,3→3");
}

TEST(Labels, PartsOfBlocksAreSaid) {
  Shape shape = shape_of(4, 2);
  shape.channels = 2;
  const auto e = executed(Collective::all_gather, "ring", shape);
  EXPECT_THAT(payload_label(e->schedule, e->trace, e->trace.messages.front()),
              ::testing::MatchesRegex("[0-3] part [12]/2"));
}

TEST(Labels, PartsOfAllBlocksNeedNoBlocks) {
  const auto e = executed(Collective::all_reduce, "ring", shape_of(4));
  ExecutionTrace trace = e->trace;
  trace.atom_edges = {0, 0.25, 0.5, 0.75, 1};
  ExecutedMessage message = trace.messages.front();
  message.cells.clear();
  for (std::int64_t block = 0; block < 4; ++block)
    for (const std::int64_t atom : {1, 3}) message.cells.push_back({block, atom});
  EXPECT_EQ(payload_label(e->schedule, trace, message), "part 2,4/4");
  message.cells = {{2, 2}, {2, 3}};
  EXPECT_EQ(payload_label(e->schedule, trace, message), "2 part 2/2");
}

TEST(Labels, TheHeadlineIsTheFinding) {
  const auto e = executed(Collective::all_reduce, "ring", shape_of(8));
  EXPECT_EQ(headline(e->schedule, e->report, 14),
            "ring all_reduce, 8 ranks: 14 steps, every rank sends 1.75 S");
  const auto folded = executed(Collective::all_reduce, "halving_doubling", shape_of(6));
  EXPECT_THAT(headline(folded->schedule, folded->report, folded->report.depth),
              ::testing::HasSubstr("a rank sends at most "));
  EXPECT_THAT(headline(e->schedule, e->report, 3), ::testing::HasSubstr(": depth 14,"));
}

}  // namespace
}  // namespace collscale::testing
