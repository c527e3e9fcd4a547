// SPDX-License-Identifier: Apache-2.0
#include "fit/target_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "collective/algorithms.hpp"
#include "model/analytic.hpp"

namespace collscale {

std::vector<std::string> model_algorithms(const Series& series, const System& target,
                                          std::int64_t ranks) {
  if (find_algorithm(series.collective, series.algorithm) != nullptr) return {series.algorithm};
  std::vector<std::string> names = {"ring"};
  if (series.engine == Engine::nccl) {
    names.emplace_back("tree");
    if (target.node.scale_up.in_network)
      names.emplace_back(ranks > ranks_per_node(target) ? "nvls_tree" : "nvls");
  } else {
    names.insert(names.end(), {"recursive_doubling", "halving_doubling", "recursive_halving",
                               "bruck", "pairwise", "binomial"});
  }
  std::erase_if(names, [&](const std::string& name) {
    return find_algorithm(series.collective, name) == nullptr;
  });
  if (names.empty()) names.emplace_back("auto");
  return names;
}

Expected<std::vector<Prediction>> predict_fastest(const System& system, Collective collective,
                                                  std::span<const std::string> algorithms,
                                                  std::int64_t ranks,
                                                  std::span<const double> sizes_bytes) {
  const System job = with_shared_racks(system, ranks);
  std::optional<Error> refused;
  std::vector<Prediction> best;
  for (const std::string& algorithm : algorithms) {
    auto found = predict_analytic(job, collective, algorithm, ranks, sizes_bytes);
    if (!found) {
      refused = found.error();
      continue;
    }
    if (best.empty()) {
      best = *std::move(found);
      continue;
    }
    for (std::size_t i = 0; i < best.size(); ++i)
      if ((*found)[i].time_s < best[i].time_s) best[i] = std::move((*found)[i]);
  }
  if (best.empty() && !sizes_bytes.empty())
    return tl::unexpected(refused.value_or(Error{"no algorithm"}));
  return best;
}

std::string bottleneck_share(const Prediction& prediction) {
  if (prediction.bottleneck.empty() || !(prediction.time_s > 0)) return "";
  if (!(prediction.bottleneck_s > 0)) return "";
  return fmt::format("{} {:.0f} %", prediction.bottleneck,
                     100 * prediction.bottleneck_s / prediction.time_s);
}

double scattered_factor(const Prediction& untapered, double taper) {
  double moved_s = 0;
  for (const ExposedTime& part : untapered.breakdown)
    if (part.term != "latency" && part.tier != "scale-up" && part.tier != "rank")
      moved_s += part.exposed_s;
  return 1 + std::max(0.0, taper - 1) * moved_s / untapered.time_s;
}

std::size_t top_tier(const Clos& clos, double nodes) {
  double served = 1;
  for (std::size_t tier = 0; tier < clos.tiers.size(); ++tier) {
    served *= clos.tiers[tier].children.value;
    if (nodes <= served) return tier;
  }
  return clos.tiers.empty() ? 0 : clos.tiers.size() - 1;
}

bool is_tapered(const Clos& clos, std::size_t first) {
  for (std::size_t tier = first; tier + 1 < clos.tiers.size(); ++tier)
    if (clos.tiers[tier].oversubscription.value > 1) return true;
  return false;
}

System without_taper(System system, std::size_t first) {
  if (auto* clos = std::get_if<Clos>(&system.fabric)) {
    for (std::size_t tier = first; tier + 1 < clos->tiers.size(); ++tier) {
      Figure& ratio = clos->tiers[tier].oversubscription;
      ratio.value = std::min(ratio.value, 1.0);
    }
  }
  return system;
}

System without_tiers_above(System system, std::size_t tier) {
  auto* clos = std::get_if<Clos>(&system.fabric);
  if (clos == nullptr || tier + 1 >= clos->tiers.size()) return system;
  double below = 1;
  for (std::size_t t = 0; t < tier; ++t) below *= clos->tiers[t].children.value;
  clos->tiers.resize(tier + 1);
  clos->tiers[tier].children.value = std::ceil(system.nodes.value / below);
  return system;
}

}  // namespace collscale
