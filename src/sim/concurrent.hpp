// SPDX-License-Identifier: Apache-2.0
// Several communicators at once on one system: data parallel groups along rails, tensor parallel
// groups inside nodes, and load that others put on the fabric.
//
// A communicator goes through the steps of its algorithm. Alone, a step takes the time that the
// flow engine gives it, and asks of every link for what it sends over it by then. Where the links
// cannot give all communicators what their steps ask for, the flows share them max-min fairly
// (sim/max_min.hpp), and a step lasts until its slowest flow ends: all of its flows go at the pace
// of that one, and what they leave is the others'. So a communicator is to progressive filling one
// flow over all of its links. Steps that repeat advance by count while no communicator comes to
// other steps; a pipeline is one step of all that its chunks send.
//
// This is the mean over many steps: while one communicator waits (latency, reduction), another's
// data passes. Communicators in lockstep, which wait at the same moments, lose somewhat more.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/collective.hpp"
#include "scenario/group_layout.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/flow.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// A layout of `ranks` of the system (scenario/group_layout.hpp).
Expected<GroupLayout> parse_layout(std::string_view text, const System& system, std::int64_t ranks);

/// A group of the layout as algorithms see it; of all ranks shape_of (scenario/candidates.hpp).
Shape shape_of(const System& system, const GroupLayout& layout);

struct Communicator {
  Collective collective = Collective::all_reduce;
  std::string algorithm = "auto";
  double size_bytes = 0;
  std::string layout = "all";  ///< as parse_layout takes it
};

/// "all_reduce:1GiB:rail", "all_gather/ring:64MiB": COLLECTIVE[/ALGORITHM]:SIZE[:LAYOUT]. Fails
/// with one sentence; the layout is looked at when the system is known.
Expected<Communicator> parse_communicator(std::string_view text);

struct ConcurrentOptions {
  FlowOptions flow{};     ///< hash seed, placement, failures
  double background = 0;  ///< [0, 1): share of every link between switches that others take
  PriceOptions price{};
};

struct CommunicatorTimes {
  Communicator communicator;  ///< with the algorithm that ran
  GroupLayout layout;
  Prediction alone;        ///< nothing else on the system
  double together_s = 0;   ///< beside the others, all starting at once
  std::string limited_by;  ///< the tier that costs it most; "" where nothing slows it
};

struct ConcurrentTimes {
  std::vector<CommunicatorTimes> of;  ///< in the order given
  bool shared = false;  ///< some links were short: rates are those of progressive filling; else
                        ///< each step takes what its fullest link needs
  std::int64_t solves = 0;
};

/// Among `ranks` ranks, placed as options.flow says. Fails as simulate_flow.
Expected<ConcurrentTimes> simulate_concurrent(const System& system, std::int64_t ranks,
                                              std::span<const Communicator> communicators,
                                              const ConcurrentOptions& options = {});

}  // namespace collscale
