// SPDX-License-Identifier: Apache-2.0
// Mixture of experts with a limit on nodes: every token goes to E experts on at most M nodes. It
// crosses the network once per node, along its own rail, and is copied on within the node. The way
// back sums up, in the node first. DeepSeek-AI: DeepSeek-V3 technical report, arXiv 2412.19437,
// section 3.2.2; DeepEP.
//
// Which experts a token chooses is spread evenly: a block is what has the same first destination
// (node, local rank), and goes to that one and those that follow it.
#include <fmt/format.h>

#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

/// Copies to `spread` successive ranks of `size`, all at once: the one s + 1 ahead is among those
/// of every block whose first destination is up to spread − 1 before it.
Term spread_copies(std::int64_t size, std::int64_t spread) {
  Phase copies = phase(Frame::cyclic, Unit::one, size - 1,
                       {arc(steps_of(1, 1), interval(steps_of(2 - spread, 1), steps_of(2, 1)))});
  copies.address = Address::spread;
  copies.lag = Lag::none;
  return {copies};
}

Expected<Term> dispatch(const Shape& shape, Schedule& schedule) {
  const std::int64_t experts = shape.options.experts_per_token;
  if (experts < 1) return fail(fmt::format("{} experts per token: expected at least 1", experts));
  if (shape.options.nodes_per_token < 1)
    return fail(
        fmt::format("{} nodes per token: expected at least 1", shape.options.nodes_per_token));
  const auto radix = full_nodes(shape, schedule, "pairwise");
  if (!radix) return tl::unexpected(radix.error());
  const std::int64_t nodes = std::min({shape.options.nodes_per_token, (*radix)[1], experts});
  const std::int64_t in_node = std::min((*radix)[0], (experts + nodes - 1) / nodes);
  schedule.spread = {in_node, nodes};
  return seq({over(digits_view({1}), spread_copies((*radix)[1], nodes)),
              over(digits_view({0}), spread_copies((*radix)[0], in_node))});
}

Expected<Term> combine(const Shape& shape, Schedule& schedule) {
  auto there = dispatch(shape, schedule);
  if (!there) return there;
  schedule.combines = true;
  return dual(std::move(*there));
}

constexpr std::string_view kSource =
    "DeepSeek-AI: DeepSeek-V3 technical report, arXiv 2412.19437, 2024, section 3.2.2";

}  // namespace

Family mixture_of_experts_family() {
  const Algorithm::Uses uses{.nodes = true, .experts = true};
  return {
      {Collective::all_to_all, "moe_dispatch",
       "tokens to their experts: once to each node along the rail, then copied in the node", "2",
       "(N-1)/N S/s + (g-1)/g S", kSource, uses, dispatch},
      {Collective::all_to_all, "moe_combine",
       "the way back of moe_dispatch: summed in the node, then once along the rail", "2",
       "(N-1)/N S/s + (g-1)/g S", kSource, uses, combine},
  };
}

}  // namespace collscale
