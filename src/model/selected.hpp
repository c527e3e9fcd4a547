// SPDX-License-Identifier: Apache-2.0
// What a library's choice costs on the fabric, which the library's own model does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collective/algorithms.hpp"
#include "model/analytic.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "selector/selection.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Prices the choices of a selector for one collective and number of ranks. A schedule is priced
/// once, whatever the sizes and protocols that it is chosen for; the system must live on.
class SelectedCosts {
 public:
  SelectedCosts(const System& system, Collective collective, std::int64_t ranks,
                const PriceOptions& options);

  /// From here on with other latencies and factors; what carries bytes must be as it was. The
  /// system must live on.
  void set_latencies(const System& system, const LatencyFactors& factors);

  /// Fails with one sentence where the registry has nothing like the choice, and as
  /// predict_analytic does.
  Expected<Prediction> predict(const Selection& selection, double size_bytes);

 private:
  struct Priced {
    std::string algorithm;
    std::int64_t channels = 1;
    int trees = 2;
    std::int64_t radix = 0;
    std::int64_t aggregation = 0;
    double parts = 1;  ///< of the data, side by side
    ScheduleCost cost;
    Abilities abilities{};
  };
  Expected<const Priced*> priced(const Selection& selection, double size_bytes);
  CostRates& rates_for(const Selection& selection);

  const System& system_;
  const System* timed_ = &system_;  ///< whose latencies count
  Collective collective_;
  Shape shape_;
  PriceOptions options_;
  std::optional<AnalyticPricer> pricer_;  ///< once the ranks are known to fit
  std::vector<Priced> priced_;
  std::vector<CostRates> rates_;  ///< one for each protocol
};

}  // namespace collscale
