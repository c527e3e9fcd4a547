// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/algorithms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kAvailable{"linear", "ring"};

std::vector<std::string> available(Collective collective) {
  return collective == Collective::all_reduce ? kAvailable : std::vector<std::string>{"bruck"};
}

TEST(Algorithms, AllIsAutoAndEverythingAndNamesAreTakenOnceWhereTheyExist) {
  EXPECT_THAT(chosen_algorithms({"auto"}, kAvailable), ElementsAre("auto"));
  EXPECT_THAT(chosen_algorithms({"all"}, kAvailable), ElementsAre("auto", "linear", "ring"));
  EXPECT_THAT(chosen_algorithms({"ring", "bruck", "auto", "ring"}, kAvailable),
              ElementsAre("ring", "auto"));
}

TEST(Algorithms, ANameThatNoCollectiveHasIsRefusedWithTheNearest) {
  const std::vector<Collective> both{Collective::all_reduce, Collective::all_gather};
  EXPECT_TRUE(check_algorithms({"ring", "bruck"}, both, available, "MPI"));
  const auto wrong = check_algorithms({"rign"}, both, available, "Open MPI v4.1.4");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ExitCode::bad_input);
  EXPECT_THAT(wrong.error().message,
              HasSubstr("-a rign: Open MPI v4.1.4 has no such algorithm for what is measured, did "
                        "you mean \"ring\"?; valid: auto, all, linear, ring, bruck"));
  const auto none = check_algorithms(
      {"ring"}, both, [](Collective) { return std::vector<std::string>{}; }, "MPICH 4");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "-a ring: MPICH 4 lets no algorithm be chosen here, only auto");
}

std::vector<BenchPoint> points_of(const std::vector<std::string>& algorithms, double size_bytes) {
  std::vector<BenchPoint> points;
  for (const std::string& algorithm : algorithms) {
    BenchPoint point;
    point.scenario.algorithm = algorithm;
    point.scenario.ranks = 2;
    point.scenario.size_bytes = size_bytes;
    points.push_back(point);
  }
  return points;
}

TEST(Algorithms, TakeTurnsWithinASizeAndKeepAllTheirSamplesAndTheirBatch) {
  std::vector<BenchPoint> points = points_of({"auto", "ring"}, 64);
  const auto larger = points_of({"auto"}, 128);
  points.insert(points.end(), larger.begin(), larger.end());
  std::string order;
  std::vector<std::int64_t> batches;
  PointPlan plan;
  plan.sampling.fixed_samples = 10;
  TurnTaking turns(points, plan, [&](const BenchPoint& point, const PointPlan& turn) {
    order += point.scenario.algorithm + (turn.verify ? "! " : " ");
    PointResult result;
    result.samples.time_s.assign(static_cast<std::size_t>(*turn.sampling.fixed_samples), 1.0);
    result.samples.batch = turn.sampling.fixed_batch.value_or(7);
    result.samples.missed = 1;
    result.conditions.cpu_share = order.size() < 8 ? 0.5 : 1.0;
    batches.push_back(result.samples.batch);
    result.mismatch = turn.verify ? std::optional(Mismatch{}) : std::nullopt;
    return result;
  });
  const PointResult first = turns(points[0]);
  const PointResult second = turns(points[1]);
  EXPECT_EQ(order, "auto! ring! auto ring auto ring ");
  EXPECT_THAT(batches, testing::Each(7));
  EXPECT_EQ(first.samples.time_s.size(), 10U);
  EXPECT_EQ(second.samples.time_s.size(), 10U);
  EXPECT_TRUE(second.mismatch) << "verified in the first turn";
  EXPECT_EQ(first.samples.missed, 3) << "of all turns";
  EXPECT_EQ(first.conditions.cpu_share, 0.5) << "the worst of them";
  turns(points[2]);
  EXPECT_EQ(order, "auto! ring! auto ring auto ring auto! ") << "alone, in one go";
  turns(points[1]);
  EXPECT_EQ(order, "auto! ring! auto ring auto ring auto! ring! ") << "asked for again, alone";
}

TEST(Algorithms, AWrongResultEndsAnAlgorithmsTurns) {
  const std::vector<BenchPoint> points = points_of({"auto", "ring"}, 64);
  int measured = 0;
  TurnTaking turns(points, {}, [&](const BenchPoint& point, const PointPlan&) {
    ++measured;
    PointResult result;
    result.mismatch = Mismatch{};
    result.mismatch->wrong = point.scenario.algorithm == "ring" ? 3 : 0;
    return result;
  });
  EXPECT_FALSE(turns(points[0]).wrong());
  EXPECT_TRUE(turns(points[1]).wrong());
  EXPECT_EQ(measured, TurnTaking::kTurns + 1);
}

}  // namespace
}  // namespace collscale
