// SPDX-License-Identifier: Apache-2.0
#include "measure/pairs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <set>

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Times over pairs, each given by `time_s(a, b)`, in sentences of what is slow.
template <class Time>
std::vector<std::string> slow_among(const std::vector<int>& node_of, Time&& time_s) {
  const int ranks = static_cast<int>(node_of.size());
  std::vector<double> times(pair_count(ranks));
  for (int a = 0; a < ranks; ++a)
    for (int b = a + 1; b < ranks; ++b) times[pair_index({a, b}, ranks)] = time_s(a, b);
  std::vector<std::string> sentences;
  for (const SlowPart& part : find_slow(times, node_of))
    sentences.push_back(describe(part, node_of));
  return sentences;
}

TEST(PairRounds, EveryPairOnceInAsFewRoundsOfDisjointPairsAsThereCanBe) {
  for (int ranks = 2; ranks < 20; ++ranks) {
    const auto rounds = pair_rounds(ranks);
    EXPECT_EQ(static_cast<int>(rounds.size()), ranks % 2 == 0 ? ranks - 1 : ranks);
    std::set<std::size_t> pairs;
    for (const auto& round : rounds) {
      std::set<int> busy;
      for (const RankPair& pair : round) {
        EXPECT_LT(pair.first, pair.second);
        EXPECT_TRUE(busy.insert(pair.first).second && busy.insert(pair.second).second);
        EXPECT_TRUE(pairs.insert(pair_index(pair, ranks)).second);
      }
    }
    EXPECT_EQ(pairs.size(), pair_count(ranks));
    EXPECT_EQ(*pairs.rbegin(), pair_count(ranks) - 1);
  }
}

TEST(FindSlow, NamesASlowRankAmongThreeOrMoreWhicheverItIs) {
  rc::check([] {
    const auto ranks = *rc::gen::inRange(3, 12);
    const auto slow = *rc::gen::inRange(0, ranks);
    const auto per_node = *rc::gen::element(1, ranks);
    std::vector<int> node_of;
    for (int rank = 0; rank < ranks; ++rank) node_of.push_back(rank / per_node);
    const auto seed = *rc::gen::inRange(0, 1000);
    const auto found = slow_among(node_of, [&](int a, int b) {
      const double noise = 1 + 0.01 * ((a * 7919 + b * 104729 + seed) % 7);
      return noise * (a == slow || b == slow ? 3e-6 : 1e-6);
    });
    RC_ASSERT(found.size() == 1U);
    RC_ASSERT(found[0].starts_with("rank " + std::to_string(slow) + " is slow: its pairs take "));
  });
}

