// SPDX-License-Identifier: Apache-2.0
// What random delays of single messages cost a collective: the maximum of many in steps that wait
// for everybody, a constant per step in rings.
//
// Tags of provenance, as everywhere in this folder: [P] read in the primary source, [A] in its
// abstract, [S] in somebody's account of it, [R] textbook, recalled, [D] derived or computed here.
#pragma once

#include <string_view>

#include "units/error.hpp"

namespace collscale {

enum class NoiseKind { none, normal, lognormal, exponential, pareto, detour };

/// The random part of the time of one message, independent between messages. Only the parameters of
/// the kind are read.
struct Noise {
  NoiseKind kind = NoiseKind::none;
  double mean_s = 0;   ///< lognormal, exponential, pareto; of normal it is 0, of detour p · length
  double sigma_s = 0;  ///< normal: standard deviation
  double sigma = 0;    ///< lognormal: standard deviation of the logarithm
  double shape = 0;    ///< pareto: P(X > x) ∝ x^-shape; > 1
  double probability = 0;  ///< detour: that a message meets one
  double length_s = 0;     ///< detour
};

/// "none", "normal:SIGMA", "lognormal:MEAN:SIGMA", "exponential:MEAN", "pareto:MEAN:SHAPE",
/// "detour:PROBABILITY:LENGTH", such as "exponential:1us", "pareto:1us:3", "detour:0.001:100us".
/// Errors: an unknown kind, a parameter missing, too many or out of range.
Expected<Noise> parse_noise(std::string_view text);

/// Its expectation.
double mean_s(const Noise& noise);

/// E[max of n], n ≥ 1 and real: what a step costs that ends when the slowest of n messages ends (a
/// barrier, a level of a tree). expected_max_s(noise, 1) is the mean. Exact, or to 1e-5 of the
/// spread (normal, lognormal), for every n; 0.4 us a call at most.
///   exponential  mean · H_n                                                           [R]
///   pareto       x_m · Γ(n+1) Γ(1−1/a) / Γ(n+1−1/a), x_m = mean (a−1)/a               [R]
///   detour       length · (1 − (1−p)^n)                                               [R]
///   normal, lognormal: ∫ e^−v Q(e^(−v/n)) dv, Q the quantile function (v = −n ln U of the largest
///   is exponential), by Gauss quadrature of six points for the Gumbel variable −ln v   [D]
double expected_max_s(const Noise& noise, double n);

/// What noise adds to each step of a ring of `ranks`, where rank i goes on as soon as its own step
/// and its neighbour's have ended: x(i, s) = max(x(i, s−1), x(i−1, s−1)) + w, directed last-passage
/// percolation. On long rings it is a constant whatever their length:
///   exponential  2 · mean, exact (H. Rost, Z. Wahrscheinlichkeitstheorie 58, 1981)     [R]
///   normal       0.871 · sigma; lognormal, pareto, detour: tables                       [D]
/// The tables are of scripts/study_ring_noise.py (4,096 ranks × 8,000 steps, seeds from 1;
/// noise.cpp states the spread between seeds). For rare detours it tends to √p · length: the
/// longest increasing subsequence (Hammersley's process, 2√n) [R]. On short rings it is at most
/// expected_max_s(noise, ranks), as if every step waited for all.
/// Errors: no finite constant (pareto of shape ≤ 2), or none that a simulation converges to
/// (pareto of shape < 2.5, lognormal of sigma > 2).
Expected<double> ring_step_s(const Noise& noise, double ranks);

/// Moments about 0 of the largest of n standard normal variables, the first to
/// 1e-6, the third to 2e-3; n ≥ 1 and real.
struct NormalMax {
  double first = 0;
  double second = 1;
  double third = 0;
};
NormalMax normal_max(double n);

}  // namespace collscale
