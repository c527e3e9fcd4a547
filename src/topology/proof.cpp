// SPDX-License-Identifier: Apache-2.0
#include "topology/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/fabric.hpp"
#include "topology/flow_hash.hpp"
#include "topology/summary.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

std::string count_words(double value) { return format_count(std::llround(value)); }

// ---- counts

std::string counts_of(const System& system, const Clos& clos) {
  std::string text;
  const std::int64_t nodes = std::llround(system.nodes.value);
  const std::vector<TierShape> shapes = clos_shape(system);
  for (std::size_t t = 0; t < shapes.size(); ++t) {
    const std::int64_t last = nodes - (shapes[t].groups - 1) * shapes[t].group_nodes;
    text += fmt::format("; {} {} group{} of {} nodes", format_count(shapes[t].groups),
                        clos.tiers[t].name, shapes[t].groups == 1 ? "" : "s",
                        format_count(shapes[t].group_nodes));
    if (last < shapes[t].group_nodes)
      text +=
          fmt::format(", {} in {}", format_count(last), shapes[t].groups == 1 ? "use" : "the last");
  }
  return text;
}

std::string counts_of(const System&, const Torus& torus) {
  std::string text;
  for (const Dimension& dimension : torus.dimensions)
    text += fmt::format("{}{:g}", text.empty() ? "; " : " × ", dimension.size.value);
  return text + " points";
}

std::string counts_of(const System& system, const Dragonfly& dragonfly) {
  const double shared = dragonfly.node_routers ? dragonfly.node_routers->value : 1;
  const double places =
      dragonfly.groups.value * dragonfly.routers.value / shared * dragonfly.nodes.value;
  return fmt::format("; {:g} groups × {:g} routers × {:g} nodes{} = {} places{}",
                     dragonfly.groups.value, dragonfly.routers.value, dragonfly.nodes.value,
                     shared > 1 ? fmt::format(" ÷ {:g} routers of a node", shared) : "",
                     count_words(places),
                     places > system.nodes.value
                         ? fmt::format(", {} empty", count_words(places - system.nodes.value))
                         : "");
}

// ---- ports

/// "64 + 64 of 128 ports", "51 of 64 ports, 13 unused".
std::string port_words(const std::string& used, double sum, double radix) {
  if (radix <= 0) return used + " ports, radix not given";
  const double unused = radix - sum;
  return fmt::format("{} of {:g} ports{}", used, radix,
                     unused >= 1 ? fmt::format(", {:g} unused", std::floor(unused + 1e-9)) : "");
}

std::string ports_of(const System& system, const Clos& clos) {
  std::string text;
  const std::vector<std::int64_t> in_one = switches_in_one(system);
  const std::vector<TierShape> shapes = clos_shape(system);
  for (std::size_t t = 0; t < shapes.size(); ++t) {
    const bool top = t + 1 == shapes.size();
    const auto one = static_cast<double>(in_one[t]);
    const double down = one * shapes[t].down_ports;
    const double up = top ? 0 : one * static_cast<double>(shapes[t].uplinks);
    const std::string used =
        top ? fmt::format("{:g} down", down) : fmt::format("{:g} down + {:g} up", down, up);
    text += fmt::format("{}{}: {}", t == 0 ? "" : "; ", clos.tiers[t].name,
                        port_words(used, down + up, clos.tiers[t].switch_radix.value));
  }
  return text.empty() ? "no switches" : text;
}

std::string ports_of(const System& system, const Torus& torus) {
  int neighbours = 0;  // of a node that is not at an edge; two are at one wherever they are
  for (const Dimension& dimension : torus.dimensions)
    neighbours += dimension.size.value < 2                                    ? 0
                  : dimension.size.value == 2 && dimension.wrap == Wrap::mesh ? 1
                                                                              : 2;
  return fmt::format("switch of a node: {:g} to NICs + {} to neighbours",
                     system.node.nics.per_node.value, neighbours);
}

