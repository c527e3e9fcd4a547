// SPDX-License-Identifier: Apache-2.0
#include "sim/max_min.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace collscale {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Below this share of what was there at first, differences have lost digits and are summed anew.
constexpr double kCancelled = 1e-4;

class ProgressiveFilling {
 public:
  ProgressiveFilling(const RoutedFlows& flows, std::span<const double> capacity_Bps)
      : flows_(flows),
        capacity_(capacity_Bps),
        crossing_(flows, capacity_Bps.size()),
        links_(capacity_Bps.size()) {
    result_.rate_Bps.assign(flows.size(), kInfinity);
    result_.level_Bps.assign(capacity_Bps.size(), kInfinity);
    frozen_.assign(flows.size(), 0);
    for (std::size_t l = 0; l < links_.size(); ++l) {
      links_[l].left_Bps = capacity_[l];
      links_[l].rising = crossing_.first[l + 1] - crossing_.first[l];
    }
    for (std::size_t f = 0; f < flows.size(); ++f) {
      const RoutedFlow& flow = flows.flow(f);
      for (const std::int32_t link : flows.route(f)) at(link).weight += flow.weight * flow.count;
      if (flow.most_Bps < kInfinity)
        caps_.emplace_back(flow.most_Bps / flow.weight, static_cast<std::int32_t>(f));
    }
    for (std::size_t l = 0; l < links_.size(); ++l) {
      links_[l].all_weight = links_[l].weight;
      if (links_[l].rising > 0)
        heap_.emplace_back(links_[l].left_Bps / links_[l].weight, static_cast<std::int32_t>(l));
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    std::sort(caps_.begin(), caps_.end());
  }

  MaxMin solve() {
    std::size_t next_cap = 0;
    while (true) {
      // A link's level only rises while flows slower than it stop: what the heap says is at most
      // the truth, and is put right when it comes to the top.
      const bool some_link = settle_top();
      while (next_cap < caps_.size() && frozen_[index(caps_[next_cap].second)] != 0) ++next_cap;
      const bool some_cap = next_cap < caps_.size();
      if (!some_link && !some_cap) return std::move(result_);
      if (some_cap && (!some_link || caps_[next_cap].first <= heap_.front().first)) {
        level_ = std::max(level_, caps_[next_cap].first);
        stop(caps_[next_cap].second, flows_.flow(index(caps_[next_cap].second)).most_Bps);
        ++next_cap;
        continue;
      }
      level_ = std::max(level_, heap_.front().first);
      const std::int32_t link = heap_.front().second;
      std::pop_heap(heap_.begin(), heap_.end(), later);
      heap_.pop_back();
      result_.level_Bps[index(link)] = level_;
      const auto from = crossing_.first[index(link)];
      const auto to = crossing_.first[index(link) + 1];
      for (auto i = from; i < to; ++i) {
        const std::int32_t flow = crossing_.flows[index(i)];
        if (frozen_[index(flow)] == 0) stop(flow, level_ * flows_.flow(index(flow)).weight);
      }
    }
  }

 private:
  struct Link {
    double left_Bps = 0;  ///< capacity that no stopped flow has
    double weight = 0;    ///< of the flows that still rise
    double all_weight = 0;
    std::int64_t rising = 0;
  };
  using Entry = std::pair<double, std::int32_t>;  ///< level, link or flow
  static bool later(const Entry& a, const Entry& b) { return a > b; }
  template <class T>
  static std::size_t index(T i) {
    return static_cast<std::size_t>(i);
  }
  Link& at(std::int32_t link) { return links_[index(link)]; }

  double level_of(std::int32_t number) {
    Link& link = at(number);
    if (link.left_Bps < kCancelled * capacity_[index(number)] ||
        link.weight < kCancelled * link.all_weight) {
      link.left_Bps = capacity_[index(number)];
      link.weight = 0;
      for (auto i = crossing_.first[index(number)]; i < crossing_.first[index(number) + 1]; ++i) {
        const auto f = index(crossing_.flows[index(i)]);
        const RoutedFlow& flow = flows_.flow(f);
        if (frozen_[f] != 0)
          link.left_Bps -= result_.rate_Bps[f] * flow.count;
        else
          link.weight += flow.weight * flow.count;
      }
    }
    return std::max(link.left_Bps / link.weight, level_);
  }

  /// Puts the link that fills first on top of the heap; false when no flow rises on any link.
  bool settle_top() {
    while (!heap_.empty()) {
      const auto [said, link] = heap_.front();
      const bool rises = at(link).rising > 0;
      const double level = rises ? level_of(link) : 0;
      if (rises && level <= said) return true;
      std::pop_heap(heap_.begin(), heap_.end(), later);
      if (rises) {
        heap_.back().first = level;
        std::push_heap(heap_.begin(), heap_.end(), later);
      } else {
        heap_.pop_back();
      }
    }
    return false;
  }

  void stop(std::int32_t number, double rate_Bps) {
    const auto f = index(number);
    frozen_[f] = 1;
    result_.rate_Bps[f] = rate_Bps;
    const RoutedFlow& flow = flows_.flow(f);
    for (const std::int32_t number_of_link : flows_.route(f)) {
      Link& link = at(number_of_link);
      link.left_Bps -= rate_Bps * flow.count;
      link.weight -= flow.weight * flow.count;
      --link.rising;
    }
  }

  const RoutedFlows& flows_;
  std::span<const double> capacity_;
  FlowsOfLinks crossing_;
  std::vector<Link> links_;
  std::vector<char> frozen_;
  std::vector<Entry> heap_;
  std::vector<Entry> caps_;
  double level_ = 0;
  MaxMin result_;
};

}  // namespace

