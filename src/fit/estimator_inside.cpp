// SPDX-License-Identifier: Apache-2.0
// How accelerators are joined inside a node, as two scales there tell it.
#include <algorithm>
#include <cmath>

#include "fit/estimator.hpp"

namespace collscale {
namespace {

// By how much a step inside a node may differ, in ln t, without a slower joint on the way: over
// NVSwitch and xGMI the bus bandwidth falls by up to 1.1, over PCIe by 2.3 to 4.8 per doubling.
constexpr double kSameJoint = 0.22;
constexpr int kJointOctaves = 3;  // by which messages that wait for the next joint are smaller

}  // namespace

// Where a step inside a node takes longer between more accelerators a slower joint is on the way (a
// PCIe bridge, the link between two sockets), and more accelerators meet the next one: this much
// per doubling or quadrupling as before, in ln t. The slower the joints, the smaller the messages
// that wait for them: what larger ones met counts.
double Estimator::slower_joint(double log_share, Place target) const {
  if (network_ || scales_.size() < 2 || target.units <= anchor().units) return 0;
  const Scale& below = scales_[scales_.size() - 2];
  const auto step = [&](const Scale& scale, double at) {
    return scale.curve.log_time(at + std::log(scale.place.ranks)) -
           std::log(ring_steps(collective_, scale.place));
  };
  double slower = 0;
  for (int above = 0; above <= kJointOctaves; ++above) {
    const double at = log_share + above * kOctave;
    slower = std::max(slower, step(scales_.back(), at) - step(below, at) - kSameJoint);
  }
  return slower * doublings_again(target);
}

// ln (target / anchor) over ln (anchor / the scale below).
double Estimator::doublings_again(Place target) const {
  return std::log(target.units / anchor().units) /
         std::log(anchor().units / scales_[scales_.size() - 2].place.units);
}

double Estimator::quickening(double log_size) const {
  if (network_ || scales_.size() < 2) return 0;
  const std::size_t last = scales_.size() - 1;
  return std::max(0.0, measured(last - 1, log_size) - measured(last, log_size) - kSameJoint);
}

double Estimator::further_gain(double log_size, Place target) const {
  const double gain = quickening(log_size);
  return gain > 0 && target.units > anchor().units ? gain * doublings_again(target) : 0;
}

}  // namespace collscale
