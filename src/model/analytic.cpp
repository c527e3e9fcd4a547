// SPDX-License-Identifier: Apache-2.0
#include "model/analytic.hpp"

#include <algorithm>

#include "model/collisions.hpp"
#include "model/step_load.hpp"
#include "scenario/schedule_cost.hpp"

namespace collscale {
namespace {

double largest(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

struct Busiest {
  double seconds = 0;  ///< per byte of the scenario's size
  int resource = kScaleUpResource;
  void offer(double candidate_seconds, int candidate) {
    if (candidate_seconds <= seconds) return;
    seconds = candidate_seconds;
    resource = candidate;
  }
};

/// Hashed loads: the fullest of all parallel links, up and down, instead of an even share.
double collision_factor(const FabricShape& shape, const FabricShape::Tier& tier, double flows) {
  if (!shape.hashes || flows <= 0) return 1;
  const double groups =
      std::max(1.0, static_cast<double>(shape.ranks) / static_cast<double>(tier.group_ranks));
  return expected_max_over_mean(flows, tier.links_per_part,
                                2 * groups * static_cast<double>(tier.parts));
}

void add_step(const FabricShape& shape, const Fabric& fabric, const StepLoad& load, double count,
              ScheduleCost& cost) {
  Busiest even;
  even.offer(std::max(largest(load.scale_up_out), largest(load.scale_up_in)) / shape.scale_up_Bps,
             kScaleUpResource);
  even.offer(std::max(largest(load.nic_out), largest(load.nic_in)) / shape.nic_Bps, kNicResource);
  Busiest hashed = even;
  for (std::size_t t = 0; t < shape.tiers.size(); ++t) {
    const FabricShape::Tier& tier = shape.tiers[t];
    const double seconds = largest(load.tiers[t].bytes) / (tier.link_Bps * tier.links_per_part);
    const int resource = kFirstTierResource + static_cast<int>(t);
    even.offer(seconds, resource);
    hashed.offer(seconds * collision_factor(shape, tier, largest(load.tiers[t].flows)), resource);
  }
  cost.seconds_per_byte[static_cast<std::size_t>(even.resource)] += count * even.seconds;
  cost.ecmp_seconds_per_byte[static_cast<std::size_t>(hashed.resource)] +=
      count * std::max(0.0, hashed.seconds - even.seconds);
  add_path_latency(cost, fabric, load.edges, count);
}

}  // namespace

Expected<std::vector<Prediction>> predict_analytic(const System& system, Collective collective,
                                                   std::string_view algorithm, std::int64_t ranks,
                                                   std::span<const double> sizes_bytes) {
  const Fabric fabric(system);
  const FabricShape shape = fabric_shape(system, fabric, ranks);
  const auto price = [&](const std::vector<Lane>& lanes, ScheduleCost& cost) {
    if (is_all_pairs(lanes.front())) {
      add_step(shape, fabric, all_pairs_load(shape, message_fraction(lanes.front(), 0, 0)), 1,
               cost);
      return;
    }
    for (const StepClass& steps : step_classes(lanes.front())) {
      add_step(shape, fabric, step_load(shape, lanes, steps.first),
               static_cast<double>(steps.count), cost);
    }
  };
  return predict_with(system, collective, algorithm, ranks, sizes_bytes, price);
}

}  // namespace collscale
