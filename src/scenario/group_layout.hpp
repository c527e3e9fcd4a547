// SPDX-License-Identifier: Apache-2.0
// Which ranks form the communicators of a job: data parallel groups along rails, tensor parallel
// groups inside nodes. The same words for what is simulated and what is measured.
#pragma once

#include <cstdint>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// Which ranks talk to each other: rank = group_hop · group + member_hop · member. All groups of a
/// layout run the same collective at the same time and wait for the slowest.
struct GroupLayout {
  std::int64_t groups = 1;
  std::int64_t size = 0;  ///< ranks of a group
  std::int64_t group_hop = 0;
  std::int64_t member_hop = 1;
  std::int64_t first = 0;  ///< of the groups that take part
  std::int64_t last = 1;   ///< the one after them
  [[nodiscard]] std::int64_t rank(std::int64_t group, std::int64_t member) const {
    return group_hop * group + member_hop * member;
  }
};

/// all: one group. node, rail: one for every node, for every local rank across nodes. pairs: each
/// rank of the first half with its like in the second. stride:K: ranks K apart. split:N:
/// contiguous blocks of N ranks. With one number more, as node:3 or stride:4:0, only that group.
/// Ranks are counted node by node. Fails with one sentence on another name, and where the groups
/// would not be equal or have one rank.
Expected<GroupLayout> parse_layout(std::string_view text, std::int64_t ranks_per_node,
                                   std::int64_t ranks);

}  // namespace collscale
