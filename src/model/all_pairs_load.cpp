// SPDX-License-Identifier: Apache-2.0
// Every rank sends to every other. Nodes are of two kinds, full ones and perhaps a last one that is
// partly used, and so are groups; what each kind carries is counted, and the larger decides.
#include <algorithm>

#include "model/step_load.hpp"

namespace collscale {
namespace {

/// Ranks 0 .. count−1, node by node: how many stand on local rank `local`, and on one rail.
class Population {
 public:
  Population(const FabricShape& shape, std::int64_t count)
      : shape_(shape),
        count_(count),
        full_nodes_(count / shape.ranks_per_node),
        rest_(count % shape.ranks_per_node) {}

  [[nodiscard]] double count() const { return static_cast<double>(count_); }
  [[nodiscard]] std::int64_t full_nodes() const { return full_nodes_; }
  [[nodiscard]] std::int64_t rest() const { return rest_; }
  [[nodiscard]] double on_local(std::int64_t local) const {
    return static_cast<double>(full_nodes_ + (local < rest_ ? 1 : 0));
  }
  [[nodiscard]] double on_rail(std::int64_t rail) const {
    return static_cast<double>(full_nodes_ * per_rail() + rest_on_rail(rail));
  }
  /// Pairs between the rail and the other rails, of different nodes.
  [[nodiscard]] double leaving_rail(std::int64_t rail) const {
    const auto of_node = static_cast<double>(per_rail() * (shape_.ranks_per_node - per_rail()));
    const auto of_rest = static_cast<double>(rest_on_rail(rail) * (rest_ - rest_on_rail(rail)));
    return on_rail(rail) * (count() - on_rail(rail)) - static_cast<double>(full_nodes_) * of_node -
           of_rest;
  }

 private:
  [[nodiscard]] std::int64_t per_rail() const { return shape_.ranks_per_node / shape_.rails; }
  [[nodiscard]] std::int64_t rest_on_rail(std::int64_t rail) const {
    return std::clamp<std::int64_t>(rest_ - rail * per_rail(), 0, per_rail());
  }

  const FabricShape& shape_;
  std::int64_t count_;
  std::int64_t full_nodes_;
  std::int64_t rest_;
};

double& at(std::vector<double>& values, std::int64_t index) {
  return values[static_cast<std::size_t>(index)];
}

void keep_larger(std::vector<double>& largest, const std::vector<double>& values) {
  for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], values[i]);
}

/// Blocks on the links towards one local rank: those for it, and those that it sends on to its like
/// elsewhere.
void add_links_to(const FabricShape& shape, std::int64_t to, std::int64_t here, double elsewhere,
                  StepLoad& node) {
  for (std::int64_t from = 0; from < here; ++from) {
    if (from == to) continue;
    const bool forwarded = shape.forwards_across_rails && shape.rail(from) != shape.rail(to);
    const double blocks = (to < here ? 1 : 0) + (forwarded ? elsewhere : 0);
    for (const std::uint16_t link : shape.node_links->way(from, to))
      node.node_links[link] += blocks;
    if (to < here) node.node_hops = std::max(node.node_hops, shape.node_links->hops(from, to));
  }
}

