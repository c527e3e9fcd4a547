// SPDX-License-Identifier: Apache-2.0
#include "fit/scenario_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>

#include "fit/target_model.hpp"
#include "model/analytic.hpp"
#include "model/goodput.hpp"

namespace collscale {
namespace {

/// ln of the times, per size; empty where the engine has none.
std::vector<double> log_times(const System& system, Collective collective,
                              const std::string& algorithm, std::int64_t ranks,
                              std::span<const double> sizes_bytes, const PriceOptions& options) {
  const auto predicted = predict_analytic(with_shared_racks(system, ranks), collective, algorithm,
                                          ranks, sizes_bytes, options);
  std::vector<double> times;
  if (!predicted) return times;
  for (const Prediction& prediction : *predicted) times.push_back(std::log(prediction.time_s));
  return times;
}

std::string tiers_named(const Clos& clos, std::size_t first, std::size_t last) {
  std::string names;
  for (std::size_t tier = first; tier <= last; ++tier) {
    if (!names.empty()) names += tier == last ? " and " : ", ";
    names += clos.tiers[tier].name;
  }
  return names;
}

/// "leaf 4:1, spine 2:1"
std::string tapers_named(const Clos& clos, std::size_t first, std::size_t top) {
  std::string names;
  for (std::size_t tier = first; tier < top; ++tier) {
    const double ratio = clos.tiers[tier].oversubscription.value;
    if (ratio <= 1) continue;
    if (!names.empty()) names += ", ";
    names += fmt::format("{} {:.3g}:1", clos.tiers[tier].name, ratio);
  }
  return names;
}

/// What a system of so many ranks has down at any time, by the rates of goodput.hpp.
double links_down(std::int64_t ranks) {
  constexpr double kDaysPerMonth = 365.25 / 12;
  return static_cast<double>(ranks) * kNicLinkFailuresPerMonth * kLinkRepairDays / kDaysPerMonth;
}

/// The slowest part sets the pace: all leaves with one uplink less; all NICs with a plane less.
/// Nothing where most days nothing is down, or where a NIC that fails ends the job.
struct Degraded {
  System system;
  std::string what;
};
std::optional<Degraded> degraded(const System& system, std::int64_t ranks, std::size_t top) {
  const double down = links_down(ranks);
  if (down < std::numbers::ln2) return std::nullopt;
  Degraded worse{system, ""};
  auto& clos = std::get<Clos>(worse.system.fabric);
  if (clos.planes > 1) {
    const auto planes = static_cast<double>(clos.planes);
    worse.system.node.nics.bandwidth_Bps.value *= (planes - 1) / planes;
    worse.what = fmt::format("a NIC without one of its {} planes", clos.planes);
    return worse;
  }
  if (top == 0) return std::nullopt;
  Tier& leaf = clos.tiers.front();
  const Nics& nics = system.node.nics;
  const double uplinks = leaf.children.value * nics.per_node.value * nics.bandwidth_Bps.value /
                         static_cast<double>(clos.rails) / leaf.oversubscription.value /
                         leaf.link_Bps.value;
  if (uplinks < 2) return std::nullopt;
  leaf.oversubscription.value *= uplinks / (uplinks - 1);
  worse.what = fmt::format("a {} without one of its {:.0f} uplinks", leaf.name, uplinks);
  return worse;
}

constexpr double kPlenty = 1e6;  ///< times what links carry: they are no limit

std::string signed_percent(double log_time) {
  return fmt::format("{:+.0f} %", 100 * std::expm1(log_time));
}

class Ranges {
 public:
  Ranges(const ScenarioRangeQuestion& question, const std::string& algorithm,
         std::span<const double> sizes_bytes)
      : question_(question), algorithm_(algorithm), sizes_bytes_(sizes_bytes) {
    ranges_.resize(sizes_bytes.size());
    for (ScenarioRange& range : ranges_) range.algorithm = algorithm;
  }

  std::vector<ScenarioRange> of(const System& system) {
    const auto per_node = static_cast<double>(ranks_per_node(system));
    const auto nodes = [&](std::int64_t ranks) {
      return std::ceil(static_cast<double>(ranks) / per_node);
    };
    if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
      const double of_group = dragonfly->routers.value * dragonfly->nodes.value;
      if (nodes(question_.ranks) > of_group &&
          (!question_.same_system || nodes(question_.measured_ranks) <= of_group))
        between_groups(system);
      return std::move(ranges_);
    }
    const auto& clos = std::get<Clos>(system.fabric);
    const std::size_t measured_top = top_tier(clos, nodes(question_.measured_ranks));
    const std::size_t top = top_tier(clos, nodes(question_.ranks));
    PriceOptions options;
    now_ = growth(system, options);
    if (now_.empty()) return std::move(ranges_);
    System without = system;
    if (!question_.same_system) {
      if (const auto worse = degraded(system, question_.ranks, top)) {
        const auto healthy = now_;
        now_ = growth(system, options, worse->system);
        take_away(EffectKind::failures, worse->what, healthy);
      }
      if (clos.routing == Routing::ecmp) {
        options.terms.remove(CostTerm::ecmp);
        take_away(EffectKind::ecmp, "ECMP collisions", growth(system, options));
      }
    }
    const std::size_t first = question_.same_system ? measured_top : 0;
    if (is_tapered(clos, first)) {
      without = without_taper(without, first);
      take_away(EffectKind::taper, "taper of " + tapers_named(clos, first, top),
                growth(without, options), scattered(without, options, clos, measured_top, top));
    }
    if (top > measured_top) {
      without = without_tiers_above(without, measured_top);
      take_away(EffectKind::far_latency,
                "far latency of " + tiers_named(clos, measured_top + 1, top),
                growth(without, options));
    }
    return std::move(ranges_);
  }