FlowsOfLinks::FlowsOfLinks(const RoutedFlows& routed, std::size_t links) : first(links + 1, 0) {
  for (const std::int32_t link : routed.links()) ++first[static_cast<std::size_t>(link) + 1];
  for (std::size_t l = 0; l < links; ++l) first[l + 1] += first[l];
  flows.resize(routed.links().size());
  std::vector<std::int64_t> next(first.begin(), first.end() - 1);
  for (std::size_t f = 0; f < routed.size(); ++f)
    for (const std::int32_t link : routed.route(f))
      flows[static_cast<std::size_t>(next[static_cast<std::size_t>(link)]++)] =
          static_cast<std::int32_t>(f);
}

Expected<void> check_flows(const RoutedFlows& flows, std::span<const double> capacity_Bps) {
  for (std::size_t f = 0; f < flows.size(); ++f) {
    const RoutedFlow& flow = flows.flow(f);
    for (const std::int32_t link : flows.route(f)) {
      if (link < 0 || static_cast<std::size_t>(link) >= capacity_Bps.size())
        return fail(fmt::format("flow {} crosses link {}: there are {} links, from 0 on", f, link,
                                capacity_Bps.size()));
      const double capacity = capacity_Bps[static_cast<std::size_t>(link)];
      if (!(capacity > 0) || !std::isfinite(capacity))
        return fail(
            fmt::format("flow {} crosses link {}, whose capacity is {} B/s: more than 0 is "
                        "needed",
                        f, link, capacity));
    }
    const auto refused = [f](const char* what, double value, const char* wanted) {
      return fail(fmt::format("flow {}: {} is {}, {} is needed", f, what, value, wanted));
    };
    if (!(flow.weight > 0) || !std::isfinite(flow.weight))
      return refused("weight", flow.weight, "more than 0");
    if (!(flow.count > 0) || !std::isfinite(flow.count))
      return refused("count", flow.count, "more than 0");
    if (!(flow.most_Bps > 0)) return refused("most_Bps", flow.most_Bps, "more than 0");
    if (!(flow.bytes >= 0) || !std::isfinite(flow.bytes))
      return refused("bytes", flow.bytes, "0 or more");
    if (!(flow.start_s >= 0) || !std::isfinite(flow.start_s))
      return refused("start_s", flow.start_s, "0 or more");
  }
  return {};
}

Expected<MaxMin> max_min_rates(const RoutedFlows& flows, std::span<const double> capacity_Bps) {
  if (auto good = check_flows(flows, capacity_Bps); !good) return tl::unexpected(good.error());
  return ProgressiveFilling(flows, capacity_Bps).solve();
}

double max_load_s(const RoutedFlows& flows, std::span<const double> capacity_Bps) {
  std::vector<double> bytes(capacity_Bps.size(), 0.0);
  for (std::size_t f = 0; f < flows.size(); ++f)
    for (const std::int32_t link : flows.route(f))
      bytes[static_cast<std::size_t>(link)] += flows.flow(f).bytes * flows.flow(f).count;
  double most_s = 0;
  for (std::size_t l = 0; l < bytes.size(); ++l)
    if (bytes[l] > 0) most_s = std::max(most_s, bytes[l] / capacity_Bps[l]);
  return most_s;
}

}  // namespace collscale
