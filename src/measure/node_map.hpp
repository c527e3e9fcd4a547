// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace collscale {

/// Where a rank is: how many share its node, its place among them, and how many nodes there are.
struct NodeMap {
  int local_rank = 0;
  int local_size = 1;
  int nodes = 1;
};

}  // namespace collscale
