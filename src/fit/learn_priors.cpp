// SPDX-License-Identifier: Apache-2.0
#include "fit/learn_priors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "fit/tier_fit.hpp"
#include "fit/uncertainty.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kAllScales = std::numeric_limits<std::int64_t>::max();
// Where learning begins; what widths a size takes on that only smaller scales have (one_scale) is
// learned after the errors that it is part of. Growth and contention are those that serve some 30
// machines with MPI, whose measurements are not here (docs/validation.md names their
// sources): without them these are missed by 38 in place of 28 % at x8.
constexpr Priors kUninformed = {.ends = 1.0,
                                .torus_ends = 2.0,
                                .growth_weight = 1.0,
                                .contention = 0.3,
                                .several_scales = {},
                                .one_scale = {0.4, 0.3, 0.4, 0.3},
                                .several_inside = {}};
constexpr std::size_t kLeastMachines = 5;  // that a constant is moved by
constexpr double kLevel = 0.975;           // of each side
constexpr double kCoverage = 0.925;        // of both
// Of errors per unit of ln d. From several scales across nodes: the root of the distance. The 97.5
// % quantile of middle sizes alone asks for 0.6 and hardly a width at d = 1; a score and coverage
// as good have intervals 6 % narrower at x8.
constexpr double kMostKappa = 1.2;
constexpr double kMostKappaOfSeveral = 0.5;
// Errors grow with the distance, also where a few machines happened not to: without it 85 % of the
// points at x8 of the machines above are covered, with it 90 %.
constexpr double kLeastKappa = 0.1;
constexpr double kKappaStep = 0.05;

// All errors of one tier of one series; what is wrong with any of them says something of the next
// scale, so they are kept together.
struct TierErrors {
  Collective collective = Collective::all_reduce;
  bool nccl = false;
  bool torus = false;
  Growth growth = Growth::library;
  std::vector<OriginError> errors;
};
using SystemErrors = std::vector<TierErrors>;

std::vector<SystemErrors> errors_of(std::span<const MeasuredSystem> systems, const Priors& priors) {
  std::vector<SystemErrors> all;
  for (const MeasuredSystem& system : systems) {
    SystemErrors& of_system = all.emplace_back();
    for (const Series& series : system.series) {
      const std::vector<double> medians = cell_medians(series);
      for (const bool network : {false, true}) {
        TierErrors tier{series.collective,
                        series.engine == Engine::nccl,
                        network && series.torus_dimensions > 0,
                        series.growth,
                        {}};
        tier.errors = rolling_origin_errors(series, medians, network, kAllScales, priors, 1);
        if (!tier.errors.empty()) of_system.push_back(std::move(tier));
      }
    }
  }
  return all;
}

// ---- constants of the laws

// Mean over systems of the median error of what `counts` picks; nothing where too few systems tell.
template <class Counts>
std::optional<double> typical_error(const std::vector<SystemErrors>& systems,
                                    const Counts& counts) {
  std::vector<double> medians;
  for (const SystemErrors& system : systems) {
    std::vector<double> errors;
    for (const TierErrors& tier : system)
      for (const OriginError& error : tier.errors)
        if (counts(tier, error)) errors.push_back(std::fabs(error.log_error));
    if (!errors.empty()) medians.push_back(median(errors));
  }
  if (medians.size() < kLeastMachines) return std::nullopt;
  return std::accumulate(medians.begin(), medians.end(), 0.0) / static_cast<double>(medians.size());
}

// The first of `values` that leaves the smallest error; where few systems tell, what it was.
template <class Counts>
void choose(std::span<const MeasuredSystem> systems, Priors& priors, double Priors::*constant,
            std::span<const double> values, const Counts& counts) {
  double best = priors.*constant;
  double least = std::numeric_limits<double>::infinity();
  for (const double value : values) {
    priors.*constant = value;
    const std::optional<double> error = typical_error(errors_of(systems, priors), counts);
    if (error && *error < least - 1e-9) {
      least = *error;
      best = value;
    }
  }
  priors.*constant = best;
}

