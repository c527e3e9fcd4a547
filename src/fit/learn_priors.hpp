// SPDX-License-Identifier: Apache-2.0
// Priors from measurements of many systems: every larger scale of every series is predicted from
// its smaller ones, and what these errors ask for, over systems, is what a system that nobody has
// seen yet gets.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "fit/priors.hpp"
#include "fit/series.hpp"
#include "units/error.hpp"

namespace collscale {

/// One machine, under whatever transports and libraries it was measured: it weighs as one, however
/// many series it has.
struct MeasuredSystem {
  std::string name;
  std::vector<Series> series;
};

/// Constants of the laws: of a few values each, the one with the smallest median over systems of
/// the median error; where no series tells, the uninformed one (the first). Widths: per side
/// the 97.5 % quantile regression on ln d, each system and doubling of the distance weighing the
/// same, times the factor, one per kind of width, by which intervals made without a system
/// cover 92.5 % of that system's points, mean over systems. Widths that no system tells of stay
/// those learned from results/published. Fails where no system was measured at two scales of one
/// tier: there is nothing to learn from.
Expected<Priors> learn_priors(std::span<const MeasuredSystem> systems);

}  // namespace collscale
