// SPDX-License-Identifier: Apache-2.0
// Every pair of ranks measured by itself, and which rank, node or link is slower than the rest.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "measure/coordinator.hpp"
#include "measure/sampling_plan.hpp"
#include "measure/verify.hpp"

namespace collscale {

using RankPair = std::pair<int, int>;  ///< the lower rank first

/// All pairs of `ranks` ranks in rounds of disjoint pairs: ranks - 1 rounds, one more for an odd
/// number, whose ranks rest once each. (The round-robin tournament: one rank stays, the others turn
/// about it.)
std::vector<std::vector<RankPair>> pair_rounds(int ranks);

/// The same pairs in the same order, each in a round of its own.
std::vector<std::vector<RankPair>> pairs_in_turn(int ranks);

/// The place of a pair in lists over all pairs: (0,1), (0,2), ..., (1,2), ...
inline std::size_t pair_index(const RankPair& pair, int ranks) {
  const auto a = static_cast<std::size_t>(pair.first);
  const auto n = static_cast<std::size_t>(ranks);
  return a * (2 * n - a - 1) / 2 + static_cast<std::size_t>(pair.second - pair.first - 1);
}
inline std::size_t pair_count(int ranks) {
  return static_cast<std::size_t>(ranks) * static_cast<std::size_t>(ranks - 1) / 2;
}

/// What stands out: a rank, a node (first is its number), or the link between two ranks.
struct SlowPart {
  enum class Kind { rank, node, link };
  Kind kind = Kind::rank;
  int first = 0;
  int second = 0;    ///< of a link
  double ratio = 1;  ///< how many times the time of the rest
};

/// `pair_time_s` by pair_index; 0: not measured, and left out. Pairs within a node are held against
/// such pairs, pairs across nodes against those. A rank has the lower median over its pairs, so
/// that one bad link does not make a bad rank; it is slow where that is above the median rank's by
/// more than five times 1.4826 MAD (a standard deviation, were the times normal), taken as at least
/// 5 %: so by a quarter at least. A node is slow where it has several ranks and all are. A link is
/// slow by the same criterion among pairs of ranks that are not. With two ranks there is nothing to
/// hold a pair against. Slowest first.
std::vector<SlowPart> find_slow(std::span<const double> pair_time_s, std::span<const int> node_of);

/// "rank 3 is slow: its pairs take 2.41 times as long as those of the other ranks"
std::string describe(const SlowPart& part, std::span<const int> node_of);

/// The message between the pairs as a collective of two ranks, the lower of which sends first.
Scenario pair_message(double size_bytes);

/// What makes a round's messages, in a process that has some of the ends:
///   ranks()                 how many there are in all processes
///   has(rank)               the rank is here
///   run(round, n)           n round trips of every pair with an end here, all at once
///   time(round, n, time_s)  one more that is not timed, which brings the two together, then n;
///   sets
///                           the seconds of each pair whose lower rank is here
///   send(rank)              the bytes to write what the rank is to send to; load(rank) then takes
///                           them and leaves kUntouched where the rank receives
///   received(rank)          the message, and kGuardBytes behind it
template <class M>
concept PairMessages = requires(M& m, const std::vector<RankPair>& round, std::int64_t n,
                                std::span<double> time_s, int rank) {
  { m.ranks() } -> std::convertible_to<int>;
  { m.has(rank) } -> std::convertible_to<bool>;
  {m.run(round, n)};
  {m.time(round, n, time_s)};
  { m.send(rank) } -> std::convertible_to<std::span<std::byte>>;
  {m.load(rank)};
  { m.received(rank) } -> std::convertible_to<std::span<const std::byte>>;
};

/// Of a process that is one rank. `ping_pong(partner, starts, n)` makes n round trips of a message
/// with the partner; ping_pong.send() and ping_pong.receive() are its buffers' bytes, the latter
/// with kGuardBytes behind the message.
template <class PingPong, class Clock>
class MessagesOfOneRank {
 public:
  MessagesOfOneRank(int rank, int ranks, PingPong& ping_pong, Clock& now_s)
      : rank_(rank), ranks_(ranks), ping_pong_(ping_pong), now_s_(now_s) {}

