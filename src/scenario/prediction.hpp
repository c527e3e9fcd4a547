// SPDX-License-Identifier: Apache-2.0
// What the engines that compute (analytic, flow) answer: a time and where it goes. Its lower bound
// is model/bounds.hpp's, the same for every engine.
#pragma once

#include <string>
#include <vector>

namespace collscale {

/// A part of the time that nothing else hides. The exposed times of a prediction sum to its time.
struct ExposedTime {
  std::string term;  ///< "latency", "bandwidth", "ecmp"
  std::string tier;  ///< "scale-up", "nic", "leaf", "spine", "core"
  double exposed_s = 0;
};

/// What an algorithm makes use of that changes the lower bounds (model/bounds.hpp).
struct Abilities {
  bool in_network = false;  ///< switches that add up and multicast
  double copies = 1;        ///< places that a block goes to (mixture of experts)
  int ports = 1;            ///< messages that a rank starts at once in a step
};

struct Prediction {
  double time_s = 0;
  std::vector<ExposedTime> breakdown;
  std::string bottleneck;   ///< "latency", the tier that is waited for the longest, or a term
  double bottleneck_s = 0;  ///< how long; 0: not known
  std::string algorithm;  ///< the one that ran: what the selector chose where "auto" was asked for
  Abilities abilities{};  ///< which lower bounds hold for it
};

}  // namespace collscale
