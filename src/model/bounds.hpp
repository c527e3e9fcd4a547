// SPDX-License-Identifier: Apache-2.0
// Lower bounds: no algorithm can be faster on the system.
//   latency    one message across the widest boundary; and where data is passed on (all but
//              all_to_all, gather, scatter, send_recv) ⌈log_{p+1} r⌉ messages inside a node (r =
//              ranks of it that take part, p messages at a time) and ⌈log_{k+1} N⌉ between N nodes,
//              k = p × ranks of a node, all of which may send at once.
//   injection  the bytes a rank must send or receive ÷ what its ports carry; in nodes with links,
//              the links that its ways to the others begin with.
//   cut        within a node, the ranks of one PCIe switch ÷ its uplink; for each tier: the bytes
//   that must leave (or enter) one full group ÷ its uplinks; on
//              a torus or mesh, for each way to cut it across one dimension, and on a dragonfly
//              between some groups and the others: the bytes that must pass ÷ the links cut.
// Where an algorithm has switches add up and multicast, the latency inside a node is one pass
// through them (or one message, if that is quicker), and S leaves a rank instead of 2(K−1)/K S of
// an all_reduce; between nodes the same if the switches of the fabric can.
//
// Sources: Chan, Heimlich, Purkayastha, van de Geijn, "Collective communication: theory, practice
// and experience", CCPE 2007, section 3 (latency and bandwidth bounds); the cut is the same
// argument for a group of ranks taken as one.
#pragma once

#include <cstdint>

#include "collective/collective.hpp"
#include "scenario/prediction.hpp"
#include "topology/system.hpp"

namespace collscale {

struct Bounds {
  double latency_s = 0;
  double injection_s = 0;
  double cut_s = 0;
  /// The largest of the three: they are not added, since a schedule may overlap them.
  [[nodiscard]] double time_s() const;
};

/// `ranks` placed packed, node by node, at most max_ranks(system). `abilities` of the algorithm: a
/// block that goes to several places need not cross a cut more than once.
Bounds lower_bounds(const System& system, Collective collective, std::int64_t ranks,
                    double size_bytes, const Abilities& abilities = {});

}  // namespace collscale
