// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/schedule_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "cli/values.hpp"
#include "collective_io/rounds.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

/// "all_reduce/ring" or "ring": the registry's entry.
Expected<const Algorithm*> find(const ScheduleChoice& choice) {
  const std::size_t slash = choice.algorithm.find('/');
  const std::string bare =
      slash == std::string::npos ? choice.algorithm : choice.algorithm.substr(slash + 1);
  std::optional<Collective> collective = choice.collective;
  if (slash != std::string::npos) {
    auto named = parse_collective(choice.algorithm.substr(0, slash));
    if (!named) return tl::unexpected(named.error());
    if (collective && *collective != *named)
      return fail(fmt::format("\"{}\" is not an algorithm of {}: leave out one of the two",
                              choice.algorithm, name(*collective)));
    collective = *named;
  }
  const Algorithm* found = nullptr;
  std::vector<std::string> names;
  for (const Algorithm& algorithm : algorithms()) {
    if (collective && algorithm.collective != *collective) continue;
    if (std::find(names.begin(), names.end(), algorithm.name) == names.end())
      names.emplace_back(algorithm.name);
    if (algorithm.name != bare) continue;
    // Of several collectives all_reduce is meant, or the first.
    if (found == nullptr || algorithm.collective == Collective::all_reduce) found = &algorithm;
  }
  if (found != nullptr) return found;
  if (collective && names.empty())
    return fail(fmt::format("no algorithm of {} is known yet", name(*collective)));
  if (collective)
    return fail(fmt::format("{} has no algorithm \"{}\"{}", name(*collective), bare,
                            suggestion(bare, names)));
  const std::string near = nearest_name(bare, names);
  return fail(
      near.empty()
          ? fmt::format("no collective has an algorithm \"{}\"; `collscale schedule list` "
                        "lists them",
                        bare)
          : fmt::format("no collective has an algorithm \"{}\", did you mean \"{}\"?", bare, near));
}

/// The largest divisor of n up to `most` that leaves at least two parts; 1 where there is none.
std::int64_t proper_divisor(std::int64_t n, std::int64_t most) {
  for (std::int64_t d = std::min(most, n / 2); d > 1; --d)
    if (n % d == 0) return d;
  return 1;
}

std::int64_t smallest_divisor(std::int64_t n) {
  for (std::int64_t d = 2; d < n; ++d)
    if (n % d == 0) return d;
  return 1;
}

Expected<std::int64_t> rank_count(const ScheduleChoice& choice) {
  const std::int64_t on_nodes =
      std::accumulate(choice.nodes.begin(), choice.nodes.end(), std::int64_t{0});
  if (!choice.nodes.empty() && choice.ranks && on_nodes != *choice.ranks)
    return fail(fmt::format("--nodes {} are {} ranks, but -n asks for {}",
                            fmt::join(choice.nodes, ","), on_nodes, *choice.ranks));
  if (!choice.nodes.empty() && choice.ranks_per_node)
    return fail("--nodes and --ranks-per-node exclude each other");
  if (!choice.ranks && choice.nodes.empty())
    return fail("how many ranks? for example: collscale schedule show ring -n 8");
  const std::int64_t ranks = choice.ranks.value_or(on_nodes);
  if (ranks < 2) return fail("a schedule needs at least 2 ranks");
  if (ranks > kMostShownRanks)
    return fail(fmt::format("{} ranks: every message is executed, so at most {} can be shown",
                            ranks, kMostShownRanks));
  return ranks;
}

Shape shape_of(const ScheduleChoice& choice, std::int64_t ranks, const Algorithm::Uses& uses) {
  Shape shape;
  shape.ranks = ranks;
  // An algorithm of several levels shows them only where there are several nodes.
  const bool levels = uses.nodes && choice.nodes.empty();
  shape.ranks_per_node = choice.ranks_per_node.value_or(!levels       ? 1
                                                        : uses.groups ? smallest_divisor(ranks)
                                                                      : proper_divisor(ranks, 8));
  for (const std::int64_t size : choice.nodes) {
    if (!shape.nodes.empty() && shape.nodes.back().ranks == size)
      ++shape.nodes.back().nodes;
    else
      shape.nodes.push_back({1, size});
  }
  if (!choice.nodes.empty())
    shape.ranks_per_node = *std::max_element(choice.nodes.begin(), choice.nodes.end());
  const std::int64_t nodes = ranks / std::max<std::int64_t>(1, shape.ranks_per_node);
  shape.nodes_per_group =
      choice.nodes_per_group.value_or(uses.groups && levels ? smallest_divisor(nodes) : 1);
  shape.root = choice.root.value_or(0);
  shape.channels = choice.channels.value_or(1);
  AlgorithmOptions& options = shape.options;
  if (choice.chunks && choice.chunks->chunks > 0) options.chunks = choice.chunks->chunks;
  options.bruck_radix = choice.radix.value_or(options.bruck_radix);
  options.aggregation = choice.aggregation.value_or(options.aggregation);
  options.dimensions = choice.dimensions;
  options.experts_per_token = choice.experts.value_or(options.experts_per_token);
  options.nodes_per_token = choice.nodes_per_token.value_or(options.nodes_per_token);
  return shape;
}

