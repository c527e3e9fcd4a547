// SPDX-License-Identifier: Apache-2.0
// Trees. P. Sanders, J. Speck, J. L. Traeff: "Two-tree algorithms for full bandwidth broadcast,
// reduction and scan", Parallel Computing 35(12), 2009: two binary trees, each with one half of the
// data, such that no rank is an inner node of both. The trees themselves, and the chains within the
// nodes, are those of NCCL (NVIDIA/nccl, src/graph/trees.cc, ncclGetBtree and ncclGetDtree).
#include <algorithm>
#include <bit>
#include <memory>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Term up_and_down(Term down) { return seq({dual(down), down}); }

Expected<Term> double_tree(const Shape& shape, Schedule&) {
  return double_binary_tree(shape.ranks, static_cast<std::int32_t>(shape.options.chunks));
}

Expected<Term> chains_and_trees(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  const std::int64_t nodes = node_count(*runs);
  const auto chunks = static_cast<std::int32_t>(shape.options.chunks);
  // Both trees share what they have in common: a term has to stay small.
  const Term down = in_nodes(*runs, chain_from_leader);
  const Term up = dual(down);
  const auto tree = std::make_shared<const Term>(up_and_down(binary_tree(nodes)));
  const auto channel = [&](const View& view) {
    return pipe(chunks, 0, seq({up, Term{Over{view, tree}}, down}));
  };
  const View entries = leaders(*runs);
  std::vector<Term> trees = {channel(entries)};
  if (shape.trees == 2) trees.push_back(channel(second_tree(nodes, entries)));
  return par(with_leaders(*runs, channels_of(shape, *runs), trees,
                          node_orders(shape, *runs, Through::nodes)));
}

std::int64_t tree_chunks(double size_bytes, NcclProtocol protocol, const Shape& shape) {
  const auto runs = node_runs(shape);
  if (!runs) return 1;  // making the schedule says why
  const auto nodes = node_count(*runs);
  return nccl_tree_chunks(size_bytes, channels_of(shape, *runs), protocol, nodes,
                          static_cast<double>(shape.ranks) / static_cast<double>(nodes));
}

constexpr std::string_view kNccl =
    "S. Jeaugey: Massively scale your deep learning training with NCCL 2.4, NVIDIA, 2019; "
    "NVIDIA/nccl, src/graph/trees.cc";

}  // namespace

Term binary_tree(std::int64_t size) {
  const auto levels = std::bit_width(static_cast<std::uint64_t>(size - 1));
  const auto classes = [](std::int64_t residue, std::int64_t modulus) {
    return residue_class(units_of(modulus), units_of(residue));
  };
  // At the level of u = 2^k the odd multiples of u join. Those that have a parent above them (u
  // ahead, if there is such a rank) hear from it, the others from the one u below.
  OffsetSet left = classes(1, 4);
  left.hi = units_of(-1, size);
  left.hi_is_group_size = false;
  OffsetSet only_left = classes(1, 4);
  only_left.lo = units_of(-1, size);
  return {
      phase(Frame::absolute, Unit::power_down, levels,
            {to_receivers(arc(units_of(-1)), left), to_receivers(arc(units_of(1)), classes(3, 4)),
             to_receivers(arc(units_of(1)), only_left)})};
}

View second_tree(std::int64_t size, View view) {
  if (size % 2 == 0)
    view.mirror = true;
  else
    view.shift = 1;
  return view;
}

std::int64_t two_tree_chunks(double size_bytes, NcclProtocol protocol, const Shape& shape) {
  return nccl_tree_chunks(size_bytes, 1, protocol, shape.ranks, 1);
}

Term double_binary_tree(std::int64_t size, std::int32_t chunks) {
  const Term tree = up_and_down(binary_tree(size));
  return par({child(0.5, pipe(chunks, 0, tree)),
              child(0.5, pipe(chunks, 0, over(second_tree(size), tree)))});
}

Family tree_family() {
  using C = Collective;
  return {
      {C::all_reduce,
       "double_binary_tree",
       "up and down two binary trees with half of the data each; leaves of one are inner in the "
       "other",
       "2D+K-1",
       "2S",
       kTwoTreesSource,
       {.chunks = true},
       double_tree,
       two_tree_chunks},
      {C::all_reduce,
       "tree",
       "NCCL's tree: chains in the nodes, two binary trees between them, for each channel",
       "2(g-1+D)+K-1",
       "2S on g channels, 3S on one",
       kNccl,
       {.nodes = true, .channels = true, .chunks = true},
       chains_and_trees,
       tree_chunks},
  };
}

}  // namespace collscale
