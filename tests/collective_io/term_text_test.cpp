// SPDX-License-Identifier: Apache-2.0
#include "collective_io/term_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collective/algorithms.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

std::string text_of(Collective collective, std::string_view name, const Shape& shape) {
  const auto schedule = make_schedule(collective, name, shape);
  EXPECT_TRUE(schedule);
  return schedule ? term_text(schedule->term) : "";
}

TEST(TermText, WritesARingAsTwoPhases) {
  EXPECT_EQ(text_of(Collective::all_reduce, "ring", {.ranks = 4, .ranks_per_node = 4}),
            "Seq\n"
            "  Dual cyclic, 3 steps: d = -1, X = {-s-1}\n"
            "  cyclic, 3 steps: d = 1, X = {s+1}\n");
}

TEST(TermText, WritesCopiesViewsAndPowers) {
  const std::string rings =
      text_of(Collective::all_gather, "ring", {.ranks = 16, .ranks_per_node = 8, .channels = 4});
  EXPECT_THAT(rings, HasSubstr("copies c = 0..3, each 1/4 of the data, digit 0 rotated by c:"));
  const std::string folded =
      text_of(Collective::all_reduce, "halving_doubling", {.ranks = 6, .ranks_per_node = 6});
  EXPECT_THAT(folded, HasSubstr("Over(core of 4)\n"));
  EXPECT_THAT(folded, HasSubstr("exclusive_or, 2 steps, u = 2^1-s: d = u, X = {x mod 2u = u}"));
  EXPECT_THAT(folded, HasSubstr("absolute, 1 step: d = 4, W = [4, 6), all in scope"));
}

TEST(TermText, WritesEveryAlgorithmWithoutAnEmptyLine) {
  for (const Algorithm& a : algorithms()) {
    const auto schedule = make_schedule(a.collective, a.name, {.ranks = 8, .ranks_per_node = 4});
    if (!schedule) continue;  // not for this many nodes: its own test says why
    const std::string text = term_text(schedule->term);
    EXPECT_FALSE(text.empty()) << a.name;
    EXPECT_EQ(text.find("\n\n"), std::string::npos) << a.name;
    EXPECT_EQ(text.back(), '\n');
  }
}

TEST(TermText, WritesPipesWindowsAndLists) {
  Phase direct =
      phase(Frame::cyclic, Unit::one, 3, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.lag = Lag::none;
  direct.window = 2;
  EXPECT_THAT(
      term_text(pipe(3, 1, {direct})),
      HasSubstr("Pipe(3 chunks, window 1)\n  cyclic, 3 steps: d = s+1, X = {s+1}, window 2"));
  EXPECT_EQ(term_text(list({{0, 1, 0, 0, 0, 2, Transfer::copy}})), "List(1 message)\n");
}

}  // namespace
}  // namespace collscale
