// SPDX-License-Identifier: Apache-2.0
// Layouts of the ranks that measure: scenario/group_layout.hpp's words over the nodes that there
// really are, or the groups that a file lists.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

struct RankGroup {
  std::string name;        ///< the layout with this group alone: "node:3"; "all" stays "all"
  std::vector<int> ranks;  ///< by their place in the group
};

/// Disjoint groups of the same size, at least two ranks each. A rank may be in none.
struct RankGroups {
  std::string name;  ///< "all", "node", "stride:4", "file:groups.txt"
  std::vector<RankGroup> groups;
  [[nodiscard]] std::int64_t size() const {
    return static_cast<std::int64_t>(groups.front().ranks.size());
  }
};

/// A layout other than a file's. `node_of` gives every rank's node, numbered from 0 in any order.
/// node and rail take a node's ranks in ascending order; the other words count ranks as they are.
/// Fails as parse_layout, and for node and rail where nodes hold different numbers of ranks.
Expected<RankGroups> make_rank_groups(std::string_view layout, std::span<const int> node_of);

/// One group a line: ranks and ranges of ranks with spaces or commas between ("0-3 8"); `#` begins
/// a comment. `path` is for the name (its last part) and for errors, which name the line. Fails on
/// what is no rank, a rank named twice, groups of different sizes or of one rank.
Expected<RankGroups> parse_rank_groups(std::string_view text, std::string_view path,
                                       std::int64_t ranks);

/// Every group as a layout of its own.
std::vector<RankGroups> one_by_one(const RankGroups& groups);

/// The nodes that the group on most nodes has ranks on.
std::int64_t nodes_of_a_group(const RankGroups& groups, std::span<const int> node_of);

/// "0-3", "0,4,8,9": ranks in their order, runs of three or more folded; more runs than `most_runs`
/// end in "... (123 in all)".
std::string format_ranks(std::span<const int> ranks, std::string_view between = ",",
                         int most_runs = std::numeric_limits<int>::max());

/// Where groups measured the same thing: the slowest, where it took so much longer than the median
/// group as to be worth a sentence; nothing with one group or with all about as fast.
struct SlowGroup {
  std::size_t group = 0;
  double ratio = 1;  ///< to the median over groups
};
inline constexpr double kSlowGroupRatio = 1.1;
std::optional<SlowGroup> slowest_group(std::span<const double> group_time_s);

}  // namespace collscale
