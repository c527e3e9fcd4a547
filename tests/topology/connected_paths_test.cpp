// SPDX-License-Identifier: Apache-2.0
// Whatever the fabric: a path leads from its source to its destination, link by link.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "topology/check.hpp"
#include "topology/fabric.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using testing::make_dragonfly;
using testing::make_system;
using testing::make_torus;

std::int64_t any(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

/// A rank stands for its node.
Vertex place(const Vertex& vertex, std::int64_t per_node) {
  if (vertex.kind != Vertex::Kind::rank) return vertex;
  return {Vertex::Kind::node, 0, vertex.index / per_node};
}

void expect_connected(const System& system) {
  for (const Problem& problem : check_system(system))
    if (problem.is_error) RC_FAIL(problem.field + ": " + problem.message);
  const Fabric fabric(system);
  const std::int64_t per_node = ranks_per_node(system);
  const std::int64_t ranks = max_ranks(system);
  if (ranks == 1) return;
  const std::int64_t source = any(0, ranks - 1);
  const std::int64_t destination = (source + any(1, ranks - 1)) % ranks;
  const auto hash = *rc::gen::arbitrary<std::uint64_t>();
  Vertex at{Vertex::Kind::node, 0, source / per_node};
  double latency_s = 0;
  bool forwards = false;
  std::set<std::int64_t> seen;
  const Path path = fabric.path(source, destination, hash);
  for (const std::int64_t link : path.view()) {
    RC_ASSERT(link >= 0 && link < fabric.link_count());
    RC_ASSERT(seen.insert(link).second);
    const LinkEnds ends = fabric.ends(link);
    RC_ASSERT(place(ends.from, per_node) == at);
    at = place(ends.to, per_node);
    forwards = forwards || ends.from.kind == Vertex::Kind::rank;
    latency_s += fabric.link_latency_s(link);
  }
  RC_ASSERT(at == (Vertex{Vertex::Kind::node, 0, destination / per_node}));
  const int level = fabric.turning_level(source, destination, hash);
  RC_ASSERT(level < fabric.levels());
  const NodeLinks* links = fabric.node_links();
  const int hops =
      level == 0 && links != nullptr ? links->hops(source % per_node, destination % per_node) : 1;
  if (level == 0 || !forwards)
    RC_ASSERT(std::abs(latency_s - hops * fabric.latency_s(level)) < 1e-15);
}

RC_GTEST_PROP(ConnectedPaths, OfATorus, ()) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(any(1, 4)));
  for (std::int64_t& size : sizes) size = any(1, 7);
  System system = make_torus(sizes, Wrap::ring, any(1, 3));
  for (Dimension& dimension : std::get<Torus>(system.fabric).dimensions)
    dimension.wrap = any(0, 1) == 0 ? Wrap::ring : Wrap::mesh;
  expect_connected(system);
}

RC_GTEST_PROP(ConnectedPaths, OfADragonfly, ()) {
  const std::int64_t spines = any(0, 1) * any(1, 4);
  const std::int64_t routers = any(1, 5);
  const std::int64_t global = any(1, 4);
  const std::int64_t groups = any(1, (spines > 0 ? spines : routers) * global + 1);
  const auto routing = static_cast<DragonflyRouting>(any(0, 2));
  expect_connected(make_dragonfly({.groups = groups,
                                   .routers = routers,
                                   .nodes = any(1, 3),
                                   .global = global,
                                   .local = any(1, 2),
                                   .spines = spines,
                                   .routing = routing,
                                   .gpus = any(1, 3)}));
}

RC_GTEST_PROP(ConnectedPaths, OfAClos, ()) {
  const std::int64_t rails = *rc::gen::element<std::int64_t>(1, 2, 4);
  testing::SmallSystem small;
  small.children = {4, 2, 2};
  small.children.resize(static_cast<std::size_t>(any(2, 3)));
  small.nodes = any(1, small.children.size() == 2 ? 8 : 16);
  small.rails = rails;
  small.nics = *rc::gen::element<std::int64_t>(4, 8);
  small.routing = any(0, 1) == 0 ? Routing::ecmp : Routing::spray;
  small.cross_rail = any(0, 1) == 0 ? CrossRail::forward : CrossRail::spine;
  System system = make_system(small);
  testing::clos_of(system).planes = *rc::gen::element<std::int64_t>(1, 2);
  expect_connected(system);
}

RC_GTEST_PROP(ConnectedPaths, OfNodesWithLinks, ()) {
  const std::int64_t gpus =
      any(2, 5);  // a chain of them has ways of four links, the most there may be
  System system = make_system({.nodes = any(1, 6),
                               .gpus = gpus,
                               .nics = gpus,
                               .rails = *rc::gen::element<std::int64_t>(1, gpus),
                               .children = {6}});
  ScaleUp& scale_up = system.node.scale_up;
  scale_up.kind = *rc::gen::element(ScaleUpKind::full_mesh, ScaleUpKind::links, ScaleUpKind::pcie);
  scale_up.link_Bps = scale_up.uplink_Bps = testing::figure(50e9);
  scale_up.switch_ranks = testing::figure(gpus % 2 == 0 ? 2 : 1);
  for (std::int64_t i = 1; i < gpus; ++i)  // a tree, some of whose ways are of several links
    scale_up.pairs.push_back({*rc::gen::inRange<std::int64_t>(std::max<std::int64_t>(0, i - 2), i),
                              i, static_cast<double>(any(1, 3))});
  expect_connected(system);
}

}  // namespace
}  // namespace collscale
