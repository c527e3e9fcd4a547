// SPDX-License-Identifier: Apache-2.0
// What measuring one point gives, whatever the backend.
#pragma once

#include <optional>

#include "measure/conditions.hpp"
#include "measure/sampling_plan.hpp"
#include "measure/verify.hpp"

namespace collscale {

/// How to measure a point.
struct PointPlan {
  SamplingPlan sampling;
  bool verify = true;
};

/// The same on every process. Where verification found wrong elements nothing was timed.
struct PointResult {
  SampleSet samples;
  std::optional<Mismatch> mismatch;  ///< of the verified operation; empty when it was not verified
  Conditions conditions;             ///< while samples were taken
  std::optional<double> estimate_s{};  ///< the library's own, where it was asked
  [[nodiscard]] bool wrong() const { return mismatch && mismatch->wrong > 0; }
};

}  // namespace collscale
