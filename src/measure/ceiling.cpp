// SPDX-License-Identifier: Apache-2.0
#include "measure/ceiling.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <numeric>

#include "units/quantity.hpp"

namespace collscale {

namespace {

/// Bytes that an operation writes anew in every receive buffer; 0 where only a root has them.
double copied_bytes(const Scenario& scenario) {
  const double size = scenario.size_bytes;
  const auto n = static_cast<double>(scenario.ranks);
  switch (scenario.collective) {
    case Collective::all_gather:
    case Collective::all_gather_v:
    case Collective::all_to_all:
    case Collective::all_to_all_v:
      return scenario.in_place ? size * (n - 1) / n : size;
    case Collective::reduce_scatter:
      return size / n;
    case Collective::all_reduce:
    case Collective::send_recv:
      return size;
    default:
      return 0;
  }
}

}  // namespace

double TimeOfSize::operator()(double bytes) const {
  if (points.empty() || bytes <= 0) {
    return 0;
  }
  const auto above = std::find_if(points.begin(), points.end(),
                                  [bytes](const auto& p) { return p.first >= bytes; });
  if (above == points.begin() || above == points.end()) {
    const auto& [size, time_s] = above == points.end() ? points.back() : points.front();
    return time_s * bytes / size;
  }
  const auto& [low, low_s] = *(above - 1);
  const auto& [high, high_s] = *above;
  return low_s * std::pow(high_s / low_s, std::log(bytes / low) / std::log(high / low));
}

double TimeOfSize::best_Bps(double bytes) const {
  double best_Bps = 0;
  for (const auto& [size, time_s] : points) {
    if (size <= bytes && time_s > 0) {
      best_Bps = std::max(best_Bps, size / time_s);
    }
  }
  return best_Bps;
}

std::optional<Attainable> attainable_here(const Ceiling& ceiling, const Scenario& scenario,
                                          std::int64_t batch) {
  if (scenario.ranks < 2 || (is_rooted(scenario.collective) && batch > 1)) {
    return std::nullopt;
  }
  const auto steps =
      passes_on(scenario.collective)
          ? static_cast<double>(std::bit_width(static_cast<std::uint64_t>(scenario.ranks - 1)))
          : 1.0;
  Attainable best{steps * ceiling.latency_s, "measured", "latency"};
  const auto limit = [&best](double time_s, const char* by) {
    if (time_s > best.time_s) {
      best.time_s = time_s;
      best.limit = by;
    }
  };
  const double moved =
      scenario.size_bytes * bus_bandwidth_factor(scenario.collective, scenario.ranks);
  if (moved > 0) {
    // One message, or several of the size that is quickest per byte.
    double message_s = ceiling.message(moved);
    if (const double best_Bps = ceiling.message.best_Bps(moved); best_Bps > 0) {
      message_s = std::min(message_s, moved / best_Bps);
    }
    limit(message_s, "message");
  }
  // Below the first size a copy's time is not known; it is far below a message's.
  const double copied = copied_bytes(scenario);
  if (!ceiling.copy.points.empty() && copied >= ceiling.copy.points.front().first) {
    limit(ceiling.copy(copied), "copy");
  }
  return best;
}

std::string describe(const Ceiling& ceiling) {
  const auto best = [](const TimeOfSize& times) {
    return format_bandwidth(times.best_Bps(HUGE_VAL));
  };
  std::string text = fmt::format("message latency {}", format_time(ceiling.latency_s));
  if (ceiling.message.points.size() > 1) {
    text += fmt::format(", bandwidth {}", best(ceiling.message));
  }
  if (!ceiling.copy.points.empty()) {
    text += fmt::format(", copy {} per rank", best(ceiling.copy));
  }
  return text;
}

std::vector<RankPair> distant_pairs(std::span<const int> node_of) {
  std::vector<int> ranks(node_of.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::stable_sort(ranks.begin(), ranks.end(), [node_of](int a, int b) {
    return node_of[static_cast<std::size_t>(a)] < node_of[static_cast<std::size_t>(b)];
  });
  std::vector<RankPair> pairs;
  const std::size_t half = ranks.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    pairs.push_back(std::minmax(ranks[i], ranks[i + half]));
  }
  return pairs;
}

std::vector<std::int64_t> ceiling_sizes(double largest_bytes, std::int64_t most_bytes) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = 512; size <= most_bytes; size *= 8) {
    if (static_cast<double>(size) > largest_bytes) break;
    sizes.push_back(size);
  }
  return sizes;
}

SamplingPlan ceiling_plan(const SamplingPlan& of_points) {
  SamplingPlan plan;
  plan.time_budget_s = std::min(0.04, of_points.time_budget_s / 25);
  plan.min_samples = 5;
  plan.enough_from_samples = 10;
  plan.max_samples = 50;
  return plan;
}

}  // namespace collscale
