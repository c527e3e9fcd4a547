// SPDX-License-Identifier: Apache-2.0
// How processes that know rank 0's address find one another. Internal to this folder.
//
// Everyone connects to rank 0 and says where it listens itself; rank 0 tells all of all, when all
// are there. These connections stay, and carry nothing but the news of an end. The messages of a
// run go along the edges of a binomial tree, whose parent of rank r is r without its lowest bit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "measure/tcp/launch.hpp"
#include "measure/tcp/socket.hpp"

namespace collscale {

struct TcpLinks {
  std::map<int, Socket> control;    ///< by rank: of rank 0 to all others, of the others to rank 0
  std::map<int, Socket> tree;       ///< by rank: the parent, and the children
  std::map<int, std::string> host;  ///< by rank, of those in `control`
};

int tree_parent(int rank);
/// In ascending order.
std::vector<int> tree_children(int rank, int size);

/// Collective over the run's processes. The error's message is empty where another process reports
/// it.
Expected<TcpLinks> meet(const TcpPlace& place, double patience_s);

}  // namespace collscale
