// SPDX-License-Identifier: Apache-2.0
// Every pair of ranks measured by itself, and which rank, node or link is slower than the rest.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
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

/// Collective: each pair of the round makes two round trips with data that the other end knows, not
/// the same in both, between other pairs or in the two directions, and compares every byte and
/// those behind the last one. What the pairs found, in the round's order; the same on every
/// process. `ping_pong.send()` and `ping_pong.receive()` are its buffers' bytes, the latter with
/// kGuardBytes behind the message.
template <Coordinator C, class PingPong>
std::vector<Mismatch> verify_round(C& processes, const std::vector<RankPair>& round,
                                   std::int64_t size_bytes, PingPong&& ping_pong) {
  const int me = processes.rank();
  Mismatch found;
  for (const RankPair& pair : round) {
    if (pair.first != me && pair.second != me) continue;
    const bool starts = pair.first == me;
    const Scenario scenario = pair_message(static_cast<double>(size_bytes));
    const BufferLayout layout = buffer_layout(scenario.collective, scenario.dtype,
                                              static_cast<double>(size_bytes), scenario.ranks);
    const std::span<std::byte> received =
        ping_pong.receive().first(static_cast<std::size_t>(size_bytes));
    const std::span<std::byte> guard = ping_pong.receive().subspan(received.size());
    for (int trip = 0; trip < 2; ++trip) {
      const auto pairs_before = static_cast<int>(pair_index(pair, processes.size()) % 1000000);
      const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks,
                            2 * pairs_before + trip);
      fill_send(scenario, layout, pattern, starts ? 0 : 1, ping_pong.send());
      std::fill(ping_pong.receive().begin(), ping_pong.receive().end(), kUntouched);
      ping_pong(starts ? pair.second : pair.first, starts, std::int64_t{1});
      Mismatch now = check_receive(scenario, layout, pattern, starts ? 0 : 1, received);
      check_guard(scenario.dtype, guard, size_bytes, now);
      if (found.wrong == 0) found = now;
    }
  }
  found.rank = me;
  const std::vector<Mismatch> all = mismatches_of_all(processes, found);
  std::vector<Mismatch> of_pairs;
  for (const RankPair& pair : round) {
    const std::array<Mismatch, 2> ends{all[static_cast<std::size_t>(pair.first)],
                                       all[static_cast<std::size_t>(pair.second)]};
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
/// `ping_pong(partner, starts, n)` makes n round trips of a message with the partner. After the
/// barrier before a sample each pair makes one more that is not timed: it brings the two together.
template <Coordinator C, class PingPong, class Clock>
RoundSamples measure_round(C& processes, const std::vector<RankPair>& round,
                           const SamplingPlan& plan, PingPong&& ping_pong, Clock&& now_s) {
  const int me = processes.rank();
  const auto mine = std::find_if(round.begin(), round.end(), [me](const RankPair& pair) {
    return pair.first == me || pair.second == me;
  });
  const bool runs = mine != round.end();
  const bool starts = runs && mine->first == me;
  const int partner = runs ? (starts ? mine->second : mine->first) : me;
  const auto time_of = [&](std::int64_t round_trips) {
    processes.barrier();
    if (!runs) return 0.0;
    ping_pong(partner, starts, std::int64_t{1});
    const double start_s = now_s();
    ping_pong(partner, starts, round_trips);
    return now_s() - start_s;
  };
  if (const auto warmup = plan.fixed_warmup.value_or(2); runs && warmup > 0)
    ping_pong(partner, starts, warmup);
  double pilot_s = 0;
  if (!plan.fixed_batch || !plan.fixed_samples) {
    pilot_s = time_of(1);
    for (int repeat = 1; repeat < 3; ++repeat) pilot_s = std::min(pilot_s, time_of(1));
  }
  // The slowest pair, and the quickest.
  std::vector<double> ends{pilot_s, runs ? -pilot_s : std::numeric_limits<double>::lowest()};
  processes.all_max(ends);
  const double slowest_s = std::max(ends[0], 1e-9);
  const double quickest_s = std::max(-ends[1], 1e-9);
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
  std::vector<double> all(round.size() * count, std::numeric_limits<double>::lowest());
  for (std::size_t s = 0; s < count; ++s) {
    const double time_s = time_of(result.batch) / (2.0 * static_cast<double>(result.batch));
    if (starts) all[static_cast<std::size_t>(mine - round.begin()) * count + s] = time_s;
  }
  processes.all_max(all);
  for (std::size_t p = 0; p < round.size(); ++p)
    result.time_s.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(p * count),
                               all.begin() + static_cast<std::ptrdiff_t>((p + 1) * count));
  return result;
}

}  // namespace collscale
