// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms.hpp"

#include <fmt/format.h>

#include "collective/algorithms/families.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {
constexpr std::int64_t kMaxRanks = std::int64_t{1} << 30;  ///< offsets in a term are 32-bit
}

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> all = {
      {Collective::all_reduce, "ring", "reduce_scatter and all_gather round a ring; least bytes",
       ring_all_reduce},
      {Collective::all_reduce, "halving_doubling",
       "Rabenseifner: recursive halving, then doubling; least bytes in logarithmic steps",
       halving_doubling_all_reduce},
      {Collective::all_reduce, "hierarchical",
       "ring reduce_scatter in the node, rings between nodes, ring all_gather in the node",
       hierarchical_all_reduce},
      {Collective::all_reduce, "hierarchical_halving_doubling",
       "as hierarchical, with recursive halving and doubling between nodes",
       hierarchical_halving_doubling_all_reduce},
      {Collective::all_gather, "ring", "blocks travel round a ring", ring_all_gather},
      {Collective::all_gather, "halving_doubling", "recursive doubling",
       halving_doubling_all_gather},
      {Collective::all_gather, "hierarchical", "rings between nodes, then a ring in the node",
       hierarchical_all_gather},
      {Collective::all_gather, "hierarchical_halving_doubling",
       "recursive doubling between nodes, then a ring in the node",
       hierarchical_halving_doubling_all_gather},
      {Collective::reduce_scatter, "ring", "partial sums travel round a ring", ring_reduce_scatter},
      {Collective::reduce_scatter, "halving_doubling", "recursive halving",
       halving_doubling_reduce_scatter},
      {Collective::reduce_scatter, "hierarchical", "a ring in the node, then rings between nodes",
       hierarchical_reduce_scatter},
      {Collective::reduce_scatter, "hierarchical_halving_doubling",
       "a ring in the node, then recursive halving between nodes",
       hierarchical_halving_doubling_reduce_scatter},
      {Collective::all_to_all, "pairwise", "every rank to every other directly, all at once",
       pairwise_all_to_all},
  };
  return all;
}

std::vector<std::string> algorithm_names(Collective collective) {
  std::vector<std::string> names;
  for (const Algorithm& a : algorithms())
    if (a.collective == collective) names.emplace_back(a.name);
  return names;
}

Expected<Schedule> make_schedule(Collective collective, std::string_view algorithm,
                                 const Shape& shape) {
  if (shape.ranks < 1 || shape.ranks > kMaxRanks)
    return fail(fmt::format("{} ranks: expected 1 to {}", shape.ranks, kMaxRanks));
  if (shape.ranks_per_node < 1)
    return fail(fmt::format("{} ranks per node: expected at least 1", shape.ranks_per_node));
  if (shape.channels < 1 || shape.channels > 1024)
    return fail(fmt::format("{} channels: expected 1 to 1024", shape.channels));
  if (shape.root < 0 || shape.root >= shape.ranks)
    return fail(fmt::format("root {}: expected a rank in [0, {})", shape.root, shape.ranks));

  for (const Algorithm& a : algorithms()) {
    if (a.collective != collective || a.name != algorithm) continue;
    Schedule schedule;
    schedule.collective = collective;
    schedule.algorithm = std::string(algorithm);
    schedule.ranks = shape.ranks;
    schedule.root = shape.root;
    auto term = a.make(shape, schedule.radix);
    if (!term) return tl::unexpected(term.error());
    schedule.term = std::move(*term);
    return schedule;
  }
  const std::vector<std::string> names = algorithm_names(collective);
  if (names.empty()) return fail(fmt::format("no algorithm of {} is known yet", name(collective)));
  return fail(fmt::format("{} has no algorithm \"{}\"{}", name(collective), algorithm,
                          suggestion(algorithm, names)));
}

}  // namespace collscale
