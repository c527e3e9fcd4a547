// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "collective_io/replay.hpp"
#include "collective_io/rounds.hpp"
#include "collective_io/schedule_picture.hpp"
#include "drawing/svg.hpp"
#include "schedules.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

/// Every element that is opened is closed, in order.
void expect_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = xml.substr(at + 1, end - at - 1);
    ASSERT_EQ(tag.find('<'), std::string::npos) << tag;
    if (tag.back() == '/') continue;
    if (tag.front() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    EXPECT_EQ("/" + open.back(), tag);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(SchedulePicture, OfEveryAlgorithmIsWellFormedAndTheSameTwice) {
  for (const Executed& e : all_of_eight_ranks()) {
    SCOPED_TRACE(fmt::format("{}/{}", name(e.schedule.collective), e.schedule.algorithm));
    const auto picture = schedule_picture(e.schedule, e.report, e.trace);
    ASSERT_TRUE(picture) << picture.error().message;
    const std::string svg = svg_text(*picture);
    expect_well_formed(svg);
    EXPECT_EQ(svg, svg_text(*schedule_picture(e.schedule, e.report, e.trace)));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
  }
}

TEST(SchedulePicture, SaysTheFindingAndDrawsEveryMessage) {
  const auto e = executed(Collective::all_reduce, "ring", shape_of(8));
  const std::string svg = svg_text(*schedule_picture(e->schedule, e->report, e->trace));
  EXPECT_THAT(svg,
              HasSubstr(">ring all_reduce, 8 ranks: 14 steps, every rank sends 1.75 S</text>"));
  EXPECT_THAT(svg, HasSubstr("fill=\"#ffffff\"/>"));
  EXPECT_EQ(count(svg, "<line "), 112U + 2U);   // and two in the legend
  EXPECT_EQ(count(svg, "<circle "), 56U + 1U);  // the half that adds
  EXPECT_EQ(count(svg, ">rank "), 8U);
  EXPECT_THAT(svg, Not(HasSubstr(">node ")));
}

TEST(SchedulePicture, ShadesNodes) {
  const auto e = executed(Collective::all_reduce, "hierarchical", shape_of(8, 4));
  PictureOptions options;
  options.nodes = {4, 4};
  EXPECT_EQ(count(svg_text(*schedule_picture(e->schedule, e->report, e->trace, options)), ">node "),
            2U);
}

TEST(SchedulePicture, RefusesWhatNobodyCouldRead) {
  const Executed many = *executed(Collective::all_gather, "recursive_doubling", shape_of(33));
  const auto ranks = schedule_picture(many.schedule, many.report, many.trace);
  ASSERT_FALSE(ranks);
  EXPECT_THAT(ranks.error().message, HasSubstr("33 ranks are too many to draw"));
  Executed deep = *executed(Collective::all_gather, "ring", shape_of(4));
  for (std::size_t i = 0; i < 201; ++i) {
    ExecutedMessage message = deep.trace.messages.front();
    message.phase = static_cast<std::int64_t>(i) + 1;
    deep.trace.messages.push_back(message);
  }
  const auto steps = schedule_picture(deep.schedule, deep.report, deep.trace);
  ASSERT_FALSE(steps);
  EXPECT_THAT(steps.error().message, HasSubstr("steps are too many to draw"));
}

TEST(Replay, EndsWhereTheCollectiveDoes) {
  for (const Executed& e : all_of_eight_ranks()) {
    SCOPED_TRACE(fmt::format("{}/{}", name(e.schedule.collective), e.schedule.algorithm));
    Replay replay(e.schedule, e.trace);
    for (const Round& round : rounds(e.schedule, e.trace)) replay.advance(round);
    for (std::int64_t rank = 0; rank < 8; ++rank) {
      for (std::int64_t block = 0; block < e.trace.blocks; ++block) {
        for (std::int64_t atom = 0; atom < replay.atoms(); ++atom) {
          const double held = replay.completeness(rank, block, atom);
          switch (e.schedule.collective) {
            case Collective::all_reduce:
            case Collective::all_gather:
            case Collective::broadcast:
            case Collective::barrier:
              EXPECT_EQ(held, 1) << rank << " " << block;
              break;
            case Collective::reduce_scatter:
            case Collective::scatter:
              EXPECT_EQ(held, rank == block ? 1 : 0) << rank << " " << block;
              break;
            case Collective::reduce:
            case Collective::gather:
              EXPECT_EQ(held, rank == e.schedule.root ? 1 : 0) << rank << " " << block;
              break;
            case Collective::all_to_all:
              if (e.schedule.spread.empty()) {
                EXPECT_EQ(held, rank == block % 8 ? 1 : 0) << rank << " " << block;
              }
              break;
            case Collective::send_recv:
              if (block == (rank + 7) % 8) {
                EXPECT_EQ(held, 1);
              }
              break;
            case Collective::all_gather_v:  // no schedule has these two
            case Collective::all_to_all_v:
              break;
          }
        }
      }
    }
  }
}

TEST(Replay, ShowsPartialSumsOnTheWay) {
  const auto e = executed(Collective::all_reduce, "ring", shape_of(4));
  Replay replay(e->schedule, e->trace);
  EXPECT_EQ(replay.completeness(0, 3, 0), 0.25);
  replay.advance(rounds(e->schedule, e->trace).front());
  EXPECT_EQ(replay.completeness(0, 3, 0), 0);    // handed over
  EXPECT_EQ(replay.completeness(1, 3, 0), 0.5);  // and added
}

}  // namespace
}  // namespace collscale::testing