 private:
  /// Of a dragonfly: what lies between its groups carries everything, then takes no time.
  void between_groups(const System& system) {
    const PriceOptions options;
    now_ = growth(system, options);
    System without = system;
    auto& dragonfly = std::get<Dragonfly>(without.fabric);
    dragonfly.global_link_Bps.value *= kPlenty;
    take_away(EffectKind::taper, "global links", growth(without, options));
    dragonfly.global_latency_s.value = 0;
    take_away(EffectKind::far_latency, "far latency of global links", growth(without, options));
  }

  /// ln of the growth from the measured scale to the target, which may be in a state of its own.
  [[nodiscard]] std::vector<double> growth(const System& measured, const PriceOptions& options,
                                           const System& target) const {
    const Collective collective = question_.collective;
    std::vector<double> times =
        log_times(target, collective, algorithm_, question_.ranks, sizes_bytes_, options);
    const std::vector<double> before = log_times(measured, collective, algorithm_,
                                                 question_.measured_ranks, sizes_bytes_, options);
    if (times.size() != before.size()) return {};
    for (std::size_t i = 0; i < times.size(); ++i) times[i] -= before[i];
    return times;
  }
  [[nodiscard]] std::vector<double> growth(const System& system,
                                           const PriceOptions& options) const {
    return growth(system, options, system);
  }

  /// ln of what uplinks of tiers from `first` to below `top` may cost ranks that lie anywhere; of
  /// the measured system, whose ranks lay as they will, nothing.
  [[nodiscard]] std::vector<double> scattered(const System& untapered, const PriceOptions& options,
                                              const Clos& clos, std::size_t first,
                                              std::size_t top) const {
    double taper = 1;
    for (std::size_t tier = first; tier < top; ++tier)
      taper *= std::max(1.0, clos.tiers[tier].oversubscription.value);
    if (question_.same_system || taper <= 1) return {};
    const auto predicted =
        predict_analytic(with_shared_racks(untapered, question_.ranks), question_.collective,
                         algorithm_, question_.ranks, sizes_bytes_, options);
    std::vector<double> factors;
    if (!predicted) return factors;
    for (const Prediction& prediction : *predicted)
      factors.push_back(std::log(scattered_factor(prediction, taper)));
    return factors;
  }

  /// An effect counts as `at_least` where that is given.
  void take_away(EffectKind kind, const std::string& what, const std::vector<double>& without,
                 const std::vector<double>& at_least = {}) {
    if (without.empty() || now_.empty()) return;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      double effect = now_[i] - without[i];
      if (i < at_least.size()) effect = std::max(effect, at_least[i]);
      // Farther is never quicker: an algorithm that groups ranks by switches was grouped anew.
      if (kind == EffectKind::far_latency) effect = std::max(effect, 0.0);
      if (!(std::fabs(effect) >= kLeastEffect)) continue;
      const bool may = kind == EffectKind::taper || kind == EffectKind::failures;
      ranges_[i].effects.push_back({kind, may ? what + " up to" : what, effect});
    }
    now_ = without;
  }

  const ScenarioRangeQuestion& question_;
  const std::string& algorithm_;
  std::span<const double> sizes_bytes_;
  std::vector<double> now_;
  std::vector<ScenarioRange> ranges_;
};

}  // namespace

HalfWidths ScenarioRange::widths() const {
  HalfWidths widths;
  for (const ScenarioEffect& effect : effects) {
    double& side = effect.log_time > 0 ? widths.up : widths.down;
    side = std::hypot(side, effect.log_time);
  }
  return widths;
}

std::string ScenarioRange::text() const {
  std::string all;
  for (const ScenarioEffect& effect : effects) {
    if (!all.empty()) all += ", ";
    all += effect.what + " " + signed_percent(effect.log_time);
  }
  return all;
}

std::vector<ScenarioRange> scenario_ranges(const System& system,
                                           const ScenarioRangeQuestion& question,
                                           std::span<const Prediction> predictions,
                                           std::span<const double> sizes_bytes) {
  std::vector<ScenarioRange> ranges(predictions.size());
  if (question.ranks <= question.measured_ranks || std::holds_alternative<Torus>(system.fabric) ||
      question.ranks <= ranks_per_node(system))
    return ranges;
  std::map<std::string, std::vector<std::size_t>> by_algorithm;
  for (std::size_t i = 0; i < predictions.size(); ++i)
    by_algorithm[predictions[i].algorithm].push_back(i);
  for (const auto& [algorithm, members] : by_algorithm) {
    std::vector<double> sizes;
    for (const std::size_t i : members) sizes.push_back(sizes_bytes[i]);
    std::vector<ScenarioRange> found = Ranges(question, algorithm, sizes).of(system);
    for (std::size_t m = 0; m < members.size(); ++m) ranges[members[m]] = std::move(found[m]);
  }
  return ranges;
}

}  // namespace collscale
