// SPDX-License-Identifier: Apache-2.0
// The cost of a schedule on a system, as every engine that computes gives it, and the time that
// follows for one size. One pricing answers every size and every number of chunks.
//
// Per step, LogGP with a tier for each distance (A. Alexandrov, M. Ionescu, K. Schauser,
// C. Scheiman: "LogGP: incorporating long messages into the LogP model", SPAA 1995):
//
//   time = α of the step's critical path
//        + max over resources [ bytes ÷ capacity, messages × gap, messages × overhead ]
//        + adding up + packing + noise
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "scenario/cost_terms.hpp"
#include "scenario/noise.hpp"
#include "scenario/per_level.hpp"
#include "scenario/prediction.hpp"
#include "selector/selection.hpp"
#include "topology/fabric.hpp"
#include "topology/system.hpp"

namespace collscale {

/// Resources of a breakdown: 0 the scale-up ports (and the links of a node, if it has such), 1 the
/// NICs, 2 + t the uplinks of tier t (of a torus: the links of dimension t; of a dragonfly: 2 the
/// local, 3 the global links).
inline constexpr int kScaleUpResource = 0;
inline constexpr int kNicResource = 1;
inline constexpr int kFirstTierResource = 2;
inline constexpr int kMaxResources = kFirstTierResource + Torus::kMaxDimensions;

using PerResource = std::array<double, kMaxResources>;

/// `count` equal steps of a stage. Bytes are fractions of the scenario's size.
struct StepCost {
  double count = 1;
  PerLevel path{};         ///< messages on the critical path of all `count` steps together, by the
                           ///< level at which they turn round
  double node_hops = 1;    ///< latencies of a message within nodes; `path` has them counted
  int switch_level = -1;   ///< of a pass through switches that add up: 0 in the node, else by level
  PerResource even{};      ///< seconds per byte that one step keeps the busiest resource busy
  PerResource hashed{};    ///< the same where flows are hashed to links; else as `even`
  double port_gaps = 0;    ///< intervals between the messages of the busiest scale-up port
  double nic_gaps = 0;     ///< and of the busiest NIC
  double largest = 0;      ///< message
  int far_level = 0;       ///< the farthest level at which messages turn round
  double reduced = 0;      ///< fraction of the size that a rank adds up in one step
  double copied = 0;       ///< and that it packs and unpacks
  double noisy_ranks = 0;  ///< messages of a step, the slowest of which it waits for
  bool in_ring = false;    ///< ... or only neighbours for each other, in a ring of so many
};

struct ScheduleCost {
  /// steps: one after the other. sequence: parts one after the other. concurrent: parts at the same
  /// time. pipeline: chunks pass through the parts, which are given for `chunks` chunks.
  enum class Kind : std::uint8_t { steps, sequence, concurrent, pipeline } kind = Kind::steps;
  std::vector<StepCost> steps;
  std::vector<ScheduleCost> parts;
  /// Of concurrent parts: all that they send. Of a pipeline: all that one chunk is sent; it keeps
  /// the resources busy for the period between two chunks.
  StepCost together;
  std::int32_t chunks = 1;
  std::int32_t window = 0;  ///< chunks under way at most; 0: no limit
};

/// By how much what a library takes its steps to last (ProtocolFigures) differs on a system from
/// what was measured there: factors on its figures, as a calibration gives them.
struct LatencyFactors {
  double scale_up = 1;
  double nic = 1;
  double base = 1;
};

struct PriceOptions {
  CostTerms terms{};
  ProtocolFigures protocol{};
  /// In place of `protocol`: the fastest of these, for each size.
  std::vector<ProtocolFigures> protocols{};
  LatencyFactors protocol_factors{};
  Noise noise{};            ///< of every message
  std::int32_t chunks = 0;  ///< of pipelines; 0: as many as make it fastest
  /// A step of a ring passes its message on in parts while it arrives: t = max(b, α + b/parts) for
  /// a message of b seconds, inside a node max(b + α/2, α + b/parts), parts = segment_parts ×
  /// ⌈message / segment_bytes⌉. 0: whole messages.
  double segment_bytes = 0;
  std::int64_t segment_parts = 1;
};

/// Everything besides a schedule's cost that a time depends on, looked up once.
struct CostRates {
  CostRates(const System& system, const PriceOptions& options);

  PriceOptions options;
  double base_s = 0;                ///< once per collective: the protocol's, or the node's launch
  PerLevel latency_s{};             ///< of a message, by level
  PerLevel switch_pass_s{};         ///< up to the switches that add up and down again, by level
  PerLevel s_per_byte_of_window{};  ///< round trip ÷ window, by level
  double window_bytes = 0;
  double port_gap_s = 0;
  double nic_gap_s = 0;
  double eager_bytes = 0;   ///< messages between nodes that are sent at once; 0: all
  double rendezvous_s = 0;  ///< added to the latency of larger ones
  /// Parts that the schedule has the data in (orders of a node's ranks, times trees) ÷ channels of
  /// the library, each of which sends messages of its own.
  double parts_per_channel = 1;
  double overhead_s = 0;        ///< per message of a NIC: a rank's, or shared by the ranks of a NIC
  double pcie_factor = 0;       ///< seconds of PCIe per second of NIC
  double imbalance_factor = 1;  ///< of tiers under adaptive and spray
  double reduce_s_per_byte = 0;
  double copy_s_per_byte = 0;
  /// Names of the resources from kFirstTierResource on; of a clos, of the levels from 1 on as well.
  /// Of the system, which must live on.
  std::vector<std::string_view> tiers;
  bool is_clos = true;                 ///< else all levels from 1 on are booked as one
  std::vector<CostRates> by_protocol;  ///< of options.protocols; of the others as of `protocol`
};

/// The time and its breakdown for one size.
Prediction evaluate(const ScheduleCost& cost, const CostRates& rates, double size_bytes);

/// Into how many chunks evaluate() cuts a pipeline of that size.
double chunks_of(const ScheduleCost& pipeline, const CostRates& rates, double size_bytes);

/// Messages of one step by the level at which they turn round.
using LevelCounts = PerLevel;
/// By arc of a step. A rank starts the messages of its arcs at once (as many ports, in the lower
/// bounds), a gap apart: the latencies of a step's arcs pass together.
using ArcEdges = std::array<LevelCounts, 3>;

/// Adds the messages on the critical path of `count` equal steps, each a message along every edge
/// of a cycle that has `edges[l]` edges of level l. In `count` steps data moves along `count`
/// successive edges, so a whole round has every edge of the cycle once, not `count` times its
/// slowest; what is left over goes along the slowest edges. One step alone is its slowest edge.
void add_path(PerLevel& path, const LevelCounts& edges, double count);
/// The same with several arcs: that with most messages, or the farthest.
void add_slowest_path(PerLevel& path, const ArcEdges& edges, double count);

}  // namespace collscale
