// SPDX-License-Identifier: Apache-2.0
// Extra-P's performance-model normal form (A. Calotoiu, T. Hoefler, M. Poke, F. Wolf: "Using
// automated performance modeling to find scalability bugs in complex codes", SC 2013):
//
//   t(n) = c0 + sum over k of c_k n^i_k (log2 n)^j_k,   0, 1 or 2 terms,
//   i in {0, 1/4, 1/3, 1/2, 2/3, 3/4, 1, 3/2, 2}, j in {0, 1, 2}
//
// It knows nothing of collectives, which is its use: it stands beside the laws of estimator.hpp and
// contradicts them where the times grow in a way that they have no term for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace collscale {

struct NormalTerm {
  double coefficient = 0;  ///< > 0
  double exponent = 0;     ///< i
  int log_exponent = 0;    ///< j
};

struct NormalForm {
  double constant = 0;            ///< c0 >= 0
  std::vector<NormalTerm> terms;  ///< at most 2, the slower growing first
  double error = 0;  ///< root mean square of the relative errors at scales left out one by one

  [[nodiscard]] double at(double n) const;
};

/// Fewer scales are no growth to be told from noise: a term costs two figures, and one scale at a
/// time is left out. (Extra-P asks for five.)
inline constexpr std::size_t kNormalFormScales = 4;
/// And a second term needs this many.
inline constexpr std::size_t kTwoTermScales = 6;

/// Least squares in relative errors. The form with the least error over scales left out one at a
/// time; one with a term more is taken only where it lessens that error to kTermGain. No
/// coefficient is negative: times grow. `n` at least 2, ascending and distinct, times positive.
/// Nothing with fewer than kNormalFormScales scales.
std::optional<NormalForm> fit_normal_form(std::span<const double> n,
                                          std::span<const double> times_s);

/// Error with a term more ÷ error without, at most. Of constants with 3 to 10 % noise at 5 to 8
/// scales the best of the 26 terms lessens the error to 0.65 to 0.8 of it or less in 1 of 20
/// series; beside one true term the best of the 325 pairs rarely lessens it at all.
inline constexpr double kTermGain = 0.6;

/// "12.0 us + 0.31 us n^(1/2) log2(n)"
std::string to_text(const NormalForm& form);

}  // namespace collscale
