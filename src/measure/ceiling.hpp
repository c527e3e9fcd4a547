// SPDX-License-Identifier: Apache-2.0
// What messages and copies between these ranks allow a collective: the ceiling that a time is held
// against where no topology is given. docs/method.md tells its limits.
//   t = max( ⌈log2 n⌉ α,  m(V),  c(W) )
//   α, m   half a round trip of 8 bytes, and of V bytes, between the quickest pair of ranks that
//   are
//          n/2 apart, one pair alone or all at once; V bytes the busiest rank must send or receive:
//          size × the factor of the bus bandwidth. One α where nothing is passed on.
//   c      copying W bytes from send to receive buffers on all ranks at once; W bytes that are new
//          in each receive buffer. Where all ranks share a machine: there a byte arrives by a copy.
// Of each the quickest sample: a ceiling is what is possible, and other work on the machine must
// not lower it. Source of the first two: Chan, Heimlich, Purkayastha, van de Geijn, "Collective
// communication: theory, practice and experience", CCPE 2007, section 3, for ranks with one port.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "measure/pairs.hpp"
#include "measure/sampler.hpp"
#include "record/record.hpp"

namespace collscale {

/// Times by size, sizes rising. Between two sizes the logarithms of time and size are interpolated;
/// beyond them the bandwidth of the nearest is taken.
struct TimeOfSize {
  std::vector<std::pair<double, double>> points;  ///< bytes, seconds
  [[nodiscard]] double operator()(double bytes) const;
  /// The best bandwidth of a size up to `bytes`; 0 without one.
  [[nodiscard]] double best_Bps(double bytes) const;
};

struct Ceiling {
  double latency_s = 0;
  TimeOfSize message;
  TimeOfSize copy;  ///< empty: the ranks do not share a machine
};

/// Empty for one rank; and where operations that follow one another overlap, so that the time is a
/// rate: batches of operations with a root.
std::optional<Attainable> attainable_here(const Ceiling& ceiling, const Scenario& scenario,
                                          std::int64_t batch);

/// "message latency 0.31 us and 5.2 GB/s, copy 6.1 GB/s per rank"
std::string describe(const Ceiling& ceiling);

/// Pairs of ranks half of all apart, counted node by node: each in another node where there are
/// several.
std::vector<RankPair> distant_pairs(std::span<const int> node_of);

/// Sizes to measure up to `largest_bytes`: 512 B, 4 KiB, ... by factors of 8.
std::vector<std::int64_t> ceiling_sizes(double largest_bytes, std::int64_t most_bytes);

/// What one of the ceiling's measurements may take; at most a 25th of a point's time.
SamplingPlan ceiling_plan(const SamplingPlan& plan);

/// Collective, for two ranks or more. `make_ping_pong(size_bytes)` gives what measure_round takes;
/// `make_copy(size_bytes)` what copies so many bytes n times when it is called with n.
template <Coordinator C, class MakePingPong, class MakeCopy, class Clock>
Ceiling measure_ceiling(C& processes, std::span<const int> node_of, double largest_bytes,
                        const SamplingPlan& of_points, MakePingPong&& make_ping_pong,
                        MakeCopy&& make_copy, Clock&& now_s) {
  const SamplingPlan plan = ceiling_plan(of_points);
  const std::vector<RankPair> pairs = distant_pairs(node_of);
  const auto message_s = [&](std::int64_t size_bytes) {
    auto&& ping_pong = make_ping_pong(size_bytes);
    double best_s = 0;
    for (const std::size_t at_once : {std::size_t{1}, pairs.size()}) {
      if (best_s > 0 && pairs.size() == 1) break;
      const std::vector<RankPair> round(pairs.begin(),
                                        pairs.begin() + static_cast<std::ptrdiff_t>(at_once));
      for (const auto& samples : measure_round(processes, round, plan, ping_pong, now_s).time_s) {
        const double pair_s = *std::min_element(samples.begin(), samples.end());
        best_s = best_s > 0 ? std::min(best_s, pair_s) : pair_s;
      }
    }
    return best_s;
  };
  Ceiling ceiling;
  ceiling.latency_s = message_s(8);
  ceiling.message.points.emplace_back(8, ceiling.latency_s);
  constexpr std::int64_t kMostMessage = std::int64_t{2} << 20;
  for (const std::int64_t size : ceiling_sizes(largest_bytes, kMostMessage)) {
    ceiling.message.points.emplace_back(size, message_s(size));
  }
  if (std::any_of(node_of.begin(), node_of.end(), [&](int node) { return node != node_of[0]; })) {
    return ceiling;
  }
  constexpr std::int64_t kMostCopy = std::int64_t{16} << 20;
  for (const std::int64_t size : ceiling_sizes(largest_bytes, kMostCopy)) {
    const SampleSet samples = take_samples(processes, plan, make_copy(size), now_s);
    ceiling.copy.points.emplace_back(
        size, *std::min_element(samples.time_s.begin(), samples.time_s.end()));
  }
  return ceiling;
}

}  // namespace collscale
