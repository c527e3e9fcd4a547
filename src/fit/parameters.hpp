// SPDX-License-Identifier: Apache-2.0
// The structural law of a branch: time as a sum of non-negative terms with names and units. It is
// what a person reads and compares between systems; predictions use the anchored laws of
// estimator.hpp, because one alpha and beta cannot hold the protocol pieces of a real library.
// The terms of "library" that grow with the size overlap: their sum is known, each alone is not.
//   ring     base + per_step L(n) + per_bus_byte S f(n)
//   tree     base + per_level log2 g + per_byte S + per_byte_level S log2 g
//   chain    base + per_unit (g-1) + per_byte S
//   library  base + per_level log2 g + per_unit (g-1) + per_bus_byte S f(n) + per_byte S
//            + per_byte_level S log2 g + per_sqrt_byte sqrt S
#pragma once

#include <span>
#include <string>
#include <vector>

#include "fit/series.hpp"

namespace collscale {

struct LawTerm {
  const char* name;
  const char* unit;
  const char* meaning;
};

std::span<const LawTerm> law_terms(Growth growth);

struct LawFit {
  std::vector<double> coefficients;  ///< in the order of law_terms
  double median_residual = 0;  ///< median of the larger of fit ÷ data and data ÷ fit, less 1
};

/// A term that the data cannot tell from an earlier one (all of one scale) is 0.
/// NNLS on relative errors with Huber weights over the cells of a tier, `times_s` one time per
/// cell, `counts` how often each cell counts (a bootstrap draw); empty: once.
LawFit fit_law(const Series& series, std::span<const double> times_s, bool network,
               std::span<const int> counts = {});

}  // namespace collscale
