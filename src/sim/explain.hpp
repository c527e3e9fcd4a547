// SPDX-License-Identifier: Apache-2.0
// What stands behind one answer of the flow engine: its stages in time, how full the links of the
// longest are, which are the busiest, and whose flows are on them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/flow.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Equal steps of a stage, one after another; of a pipeline, or of parts at the same time, the
/// whole.
struct StageSpan {
  std::string name;
  int row = 0;  ///< parts at the same time have rows of their own, below that of the whole
  double start_s = 0;
  double duration_s = 0;
  double steps = 1;
  std::string bottleneck;
  PerResource utilisation{};  ///< of the busiest link of each resource, share of its capacity
};

/// The links of one tier in one stage.
struct TierUse {
  std::string name;
  std::int64_t links = 0;
  std::int64_t used = 0;   ///< that carry anything
  double utilisation = 0;  ///< of the fullest: bytes ÷ (capacity × duration of the stage)
  /// How full the links in use are relative to the fullest: 10 %, 20 %, …, 90 % of them are at most
  /// so full (nearest rank).
  std::array<double, 9> deciles{};
};

struct BusyLink {
  struct Pair {
    std::int64_t source = 0;  ///< ranks of the job
    std::int64_t destination = 0;
  };
  std::string name;
  double bytes = 0;  ///< in the whole stage
  double utilisation = 0;
  double flows = 0;            ///< of one step, or of all at once where nothing waits
  std::vector<Pair> examples;  ///< two of them at most
};

struct FlowExplanation {
  std::string algorithm;
  double time_s = 0;
  std::vector<std::string> resources;  ///< names, as StageSpan::utilisation counts them
  std::vector<StageSpan> spans;        ///< in order of start, then row
  std::size_t longest = 0;             ///< of spans in row 0
  std::vector<TierUse> tiers;          ///< of the longest
  std::vector<BusyLink> links;         ///< of the longest, the busiest first
};

/// One algorithm (not "auto"), one size and one hash seed (options.seed is of the placement). Fails
/// as simulate_flow does.
Expected<FlowExplanation> explain_flow(const System& system, Collective collective,
                                       std::string_view algorithm, std::int64_t ranks,
                                       double size_bytes, const FlowOptions& options,
                                       std::uint64_t hash_seed,
                                       const PriceOptions& price_options = {},
                                       std::size_t busiest = 10);

}  // namespace collscale
