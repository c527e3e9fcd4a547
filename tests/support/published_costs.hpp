// SPDX-License-Identifier: Apache-2.0
// Published costs of algorithms. The formulas are those of the sources named at each row, not ours.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "collective/collective.hpp"

namespace collscale::test {

/// What a source says that an algorithm costs, in Hockney's α + β·bytes, where every pair of ranks
/// is the same.
struct PublishedCost {
  Collective collective;
  const char* algorithm;
  bool powers_of_two;
  /// Seconds, of p ranks and S bytes.
  std::function<double(double p, double S)> time_s;
};

inline double ceil_log2(double p) { return std::ceil(std::log2(p) - 1e-9); }

/// a: seconds per message, b: seconds per byte.
inline std::vector<PublishedCost> published_costs(double a, double b) {
  using C = Collective;
  return {
      // P. Patarasuk, X. Yuan, J. Parallel Distrib. Comput. 69(2), 2009
      {C::all_reduce, "ring", false,
       [a, b](double p, double S) { return 2 * (p - 1) * (a + S / p * b); }},
      // R. Thakur, R. Rabenseifner, W. Gropp, IJHPCA 19(1), 2005, sections 4.1 to 4.5
      {C::all_gather, "ring", false,
       [a, b](double p, double S) { return (p - 1) * (a + S / p * b); }},
      {C::all_gather, "recursive_doubling", true,
       [a, b](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      {C::all_gather, "bruck", false,
       [a, b](double p, double S) { return ceil_log2(p) * a + (p - 1) / p * S * b; }},
      {C::reduce_scatter, "recursive_halving", true,
       [a, b](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      {C::broadcast, "binomial", false,
       [a, b](double p, double S) { return ceil_log2(p) * (a + S * b); }},
      {C::broadcast, "scatter_all_gather", true,
       [a, b](double p, double S) { return (std::log2(p) + p - 1) * a + 2 * (p - 1) / p * S * b; }},
      {C::all_to_all, "bruck", true,
       [a, b](double p, double S) { return std::log2(p) * (a + S / 2 * b); }},
      // the same, section 5: recursive doubling and Rabenseifner's all_reduce, binomial reduce
      {C::all_reduce, "recursive_doubling", true,
       [a, b](double p, double S) { return std::log2(p) * (a + S * b); }},
      {C::all_reduce, "halving_doubling", true,
       [a, b](double p, double S) { return 2 * std::log2(p) * a + 2 * (p - 1) / p * S * b; }},
      {C::reduce, "binomial", false,
       [a, b](double p, double S) { return ceil_log2(p) * (a + S * b); }},
      {C::reduce, "reduce_scatter_gather", true,
       [a, b](double p, double S) { return 2 * std::log2(p) * a + 2 * (p - 1) / p * S * b; }},
      // E. Chan et al., Concurrency and Computation 19(13), 2007
      {C::gather, "binomial", true,
       [a, b](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      {C::scatter, "binomial", true,
       [a, b](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      // J. Bruck et al., IEEE TPDS 8(11), 1997: all blocks under way at once
      {C::all_to_all, "pairwise", false,
       [a, b](double p, double S) { return a + (p - 1) / p * S * b; }},
      // D. De Sensi et al., NSDI 2024: Swing's steps and bytes are Rabenseifner's
      {C::all_reduce, "swing", true,
       [a, b](double p, double S) { return 2 * std::log2(p) * a + 2 * (p - 1) / p * S * b; }},
      // D. Hensgen, R. Finkel, U. Manber, Int. J. Parallel Programming 17(1), 1988
      {C::barrier, "dissemination", false, [a](double p, double) { return ceil_log2(p) * a; }},
  };
}

}  // namespace collscale::test
