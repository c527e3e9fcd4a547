// SPDX-License-Identifier: Apache-2.0
// Asks one of the engines that compute (analytic, flow) and makes records of its answers. Used by
// `collscale predict` and by bench_sim.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/selectors.hpp"
#include "fit/figures.hpp"
#include "record/record.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/event/event.hpp"
#include "sim/flow.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct PredictQuery {
  std::string topology;  ///< as the user named it, for the records
  Collective collective = Collective::all_reduce;
  std::string algorithm = "auto";    ///< a registered name, or "auto" for the fastest per size
  Engine engine = Engine::analytic;  ///< analytic, flow or event
  std::uint64_t seed = 1;            ///< of the flow engine's hashing
  PriceOptions price{};              ///< which terms count, noise, chunks
  /// Instead of `algorithm`, by the analytic engine: the library's choice per size.
  std::optional<Selector> selector{};
  FlowOptions flow{};        ///< of engine flow; its seed is `seed`
  std::int64_t trials = 0;   ///< hash seeds from `seed` on; 0: one
  std::int64_t threads = 0;  ///< 0: as many as there are cores
  EventOptions event{};      ///< of engine event; its seed is `seed`, its placement `flow`'s
  /// Whose constants a profile's latencies are factors on. By the analytic engine what it has is
  /// priced as it runs it, "auto" is the fastest of that, and other algorithms are priced as if
  /// they ran on its protocols; engine flow prices all so.
  std::optional<Selector> library{};
  /// Of a profile's figures, which lower bounds hold with.
  std::vector<FigureAtBest> at_best{};
};

/// What the library's protocols make of a message, in messages too large for fewer channels than
/// there are: those of the algorithm, or of its rings where it has no such algorithm.
std::vector<ProtocolFigures> library_protocols(const Selector& library, const System& system,
                                               Collective collective, std::int64_t ranks,
                                               const std::string& algorithm);

/// With a selector, sizes whose algorithm the registry lacks have no record; if that is all, it is
/// an error. One record per size: time, bandwidths, breakdown, bottleneck, bound, and how many of
/// the system's figures are assumed. Fails as the engines do.
Expected<std::vector<Record>> predict_records(const PredictQuery& query, const System& system,
                                              std::int64_t ranks,
                                              std::span<const double> sizes_bytes);

}  // namespace collscale
