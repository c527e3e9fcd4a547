// SPDX-License-Identifier: Apache-2.0
// What a series of few scales cannot tell and other systems have to: a handful of constants of the
// growth laws, and how wrong the laws are. `collscale priors` makes them from measurements of many
// systems (learn_priors.hpp); scripts/validate makes them again without a system before it judges
// that system with them.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "fit/regime.hpp"
#include "units/error.hpp"

namespace collscale {

/// Half widths in ln t of a 95 % interval at distance d = target ÷ largest measured nodes: up +
/// up_kappa ln d, down + down_kappa ln d.
struct WidthLaw {
  double up = 0;
  double up_kappa = 0;
  double down = 0;
  double down_kappa = 0;
};

struct Priors {
  /// What the ends of a message take, in latencies of a level: growth from one scale is ends + log2
  /// g levels. On a torus the same in its coordinate (estimator.hpp), from several scales, too.
  double ends = 0;
  double torus_ends = 0;
  /// Of MPI, as how many scales an assumed growth weighs, beside those that were measured: by 1 +
  /// log2 g levels, on a torus by torus_ends + its coordinate.
  double growth_weight = 0;
  /// Of MPI, from two scales on: all_to_all takes g^contention more than the number of peers says.
  double contention = 0;
  /// Across nodes, two scales or more measured there, or one and growth assumed (all sizes alike).
  std::array<WidthLaw, kRegimes> several_scales{};
  WidthLaw one_scale{};
  /// Inside a node, two scales or more, all sizes alike.
  WidthLaw several_inside{};
};

/// Learned from results/published by scripts/learn-priors, which writes them here.
inline constexpr Priors kPublishedPriors = {
    // learn-priors: begin
    .ends = 0.70,
    .torus_ends = 2.00,
    .growth_weight = 1.00,
    .contention = 0.30,
    .several_scales = {{{0.33, 0.12, 0.18, 0.12},
                        {0.87, 0.12, 0.45, 0.12},
                        {0.27, 0.12, 0.08, 0.12}}},
    .one_scale = {0.66, 0.26, 0.27, 0.52},
    .several_inside = {0.00, 0.10, 0.00, 0.18},
    // learn-priors: end
};

/// {"ends", "torus_ends", "growth_weight", "contention", "several_scales": {regime: {"up",
///  "up_kappa", "down", "down_kappa"}}, "one_scale": {...}, "several_inside": {...}}
std::string priors_to_json(const Priors& priors);
/// Fails with the file's name and the field that is wrong.
Expected<Priors> priors_from_json(std::string_view text, std::string_view file_name);

}  // namespace collscale
