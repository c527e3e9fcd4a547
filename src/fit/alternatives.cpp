// SPDX-License-Identifier: Apache-2.0
#include "fit/alternatives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "collective/algorithms.hpp"
#include "fit/target_model.hpp"
#include "model/analytic.hpp"
#include "model/bounds.hpp"

namespace collscale {
namespace {

constexpr std::array<std::string_view, 8> kAlgorithms = {
    "pat",  "hierarchical", "hierarchical_3level", "hierarchical_halving_doubling",
    "nvls", "nvls_tree",    "collnet_direct",      "collnet_chain"};

constexpr std::array<double, 2> kOtherTapers = {2, 4};  ///< where the system has none

struct Changed {
  std::string name;
  System system;
  double taper = 1;  ///< new, of the highest uplinks
  /// What the interval of the answer allows for, and this fabric does not have.
  std::optional<EffectKind> gone{};
};

std::vector<Changed> changed_fabrics(const System& system, std::int64_t ranks) {
  std::vector<Changed> all;
  const auto* clos = std::get_if<Clos>(&system.fabric);
  if (clos == nullptr || ranks <= ranks_per_node(system)) return all;
  const bool hashes = clos->routing == Routing::ecmp;
  Changed routed{fmt::format("{} in place of {}", hashes ? "spray" : "ecmp", name(clos->routing)),
                 system};
  std::get<Clos>(routed.system.fabric).routing = hashes ? Routing::spray : Routing::ecmp;
  if (hashes) routed.gone = EffectKind::ecmp;
  all.push_back(std::move(routed));
  if (is_tapered(*clos)) {
    all.push_back({"1:1 in place of the taper", without_taper(system), 1, EffectKind::taper});
  } else if (clos->tiers.size() > 1) {
    const std::size_t highest = clos->tiers.size() - 2;
    for (const double taper : kOtherTapers) {
      Changed tapered{fmt::format("{} {:.0f}:1 in place of 1:1", clos->tiers[highest].name, taper),
                      system, taper, std::nullopt};
      std::get<Clos>(tapered.system.fabric).tiers[highest].oversubscription.value = taper;
      all.push_back(std::move(tapered));
    }
  }
  return all;
}

/// Half a width of an interval without one of the parts that it was made of, in quadrature.
double without(double half_width, double part) {
  return std::sqrt(std::max(0.0, half_width * half_width - part * part));
}

void scale(const Extrapolation& answer, const Prediction& prediction, const System& system,
           bool same_algorithm, std::optional<EffectKind> gone, Alternative& alternative) {
  Record& record = alternative.record;
  record = answer.record;
  alternative.ratio = prediction.time_s / answer.model.time_s;
  const Scenario& scenario = record.scenario;
  const double bound_s =
      lower_bounds(with_shared_racks(system, scenario.ranks), scenario.collective, scenario.ranks,
                   scenario.size_bytes, prediction.abilities)
          .time_s();
  record.time_s = std::max(answer.record.time_s * alternative.ratio, bound_s);
  // Of the same algorithm on another fabric nothing was measured: the effect may be nothing, or
  // twice as large (assumed).
  const double width =
      same_algorithm ? std::fabs(std::log(alternative.ratio)) : ratio_width(alternative.ratio);
  ScenarioRange left_out;
  for (const ScenarioEffect& effect : answer.range.effects)
    if (gone && effect.kind == *gone) left_out.effects.push_back(effect);
  const HalfWidths part = left_out.widths();
  for (Interval& interval : record.intervals) {
    const double share = interval.level < 0.9 ? kHalfLevelShare : 1.0;
    const double known_up = std::log(interval.high_s / answer.record.time_s);
    const double known_down = std::log(answer.record.time_s / interval.low_s);
    const double up = std::hypot(without(known_up, share * part.up), share * width,
                                 share * std::log(alternative.scattered));
    const double down = std::hypot(without(known_down, share * part.down), share * width);
    interval.high_s = record.time_s * std::exp(up);
    interval.low_s = std::max(record.time_s * std::exp(-down), bound_s);
  }
  set_bound(record, bound_s);
  set_bandwidths(record);
  record.bottleneck = prediction.bottleneck;
  record.source = fmt::format(
      "alternative, not measured: {} x{:.3g}, the analytic engine's ratio to {}; of the answer for "
      "{}: {}",
      alternative.name, alternative.ratio, answer.model.algorithm, name_of(answer.record.scenario),
      answer.record.source);
}

}  // namespace

double ratio_width(double ratio) { return std::log(2.5) + 0.4 * std::fabs(std::log(ratio)); }

std::vector<Alternative> alternatives(const Extrapolation& answer, const System& system) {
  std::vector<Alternative> all;
  if (answer.model.algorithm.empty()) return all;
  const Scenario& scenario = answer.record.scenario;
  const auto predict = [&](const System& on, std::string_view algorithm) {
    return predict_analytic(with_shared_racks(on, scenario.ranks), scenario.collective, algorithm,
                            scenario.ranks, std::array{scenario.size_bytes});
  };
  const auto add = [&](std::string called, const System& on, std::string_view algorithm,
                       double taper = 1, std::optional<EffectKind> gone = {}) {
    Alternative alternative;
    alternative.name = std::move(called);
    alternative.scattered = scattered_factor(answer.model, taper);
    if (const auto predicted = predict(on, algorithm)) {
      scale(answer, predicted->front(), on, algorithm == answer.model.algorithm, gone, alternative);
    } else {
      alternative.error = predicted.error().message;
    }
    all.push_back(std::move(alternative));
    return all.back().ratio > 0;
  };
  const bool one_node = scenario.ranks <= ranks_per_node(system);
  for (const std::string_view algorithm : kAlgorithms) {
    if (algorithm == answer.model.algorithm || one_node != (algorithm == "nvls") ||
        find_algorithm(scenario.collective, algorithm) == nullptr)
      continue;
    if (!add(std::string(algorithm), system, algorithm)) continue;
    all.back().record.scenario.algorithm = algorithm;
    all.back().record.scenario.protocol.clear();
  }
  for (const Changed& changed : changed_fabrics(system, scenario.ranks)) {
    if (add(changed.name, changed.system, answer.model.algorithm, changed.taper, changed.gone))
      all.back().record.scenario.topology.append(" with ").append(changed.name);
  }
  return all;
}

}  // namespace collscale