TEST(FindSlow, PairsAcrossNodesAreNotSlowForBeingAcross) {
  const std::vector<int> node_of{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
  const auto usual = [&](int a, int b) {
    return node_of[static_cast<std::size_t>(a)] == node_of[static_cast<std::size_t>(b)] ? 1e-6
                                                                                        : 9e-6;
  };
  EXPECT_THAT(slow_among(node_of, usual), IsEmpty());
  EXPECT_THAT(slow_among(node_of,
                         [&](int a, int b) {
                           const bool crosses = usual(a, b) > 5e-6;
                           return usual(a, b) * (crosses && (a / 4 == 1 || b / 4 == 1) ? 2 : 1);
                         }),
              ElementsAre("node 1 (ranks 4-7) is slow: its pairs take 2.00 times as long as those "
                          "of the other nodes"));
  EXPECT_THAT(
      slow_among(node_of, [&](int a, int b) { return usual(a, b) * (a == 2 && b == 9 ? 4 : 1); }),
      ElementsAre("the link between ranks 2 and 9 is slow: 4.00 times as long as other "
                  "pairs"));
}

TEST(PairsInTurn, AreTheSamePairsInTheSameOrder) {
  std::vector<RankPair> expected, alone;
  for (const auto& round : pair_rounds(7))
    expected.insert(expected.end(), round.begin(), round.end());
  for (const auto& round : pairs_in_turn(7)) {
    ASSERT_EQ(round.size(), 1U);
    alone.push_back(round.front());
  }
  EXPECT_EQ(alone, expected);
}

TEST(FindSlow, PairsThatWereNotMeasuredAreLeftOut) {
  const std::vector<int> one_node(6, 0);
  const auto all_of_rank_0 = [](int a, int) { return a == 0 ? 1e-6 : 0.0; };
  EXPECT_THAT(slow_among(one_node, all_of_rank_0), IsEmpty());
  EXPECT_THAT(slow_among(one_node,
                         [](int a, int b) {
                           return b == 5 && a > 1 ? 0.0 : a == 3 || b == 3 ? 4e-6 : 1e-6;
                         }),
              ElementsAre("rank 3 is slow: its pairs take 4.00 times as long as those of the other "
                          "ranks"));
}

TEST(FindSlow, IsSilentWhereNothingStandsOutOrNothingCan) {
  EXPECT_THAT(slow_among({0, 0}, [](int, int) { return 1.0; }), IsEmpty());
  EXPECT_THAT(slow_among({0, 0, 0, 0}, [](int a, int b) { return 1 + 0.1 * (a + b) / 5; }),
              IsEmpty());
}

TEST(VerifyRound, ComparesEveryByteAndThoseBehindTheLast) {
  for (const std::int64_t spoil : {-1, 0, 9, 10, 4105}) {
    std::vector<std::byte> sent(10), received(10 + kGuardBytes);
    int trips = 0;
    struct {
      std::span<std::byte> send_bytes, receive_bytes;
      std::function<void()> trip;
      std::span<std::byte> send() const { return send_bytes; }
      std::span<std::byte> receive() const { return receive_bytes; }
      void operator()(int, bool, std::int64_t) const { trip(); }
    } ping_pong{
        sent, received, [&] {
          // What rank 1 sends in the message's own pattern.
          const Scenario scenario = pair_message(10);
          const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, 2, trips++);
          const BufferLayout layout = buffer_layout(scenario.collective, scenario.dtype, 10, 2);
          fill_send(scenario, layout, pattern, 1, std::span(received).first(10));
          if (spoil >= 0) received[static_cast<std::size_t>(spoil)] ^= std::byte{1};
        }};
    // The other end of the pair is not there to report: one process alone counts as both.
    struct TwoProcesses : SingleProcess {
      static int size() { return 2; }
      static void all_max(std::span<double> values) {
        for (std::size_t i = values.size() / 2; i < values.size(); ++i) values[i] = 0;
      }
    } processes;
    const auto found = verify_round(processes, {{0, 1}}, 10, ping_pong);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].wrong, spoil < 0 ? 0 : 1) << spoil;
    if (spoil >= 0) {
      EXPECT_EQ(found[0].index, spoil);
    }
    EXPECT_EQ(trips, 2);
  }
}

TEST(MeasureRound, SharesTheSamplesOfEveryPair) {
  // One process that plays the rank that starts, with a clock that its own round trips move.
  SingleProcess alone;
  double now_s = 0;
  SamplingPlan plan;
  plan.fixed_samples = 4;
  plan.fixed_batch = 3;
  const auto samples = measure_round(
      alone, {{0, 1}}, plan,
      [&](int partner, bool starts, std::int64_t round_trips) {
        EXPECT_EQ(partner, 1);
        EXPECT_TRUE(starts);
        now_s += 2e-6 * static_cast<double>(round_trips);
      },
      [&now_s] { return now_s; });
  EXPECT_EQ(samples.batch, 3);
  ASSERT_EQ(samples.time_s.size(), 1U);
  ASSERT_EQ(samples.time_s[0].size(), 4U);
  for (const double time_s : samples.time_s[0]) EXPECT_NEAR(time_s, 1e-6, 1e-12);
}

}  // namespace
}  // namespace collscale
