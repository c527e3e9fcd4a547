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

double best_of(const FittedFigure& fitted, double own) {
  return is_share(fitted.path) ? std::max({own, fitted.value, fitted.high})
                               : std::min({own, fitted.value, fitted.low});
}

bool same_rate(double a, double b) { return std::fabs(a - b) <= 0.01 * std::max(a, b); }

}  // namespace

Figure* fittable_figure(System& system, std::string_view path) {
  Node& node = system.node;
  if (path == "node.scale_up.latency") return &node.scale_up.latency_s;
  if (path == "node.scale_up.efficiency") return &node.scale_up.efficiency;
  if (path == "node.nics.latency") return &node.nics.latency_s;
  if (path == "node.nics.overhead") return node.nics.overhead_s ? &*node.nics.overhead_s : nullptr;
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
  const double factor = fitted.value / fitted.prior;
  if (fitted.path == "node.scale_up.latency") factors.scale_up = factor;
  if (fitted.path == "node.nics.latency") factors.nic = factor;
  if (fitted.path == "node.compute.launch") factors.base = factor;
}

System with_figures_at_best(System system, std::span<const FigureAtBest> figures) {
  for (const FigureAtBest& one : figures) {
    Figure* const figure = fittable_figure(system, one.path);
    if (figure == nullptr) continue;
    figure->value = is_share(one.path) ? std::max(figure->value, one.value)
                                       : std::min(figure->value, one.value);
  }
  return system;
}

Expected<AppliedFigures> apply_figures(System& system, std::span<const FigureTier> tiers,
                                       std::string_view profile, const ApplyOptions& options) {
  AppliedFigures applied;
  applied.system = system.name;
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
      applied.at_best.push_back(
          {figure.path, best_of(figure, fittable_figure(trial, figure.path)->value)});
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

namespace {

/// `sizes`: by which the size lies outside; "" where it does not.
std::vector<std::string> words_of(const Remoteness& remoteness, const std::string& sizes,
                                  const Record& record) {
  std::vector<std::string> words;
  const double distance = remoteness.distance;
  if (distance > 1) words.push_back(fmt::format("x{:.{}f}", distance, distance < 9.95 ? 1 : 0));
  if (remoteness.other_kind)
    words.emplace_back(name(record.scenario.collective));
  else if (!sizes.empty())
    words.push_back(sizes);
  return words;
}

/// No end lies below the record's lower bound.
void set_intervals(const IntervalOffsets& offsets, Record& record) {
  const double bound_s = record.bound_s.value_or(0);
  const auto end_s = [&](double offset) {
    return std::max(bound_s, record.time_s * std::exp(offset));
  };
  record.intervals = {{0.5, end_s(offsets[1]), end_s(offsets[2])},
                      {0.95, end_s(offsets[0]), end_s(offsets[3])}};
}

}  // namespace

std::vector<std::string> judge_unmeasured(const AppliedFigures* applied, const System& system,
                                          Record& record) {
  const Scenario& scenario = record.scenario;
  const std::int64_t per_node = ranks_per_node(system);
  Unmeasured what;
  what.network = scenario.ranks > per_node;
  what.pcie = system.node.scale_up.kind == ScaleUpKind::pcie;
  what.ranks = static_cast<double>(scenario.ranks);
  if (what.network && applied != nullptr && applied->node)
    what.inside = static_cast<double>(per_node) / static_cast<double>(applied->node->scales.back());
  set_intervals(unmeasured_offsets(what, scenario.size_bytes), record);
  return {what.network ? "across nodes" : "inside a node"};
}

std::vector<std::string> judge_by(const AppliedFigures& applied, std::int64_t ranks_per_node,
                                  Judged judged, Record& record) {
  const Scenario& scenario = record.scenario;
  const bool crosses = scenario.ranks > ranks_per_node;
  const std::optional<FigureTier>& tier = crosses ? applied.network : applied.node;
  Remoteness remoteness;
  std::string sizes;
  const FigureTier* const nearest = tier ? &*tier : applied.node ? &*applied.node : nullptr;
  if (nearest == nullptr) return {};
  // Of another tier the scales of a node are all that stands behind an answer.
  record.validated_to_ranks = nearest->scales.back();
  remoteness.network = nearest->network;
  remoteness.other_machine = nearest->topology != applied.system;
  remoteness.distance = std::max(
      1.0, static_cast<double>(scenario.ranks) / static_cast<double>(nearest->scales.back()));
  remoteness.other_kind = true;
  for (const MeasuredSizes& one : nearest->measured) {
    if (one.collective != scenario.collective) continue;
    remoteness.other_kind = false;
    // Below some size a time no longer depends on it.
    constexpr double kPlateauBytes = 16 << 10;
    remoteness.octaves =
        std::max({0.0, std::log2(scenario.size_bytes / one.largest_bytes),
                  std::log2(one.smallest_bytes / std::max(scenario.size_bytes, kPlateauBytes))});
    if (remoteness.octaves > 0)
      sizes = scenario.size_bytes > one.largest_bytes ? "above " + format_size(one.largest_bytes)
                                                      : "below " + format_size(one.smallest_bytes);
  }
  if (tier && judged != Judged::not_at_all) {
    const bool fastest = judged == Judged::as_fastest &&
                         std::any_of(tier->fastest.begin(), tier->fastest.end(),
                                     [](const FigureErrors& one) { return one.points > 0; });
    const IntervalOffsets offsets = interval_offsets(fastest ? tier->fastest : tier->as_chosen,
                                                     scenario.size_bytes, remoteness);
    set_intervals(offsets, record);
  }
  return words_of(remoteness, sizes, record);
}

std::optional<LibraryUse> library_of(const AppliedFigures& applied, std::int64_t ranks_per_node,
                                     std::int64_t ranks) {
  const std::optional<FigureTier>& own = ranks > ranks_per_node ? applied.network : applied.node;
  const std::optional<FigureTier>& other = ranks > ranks_per_node ? applied.node : applied.network;
  for (const std::optional<FigureTier>* tier : {&own, &other})
    if (*tier && !(*tier)->library.name.empty()) return (*tier)->library;
  return {};
}

}  // namespace collscale
