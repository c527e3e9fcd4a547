// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {
constexpr std::int64_t kMaxRanks = std::int64_t{1} << 30;  ///< offsets in a term are 32-bit
constexpr std::int64_t kMaxChunks = 1 << 16;
}  // namespace

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> all = [] {
    std::vector<Algorithm> listed;
    for (const auto family :
         {ring_family, halving_doubling_family, hierarchical_family, all_to_all_family,
          bruck_family, swing_bine_family, pat_family, tree_family, multi_rail_family, torus_family,
          in_network_family, mixture_of_experts_family, broadcast_family, scatter_family,
          send_recv_family, barrier_family})
      for (Algorithm& a : family()) listed.push_back(std::move(a));
    std::stable_sort(listed.begin(), listed.end(), [](const Algorithm& a, const Algorithm& b) {
      return a.collective < b.collective;
    });
    return listed;
  }();
  return all;
}

const Algorithm* find_algorithm(Collective collective, std::string_view name) {
  for (const Algorithm& a : algorithms())
    if (a.collective == collective && a.name == name) return &a;
  return nullptr;
}

std::vector<std::string> algorithm_names(Collective collective) {
  std::vector<std::string> names;
  for (const Algorithm& a : algorithms())
    if (a.collective == collective) names.emplace_back(a.name);
  return names;
}

Expected<Schedule> make_schedule(Collective collective, std::string_view algorithm_name,
                                 const Shape& shape) {
  if (shape.ranks < 1 || shape.ranks > kMaxRanks)
    return fail(fmt::format("{} ranks: expected 1 to {}", shape.ranks, kMaxRanks));
  if (shape.ranks_per_node < 1)
    return fail(fmt::format("{} ranks per node: expected at least 1", shape.ranks_per_node));
  if (shape.channels < 1 || shape.channels > 1024)
    return fail(fmt::format("{} channels: expected 1 to 1024", shape.channels));
  if (shape.root < 0 || shape.root >= shape.ranks)
    return fail(fmt::format("root {}: expected a rank in [0, {})", shape.root, shape.ranks));
  if (shape.nodes_per_group < 1)
    return fail(fmt::format("{} nodes per group: expected at least 1", shape.nodes_per_group));
  if (shape.options.chunks < 1 || shape.options.chunks > kMaxChunks)
    return fail(fmt::format("{} chunks: expected 1 to {}", shape.options.chunks, kMaxChunks));

  if (const Algorithm* algorithm = find_algorithm(collective, algorithm_name)) {
    Schedule schedule;
    schedule.collective = collective;
    schedule.algorithm = std::string(algorithm_name);
    schedule.ranks = shape.ranks;
    schedule.root = shape.root;
    schedule.radix = {shape.ranks};
    auto term = algorithm->make(shape, schedule);
    if (!term) return tl::unexpected(term.error());
    schedule.term = std::move(*term);
    return schedule;
  }
  const std::vector<std::string> names = algorithm_names(collective);
  if (has_unequal_blocks(collective))
    return fail(
        fmt::format("{} is measured only: the blocks of a schedule are equal", name(collective)));
  if (names.empty()) return fail(fmt::format("no algorithm of {} is known yet", name(collective)));
  return fail(fmt::format("{} has no algorithm \"{}\"{}", name(collective), algorithm_name,
                          suggestion(algorithm_name, names)));
}

}  // namespace collscale
