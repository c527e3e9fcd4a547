// SPDX-License-Identifier: Apache-2.0
#include "measure/pairs.hpp"

#include <fmt/format.h>

#include <map>

#include "measure/layout.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr double kDeviations = 5;
constexpr double kNormalScale = 1.4826;  // MAD to standard deviation, of a normal distribution
constexpr double kLeastScale = 0.05;     // of the median: quiet runs have a MAD of almost nothing

/// Above which a value stands out from the others, and what it is held against.
struct Limit {
  double center = 0;
  double most = std::numeric_limits<double>::infinity();
};
Limit limit_of(const std::vector<double>& values) {
  if (values.size() < 3) return {};
  const double center = lower_median(values);
  const double scale =
      std::max(kNormalScale * median_absolute_deviation(values), kLeastScale * center);
  return {center, center + kDeviations * scale};
}

/// For every rank the factor by which it is slow; 1 where it is not.
std::vector<double> slow_ranks(std::span<const double> time_s, std::span<const int> node_of) {
  const int ranks = static_cast<int>(node_of.size());
  std::vector<double> ratio(node_of.size(), 1.0);
  for (const bool across : {false, true}) {
    std::vector<double> typical;
    std::vector<std::size_t> of;
    for (int a = 0; a < ranks; ++a) {
      std::vector<double> own;
      for (int b = 0; b < ranks; ++b) {
        if (a == b) continue;
        if ((node_of[static_cast<std::size_t>(a)] != node_of[static_cast<std::size_t>(b)]) !=
            across)
          continue;
        const double pair_s = time_s[pair_index(std::minmax(a, b), ranks)];
        if (pair_s > 0) own.push_back(pair_s);
      }
      if (own.size() < 2) continue;  // one pair says nothing about which end is slow
      typical.push_back(lower_median(own));
      of.push_back(static_cast<std::size_t>(a));
    }
    const Limit limit = limit_of(typical);
    for (std::size_t i = 0; i < of.size(); ++i)
      if (typical[i] > limit.most) ratio[of[i]] = std::max(ratio[of[i]], typical[i] / limit.center);
  }
  return ratio;
}

}  // namespace

std::vector<std::vector<RankPair>> pair_rounds(int ranks) {
  const int seats = ranks + ranks % 2;  // the last one is empty with an odd number
  std::vector<std::vector<RankPair>> rounds;
  for (int turn = 0; turn + 1 < seats; ++turn) {
    std::vector<RankPair>& round = rounds.emplace_back();
    const auto add = [&](int a, int b) {
      if (std::max(a, b) < ranks) round.emplace_back(std::min(a, b), std::max(a, b));
    };
    add(turn, seats - 1);
    for (int k = 1; k < seats / 2; ++k)
      add((turn + k) % (seats - 1), (turn + seats - 1 - k) % (seats - 1));
  }
  return rounds;
}

std::vector<std::vector<RankPair>> pairs_in_turn(int ranks) {
  std::vector<std::vector<RankPair>> alone;
  for (const auto& round : pair_rounds(ranks))
    for (const RankPair& pair : round) alone.push_back({pair});
  return alone;
}

Scenario pair_message(double size_bytes) {
  Scenario scenario;
  scenario.collective = Collective::send_recv;
  scenario.algorithm = "ping_pong";
  scenario.dtype = DataType::uint8;
  scenario.size_bytes = size_bytes;
  scenario.ranks = 2;
  return scenario;
}

std::vector<SlowPart> find_slow(std::span<const double> pair_time_s, std::span<const int> node_of) {
  const int ranks = static_cast<int>(node_of.size());
  if (ranks < 3) return {};
  const std::vector<double> ratio = slow_ranks(pair_time_s, node_of);
  std::vector<SlowPart> found;
  std::map<int, std::vector<std::size_t>> nodes;
  for (std::size_t rank = 0; rank < node_of.size(); ++rank) nodes[node_of[rank]].push_back(rank);
  for (const auto& [node, members] : nodes) {
    const auto slow = std::count_if(members.begin(), members.end(),
                                    [&ratio](std::size_t rank) { return ratio[rank] > 1; });
    if (members.size() > 1 && slow == static_cast<std::ptrdiff_t>(members.size())) {
      std::vector<double> own;
      for (const std::size_t rank : members) own.push_back(ratio[rank]);
      found.push_back({SlowPart::Kind::node, node, 0, lower_median(own)});
      continue;
    }
    for (const std::size_t rank : members)
      if (ratio[rank] > 1)
        found.push_back({SlowPart::Kind::rank, static_cast<int>(rank), 0, ratio[rank]});
  }
  for (const bool across : {false, true}) {
    std::vector<double> times;
    std::vector<RankPair> pairs;
    for (int a = 0; a < ranks; ++a) {
      for (int b = a + 1; b < ranks; ++b) {
        const auto i = static_cast<std::size_t>(a);
        const auto j = static_cast<std::size_t>(b);
        if ((node_of[i] != node_of[j]) != across || ratio[i] > 1 || ratio[j] > 1) continue;
        const double time_s = pair_time_s[pair_index({a, b}, ranks)];
        if (!(time_s > 0)) continue;
        pairs.emplace_back(a, b);
        times.push_back(time_s);
      }
    }
    const Limit limit = limit_of(times);
    for (std::size_t p = 0; p < pairs.size(); ++p)
      if (times[p] > limit.most)
        found.push_back(
            {SlowPart::Kind::link, pairs[p].first, pairs[p].second, times[p] / limit.center});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const SlowPart& a, const SlowPart& b) { return a.ratio > b.ratio; });
  return found;
}

std::string describe(const SlowPart& part, std::span<const int> node_of) {
  switch (part.kind) {
    case SlowPart::Kind::rank:
      return fmt::format(
          "rank {} is slow: its pairs take {:.2f} times as long as those of the other ranks",
          part.first, part.ratio);
    case SlowPart::Kind::node: {
      std::vector<int> members;
      for (std::size_t rank = 0; rank < node_of.size(); ++rank)
        if (node_of[rank] == part.first) members.push_back(static_cast<int>(rank));
      return fmt::format(
          "node {} (ranks {}) is slow: its pairs take {:.2f} times as long as those of the other "
          "nodes",
          part.first, format_ranks(members), part.ratio);
    }
    case SlowPart::Kind::link:
      break;
  }
  return fmt::format(
      "the link between ranks {} and {} is slow: {:.2f} times as long as other pairs", part.first,
      part.second, part.ratio);
}

}  // namespace collscale
