// SPDX-License-Identifier: Apache-2.0
// Figures of a topology from measurements: latencies, launch and attainable shares of bandwidth
// that make the analytic engine come nearest to what was measured, tier by tier. Inside a node only
// measurements on one node count; across nodes the others, with the node's figures as they were
// found. docs/method.md gives the objective.
//
// One set of parameters serves whoever asks. Where a library is known, a latency is fitted as a
// factor on what that library takes its steps to last with each protocol, so that the same factor
// prices its choice, an algorithm that is named, and the fastest of what it has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fit/figure_interval.hpp"
#include "fit/library.hpp"
#include "fit/series.hpp"
#include "fit/uncertainty.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// `path` as for_each_figure names it; SI base units. `prior`: what the topology said. The interval
/// is the central 95 % of the bootstrap over runs and scales. Of latencies value ÷ prior is also
/// the factor on what a library's own constants say of the same.
struct FittedFigure {
  std::string path;
  double prior = 0;
  double value = 0;
  double low = 0;
  double high = 0;
};

/// Larger scales of a tier, predicted by figures that were fitted without them.
struct HeldOutScales {
  std::vector<std::int64_t> ranks;  ///< that were left out, ascending
  std::int64_t trained_to_ranks = 0;
  double distance = 1;  ///< nodes (ranks inside a node) of the largest ÷ those trained to
  int points = 0;
  double median_error = 0;  ///< as FigureTier's
  double prior_error = 0;   ///< with the topology's own figures
  double coverage_50 = 0;   ///< share of measurements inside the interval
  double coverage_95 = 0;
};

/// Sizes at which a collective was measured.
struct MeasuredSizes {
  Collective collective = Collective::all_reduce;
  double smallest_bytes = 0;
  double largest_bytes = 0;
};

struct FigureTier {
  bool network = false;
  std::string data_system;  ///< where it was measured
  std::string topology;     ///< the system that was priced
  std::string node_design;  ///< its nodes
  double nic_Bps = 0;       ///< and NICs: figures that are times hold at this rate only
  std::vector<std::int64_t> scales;
  std::vector<MeasuredSizes> measured;
  int points = 0;
  LibraryUse library;        ///< what ran, and whose constants latencies are factors on
  bool is_inferred = false;  ///< what of it was in use, by the times; else as the records say
  double told_error = 0;     ///< then the error with all of it in use
  /// Errors, each the mean of the regimes' medians (by ln), so that no regime hides another: with
  /// the topology's own figures and with the fitted ones, what ran being known; then the same with
  /// the fastest of what could have run in its place.
  double prior_error = 0;
  double median_error = 0;
  double prior_fastest = 0;
  double median_fastest = 0;
  std::vector<FittedFigure> figures;  ///< those that the measurements can tell
  RegimeErrors as_chosen;             ///< the algorithm that ran, or was chosen, known
  RegimeErrors fastest;               ///< the fastest that could have run taken instead
  /// By fits on the scales up to each but the last, all larger ones predicted; ascending.
  std::vector<HeldOutScales> hold_outs;
  std::string source;  ///< in words
};

struct FigureFitOptions {
  int replicates = 1000;
  std::uint64_t seed = 1;
  /// As the records tell it first; then what else of it may have been in use. Empty: not modelled.
  std::vector<Library> libraries;
  /// Of nodes of this design, measured elsewhere: they stand where nothing was inside a node.
  std::optional<FigureTier> node;
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
/// A tier whose fit misses more than that is not kept, since the model lacks what decided there;
/// nor is one that misses no less than the topology's own figures.
inline constexpr double kWorstFit = 0.4;
/// Part of a library is taken for out of use where that leaves so much of the error at most: of
/// the fit to all points, and of the largest scale by a fit without it.
inline constexpr double kInferredBelow = 0.8;

}  // namespace collscale
