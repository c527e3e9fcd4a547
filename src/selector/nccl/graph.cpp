// SPDX-License-Identifier: Apache-2.0
#include "selector/nccl/graph.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "selector/nccl/search_limits.hpp"
#include "units/number.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

constexpr double kRounding = 1e-6;  // of speeds as NCCL prints them, six digits

struct Named {
  std::string_view name;
  NcclGraph NcclGraphs::*graph;
};
constexpr std::array<Named, 5> kNamed = {{{"ring", &NcclGraphs::ring},
                                          {"tree", &NcclGraphs::tree},
                                          {"nvls", &NcclGraphs::nvls},
                                          {"collnet_direct", &NcclGraphs::collnet_direct},
                                          {"collnet_chain", &NcclGraphs::collnet_chain}}};

std::vector<std::string> graph_names() {
  std::vector<std::string> names;
  for (const Named& named : kNamed) names.emplace_back(named.name);
  return names;
}

struct Given {
  std::string_view text;  ///< "ring=8x45/45", for messages
  std::int64_t channels = 0;
  double intra_GBps = 0;
  double inter_GBps = 0;
  std::optional<bool> same_channels{};
};

Expected<Given> parse_figures(std::string_view item, std::string_view figures) {
  constexpr std::string_view kForm = "channels x speed inside/outside a node, as in 8x45/45";
  const auto wrong = [&](std::string_view why) {
    return fail(fmt::format("NCCL graph \"{}\": {}, expected {}", item, why, kForm));
  };
  std::optional<bool> same_channels;
  if (const std::size_t colon = figures.find(':'); colon != std::string_view::npos) {
    const std::string_view word = trim(figures.substr(colon + 1));
    if (word != "same" && word != "different")
      return fail(
          fmt::format("NCCL graph \"{}\": \"{}\" after the figures, expected \"same\" or "
                      "\"different\" (sameChannels 1 or 0 in NCCL's log)",
                      item, word));
    same_channels = word == "same";
    figures = figures.substr(0, colon);
  }
  const auto channels = parse_number(figures, kForm);
  if (!channels) return wrong("no number of channels");
  if (!channels->rest.starts_with('x')) return wrong("no \"x\" after the channels");
  const auto intra = parse_number(channels->rest.substr(1), kForm);
  if (!intra) return wrong("no speed above zero after \"x\"");
  double inter = intra->value;
  if (!intra->rest.empty()) {
    if (intra->rest.front() != '/')
      return wrong(fmt::format("\"{}\" after the speed", intra->rest));
    const auto after = parse_number(intra->rest.substr(1), kForm);
    if (!after || !after->rest.empty()) return wrong("no speed above zero after \"/\"");
    inter = after->value;
  }
  if (channels->value < 1 || channels->value != std::floor(channels->value) ||
      channels->value > 1e6)
    return wrong(fmt::format("{} channels", channels->digits));
  if (intra->value <= 0 || inter <= 0) return wrong("a speed of zero");
  return Given{item, static_cast<std::int64_t>(channels->value), intra->value, inter,
               same_channels};
}

/// A speed that the search tries, in a node or between nodes, or half of one (doubled channels).
bool tried(double GBps, NcclVersion version, int compute_capability) {
  for (const bool between_nodes : {false, true})
    for (const double speed : nccl::speeds(version, compute_capability, between_nodes))
      if (std::abs(GBps - speed) <= kRounding * speed ||
          std::abs(2 * GBps - speed) <= kRounding * speed)
        return true;
  return false;
}

std::string speeds_tried(NcclVersion version, int compute_capability, bool between_nodes) {
  std::string list;
  for (const double speed : nccl::speeds(version, compute_capability, between_nodes))
    list += fmt::format("{}{:g}", list.empty() ? "" : ", ", speed);
  return list;
}

/// What the graph takes of the busiest GPU's NVLink: a ring passes every GPU, a tree or chain ends
/// at one, a head of NVLS takes its speed from all GPUs and again from its own, one of
/// CollNetDirect deals it out to the others.
double taken_GBps(const Given& given, std::string_view name, const nccl::Limits& limits) {
  const auto count = static_cast<double>(given.channels);
  const auto gpus = static_cast<double>(limits.gpus);
  if (name == "nvls") return (count + 1) * given.intra_GBps;
  if (name == "collnet_direct") return (1 + (count - 1) / (gpus - 1)) * given.intra_GBps;
  return (name == "ring" ? count : count * (gpus - 1) / gpus) * given.intra_GBps;
}

