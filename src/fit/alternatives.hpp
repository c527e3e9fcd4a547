// SPDX-License-Identifier: Apache-2.0
// The same answer for what was not measured: another algorithm, another routing, another fabric.
// Each is the extrapolated time × the analytic engine's time of the alternative ÷ of the algorithm
// that stands for the measured one, both on the target. What the engine is wrong by for both alike
// cancels; what it is wrong by for one of them widens the interval.
#pragma once

#include <string>
#include <vector>

#include "fit/extrapolate.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"

namespace collscale {

struct Alternative {
  std::string name;   ///< "pat", "spray in place of ecmp"
  double ratio = 0;   ///< of the engine's times; 0: the engine cannot say
  std::string error;  ///< why not, one sentence
  /// Of a taper: the interval allows for so many times the answer, where ranks are not placed in
  /// order, as the engine places them, but anywhere; 1: not a taper.
  double scattered = 1;
  Record record;  ///< where it can; its source says that it is an alternative
};

/// Of one answer across nodes (inside one: nvls), those that the collective has: PAT; hierarchical
/// in its kinds; sums in the switches of nodes (nvls, nvls_tree) and of the fabric (collnet_direct,
/// collnet_chain); spray and ecmp in place of each other (adaptive counts as spray); 1:1 where
/// uplinks are oversubscribed, else 2:1 and 4:1 at the highest. The algorithm of the answer is not
/// among them. Empty where the engine has no time for the answer.
std::vector<Alternative> alternatives(const Extrapolation& answer, const System& system);

/// Half width in ln t at 95 % that the engine's ratio between two algorithms adds, in quadrature:
/// ln 2.5 and 0.4 of ln ratio. Held against 142 points of Together, MareNostrum 5, Leonardo and
/// LUMI at which two labelled algorithms were measured: ratios are off by x2.7, x3.5 and x8.8 at
/// most in 95 % where ln ratio is below 1, 1 to 2, and above; in 84 % the quicker one is the
/// quicker one (scripts/study_ratios.py).
double ratio_width(double ratio);

}  // namespace collscale
