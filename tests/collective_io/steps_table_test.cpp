// SPDX-License-Identifier: Apache-2.0
#include "collective_io/steps_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "schedules.hpp"

namespace collscale::testing {
namespace {

TEST(StepsTable, HasARowPerStepWithEveryMessage) {
  const auto e = executed(Collective::all_reduce, "ring", shape_of(4));
  const auto rows = step_rows(e->schedule, e->trace);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0].step, "1");
  EXPECT_EQ(rows[0].operation, "hands over, adds");
  EXPECT_EQ(rows[0].amount, "S/4");
  EXPECT_EQ(rows[0].messages, "0→1 [3]  1→2 [0]  2→3 [1]  3→0 [2]");
  EXPECT_EQ(rows[5].operation, "copies");
}

TEST(StepsTable, OfManyRanksShowsRankZeroAndCounts) {
  const auto e = executed(Collective::all_gather, "ring", shape_of(20));
  const auto rows = step_rows(e->schedule, e->trace);
  ASSERT_EQ(rows.size(), 19U);
  EXPECT_EQ(rows[0].messages, "0→1 [0]  19→0 [19]; 20 messages in all");
  StepTableOptions options;
  options.all = true;
  EXPECT_THAT(step_rows(e->schedule, e->trace, options)[0].messages,
              ::testing::HasSubstr("13→14 [13]"));
}

TEST(StepsTable, PartsThatTravelIndependentlyShareARow) {
  Shape shape = shape_of(4, 2);
  shape.channels = 2;
  const auto e = executed(Collective::all_reduce, "ring", shape);
  const auto rows = step_rows(e->schedule, e->trace);
  EXPECT_EQ(rows.size(), 6U);
  EXPECT_THAT(rows[0].messages, ::testing::HasSubstr("part 2/2"));
}

TEST(StepsTable, EveryMessageIsInOneRow) {
  for (const Executed& e : all_of_eight_ranks()) {
    StepTableOptions options;
    options.blank = "_";
    std::size_t shown = 0;
    for (const StepRow& row : step_rows(e.schedule, e.trace, options))
      shown += static_cast<std::size_t>(std::count(row.messages.begin(), row.messages.end(), '['));
    EXPECT_EQ(static_cast<std::int64_t>(shown), e.report.messages) << e.schedule.algorithm;
  }
}

}  // namespace
}  // namespace collscale::testing
