// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms/levels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collective/terms.hpp"

namespace collscale {

Expected<std::vector<NodeRun>> node_runs(const Shape& shape) {
  std::vector<NodeRun> runs;
  const auto append = [&](NodeRun run) {
    if (run.nodes == 0) return;
    if (!runs.empty() && runs.back().ranks == run.ranks)
      runs.back().nodes += run.nodes;
    else
      runs.push_back(run);
  };
  if (shape.nodes.empty()) {
    append({shape.ranks / shape.ranks_per_node, shape.ranks_per_node});
    if (const std::int64_t rest = shape.ranks % shape.ranks_per_node; rest > 0) append({1, rest});
    return runs;
  }
  std::int64_t left = shape.ranks;
  for (const NodeRun& run : shape.nodes) {
    if (run.nodes < 1 || run.ranks < 1)
      return fail(
          fmt::format("{} nodes of {} ranks: expected at least one of each", run.nodes, run.ranks));
    // Divided instead of multiplied: the product may not fit.
    if (run.nodes > left / run.ranks)
      return fail(fmt::format("the nodes hold more than the {} ranks: they must add up to them",
                              shape.ranks));
    left -= run.nodes * run.ranks;
    append(run);
  }
  if (left > 0)
    return fail(fmt::format("the nodes hold {} of {} ranks: they must add up to them",
                            shape.ranks - left, shape.ranks));
  return runs;
}

Expected<std::vector<NodeRun>> number_by_node(const Shape& shape, Schedule& schedule) {
  auto runs = node_runs(shape);
  if (!runs) return runs;
  if (runs->size() == 1) {
    schedule.radix = {runs->front().ranks, runs->front().nodes};
  } else {
    schedule.radix = {shape.ranks};
    schedule.nodes = *runs;
  }
  return runs;
}

std::int64_t node_count(const std::vector<NodeRun>& runs) {
  std::int64_t nodes = 0;
  for (const NodeRun& run : runs) nodes += run.nodes;
  return nodes;
}

std::int64_t largest_node(const std::vector<NodeRun>& runs) {
  std::int64_t ranks = 0;
  for (const NodeRun& run : runs) ranks = std::max(ranks, run.ranks);
  return ranks;
}

std::int64_t channels_of(const Shape& shape, const std::vector<NodeRun>& runs) {
  return std::min(shape.channels, largest_node(runs));
}

Term in_nodes(const std::vector<NodeRun>& runs, Among inside) {
  if (runs.size() == 1) return over(digits_view({0}), inside(runs.front().ranks));
  std::vector<Term> terms;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].ranks > 1)
      terms.push_back(over(nodes_view(static_cast<std::int32_t>(i)), inside(runs[i].ranks)));
  return seq(std::move(terms));
}

View leaders(const std::vector<NodeRun>& runs) {
  if (runs.size() > 1) return leaders_view();
  View view = digits_view({1});
  view.fixed[0] = {0, 0};
  view.fixed_count = 1;
  return view;
}

std::shared_ptr<const LocalOrders> node_orders(const Shape& shape, const std::vector<NodeRun>& runs,
                                               Through through) {
  if (!shape.node_rings || shape.node_rings->empty() || runs.size() != 1 ||
      static_cast<std::int64_t>(shape.node_rings->front().size()) != runs.front().ranks)
    return nullptr;
  if (through == Through::node) return shape.node_rings;
  LocalOrders orders = rings_by_first_rank(*shape.node_rings);
  if (shape.most_orders > 0)
    orders.resize(std::min(orders.size(), static_cast<std::size_t>(shape.most_orders)));
  return std::make_shared<const LocalOrders>(std::move(orders));
}

Par::Child in_orders(const std::shared_ptr<const LocalOrders>& orders, double weight, Term term) {
  View view;
  view.orders = orders;
  const auto copies = static_cast<std::int32_t>(orders->size());
  return child(weight / copies, over(std::move(view), std::move(term)), copies);
}

std::vector<Par::Child> with_leaders(const std::vector<NodeRun>& runs, std::int64_t parts,
                                     const std::vector<Term>& terms,
                                     const std::shared_ptr<const LocalOrders>& orders) {
  if (orders) {
    std::vector<Par::Child> in_each;
    for (const Term& term : terms)
      in_each.push_back(in_orders(orders, 1.0 / static_cast<double>(terms.size()), term));
    return in_each;
  }
  const int digit = runs.size() == 1 ? 0 : -1;  // views by nodes turn by themselves
  const double weight = 1.0 / static_cast<double>(parts * static_cast<std::int64_t>(terms.size()));
  std::vector<Par::Child> children;
  for (const Term& term : terms)
    children.push_back(child(weight, term, static_cast<std::int32_t>(parts), digit, digit));
  return children;
}

}  // namespace collscale
