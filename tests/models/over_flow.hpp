// SPDX-License-Identifier: Apache-2.0
// The closed form of what a hash decides beside the flow engine's mean over seeds.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "model/analytic.hpp"
#include "sim/flow.hpp"

namespace collscale::test {

/// The analytic engine's time over the mean of the flow engine's over the seeds 1 to `seeds`.
inline double analytic_over_flow(const System& system, Collective collective, const char* algorithm,
                                 std::int64_t ranks, double bytes, int seeds) {
  const std::vector<double> sizes = {bytes};
  const auto formula = predict_analytic(system, collective, algorithm, ranks, sizes);
  EXPECT_TRUE(formula.has_value());
  double sum = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto hashed = simulate_flow(system, collective, algorithm, ranks, sizes,
                                      {static_cast<std::uint64_t>(seed)});
    EXPECT_TRUE(hashed.has_value());
    sum += hashed->front().time_s;
  }
  return formula->front().time_s / (sum / seeds);
}

}  // namespace collscale::test