std::string ports_of(const System& system, const Dragonfly& dragonfly) {
  const DragonflyRoutes routes(dragonfly);
  const bool plus = routes.spines() > 0;
  const double nics = dragonfly.nodes.value * system.node.nics.per_node.value /
                      static_cast<double>(routes.node_routers());
  const double local = dragonfly.local_links.value *
                       static_cast<double>(plus ? routes.spines() : routes.routers() - 1);
  const double global = dragonfly.global_links.value;
  const double radix = dragonfly.router_radix ? dragonfly.router_radix->value : 0;
  std::string text;
  if (plus) {
    const double down = dragonfly.local_links.value * static_cast<double>(routes.routers());
    text = "leaf: " +
           port_words(fmt::format("{:g} to NICs + {:g} local", nics, local), nics + local, radix) +
           "; spine: " +
           port_words(fmt::format("{:g} local + {:g} global", down, global), down + global, radix);
  } else {
    text = "router: " +
           port_words(fmt::format("{:g} to NICs + {:g} local + {:g} global", nics, local, global),
                      nics + local + global, radix);
  }
  if (routes.groups() == 1) return text;
  text += fmt::format("; {} link{} between each two groups",
                      format_count(routes.links_between_groups()),
                      routes.links_between_groups() == 1 ? "" : "s");
  const double ports = global * static_cast<double>(plus ? routes.spines() : routes.routers());
  const auto used = static_cast<double>(routes.links_between_groups() * (routes.groups() - 1));
  if (used < ports)
    text +=
        fmt::format(", for which {:g} of the {:g} global ports of a group are used", used, ports);
  return text;
}

// ---- uplinks

/// "leaf: 64 of 50.0 GB/s up from a switch, 1:1"; with whole links the ratio may be another than
/// the one that is asked for.
std::string uplinks_of(const System& system, const Clos& clos) {
  std::string text;
  const std::vector<TierShape> shapes = clos_shape(system);
  for (std::size_t t = 0; t + 1 < shapes.size(); ++t) {
    const Tier& tier = clos.tiers[t];
    const double up_Bps =
        static_cast<double>(shapes[t].switches * shapes[t].uplinks) * tier.link_Bps.value;
    const double whole = shapes[t].below_Bps / up_Bps;
    const double asked = tier.oversubscription.value;
    text += fmt::format("{}{}: {} of {} up from a switch, {:.4g}:1", t == 0 ? "" : "; ", tier.name,
                        shapes[t].uplinks, format_bandwidth(tier.link_Bps.value), whole);
    if (std::abs(whole / asked - 1) > 1e-6) text += fmt::format(" for {:.4g}:1", asked);
  }
  return text;
}

// ---- paths

class Walker {
 public:
  explicit Walker(const System& system) : fabric_(system), per_node_(ranks_per_node(system)) {}

  /// Follows one path; false where it does not lead from source to destination.
  bool walk(std::int64_t source, std::int64_t destination) {
    ++walked_;
    const Path path = fabric_.path(source, destination, flow_hash(source, destination, 1, 0));
    Vertex at{Vertex::Kind::rank, 0, source};
    for (const std::int64_t link : path.view()) {
      const LinkEnds both = fabric_.ends(link);
      if (!meet(at, both.from)) return broken(source, destination, at);
      at = both.to;
    }
    return meet(at, {Vertex::Kind::rank, 0, destination}) || broken(source, destination, at);
  }

  /// All of the ranks of one node to all of another.
  bool walk_nodes(std::int64_t source_node, std::int64_t destination_node) {
    for (std::int64_t a = 0; a < per_node_; ++a)
      for (std::int64_t b = 0; b < per_node_; ++b)
        if (source_node != destination_node || a != b)
          if (!walk(source_node * per_node_ + a, destination_node * per_node_ + b)) return false;
    return true;
  }

  [[nodiscard]] std::int64_t walked() const { return walked_; }
  [[nodiscard]] const std::string& broken_pair() const { return broken_pair_; }
  [[nodiscard]] const Fabric& fabric() const { return fabric_; }

 private:
  /// Whether a path that ends in one may go on from the other: a rank is at its node.
  [[nodiscard]] bool meet(const Vertex& a, const Vertex& b) const {
    if (a == b) return true;
    if (a.kind == Vertex::Kind::rank && b.kind == Vertex::Kind::node)
      return a.index / per_node_ == b.index;
    if (a.kind == Vertex::Kind::node && b.kind == Vertex::Kind::rank)
      return b.index / per_node_ == a.index;
    return false;
  }
  bool broken(std::int64_t source, std::int64_t destination, const Vertex& at) {
    broken_pair_ = fmt::format("the path from rank {} to rank {} ends at {}", source, destination,
                               fabric_.vertex_name(at));
    return false;
  }

  Fabric fabric_;
  std::int64_t per_node_;
  std::int64_t walked_ = 0;
  std::string broken_pair_;
};