Expected<void> check_capacity(const Given& given, std::string_view name,
                              const nccl::Limits& limits) {
  const double inter = given.inter_GBps * (1 - kRounding);
  const auto count = static_cast<double>(given.channels);
  const double needed = taken_GBps(given, name, limits) * (1 - kRounding);
  if (limits.gpus > 1 && needed > limits.intra_GBps())
    return fail(fmt::format(
        "NCCL graph \"{}\" takes {:.4g} GB/s of {} of every GPU, which has {:.4g} as NCCL counts",
        given.text, needed, limits.nvlink_GBps > 0 ? "the NVLink" : "the PCIe",
        limits.intra_GBps()));
  if (!limits.between_nodes) return {};
  const double nics = static_cast<double>(limits.nics) * limits.nic_GBps;
  if (count * inter > nics)
    return fail(
        fmt::format("NCCL graph \"{}\" takes {:.4g} GB/s of the node's NICs, which have {:.4g}",
                    given.text, count * inter, nics));
  if (inter > std::min(limits.nic_GBps, limits.pcie_GBps))
    return fail(
        fmt::format("NCCL graph \"{}\": one channel of {:g} GB/s is more than a NIC and "
                    "its PCIe link carry, {:.4g} GB/s",
                    given.text, given.inter_GBps, std::min(limits.nic_GBps, limits.pcie_GBps)));
  return {};
}

Expected<void> check(const Given& given, std::string_view name, const NcclNode& node,
                     NcclVersion version, const nccl::Limits& limits) {
  const bool heads = name == "nvls";
  const std::int64_t most = heads || name == "collnet_direct"
                                ? std::min(limits.gpus, limits.max_channels)
                                : limits.max_channels;
  if (given.channels > most)
    return fail(fmt::format(
        "NCCL graph \"{}\": NCCL {} searches for at most {} {} here{}", given.text,
        collscale::name(version), most, heads ? "heads" : "channels",
        heads ? "" : " (what it prints as \"coll channels\" is doubled after the search)"));
  for (const double speed : {given.intra_GBps, given.inter_GBps})
    if (!tried(speed, version, node.compute_capability))
      return fail(
          fmt::format("NCCL graph \"{}\": {:g} GB/s is not a speed that NCCL {} tries on SM "
                      "{}; it tries {} or half of these (doubled channels)",
                      given.text, speed, collscale::name(version), node.compute_capability,
                      speeds_tried(version, node.compute_capability, limits.between_nodes)));
  if (!heads && given.intra_GBps < given.inter_GBps)
    return fail(
        fmt::format("NCCL graph \"{}\": slower inside the node than outside, NCCL raises "
                    "only the speed inside",
                    given.text));
  return check_capacity(given, name, limits);
}

}  // namespace

Expected<NcclGraphs> parse_graphs(std::string_view text, const NcclNode& node, NcclVersion version,
                                  std::int64_t local_ranks, bool between_nodes) {
  const nccl::Limits limits = nccl::limits_of(node, version, local_ranks, between_nodes);
  const NcclGraphs searched = search_graphs(node, version, local_ranks, between_nodes);
  NcclGraphs graphs;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = trim(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos)
      return fail(
          fmt::format("NCCL graph \"{}\": expected a name and figures, as in ring=8x45/45", item));
    const std::string_view name = trim(item.substr(0, equals));
    const Named* named = nullptr;
    for (const Named& candidate : kNamed)
      if (candidate.name == name) named = &candidate;
    if (named == nullptr)
      return fail(fmt::format("NCCL graph \"{}\": there is no graph \"{}\"{}", item, name,
                              suggestion(name, graph_names())));
    if ((graphs.*(named->graph)).channels > 0)
      return fail(fmt::format("NCCL graph \"{}\": {} is given twice", item, name));
    const auto given = parse_figures(item, item.substr(equals + 1));
    if (!given) return tl::unexpected(given.error());
    if (auto ok = check(*given, name, node, version, limits); !ok)
      return tl::unexpected(ok.error());
    NcclGraph& graph = graphs.*(named->graph);
    graph = searched.ring;  // its paths
    graph.channels = given->channels;
    graph.intra_Bps = given->intra_GBps * 1e9;
    graph.inter_Bps = given->inter_GBps * 1e9;
    graph.same_channels = given->same_channels.value_or(searched.ring.same_channels);
  }
  if (graphs.ring.channels == 0)
    return fail(
        fmt::format("NCCL graph \"{}\" has no ring, which NCCL always builds; give "
                    "ring=8x45/45 or the like",
                    text));
  if (graphs.tree.channels == 0) graphs.tree = graphs.ring;
  if (graphs.tree.channels != graphs.ring.channels)
    return fail(
        fmt::format("NCCL graph \"{}\": {} trees and {} rings, NCCL builds as many of one "
                    "as of the other",
                    text, graphs.tree.channels, graphs.ring.channels));
  if (graphs.collnet_chain.channels > 0 && graphs.collnet_chain.channels != graphs.ring.channels)
    return fail(
        fmt::format("NCCL graph \"{}\": {} collnet chains and {} rings, NCCL builds as "
                    "many of one as of the other",
                    text, graphs.collnet_chain.channels, graphs.ring.channels));
  return graphs;
}

std::string format_graphs(const NcclGraphs& graphs) {
  std::string text;
  for (const Named& named : kNamed) {
    const NcclGraph& graph = graphs.*(named.graph);
    if (graph.channels == 0) continue;
    text += fmt::format("{}{}={}x{:g}/{:g}", text.empty() ? "" : ",", named.name, graph.channels,
                        graph.intra_Bps / 1e9, graph.inter_Bps / 1e9);
    if (named.graph == &NcclGraphs::ring) text += graph.same_channels ? ":same" : ":different";
  }
  return text;
}

}  // namespace collscale
