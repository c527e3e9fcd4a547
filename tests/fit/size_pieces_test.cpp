// SPDX-License-Identifier: Apache-2.0
// Pieces of the size axis from times whose algorithm and protocol nobody says.
#include "fit/size_pieces.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace collscale {
namespace {

struct Way {
  const char* algorithm;
  const char* protocol;
  double latency_s;
  double per_byte_s;
};
constexpr std::array kWays = {Way{"tree", "LL", 1e-5, 4e-10}, Way{"ring", "LL128", 4e-5, 3e-11},
                              Way{"ring", "Simple", 2e-4, 2e-11}};

double time_of(const Way& way, double size, std::int64_t ranks) {
  return way.latency_s * std::log2(static_cast<double>(ranks)) + way.per_byte_s * size;
}

Selection selection_of(const Way& way) {
  Selection selection;
  selection.algorithm = way.algorithm;
  selection.protocol = way.protocol;
  selection.library_algorithm = way.algorithm;
  return selection;
}

struct Measured {
  std::vector<MeasuredPoint> points;
  std::vector<std::vector<double>> offer_logs;
};

/// Way 0 below 64 KiB, `middle` up to 16 MiB, way 2 above; the library's own rule says way 1.
Measured measured(std::size_t middle, double noise) {
  Measured data;
  std::mt19937 random(7);
  std::normal_distribution<double> ripple(0, noise);
  for (const std::int64_t ranks : {16, 32}) {
    for (double size = 8; size < 5e9; size *= 2) {
      const std::size_t ran = size < 65536 ? 0 : size <= 16777216 ? middle : 2;
      MeasuredPoint point;
      point.ranks = ranks;
      point.size_bytes = size;
      point.log_time =
          std::log(time_of(kWays[ran], size, ranks)) + (noise > 0 ? ripple(random) : 0);
      point.selection = selection_of(kWays[1]);
      std::vector<double> logs;
      for (const Way& way : kWays) {
        point.offers.push_back(selection_of(way));
        logs.push_back(std::log(time_of(way, size, ranks)));
      }
      data.points.push_back(point);
      data.offer_logs.push_back(logs);
    }
  }
  return data;
}

TEST(SizePieces, AreFoundWhereTheTimesTellThem) {
  const Measured data = measured(1, 0.05);
  const std::vector<SizePiece> pieces = find_pieces(data.points, data.offer_logs);
  ASSERT_EQ(pieces.size(), 3U);
  const std::vector<SizePiece> expected = {{Collective::all_reduce, 0, "tree", "LL"},
                                           {Collective::all_reduce, 65536, "ring", "LL128"},
                                           {Collective::all_reduce, 33554432, "ring", "Simple"}};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].algorithm, expected[i].algorithm);
    EXPECT_EQ(pieces[i].protocol, expected[i].protocol);
    // Where two take the same time, the border lies a size off.
    if (i > 0) {
      EXPECT_LT(std::fabs(std::log2(pieces[i].from_bytes / expected[i].from_bytes)), 1.1);
    }
  }
  EXPECT_EQ(pieces.front().from_bytes, 0);
}

TEST(SizePieces, OfWhatTheLibraryItselfSaysAreOne) {
  Measured data = measured(1, 0.05);
  for (std::size_t i = 0; i < data.points.size(); ++i)
    data.points[i].log_time = data.offer_logs[i][1] + 0.04 * std::sin(static_cast<double>(i));
  const std::vector<SizePiece> pieces = find_pieces(data.points, data.offer_logs);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces.front().algorithm, "ring");
  EXPECT_EQ(pieces.front().protocol, "LL128");
}

// One bad point is no piece of its own.
TEST(SizePieces, OnePointAloneIsNone) {
  Measured data = measured(1, 0);
  data.points[4].log_time += 2;
  EXPECT_EQ(find_pieces(data.points, data.offer_logs).size(), 3U);
}

TEST(SizePieces, ReplaceTheSelectionsOfTheirSizes) {
  Measured data = measured(1, 0);
  data.points[0].is_named = true;  // what the record says stands
  const std::vector<SizePiece> pieces = find_pieces(data.points, data.offer_logs);
  apply_pieces(pieces, data.points);
  EXPECT_EQ(data.points[0].selection->protocol, "LL128");
  EXPECT_EQ(data.points[1].selection->protocol, "LL");
  EXPECT_EQ(data.points.back().selection->protocol, "Simple");
  EXPECT_EQ(piece_at(pieces, Collective::all_gather, 8), nullptr);
}

/// The points with what ran told by the library, which by its rules takes way 1.
std::vector<MeasuredPoint> told(std::size_t middle) {
  std::vector<MeasuredPoint> points = measured(middle, 0.05).points;
  for (MeasuredPoint& point : points) {
    const double size = point.size_bytes;
    const std::size_t ran = size < 65536 ? 0 : size <= 16777216 ? middle : 2;
    point.selection = selection_of(kWays[ran]);
    point.is_told = true;
    point.is_as_ruled = ran == 1;
  }
  return points;
}

TEST(SizePieces, FollowWhatTheLibraryTold) {
  std::vector<MeasuredPoint> points = told(0);
  points[3].is_told = false;
  points[3].selection = selection_of(kWays[1]);
  const std::vector<SizePiece> pieces = told_pieces(points);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].protocol, "LL");
  EXPECT_EQ(pieces[1].protocol, "Simple");
  EXPECT_EQ(pieces[1].from_bytes, 33554432);
  apply_pieces(pieces, points);
  EXPECT_EQ(points[3].selection->protocol, "LL");
  EXPECT_EQ(told_pieces(points), pieces);  // and again
  EXPECT_TRUE(find_pieces(points, measured(0, 0).offer_logs).empty());
}

TEST(SizePieces, AreNoneWhereTheRulesSayWhatWasToldOrItIsNotOnOffer) {
  std::vector<MeasuredPoint> points = told(0);
  for (MeasuredPoint& point : points) point.is_as_ruled = true;
  EXPECT_TRUE(told_pieces(points).empty());
  points = told(0);
  for (MeasuredPoint& point : points) point.offers = {selection_of(kWays[1])};
  EXPECT_TRUE(told_pieces(points).empty());
  for (MeasuredPoint& point : points) point.offers.push_back(selection_of(kWays[1]));
  EXPECT_TRUE(told_pieces(points).empty());
}

}  // namespace
}  // namespace collscale
