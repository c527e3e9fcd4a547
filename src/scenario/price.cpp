// SPDX-License-Identifier: Apache-2.0
#include "scenario/price.hpp"

#include "collective/index_runs.hpp"

namespace collscale::price_detail {
namespace {

/// Steps of a chain up to which each is priced by itself.
constexpr std::int64_t kFewSteps = 128;

/// The offsets of a payload lie in more than one piece.
bool is_scattered(const Lane& lane, std::int64_t step, int arc_number) {
  const Phase& phase = lane.phase;
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  if (!arc.has_payload || carries_scope(phase) || phase.network != InNetwork::none) return false;
  const std::int64_t s = forward_step(phase, step);
  const Offsets x = offsets_at(phase, arc.payload, s, lane.map.size);
  return x.modulus > 1 && x.count() > x.divisor;
}

bool adds_up(const Phase& phase) {
  if (phase.network != InNetwork::none) return false;
  const Transfer transfer = effective_transfer(phase);
  return transfer == Transfer::give || transfer == Transfer::accumulate;
}

}  // namespace

MessageBytes message_bytes(const std::vector<const Lane*>& lanes, std::int64_t step) {
  MessageBytes bytes;
  for (const Lane* lane : lanes) {
    if (lane->phase.steps <= 0) continue;
    for (int arc = 0; arc < arc_count(*lane); ++arc) {
      const double here = mean_message_fraction(*lane, step, arc);
      if (here <= 0) continue;
      bytes.largest = std::max(bytes.largest, here);
      bytes.smallest = bytes.smallest > 0 ? std::min(bytes.smallest, here) : here;
    }
  }
  return bytes;
}

void add_rank_work(const std::vector<const Lane*>& lanes, std::int64_t step, double count,
                   StepCost& cost) {
  double leaders_reduced = 0;  // a rank leads its node for one lane
  double reduced = 0;
  for (const Lane* lane : lanes) {
    // Of leaders, trees and chains a rank has its part in a step of one lane, not of all.
    const bool leads = lane->map.view.nodes == View::Nodes::leaders ||
                       lane->map.view.fixed_count > 0 || lane->phase.root >= 0 ||
                       lane->phase.arcs[0].has_receivers;
    for (int arc = 0; arc < lane->phase.arc_count; ++arc) {
      const bool adds = adds_up(lane->phase);
      const bool scattered = is_scattered(*lane, step, arc);
      if (!adds && !scattered) continue;
      const double bytes = count * mean_message_fraction(*lane, step, arc);
      if (adds && leads)
        leaders_reduced = std::max(leaders_reduced, bytes);
      else if (adds)
        reduced += bytes;
      if (scattered) cost.copied += 2 * bytes;  // packed here, unpacked there
    }
  }
  cost.reduced += reduced + leaders_reduced;
}

void set_gaps(const StepLoads& loads, const MessageBytes& bytes, const Fabric& fabric, bool spaced,
              StepCost& cost) {
  if (bytes.smallest <= 0) return;
  const auto gaps = [&](double seconds, LinkClass::Kind kind) {
    const double carried = seconds * fabric.find_class(kind)->capacity_Bps;
    const double messages = carried / bytes.smallest;
    return std::max(0.0, messages - (spaced ? 0 : 1));
  };
  const double port_s = loads.port_s >= 0 ? loads.port_s : loads.even[kScaleUpResource];
  cost.port_gaps = gaps(port_s, LinkClass::Kind::scale_up_out);
  cost.nic_gaps = gaps(loads.even[kNicResource], LinkClass::Kind::nic_out);
}

int farthest_level(const ArcEdges& edges) {
  int farthest = -1;
  for (const LevelCounts& of_arc : edges) farthest = std::max(farthest, of_arc.highest());
  return farthest;
}

void set_largest(const MessageBytes& bytes, int level, StepCost& cost) {
  cost.largest = bytes.largest;
  cost.far_level = std::max(level, 0);
}

bool waits_for_neighbours(const Lane& lane, std::int64_t count) {
  return count > 1 && lane.phase.lag == Lag::previous && lane.phase.frame == Frame::cyclic;
}

bool is_long_chain(const std::vector<Lane>& lanes) {
  return lanes.front().phase.steps > kFewSteps &&
         std::all_of(lanes.begin(), lanes.end(), [](const Lane& lane) {
           index_runs::Across across;
           return lane.phase.arc_count == 1 &&
                  index_runs::one_message_per_step(lane.phase, 0, lane.map.size, across);
         });
}

std::vector<const Lane*> pointers(const std::vector<Lane>& lanes) {
  std::vector<const Lane*> all;
  all.reserve(lanes.size());
  for (const Lane& lane : lanes) all.push_back(&lane);
  return all;
}

void collect_lanes(const Program& program, std::vector<const Lane*>& lanes) {
  for (const Lane& lane : program.lanes) lanes.push_back(&lane);
  for (const Program& part : program.parts) collect_lanes(part, lanes);
}

double total_of(const LevelCounts& counts) { return counts.sum(); }

}  // namespace collscale::price_detail