void choose_constants(std::span<const MeasuredSystem> systems, Priors& priors) {
  constexpr std::array kEnds = {1.0, 0.3, 0.5, 0.7, 1.5, 2.0};
  constexpr std::array kTorusEnds = {2.0, 1.0, 3.0, 4.0, 6.0};
  constexpr std::array kGrowthWeight = {1.0, 0.0, 0.25, 4.0, 9.0};
  constexpr std::array kContention = {0.3, 0.0, 0.05, 0.1, 0.15, 0.2, 0.25};
  choose(systems, priors, &Priors::contention, kContention,
         [](const TierErrors& t, const OriginError& e) {
           return e.of.network && !t.nccl && !t.torus && t.collective == Collective::all_to_all &&
                  e.trained > 1;
         });
  choose(systems, priors, &Priors::ends, kEnds, [](const TierErrors& t, const OriginError& e) {
    return e.of.network && !t.torus && e.trained == 1 && t.growth != Growth::ring &&
           e.regime == Regime::latency;
  });
  choose(systems, priors, &Priors::torus_ends, kTorusEnds,
         [](const TierErrors& t, const OriginError& e) {
           return t.torus && e.trained == 1 && t.growth != Growth::ring &&
                  e.regime == Regime::latency;
         });
  choose(systems, priors, &Priors::growth_weight, kGrowthWeight,
         [](const TierErrors& t, const OriginError& e) {
           return e.of.network && !t.nccl && e.trained > 1 && t.growth != Growth::ring;
         });
}

// ---- widths

enum class Table { several_scales, one_scale, several_inside };
constexpr std::array kTables = {Table::several_scales, Table::one_scale, Table::several_inside};

// The laws of a table: one per regime, or one of all sizes.
std::span<WidthLaw> laws_of(Priors& priors, Table table) {
  switch (table) {
    case Table::several_scales:
      return priors.several_scales;
    case Table::one_scale:
      return {&priors.one_scale, 1};
    case Table::several_inside:
      return {&priors.several_inside, 1};
  }
  return {};
}

bool belongs(Table table, const OriginError& error) {
  if (error.trained > 1)
    return table == (error.of.network ? Table::several_scales : Table::several_inside);
  return error.of.network && table == Table::one_scale;
}

struct Weighted {
  double log_distance, value, weight;
};

// c >= 0 and kappa >= kLeastKappa of least pinball loss: for every kappa the best c is a weighted
// quantile.
std::pair<double, double> quantile_line(std::vector<Weighted> points, double most_kappa) {
  std::pair<double, double> best;
  if (points.empty()) return best;
  double total = 0;
  for (const Weighted& point : points) total += point.weight;
  double least = std::numeric_limits<double>::infinity();
  for (double kappa = kLeastKappa; kappa < most_kappa + 0.5 * kKappaStep; kappa += kKappaStep) {
    const auto left = [&](const Weighted& point) {
      return point.value - kappa * point.log_distance;
    };
    std::sort(points.begin(), points.end(),
              [&](const Weighted& a, const Weighted& b) { return left(a) < left(b); });
    double sum = 0;
    double c = left(points.back());
    for (const Weighted& point : points) {
      sum += point.weight;
      if (sum >= kLevel * total) {
        c = left(point);
        break;
      }
    }
    c = std::max(c, 0.0);
    double loss = 0;
    for (const Weighted& point : points) {
      const double above = left(point) - c;
      loss += point.weight * (above > 0 ? kLevel * above : (kLevel - 1) * above);
    }
    if (loss < least) {
      least = loss;
      best = {c, kappa};
    }
  }
  return best;
}

int doubling(const OriginError& error) {
  return static_cast<int>(std::lround(error.log_distance / std::log(2.0)));
}

// Every system and doubling of the distance weighs the same. `picks` says which errors.
template <class Picks>
WidthLaw width_law(const std::vector<const SystemErrors*>& systems, const WidthLaw& otherwise,
                   double most_kappa, const Picks& picks) {
  std::vector<Weighted> up;
  std::vector<Weighted> down;
  for (const SystemErrors* system : systems) {
    std::map<int, double> count;
    for (const TierErrors& tier : *system)
      for (const OriginError& error : tier.errors)
        if (picks(error)) count[doubling(error)] += 1;
    for (const TierErrors& tier : *system)
      for (const OriginError& error : tier.errors) {
        if (!picks(error)) continue;
        const double distance =
            std::min(error.log_distance, farthest_log_distance(error.of.network));
        const double weight = error.roughness / count[doubling(error)];
        up.push_back({distance, (error.log_error - error.added.up) / error.roughness, weight});
        down.push_back({distance, (-error.log_error - error.added.down) / error.roughness, weight});
      }
  }
  if (up.empty()) return otherwise;
  const auto [c_up, kappa_up] = quantile_line(std::move(up), most_kappa);
  const auto [c_down, kappa_down] = quantile_line(std::move(down), most_kappa);
  return {c_up, kappa_up, c_down, kappa_down};
}

