// SPDX-License-Identifier: Apache-2.0
#include "fit/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "units/quantity.hpp"

namespace collscale {
namespace {

InNetworkReduction* in_network_of(System& system, bool of_node) {
  if (of_node) return system.node.scale_up.in_network ? &*system.node.scale_up.in_network : nullptr;
  auto* const clos = std::get_if<Clos>(&system.fabric);
  return clos != nullptr && clos->in_network ? &*clos->in_network : nullptr;
}

Figure* efficiency_of(System& system) {
  return std::visit([](auto& fabric) { return &fabric.efficiency; }, system.fabric);
}

bool is_share(std::string_view path) { return path.ends_with("efficiency"); }

bool same_rate(double a, double b) { return std::fabs(a - b) <= 0.01 * std::max(a, b); }

}  // namespace

Figure* fittable_figure(System& system, std::string_view path) {
  Node& node = system.node;
  if (path == "node.scale_up.latency") return &node.scale_up.latency_s;
  if (path == "node.scale_up.efficiency") return &node.scale_up.efficiency;
  if (path == "node.nics.latency") return &node.nics.latency_s;
  if (path == "fabric.efficiency") return efficiency_of(system);
  if (path == "node.compute.launch") {
    if (!node.compute.launch_s)
      node.compute.launch_s = Figure{kPriorLaunch_s, Label::assumed, "NCCL's base latency, LL"};
    return &*node.compute.launch_s;
  }
  for (const bool of_node : {true, false}) {
    const std::string_view where = of_node ? "node.scale_up.in_network." : "fabric.in_network.";
    if (!path.starts_with(where)) continue;
    InNetworkReduction* const found = in_network_of(system, of_node);
    if (found == nullptr) return nullptr;
    const std::string_view what = path.substr(where.size());
    if (what == "efficiency") return &found->efficiency;
    if (what == "latency") return &found->latency_s;
  }
  return nullptr;
}

void set_figure(System& system, LatencyFactors& factors, const FittedFigure& fitted,
                std::string source) {
  Figure* const figure = fittable_figure(system, fitted.path);
  if (figure == nullptr) return;
  *figure = {fitted.value, Label::calibrated, std::move(source)};
  if (fitted.path == "node.scale_up.latency") factors.scale_up = fitted.factor;
  if (fitted.path == "node.nics.latency") factors.nic = fitted.factor;
  if (fitted.path == "node.compute.launch") factors.base = fitted.factor;
}

Expected<AppliedFigures> apply_figures(System& system, std::span<const FigureTier> tiers,
                                       std::string_view profile, const ApplyOptions& options) {
  AppliedFigures applied;
  if (tiers.empty())
    return fail(
        fmt::format("{} has no figures of a topology: make it anew with calibrate", profile));
  const std::string design = system.node.name;
  const double nic_Bps = system.node.nics.bandwidth_Bps.value;
  std::string mismatch;
  for (const FigureTier& tier : tiers) {
    if (tier.node_design != design && !options.any_system) {
      mismatch = fmt::format("{} was measured on nodes {}, and those of {} are {}", profile,
                             tier.node_design, system.name, design);
      applied.notes.push_back(mismatch);
      continue;
    }
    const bool rate = options.any_system || same_rate(tier.nic_Bps, nic_Bps);
    int here = 0;
    for (const FittedFigure& figure : tier.figures) {
      System trial = system;
      if (fittable_figure(trial, figure.path) == nullptr) continue;
      if (tier.network && !rate && !is_share(figure.path)) {
        applied.notes.push_back(fmt::format(
            "{} was measured with NICs of {}, and {} has such of {}: it stays the topology's",
            figure.path, format_bandwidth(tier.nic_Bps), system.name, format_bandwidth(nic_Bps)));
        continue;
      }
      set_figure(system, applied.factors, figure, tier.source);
      ++here;
    }
    applied.figures += here;
    if (here == 0) continue;
    // With other NICs only shares hold: that is no validation of times.
    if (!tier.network)
      applied.node = tier;
    else if (rate)
      applied.network = tier;
  }
  if (applied.figures == 0)
    return fail(fmt::format(
        "--profile: {}", mismatch.empty()
                             ? fmt::format("nothing of {} is a figure of {}", profile, system.name)
                             : mismatch));
  return applied;
}

void judge_by(const AppliedFigures& applied, std::int64_t ranks_per_node, bool fastest,
              Record& record) {
  const bool crosses = record.scenario.ranks > ranks_per_node;
  const std::optional<FigureTier>& tier = crosses ? applied.network : applied.node;
  if (!tier) {
    // Nothing of this tier: the node's scales are all that stands behind it.
    if (applied.node) record.validated_to_ranks = applied.node->scales.back();
    return;
  }
  record.validated_to_ranks = tier->scales.back();
  const auto& errors = fastest ? tier->fastest : tier->as_chosen;
  // The regime's own errors, or those of all where it was not measured: the widest of each.
  const FigureErrors& own = errors[static_cast<std::size_t>(regime_of(record.scenario.size_bytes))];
  std::array<double, 4> quantiles = own.quantiles;
  if (own.points == 0)
    for (const FigureErrors& other : errors)
      for (std::size_t q = 0; q < quantiles.size(); ++q)
        quantiles[q] = q < 2 ? std::min(quantiles[q], other.quantiles[q])
                             : std::max(quantiles[q], other.quantiles[q]);
  const double distance = std::max(
      1.0, static_cast<double>(record.scenario.ranks) / static_cast<double>(tier->scales.back()));
  double growth = kLeastGrowth;
  if (tier->held_out && tier->held_out->distance > 1)
    growth = std::max(growth,
                      (std::log1p(tier->held_out->median_error) - std::log1p(tier->median_error)) /
                          std::log2(tier->held_out->distance));
  constexpr double kHalfShare = 0.3;  // of the widening, for the 50 % interval
  const double wider = growth * std::log2(distance);
  const double t = record.time_s;
  const double least = noise_floor(std::log(std::max(1.0, record.scenario.size_bytes)));
  record.intervals = {
      {0.5, t * std::exp(std::min(quantiles[1], -kHalfShare * least) - kHalfShare * wider),
       t * std::exp(std::max(quantiles[2], kHalfShare * least) + kHalfShare * wider)},
      {0.95, t * std::exp(std::min(quantiles[0], -least) - wider),
       t * std::exp(std::max(quantiles[3], least) + wider)}};
}

}  // namespace collscale
