// SPDX-License-Identifier: Apache-2.0
// The target as the analytic engine sees it: which algorithm of the registry stands for the
// measured one, what dominates its time, and how that time changes with the fabric. Only ratios of
// its times are used: they tell what one change costs, where the measurements cannot.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fit/series.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Times that are, in the median, so many times what the engine makes of a system are in a wrong
/// unit, which is 1,000 times off, or of another system: published ones over TCP reach 670 of what
/// a family with one GPU per node takes.
inline constexpr double kFarSlower = 800;

/// Algorithms of the registry that a series may have run, the fastest of which stands for it: the
/// one of its name; for NCCL's own choice ring and tree, and nvls_tree where the switches of the
/// target's nodes can (NCCL 2.18 and later); for MPI's what its libraries
/// choose from (Thakur, Rabenseifner, Gropp, IJHPCA 19, 2005); "auto" where that leaves none.
std::vector<std::string> model_algorithms(const Series& series, const System& target,
                                          std::int64_t ranks);

/// One prediction per size, of the fastest of these; fails where the engine prices none of them.
Expected<std::vector<Prediction>> predict_fastest(const System& system, Collective collective,
                                                  std::span<const std::string> algorithms,
                                                  std::int64_t ranks,
                                                  std::span<const double> sizes_bytes);

/// "nic 71 %", "latency 95 %", "overhead 63 %": the bottleneck, a tier or a term, and its share of
/// the time; "" without a prediction.
std::string bottleneck_share(const Prediction& prediction);

/// How many times a prediction, at most, where ranks do not lie in order, as the engine places
/// them, but anywhere: trees and rings then no longer leave a group of switches on a few links, and
/// all that the NICs send may cross uplinks of 1 / `taper` of their bandwidth.
double scattered_factor(const Prediction& untapered, double taper);

/// The highest tier of switches that so many nodes, packed, need: 0 the leaves.
std::size_t top_tier(const Clos& clos, double nodes);

/// Without oversubscription from tier `first` upwards; all that has none is as it was.
System without_taper(System system, std::size_t first = 0);
/// Whether a tier below the top, from `first` on, has less capacity upwards than from below.
bool is_tapered(const Clos& clos, std::size_t first = 0);
/// As if the switches of `tier` served all nodes: nothing crosses a tier above it.
System without_tiers_above(System system, std::size_t tier);

}  // namespace collscale