/// Where NCCL is to say how many chunks.
Expected<void> cut_as_nccl(const ScheduleChoice& choice, double size_bytes,
                           const Algorithm& algorithm, Shape& shape) {
  if (!choice.chunks || choice.chunks->chunks > 0) return {};
  if (algorithm.nccl_chunks == nullptr)
    return fail(fmt::format("--chunks nccl: NCCL has nothing like {}/{}; expected a number",
                            name(algorithm.collective), algorithm.name));
  if (size_bytes <= 0)
    return fail("--chunks nccl: NCCL goes by the size, which -s SIZE gives, for example -s 64MiB");
  shape.options.chunks = algorithm.nccl_chunks(size_bytes, choice.chunks->protocol, shape);
  return {};
}

/// One where options were given that the algorithm does not look at.
std::vector<std::string> unused_options(const ScheduleChoice& choice, const Algorithm& algorithm) {
  const std::vector<bool> given{choice.ranks_per_node || !choice.nodes.empty(),
                                choice.nodes_per_group.has_value(),
                                choice.channels.has_value(),
                                choice.root.has_value(),
                                choice.chunks.has_value(),
                                choice.radix.has_value(),
                                choice.aggregation.has_value(),
                                !choice.dimensions.empty(),
                                choice.experts.has_value() || choice.nodes_per_token.has_value()};
  const auto used = options_used(algorithm.uses);
  std::vector<std::string> idle;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (given[i] && !used[i].first) idle.push_back(used[i].second);
  if (idle.empty()) return {};
  return {fmt::format("{}/{} does not look at {}", name(algorithm.collective), algorithm.name,
                      fmt::join(idle, ", "))};
}

}  // namespace

std::vector<std::pair<bool, std::string>> options_used(const Algorithm::Uses& uses) {
  return {{uses.nodes, "--ranks-per-node"},    {uses.groups, "--nodes-per-group"},
          {uses.channels, "--channels"},       {uses.root, "--root"},
          {uses.chunks, "--chunks"},           {uses.radix, "--radix"},
          {uses.aggregation, "--aggregation"}, {uses.dimensions, "--dimensions"},
          {uses.experts, "--experts"}};
}

Expected<ChunkCount> parse_chunk_count(const std::string& text) {
  if (text == "nccl" || text == "nccl:simple") return ChunkCount{0, NcclProtocol::simple};
  if (text == "nccl:ll") return ChunkCount{0, NcclProtocol::ll};
  if (text == "nccl:ll128") return ChunkCount{0, NcclProtocol::ll128};
  return parse_count(text)
      .map([](std::int64_t chunks) {
        return ChunkCount{chunks, NcclProtocol::simple};
      })
      .map_error([&](const Error& error) {
        return Error{error.message + "; or nccl, nccl:ll, nccl:ll128", error.code};
      });
}

Expected<ChosenSchedule> choose_schedule(const ScheduleChoice& choice, double size_bytes) {
  const auto algorithm = find(choice);
  if (!algorithm) return tl::unexpected(algorithm.error());
  const auto ranks = rank_count(choice);
  if (!ranks) return tl::unexpected(ranks.error());
  const Algorithm& entry = **algorithm;
  const bool given = choice.ranks_per_node || !choice.nodes.empty();
  Shape shape = shape_of(choice, *ranks, entry.uses);
  if (auto cut = cut_as_nccl(choice, size_bytes, entry, shape); !cut)
    return tl::unexpected(cut.error());
  auto schedule = make_schedule(entry.collective, entry.name, shape);
  if (!schedule && !given && entry.uses.nodes) {
    Shape one_node = shape;  // what works within one node only
    one_node.ranks_per_node = *ranks;
    one_node.nodes_per_group = 1;
    if (auto within = make_schedule(entry.collective, entry.name, one_node)) {
      schedule = std::move(within);
      shape = one_node;
    }
  }
  if (!schedule) return tl::unexpected(schedule.error());

  ChosenSchedule chosen;
  chosen.algorithm = &entry;
  chosen.schedule = *std::move(schedule);
  chosen.nodes = choice.nodes;
  chosen.chunks = shape.options.chunks;
  if (chosen.nodes.empty())
    for (std::int64_t first = 0; first < *ranks; first += shape.ranks_per_node)
      chosen.nodes.push_back(std::min(shape.ranks_per_node, *ranks - first));
  chosen.nodes_matter = given || (entry.uses.nodes && depends_on_nodes(chosen.schedule));
  chosen.nodes_chosen = !given;
  const bool named = choice.collective || choice.algorithm.find('/') != std::string::npos;
  for (const Algorithm& other : algorithms())
    if (!named && other.name == entry.name && other.collective != entry.collective)
      chosen.also.emplace_back(name(other.collective));
  chosen.notes = unused_options(choice, entry);
  return chosen;
}

}  // namespace collscale