  [[nodiscard]] int ranks() const { return ranks_; }
  [[nodiscard]] bool has(int rank) const { return rank == rank_; }
  void run(const std::vector<RankPair>& round, std::int64_t round_trips) {
    const auto mine = own_pair(round);
    if (mine == round.end()) return;
    const bool starts = mine->first == rank_;
    ping_pong_(starts ? mine->second : mine->first, starts, round_trips);
  }
  void time(const std::vector<RankPair>& round, std::int64_t round_trips,
            std::span<double> time_s) {
    run(round, 1);
    const double start_s = now_s_();
    run(round, round_trips);
    const double end_s = now_s_();
    const auto mine = own_pair(round);
    if (mine != round.end() && mine->first == rank_)
      time_s[static_cast<std::size_t>(mine - round.begin())] = end_s - start_s;
  }
  [[nodiscard]] std::span<std::byte> send(int /*rank*/) { return ping_pong_.send(); }
  void load(int /*rank*/) {
    std::fill(ping_pong_.receive().begin(), ping_pong_.receive().end(), kUntouched);
  }
  [[nodiscard]] std::span<const std::byte> received(int /*rank*/) { return ping_pong_.receive(); }

 private:
  [[nodiscard]] auto own_pair(const std::vector<RankPair>& round) const {
    return std::find_if(round.begin(), round.end(), [this](const RankPair& pair) {
      return pair.first == rank_ || pair.second == rank_;
    });
  }

  int rank_;
  int ranks_;
  PingPong& ping_pong_;
  Clock& now_s_;
};

/// `messages` itself where it makes those of a round; else it is the ping-pong of one rank.
template <Coordinator C, class M, class Clock>
decltype(auto) messages_of_round(C& processes, M& messages, Clock& now_s) {
  if constexpr (PairMessages<M>) {
    return (messages);
  } else {
    return MessagesOfOneRank<M, Clock>(processes.rank(), processes.size(), messages, now_s);
  }
}

/// Collective: each pair of the round makes two round trips with data that the other end knows, not
/// the same in both, between other pairs or in the two directions, and compares every byte and
/// those behind the last one. What the pairs found, in the round's order; the same on every
/// process. `ping_pong`: PairMessages, or one rank's.
template <Coordinator C, class PingPong>
std::vector<Mismatch> verify_round(C& processes, const std::vector<RankPair>& round,
                                   std::int64_t size_bytes, PingPong&& ping_pong) {
  const auto no_clock = [] { return 0.0; };
  auto&& messages = messages_of_round(processes, ping_pong, no_clock);
  const Scenario scenario = pair_message(static_cast<double>(size_bytes));
  const BufferLayout layout = buffer_layout(scenario.collective, scenario.dtype,
                                            static_cast<double>(size_bytes), scenario.ranks);
  std::vector<Mismatch> of_ranks(static_cast<std::size_t>(messages.ranks()));
  for (int trip = 0; trip < 2; ++trip) {
    /// `act(rank, 0 for the lower one of the pair, pattern)` for every end that is here.
    const auto for_ends_here = [&](auto&& act) {
      for (const RankPair& pair : round) {
        const auto pairs_before = static_cast<int>(pair_index(pair, messages.ranks()) % 1000000);
        const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks,
                              2 * pairs_before + trip);
        if (messages.has(pair.first)) act(pair.first, 0, pattern);
        if (messages.has(pair.second)) act(pair.second, 1, pattern);
      }
    };
    for_ends_here([&](int rank, int end, const Pattern& pattern) {
      fill_send(scenario, layout, pattern, end, messages.send(rank));
      messages.load(rank);
    });
    messages.run(round, 1);
    for_ends_here([&](int rank, int end, const Pattern& pattern) {
      const std::span<const std::byte> all = messages.received(rank);
      const auto bytes = static_cast<std::size_t>(size_bytes);
      Mismatch now = check_receive(scenario, layout, pattern, end, all.first(bytes));
      check_guard(scenario.dtype, all.subspan(bytes), size_bytes, now);
      now.rank = rank;
      Mismatch& found = of_ranks[static_cast<std::size_t>(rank)];
      if (found.wrong == 0) found = now;
    });
  }
  share_mismatches(processes, of_ranks,
                   [&messages](std::size_t rank) { return messages.has(static_cast<int>(rank)); });
  std::vector<Mismatch> of_pairs;
  for (const RankPair& pair : round) {
    const std::array<Mismatch, 2> ends{of_ranks[static_cast<std::size_t>(pair.first)],
                                       of_ranks[static_cast<std::size_t>(pair.second)]};
    of_pairs.push_back(sum_of_mismatches(ends));
  }
  return of_pairs;
}