/// A node at every distance from node 0: of a clos just beyond each group, and the last of all.
std::vector<std::int64_t> distant_nodes(const System& system, const Fabric& fabric) {
  const std::int64_t last = std::llround(system.nodes.value) - 1;
  std::vector<std::int64_t> nodes{0, 1, last};
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    const std::int64_t router = std::llround(dragonfly->nodes.value);
    nodes.push_back(router);
    nodes.push_back(DragonflyRoutes(*dragonfly).nodes_of_group());
  } else if (const auto* torus = std::get_if<Torus>(&system.fabric)) {
    std::int64_t stride = 1;
    for (const Dimension& dimension : torus->dimensions) {
      nodes.push_back(stride);
      stride *= std::llround(dimension.size.value);
    }
  }
  for (int t = 0; t < fabric.tiers(); ++t)
    nodes.push_back(fabric.group_ranks(t) / fabric.ranks_per_node());
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  while (nodes.back() > last) nodes.pop_back();
  return nodes;
}

/// Why every two nodes have a way, in words.
std::string structure_words(const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) {
    if (clos->tiers.empty()) return "one node";
    return fmt::format("all groups meet in the one of tier {}", clos->tiers.back().name);
  }
  if (std::holds_alternative<Torus>(system.fabric)) return "every line of the grid is joined";
  const bool plus = std::get<Dragonfly>(system.fabric).spines.has_value();
  return fmt::format("links join each {} of a group, and each two groups",
                     plus ? "leaf and each spine" : "two routers");
}

bool walk_all(Walker& walker, std::int64_t ranks) {
  for (std::int64_t a = 0; a < ranks; ++a)
    for (std::int64_t b = 0; b < ranks; ++b)
      if (a != b && !walker.walk(a, b)) return false;
  return true;
}

bool walk_some(Walker& walker, const System& system) {
  for (const std::int64_t node : distant_nodes(system, walker.fabric()))
    if (!walker.walk_nodes(0, node) || (node > 0 && !walker.walk_nodes(node, 0))) return false;
  constexpr std::int64_t kDrawn = 4096;
  const auto ranks = static_cast<std::uint64_t>(max_ranks(system));
  std::uint64_t state = 1;
  const auto draw = [&] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // D. Knuth, MMIX
    return static_cast<std::int64_t>((state >> 24U) % ranks);
  };
  for (std::int64_t i = 0; i < kDrawn; ++i) {
    const std::int64_t a = draw();
    const std::int64_t b = draw();
    if (a != b && !walker.walk(a, b)) return false;
  }
  return true;
}

}  // namespace

Proof prove(const System& system) {
  Proof proof;
  const double accelerators = system.node.accelerators.value;
  const std::string of_nodes =
      fmt::format("{} node{} × {:g} accelerator{} = {}", count_words(system.nodes.value),
                  system.nodes.value == 1 ? "" : "s", accelerators, accelerators == 1 ? "" : "s",
                  count_words(system.nodes.value * accelerators));
  const auto [counts, ports] = std::visit(
      [&](const auto& fabric) {
        return std::pair(counts_of(system, fabric), ports_of(system, fabric));
      },
      system.fabric);
  proof.lines.push_back({"counts", of_nodes + counts});
  proof.lines.push_back({"ports", ports});
  if (const auto* clos = std::get_if<Clos>(&system.fabric);
      clos != nullptr && clos->tiers.size() > 1)
    proof.lines.push_back({"uplinks", uplinks_of(system, *clos)});

  Walker walker(system);
  const std::int64_t ranks = max_ranks(system);
  proof.exhaustive = ranks * (ranks - 1) <= kMostWalkedPairs;
  proof.connected = proof.exhaustive ? walk_all(walker, ranks) : walk_some(walker, system);
  proof.walked_pairs = walker.walked();
  proof.broken_pair = walker.broken_pair();
  if (proof.connected)
    proof.lines.push_back(
        {"paths", proof.exhaustive
                      ? fmt::format("all {} ordered pairs of ranks walked link by link",
                                    format_count(proof.walked_pairs))
                      : fmt::format("{}; {} pairs walked link by link", structure_words(system),
                                    format_count(proof.walked_pairs))});
  const LabelCounts labels = label_counts(system);
  proof.lines.push_back(
      {"sources", fmt::format("{} stated figures name a source, {} derived their arithmetic",
                              labels[Label::stated], labels[Label::derived])});
  return proof;
}

}  // namespace collscale
