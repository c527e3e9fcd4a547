// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/attainable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "topology/check.hpp"
#include "topology_io/load.hpp"

namespace collscale {

struct Attainables::Impl {
  std::string topology;
  std::optional<System> system;
  std::optional<Ceiling> ceiling;
};

Attainables::Attainables() : impl_(std::make_unique<Impl>()) {}
Attainables::~Attainables() = default;
Attainables::Attainables(Attainables&&) noexcept = default;
Attainables& Attainables::operator=(Attainables&&) noexcept = default;

Expected<Attainables> Attainables::make(const BenchOptions& options, std::int64_t ranks) {
  Attainables result;
  if (options.topology.empty()) {
    return result;
  }
  auto system = load_system(options.topology);
  if (!system) {
    return fail("--topology: " + system.error().message, system.error().code);
  }
  if (ranks > max_ranks(*system)) {
    return fail(fmt::format("--topology {}: it has {} ranks, but {} are running", options.topology,
                            max_ranks(*system), ranks));
  }
  result.impl_->topology = options.topology;
  if (check_analytic(*system)) {
    result.impl_->system = std::move(*system);
  }
  return result;
}

bool Attainables::by_topology() const { return !impl_->topology.empty(); }

void Attainables::use(Ceiling ceiling) { impl_->ceiling = std::move(ceiling); }

namespace {

/// Whether the group has what it measures over for itself, packed as the engine packs ranks.
bool is_alone(const Scenario& scenario) {
  return scenario.layout.empty() || scenario.layout == "all" ||
         (scenario.layout.starts_with("node") && scenario.nodes <= 1);
}

}  // namespace

void Attainables::judge(Record& record, std::int64_t batch) const {
  const Scenario& scenario = record.scenario;
  // In batches, operations with a root overlap: their time is a rate.
  const bool rate = is_rooted(scenario.collective) && batch > 1;
  if (!is_alone(scenario) || scenario.ranks < 2 || rate) {
    return;
  }
  if (impl_->ceiling && (scenario.layout.empty() || scenario.layout == "all")) {
    record.attainable = attainable_here(*impl_->ceiling, scenario, batch);
    // No library is so much better than its own messages: other work was in the ceiling's way.
    constexpr double kIncredible = 10;
    if (of_attainable(record).value_or(0) > kIncredible) {
      record.attainable.reset();
    }
  }
  if (!impl_->system) {
    return;
  }
  const System job = with_shared_racks(*impl_->system, scenario.ranks);
  const auto predicted = predict_analytic(job, scenario.collective, "auto", scenario.ranks,
                                          std::span(&scenario.size_bytes, 1));
  if (!predicted) {
    return;
  }
  const Prediction& best = predicted->front();
  record.attainable = {best.time_s, "topology", best.bottleneck};
  set_bound(record, lower_bounds(job, scenario.collective, scenario.ranks, scenario.size_bytes,
                                 best.abilities)
                        .time_s());
  record.assumed_figures = unsourced_figures(*impl_->system);
}

std::string Attainables::about(std::int64_t ranks, std::int64_t nodes) const {
  if (by_topology() && !impl_->system) {
    return fmt::format("of attainable: not known, {} has no closed form", impl_->topology);
  }
  if (impl_->system) {
    const std::int64_t per_node = ranks_per_node(*impl_->system);
    const std::int64_t packed = (ranks + per_node - 1) / per_node;
    return fmt::format("of attainable: {} by the analytic engine's best algorithm{}",
                       impl_->topology,
                       packed == nodes ? ""
                                       : fmt::format("; it would put the {} ranks on {} node{}, "
                                                     "here they are on {}",
                                                     ranks, packed, packed == 1 ? "" : "s", nodes));
  }
  return impl_->ceiling ? "of attainable: by what is measured here, " + describe(*impl_->ceiling)
                        : "";
}

bool wants_ceiling(const BenchOptions& options, const PointList& list, std::int64_t ranks) {
  return options.ceiling && options.topology.empty() && !options.benchmark.list && ranks > 1 &&
         std::any_of(list.points.begin(), list.points.end(), [](const BenchPoint& point) {
           return point.scenario.layout.empty() || point.scenario.layout == "all";
         });
}

double largest_size_bytes(const PointList& list) {
  double largest_bytes = 0;
  for (const BenchPoint& point : list.points) {
    largest_bytes = std::max(largest_bytes, point.scenario.size_bytes);
  }
  return largest_bytes;
}

}  // namespace collscale
