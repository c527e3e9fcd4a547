// SPDX-License-Identifier: Apache-2.0
// What a calibration knows: the merged measurements, the parameters fitted to them, and how well
// the same procedure predicted scales that were held out. Plain values; see profile_to_json for the
// file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fit/figure_fit.hpp"
#include "fit/mixture.hpp"
#include "fit/own_record.hpp"
#include "fit/priors.hpp"
#include "fit/series.hpp"
#include "fit/uncertainty.hpp"
#include "units/error.hpp"

namespace collscale {

/// A fitted coefficient, never negative, with its 95 % bootstrap interval over runs and points: how
/// much it depends on which of them were measured. How wrong the law itself is, it does not say.
struct Parameter {
  std::string name;
  std::string unit;  ///< "s", "s/B", "s/B^0.5"
  double value = 0;
  double low = 0;
  double high = 0;
  std::string meaning;
};

/// How far predictions were from a held-out scale, over the sizes of one regime.
/// Errors are medians of the larger of predicted ÷ measured and measured ÷ predicted, less 1: 0.07
/// is 7 % off, either way.
struct HoldOutError {
  int points = 0;
  double median_error = 0;
  double line_error = 0;    ///< of a straight line in ln t over ln n through the last two scales
  double coverage = 0;      ///< share of measurements inside the 95 % interval
  double median_width = 1;  ///< high ÷ low of that interval
};

/// Fitted on scales up to `trained_to_ranks` (two or more), judged on `held_out_ranks`.
struct HoldOut {
  std::int64_t trained_to_ranks = 0;
  std::int64_t held_out_ranks = 0;
  double distance = 1;  ///< held-out ÷ largest trained nodes (ranks inside one node)
  std::array<HoldOutError, kRegimes> regimes{};
  HoldOutError all;
};

/// One tier of a series: a law and what is known about it.
struct Branch {
  bool network = true;  ///< across nodes; false: inside one
  Growth growth = Growth::library;
  std::vector<std::int64_t> scales;  ///< rank counts it was fitted on
  std::vector<Parameter> parameters;
  double median_residual = 0;      ///< of the parameters' law on its own data
  OwnRecord own;                   ///< what its hold-outs say of the next prediction
  std::vector<HoldOut> hold_outs;  ///< every (training, target) pair, by target, then training
};

struct SeriesFit {
  Series series;
  std::vector<Branch> branches;
  std::int64_t validated_to_ranks = 0;  ///< the largest measured scale
  Mixture mixture;                      ///< of settings, where the times show one
  /// "fitted on 8 to 256 ranks; tested: without 256, it misses them by a median 4 % ...": of the
  /// network's tier where there is one.
  std::string summary;
};

struct Profile {
  std::string data_system;          ///< where it was measured
  std::int64_t ranks_per_node = 1;  ///< there
  std::string topology;             ///< the system named when it was calibrated
  bool same_system = false;         ///< which was the measured machine, as the user said
  std::uint64_t seed = 1;
  int replicates = 0;
  Priors priors = kPublishedPriors;  ///< those it was made with; not in the file
  std::vector<SeriesFit> series;     ///< growth laws, for extrapolate; none in a ready profile
  std::vector<FigureTier> figures;   ///< figures of the topology, for predict; node before network
  std::vector<std::string> notes;    ///< what a user should know, one sentence each
};

inline constexpr int kProfileSchemaVersion = 5;

/// {"schema_version", "data_system", "ranks_per_node", "topology", "same_system" (false where it is
///  not there), "seed", "replicates", "notes",
///  "series": [{"collective", "algorithm", "protocol", "engine", "trust", "growth",
///    "torus_dimensions", "summary", "validated_to_ranks",
///    "node_rates", where the inside of its nodes is known,
///    "branches": [{"tier": "network"|"node", "growth", "scales",
///                  "parameters": [{"name", "unit", "value", "low", "high", "meaning"}],
///                  "median_residual", "width_factor", "line_shares" ([] where none),
///                  "hold_outs": [{"trained_to_ranks", "held_out_ranks", "distance",
///                                 "errors": {regime or "all": {"points", "median_error",
///                                   "line_error", "coverage_95", "median_width_95"}}}]}],
///    "mixture": {"apart", "text"}, where there is one,
///    "cells": [{"ranks", "nodes", "size_bytes", "time_s": [...], "run": [...]}]}],
///  "figures": [{"tier", "data_system", "topology", "node_design", "nic_Bps", "scales",
///    "measured": [{"collective", "smallest_bytes", "largest_bytes"}], "points",
///    "library": {"name", "algorithms", "protocols", "pieces": [{"collective", "from_bytes",
///      "algorithm", "protocol"}], "inferred", "told_error"},
///    "prior_error", "median_error", "prior_fastest", "median_fastest", "source",
///    "figures": [{"path", "label": "calibrated", "prior", "value", "low", "high"}],
///    "errors": {"as_chosen" or "fastest": {regime: {"points", "median_error", "quantiles"}}},
///    "hold_outs": [{"trained_to_ranks", "ranks", "distance", "points", "median_error",
///                   "prior_error", "coverage_50", "coverage_95"}]}]}
/// At least one of "series" and "figures" is not empty.
/// SI base units. The same profile gives the same bytes; doubles read back exactly.
std::string profile_to_json(const Profile& profile);

/// Fails with the file's name and the field that is wrong.
Expected<Profile> profile_from_json(std::string_view text, std::string_view file_name);

}  // namespace collscale
