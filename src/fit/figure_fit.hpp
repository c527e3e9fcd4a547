// SPDX-License-Identifier: Apache-2.0
// Figures of a topology from measurements: latencies, launch and attainable shares of bandwidth
// that make the analytic engine come nearest to what was measured, tier by tier. Inside a node only
// measurements on one node count; across nodes the others, with the node's figures as they were
// found. docs/method.md gives the objective.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fit/series.hpp"
#include "fit/uncertainty.hpp"
#include "selector/selection.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// `path` as for_each_figure names it; SI base units. `prior`: what the topology said. The interval
/// is the central 95 % of the bootstrap over runs and scales. `factor`: on what a library's own
/// constants say of the same, where a selector's choice is priced with them; 1 for shares.
struct FittedFigure {
  std::string path;
  double prior = 0;
  double value = 0;
  double low = 0;
  double high = 0;
  double factor = 1;
};

/// How measurements lie around predictions with the fitted figures, over the sizes of one regime.
struct FigureErrors {
  int points = 0;
  double median_error = 0;  ///< of the larger of predicted ÷ measured and measured ÷ predicted, − 1
  /// Of ln(measured ÷ predicted): 2.5, 25, 75 and 97.5 %.
  std::array<double, 4> quantiles{};
};

/// The largest scale of a tier, predicted by figures fitted without it.
struct HeldOutScale {
  std::int64_t ranks = 0;
  double distance = 1;  ///< its nodes (ranks inside a node) ÷ those of the scale before
  double median_error = 0;
};

struct FigureTier {
  bool network = false;
  std::string data_system;  ///< where it was measured
  std::string topology;     ///< the system that was priced
  std::string node_design;  ///< its nodes
  double nic_Bps = 0;       ///< and NICs: figures that are times hold at this rate only
  std::vector<std::int64_t> scales;
  int points = 0;
  /// Medians: with the topology's own figures and with the fitted ones, what ran being known; then
  /// the same with the fastest algorithm in its place.
  double prior_error = 0;
  double median_error = 0;
  double prior_fastest = 0;
  double median_fastest = 0;
  std::vector<FittedFigure> figures;             ///< those that the measurements can tell
  std::array<FigureErrors, kRegimes> as_chosen;  ///< the algorithm that ran, or was chosen, known
  std::array<FigureErrors, kRegimes> fastest;    ///< the fastest algorithm taken instead
  std::optional<HeldOutScale> held_out;
  std::string source;  ///< in words
};

/// What ran at a point of a series; nothing where nobody knows, which is priced as the fastest
/// algorithm. A selection without a library's name for it is an algorithm that the record names.
/// Fails where the choice is known and cannot be priced: the point is left out.
using ChooseFunction = std::function<Expected<std::optional<Selection>>(
    const Series& series, std::int64_t ranks, double size_bytes)>;

struct FigureFitOptions {
  int replicates = 1000;
  std::uint64_t seed = 1;
  ChooseFunction choose;  ///< empty: named algorithms as they are named, others the fastest
  std::string chosen_by;  ///< "nccl:2.28", for the source; "": nobody
  bool holds_out = true;
};

struct FigureFit {
  std::vector<FigureTier> tiers;   ///< node before network; those with measurements
  std::vector<std::string> notes;  ///< one sentence each: what keeps the topology's figures and why
};

/// Fails where the analytic engine cannot price the system, or none of the measurements.
Expected<FigureFit> fit_figures(std::span<const Series> series, const System& system,
                                const FigureFitOptions& options = {});

/// NCCL's base latency of protocol LL on rings (NVIDIA/nccl v2.28.9-1, src/graph/tuning.cc,
/// baseLat): the prior of node.compute.launch where a topology has none.
inline constexpr double kPriorLaunch_s = 6.6e-6;
/// A tier whose fit misses more than that in the median, with either choice, is not kept: the model
/// lacks what decided there.
inline constexpr double kWorstFit = 0.4;

}  // namespace collscale
