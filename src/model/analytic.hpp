// SPDX-License-Identifier: Apache-2.0
// The analytic engine: closed-form cost of a schedule on a system, microseconds per answer at any
// scale. docs/models.md explains each term.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "collective/program.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// One prediction per size. `algorithm` is a registered name, or "auto": the fastest per size of
/// those that can serve the ranks. Ranks are placed packed, node by node. Fails when the algorithm
/// does not exist, cannot serve the ranks or needs what the system lacks, or ranks exceed the
/// system.
Expected<std::vector<Prediction>> predict_analytic(const System& system, Collective collective,
                                                   std::string_view algorithm, std::int64_t ranks,
                                                   std::span<const double> sizes_bytes,
                                                   const PriceOptions& options = {});

/// Fails for a torus of more links than are counted.
Expected<void> check_analytic(const System& system);

class AnalyticEngine;

/// The costs of programs, for those who evaluate them themselves (sweeps, selectors). What one
/// program has in common with the next (a tree with more channels) is worked out once. The system
/// must live on, and be one that check_analytic accepts.
class AnalyticPricer {
 public:
  AnalyticPricer(const System& system, std::int64_t ranks);
  ~AnalyticPricer();
  ScheduleCost price(const Program& program);

 private:
  std::unique_ptr<AnalyticEngine> engine_;
};

}  // namespace collscale
