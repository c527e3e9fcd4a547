// SPDX-License-Identifier: Apache-2.0
// Where the ranks of a group lie: by digits, by member lists, by uneven nodes.
#include "collective/lane.hpp"
#include "collective/offsets.hpp"

namespace collscale {
namespace {

bool varies(const View& view, int digit) {
  for (int i = 0; i < view.digit_count; ++i)
    if (view.digits[static_cast<std::size_t>(i)] == digit) return true;
  return false;
}

const std::int32_t* fixed_value(const View& view, int digit) {
  for (int i = 0; i < view.fixed_count; ++i) {
    const auto& fixed = view.fixed[static_cast<std::size_t>(i)];
    if (fixed.digit == digit) return &fixed.value;
  }
  return nullptr;
}

/// The run that holds a node: its ranks per node, and the first rank of the node.
struct NodeAt {
  std::int64_t ranks = 1;
  std::int64_t first_rank = 0;
};

NodeAt node_at(const std::vector<NodeRun>& runs, std::int64_t node) {
  std::int64_t first_rank = 0;
  for (const NodeRun& run : runs) {
    if (node < run.nodes) return {run.ranks, first_rank + node * run.ranks};
    node -= run.nodes;
    first_rank += run.nodes * run.ranks;
  }
  return {1, first_rank};
}

}  // namespace

std::int64_t GroupMap::all_ranks() const {
  std::int64_t product = 1;
  for (const std::int64_t r : radix) product *= r;
  return product;
}

std::int64_t GroupMap::nodes_before_run(std::size_t run) const {
  std::int64_t count = 0;
  for (std::size_t r = 0; r < run; ++r) count += nodes[r].nodes;
  return count;
}

std::int64_t GroupMap::ranks_before_node(std::int64_t node) const {
  return node_at(nodes, node).first_rank;
}

std::int64_t GroupMap::full_size() const {
  if (view.members) return static_cast<std::int64_t>(view.members->front().size());
  if (view.nodes == View::Nodes::inside)
    return nodes[static_cast<std::size_t>(view.node_run)].ranks;
  if (view.nodes == View::Nodes::leaders) return nodes_before_run(nodes.size());
  std::int64_t product = 1;
  for (int i = 0; i < view.digit_count; ++i)
    product *= radix[static_cast<std::size_t>(view.digits[static_cast<std::size_t>(i)])];
  return product;
}

std::int64_t GroupMap::place_of(std::int64_t index) const {
  const std::int64_t full = full_size();
  std::int64_t place = index;
  if (view.core > 0 && view.core_map == View::CoreMap::neighbour)
    place = index < full - view.core ? 2 * index + 1 : index + full - view.core;
  if (view.twist != 0 && place > 0) place = floor_mod(place - 1 + view.twist, full - 1) + 1;
  if (view.mirror) place = full - 1 - place;
  return view.shift == 0 ? place : floor_mod(place + view.shift, full);
}

std::int64_t GroupMap::rank_at_place(std::int64_t group, std::int64_t place) const {
  if (view.members)
    return (*view.members)[static_cast<std::size_t>(group)][static_cast<std::size_t>(place)];
  if (view.nodes != View::Nodes::none) {
    const bool inside = view.nodes == View::Nodes::inside;
    const std::int64_t before =
        inside ? nodes_before_run(static_cast<std::size_t>(view.node_run)) : 0;
    const NodeAt node = node_at(nodes, inside ? before + group : place);
    return node.first_rank + floor_mod((inside ? place : 0) + view.turn, node.ranks);
  }
  std::int64_t value = 0;
  std::int64_t weight = 1;
  for (std::size_t digit = 0; digit < radix.size(); ++digit) {
    const int d = static_cast<int>(digit);
    if (const std::int32_t* fixed = fixed_value(view, d)) {
      value += *fixed * weight;
    } else if (!varies(view, d)) {
      value += group % radix[digit] * weight;
      group /= radix[digit];
    }
    weight *= radix[digit];
  }
  for (int i = 0; i < view.digit_count; ++i) {
    const auto digit = static_cast<std::size_t>(view.digits[static_cast<std::size_t>(i)]);
    weight = 1;
    for (std::size_t below = 0; below < digit; ++below) weight *= radix[below];
    value += floor_mod(place % radix[digit] + view.rotation[digit], radix[digit]) * weight;
    place /= radix[digit];
  }
  return in_order(value);
}

std::int64_t GroupMap::rank(std::int64_t group, std::int64_t index) const {
  return rank_at_place(group, place_of(index));
}

}  // namespace collscale
