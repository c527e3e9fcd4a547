// SPDX-License-Identifier: Apache-2.0
// Watchdogs of several ranks, all in this process.
#include "bench/suite/watchdog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "measure/stragglers.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kTimeout_s = 0.2;

TEST(Stragglers, TheRankWithFewerStepsIsLateAndTheOneWithoutAnAnswerIsSilent) {
  const Stragglers found =
      find_stragglers({{true, 10, 1}, {true, 7, 1}, {false, 0, 0}, {true, 9, 1}});
  EXPECT_THAT(found.late, ElementsAre(1, 3));
  EXPECT_THAT(found.silent, ElementsAre(2));
  EXPECT_EQ(found.behind, 3U);
  EXPECT_EQ(describe(found, 4),
            "rank 2 does not answer (stopped, gone, or not to be reached), and ranks 1, 3 did not "
            "arrive (3 steps behind)");
  EXPECT_EQ(describe(find_stragglers({{true, 5, 1}, {true, 5, 2}}), 2),
            "all 2 ranks entered and none returned");
}

TEST(Stragglers, OfAProcessWithSeveralGpusTheRanksAreNamedThatDidNotComplete) {
  const auto said = [](const std::vector<RankProgress>& processes) {
    return describe(find_stragglers(by_rank(processes, 2)), 2 * processes.size());
  };
  EXPECT_EQ(said({{true, 5, 1, 0}, {true, 4, 1, 2}}), "rank 3 launched and did not complete");
  EXPECT_EQ(said({{true, 5, 1, 3}, {true, 5, 1, 3}}), "all 4 ranks launched and none completed");
  EXPECT_EQ(said({{true, 5, 1, 3}, {true, 4, 1, 0}}),
            "ranks 2, 3 did not arrive (1 step behind); ranks 0, 1 launched and did not complete");
  EXPECT_EQ(said({{true, 5, 1, 1}, {}}),
            "ranks 2, 3 do not answer (stopped, gone, or not to be reached); rank 0 launched and "
            "did not complete");
  EXPECT_EQ(said({{true, 5, 1, 0}}), "all 2 ranks entered and none returned");
}

TEST(Stragglers, ManyRanksAreNamedAsRanges) {
  EXPECT_EQ(rank_ranges({3}), "3");
  EXPECT_EQ(rank_ranges({0, 1, 2, 5, 6, 9}), "0-2, 5, 6, 9");
  std::vector<int> even;
  for (int rank = 0; rank < 40; rank += 2) {
    even.push_back(rank);
  }
  EXPECT_EQ(rank_ranges(even), "0, 2, 4, 6, 8, 10, 12, 14, ... (20 in all)");
}

/// Ranks whose watchdogs know one another, but for those that are absent.
class Ranks {
 public:
  Ranks(int count, const std::vector<int>& absent) : heartbeats_(static_cast<std::size_t>(count)) {
    std::vector<std::unique_ptr<WatchdogSocket>> sockets;
    WatchdogPlan plan;
    for (int rank = 0; rank < count; ++rank) {
      sockets.push_back(std::make_unique<WatchdogSocket>());
      plan.peers.push_back(sockets.back()->address());
    }
    plan.timeout_s = kTimeout_s;
    plan.token = 42;
    for (int rank = 0; rank < count; ++rank) {
      if (std::find(absent.begin(), absent.end(), rank) == absent.end()) {
        plan.rank = rank;
        plan.abort = [this, rank] { aborted_by_ = rank; };
        watchdogs_.push_back(
            std::make_unique<Watchdog>(plan, std::move(sockets[static_cast<std::size_t>(rank)]),
                                       heartbeats_[static_cast<std::size_t>(rank)]));
        watchdogs_.back()->at("some point");
        watchdogs_.back()->before_abort([] { return std::string("all is kept"); });
      }
    }
  }

  Heartbeat& heartbeat(int rank) { return heartbeats_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] int aborted_by() const { return aborted_by_; }
  [[nodiscard]] bool abort_comes() const {
    for (int i = 0; i < 400 && aborted_by_ < 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return aborted_by_ >= 0;
  }

 private:
  std::vector<Heartbeat> heartbeats_;
  std::atomic<int> aborted_by_{-1};
  std::vector<std::unique_ptr<Watchdog>> watchdogs_;
};

TEST(Watchdog, TheRankThatDidNotArriveIsNamedByRank0) {
  testing::internal::CaptureStderr();
  {
    Ranks ranks(3, {});
    ranks.heartbeat(0).enter();
    ranks.heartbeat(2).enter();
    EXPECT_TRUE(ranks.abort_comes());
    EXPECT_EQ(ranks.aborted_by(), 0);
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("error: some point: no progress for "));
  EXPECT_THAT(said, HasSubstr(": rank 1 did not arrive (1 step behind); the run is aborted, all is "
                              "kept\n"));
}

TEST(Watchdog, ADeputyReportsWhereRank0DoesNotAnswer) {
  testing::internal::CaptureStderr();
  {
    Ranks ranks(3, {0});
    EXPECT_TRUE(ranks.abort_comes());
    EXPECT_EQ(ranks.aborted_by(), 1);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("rank 0 does not answer"));
}

TEST(Watchdog, WhileAnyRankMovesNothingIsAborted) {
  Ranks ranks(2, {});
  // Both move, though rank 0 less often than the others: 3 timeouts in all.
  for (int i = 0; i < 60; ++i) {
    ranks.heartbeat(1).enter();
    if (i % 5 == 0) {
      ranks.heartbeat(0).enter();
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(kTimeout_s / 20));
  }
  EXPECT_EQ(ranks.aborted_by(), -1);
}

}  // namespace
}  // namespace collscale
