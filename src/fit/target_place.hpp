// SPDX-License-Identifier: Apache-2.0
// What is to be predicted, in the coordinates of the data.
//
// Data of another number of ranks per node are read by nodes. With NCCL each accelerator has its
// NIC, so a node of twice the ranks sends as fast twice as much: the same bytes per rank. With MPI
// the ranks of a node share what it has: the same bytes per node.
#pragma once

#include <cstdint>

#include "fit/place.hpp"
#include "fit/series.hpp"
#include "topology/system.hpp"

namespace collscale {

struct Target {
  std::int64_t ranks = 0;
  bool network = false;
  Place place;
  double size_factor = 1;   ///< data's size ÷ target's
  double log_per_node = 0;  ///< ln of the target's ranks per node ÷ the data's
};

/// `data_per_node` ranks per node were measured. With `same_system` nodes of which the data leave a
/// few ranks idle go on being used so.
Target map_target(const Series& series, std::int64_t data_per_node, const System& system,
                  std::int64_t ranks, bool same_system);

/// By what either side of an interval widens, in ln t, since the data are of other ranks per node.
/// Another system's kOtherSystemFactor has it for NCCL.
double per_node_width(const Series& series, const Target& target, bool same_system);

}  // namespace collscale
