// SPDX-License-Identifier: Apache-2.0
// Lower bounds: no algorithm can be faster on the system.
//   latency    one message across the widest boundary; and where data is passed on (all but
//   all_to_all,
//              gather, scatter) ⌈log2 r⌉ messages inside a node (r = ranks of it that take part,
//              one message at a time) and ⌈log_{k+1} N⌉ between N nodes, k = ranks of a node, all
//              of which may send at once.
//   injection  the bytes a rank must send or receive ÷ what its ports carry.
//   cut        for each tier: the bytes that must leave (or enter) one full group ÷ its uplinks.
// Where switches add up and multicast, the latency is one pass through them (or one message, if
// that is quicker), and of an all_reduce S leaves a rank or group instead of 2(K−1)/K S. Sources:
// Chan, Heimlich, Purkayastha, van de Geijn, "Collective communication: theory, practice and
// experience", CCPE 2007, section 3 (latency and bandwidth bounds); the cut is the same argument
// for a group of ranks taken as one.
#pragma once

#include <cstdint>

#include "collective/collective.hpp"
#include "topology/system.hpp"

namespace collscale {

struct Bounds {
  double latency_s = 0;
  double injection_s = 0;
  double cut_s = 0;
  /// The largest of the three: they are not added, since a schedule may overlap them.
  [[nodiscard]] double time_s() const;
};

/// `ranks` placed packed, node by node, at most max_ranks(system). Each block may be in `copies`
/// places of the size (mixture of experts): it need not cross a cut more than once.
Bounds lower_bounds(const System& system, Collective collective, std::int64_t ranks,
                    double size_bytes, bool in_network = false, double copies = 1);

}  // namespace collscale