void fit_widths(const std::vector<const SystemErrors*>& systems, Priors& priors, Table table) {
  Priors published = kPublishedPriors;
  const std::span<WidthLaw> laws = laws_of(priors, table);
  const double most_kappa = table == Table::several_scales ? kMostKappaOfSeveral : kMostKappa;
  for (std::size_t r = 0; r < laws.size(); ++r)
    laws[r] =
        width_law(systems, laws_of(published, table)[r], most_kappa, [&](const OriginError& error) {
          return belongs(table, error) &&
                 (laws.size() == 1 || static_cast<std::size_t>(error.regime) == r);
        });
}

void widen(Priors& priors, Table table, double factor) {
  for (WidthLaw& law : laws_of(priors, table))
    law = {law.up * factor, law.up_kappa * factor, law.down * factor, law.down_kappa * factor};
}

// Share of a table's points of a system inside their intervals, mean over doublings of the
// distance; negative where there are none.
double coverage(const SystemErrors& system, const Priors& priors, Table table) {
  std::map<int, std::pair<double, double>> inside;  // of how many
  for (const TierErrors& tier : system) {
    std::map<int, double> factors;  // of a series that ends with that many scales
    for (const OriginError& error : tier.errors) {
      if (!belongs(table, error)) continue;
      HalfWidths widths;
      if (error.trained > 1) {
        if (!factors.contains(error.trained)) {
          factors[error.trained] = own_record(priors, tier.errors, error.trained).width_factor;
        }
        const double factor = factors[error.trained] * error.roughness;
        widths = prior_widths(priors, error.of, error.log_size, error.log_distance, factor);
      } else {
        widths = one_scale_widths(priors, true, error.log_distance);
      }
      const double floor = noise_floor(error.log_size);
      auto& [covered, count] = inside[doubling(error)];
      count += 1;
      covered += error.log_error <= std::max(floor, widths.up + error.added.up) &&
                         -error.log_error <= std::max(floor, widths.down + error.added.down)
                     ? 1
                     : 0;
    }
  }
  double sum = 0;
  for (const auto& [distance, of] : inside) sum += of.first / of.second;
  return inside.empty() ? -1 : sum / static_cast<double>(inside.size());
}

// The factor on a table by which intervals that were made without a system cover kCoverage of that
// system's points, mean over systems.
double honest_factor(const std::vector<SystemErrors>& systems, const Priors& constants,
                     Table table) {
  std::vector<std::pair<const SystemErrors*, Priors>> without;
  for (const SystemErrors& left_out : systems) {
    if (coverage(left_out, constants, table) < 0) continue;
    std::vector<const SystemErrors*> others;
    for (const SystemErrors& system : systems)
      if (&system != &left_out) others.push_back(&system);
    without.emplace_back(&left_out, constants);
    fit_widths(others, without.back().second, table);
  }
  if (without.size() < 2) return 1;
  double low = 0.5;
  double high = 3.0;
  for (int step = 0; step < 12; ++step) {
    const double factor = std::sqrt(low * high);
    double sum = 0;
    for (const auto& [left_out, priors] : without) {
      Priors wider = priors;
      widen(wider, table, factor);
      sum += coverage(*left_out, wider, table);
    }
    (sum < kCoverage * static_cast<double>(without.size()) ? low : high) = factor;
  }
  return high;
}

}  // namespace

Expected<Priors> learn_priors(std::span<const MeasuredSystem> systems) {
  Priors priors = kUninformed;
  choose_constants(systems, priors);
  const std::vector<SystemErrors> errors = errors_of(systems, priors);
  if (std::all_of(errors.begin(), errors.end(),
                  [](const SystemErrors& system) { return system.empty(); }))
    return fail(
        "no machine was measured at two scales, inside a node or across nodes: there is nothing to "
        "learn from");
  std::vector<const SystemErrors*> all;
  for (const SystemErrors& system : errors) all.push_back(&system);
  const Priors constants = priors;
  for (const Table table : kTables) {
    fit_widths(all, priors, table);
    widen(priors, table, honest_factor(errors, constants, table));
  }
  return priors;
}

}  // namespace collscale