/// The samples of a round's pairs, in its order: seconds of one message, half a round trip.
struct RoundSamples {
  std::vector<std::vector<double>> time_s;
  std::int64_t batch = 1;  ///< round trips per sample
};

/// Collective: all processes pass the same round, all pairs of which run at the same time.
/// `ping_pong`: PairMessages, or one rank's, which `now_s` is for.
template <Coordinator C, class PingPong, class Clock>
RoundSamples measure_round(C& processes, const std::vector<RankPair>& round,
                           const SamplingPlan& plan, PingPong&& ping_pong, Clock&& now_s) {
  auto&& messages = messages_of_round(processes, ping_pong, now_s);
  constexpr double kElsewhere = std::numeric_limits<double>::lowest();
  std::vector<double> own_s(round.size());
  const auto time_all = [&](std::int64_t round_trips) {
    processes.barrier();
    std::fill(own_s.begin(), own_s.end(), kElsewhere);
    messages.time(round, round_trips, own_s);
  };
  if (const auto warmup = plan.fixed_warmup.value_or(2); warmup > 0) messages.run(round, warmup);
  std::vector<double> pilot_s(round.size(), kElsewhere);
  if (!plan.fixed_batch || !plan.fixed_samples) {
    time_all(1);
    pilot_s = own_s;
    for (int repeat = 1; repeat < 3; ++repeat) {
      time_all(1);
      std::transform(own_s.begin(), own_s.end(), pilot_s.begin(), pilot_s.begin(),
                     [](double a, double b) { return std::min(a, b); });
    }
  }
  processes.all_max(pilot_s);
  const auto [quickest, slowest] = std::minmax_element(pilot_s.begin(), pilot_s.end());
  const double slowest_s = std::max(*slowest, 1e-9);
  const double quickest_s = std::max(*quickest, 1e-9);
  const auto at_most = static_cast<double>(plan.max_batch);
  // Long enough for the clock on the quickest pair, unless the slowest would take all the time.
  const double wanted = std::ceil(plan.min_sample_s / quickest_s);
  const double bearable = plan.time_budget_s / (slowest_s * static_cast<double>(plan.min_samples));
  RoundSamples result;
  result.batch = processes.agree(plan.fixed_batch.value_or(
      static_cast<std::int64_t>(std::clamp(std::min(wanted, bearable), 1.0, at_most))));
  constexpr double kMostSamples = 50;
  const double affordable =
      plan.time_budget_s / (slowest_s * static_cast<double>(result.batch + 1));
  const std::int64_t samples =
      processes.agree(plan.fixed_samples.value_or(static_cast<std::int64_t>(
          std::clamp(affordable, std::min(static_cast<double>(plan.min_samples), kMostSamples),
                     kMostSamples))));
  const auto count = static_cast<std::size_t>(samples);
  std::vector<double> all(round.size() * count, kElsewhere);
  for (std::size_t s = 0; s < count; ++s) {
    time_all(result.batch);
    for (std::size_t p = 0; p < round.size(); ++p) {
      if (own_s[p] != kElsewhere)
        all[p * count + s] = own_s[p] / (2.0 * static_cast<double>(result.batch));
    }
  }
  processes.all_max(all);
  for (std::size_t p = 0; p < round.size(); ++p)
    result.time_s.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(p * count),
                               all.begin() + static_cast<std::ptrdiff_t>((p + 1) * count));
  return result;
}

}  // namespace collscale