/// Blocks through the ports and NICs of a node of which `here` ranks take part.
void add_node(const FabricShape& shape, const Population& all, std::int64_t here, StepLoad& load) {
  StepLoad node(shape);
  std::vector<double> others(static_cast<std::size_t>(shape.ranks_per_node));  // by local rank
  std::vector<double> others_of_rail(static_cast<std::size_t>(shape.rails), 0.0);
  std::vector<double> here_of_rail(others_of_rail);
  for (std::int64_t j = 0; j < shape.ranks_per_node; ++j) {
    at(others, j) = all.on_local(j) - (j < here ? 1 : 0);
    at(others_of_rail, shape.rail(j)) += at(others, j);
    at(here_of_rail, shape.rail(j)) += j < here ? 1 : 0;
  }
  const double outside = all.count() - static_cast<double>(here);
  for (std::int64_t j = 0; j < shape.ranks_per_node; ++j) {
    const std::int64_t rail = shape.rail(j);
    if (shape.forwards_across_rails) {
      const double for_neighbours =
          (static_cast<double>(here) - at(here_of_rail, rail)) * at(others, j);
      at(node.scale_up_in, j) += for_neighbours;
      at(node.nic_out, shape.nic(j)) += for_neighbours;
    }
    if (shape.node_links != nullptr) add_links_to(shape, j, here, at(others, j), node);
    if (j >= here) continue;
    const double own_rail = at(others_of_rail, rail);
    at(node.scale_up_out, j) += static_cast<double>(here - 1);
    at(node.scale_up_in, j) += static_cast<double>(here - 1);
    at(node.scale_up_out, j) += shape.forwards_across_rails ? outside - own_rail : 0;
    at(node.nic_out, shape.nic(j)) += shape.forwards_across_rails ? own_rail : outside;
    at(node.nic_in, shape.nic(j)) += outside;
  }
  keep_larger(load.scale_up_out, node.scale_up_out);
  keep_larger(load.scale_up_in, node.scale_up_in);
  keep_larger(load.node_links, node.node_links);
  load.node_hops = std::max(load.node_hops, node.node_hops);
  keep_larger(load.nic_out, node.nic_out);
  keep_larger(load.nic_in, node.nic_in);
}

/// Blocks that leave (or, if more, enter) one group of a tier through each part of its uplinks.
std::vector<double> group_blocks(const FabricShape& shape, const FabricShape::Tier& tier,
                                 const Population& all, std::int64_t group_ranks) {
  const Population group(shape, group_ranks);
  const double outside = all.count() - group.count();
  std::vector<double> blocks(static_cast<std::size_t>(tier.parts), group.count() * outside);
  if (tier.parts == 1) return blocks;
  for (std::int64_t rail = 0; rail < tier.parts; ++rail) {
    const double entering = outside * group.on_rail(rail);
    if (shape.forwards_across_rails) {
      const double leaving = group.count() * (all.on_rail(rail) - group.on_rail(rail));
      at(blocks, rail) = std::max(leaving, entering);
    } else {
      at(blocks, rail) = entering + group.leaving_rail(rail);
    }
  }
  return blocks;
}

}  // namespace

StepLoad all_pairs_load(const FabricShape& shape, double bytes) {
  StepLoad load(shape);
  const Population all(shape, shape.ranks);
  if (all.full_nodes() > 0) add_node(shape, all, shape.ranks_per_node, load);
  if (all.rest() > 0) add_node(shape, all, all.rest(), load);
  for (std::vector<double>* blocks :
       {&load.scale_up_out, &load.scale_up_in, &load.node_links, &load.nic_out, &load.nic_in}) {
    for (double& each : *blocks) each *= bytes;
  }

  // The farthest level: where data of the first rank must turn round to reach the last.
  int farthest = shape.ranks > shape.ranks_per_node ? 1 : 0;
  for (std::size_t t = 0; t < shape.tiers.size(); ++t) {
    const FabricShape::Tier& tier = shape.tiers[t];
    const std::int64_t group = std::min(shape.ranks, tier.group_ranks);
    std::vector<double> blocks = group_blocks(shape, tier, all, group);
    if (shape.ranks % tier.group_ranks != 0) {
      keep_larger(blocks, group_blocks(shape, tier, all, shape.ranks % tier.group_ranks));
    }
    if (*std::max_element(blocks.begin(), blocks.end()) > 0) farthest = static_cast<int>(t) + 2;
    load.tiers[t].flows = blocks;
    for (double& each : blocks) each *= bytes;
    load.tiers[t].bytes = std::move(blocks);
  }
  load.edges[0][static_cast<std::size_t>(farthest)] = 1;
  return load;
}

}  // namespace collscale
