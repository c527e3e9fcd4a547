// SPDX-License-Identifier: Apache-2.0
// The links within a node: the ways over them, what is refused, and the rings that use them all.
#include "topology/node_links.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "topology/check.hpp"
#include "topology/fabric.hpp"
#include "topology/node_rings.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using testing::figure;
using ::testing::IsEmpty;
using testing::make_system;

Node node_of(ScaleUpKind kind, std::int64_t ranks, std::vector<LinkPair> pairs = {}) {
  Node node = make_system({.gpus = ranks}).node;
  node.scale_up.kind = kind;
  node.scale_up.link_Bps = figure(50e9);
  node.scale_up.efficiency = figure(1);
  node.scale_up.pairs = std::move(pairs);
  return node;
}

/// MI250X: github.com/ROCm/rccl, tools/topo_expl/models/topo_8p1h_3.xml.
std::vector<LinkPair> mi250x() {
  return {{0, 1, 4}, {2, 3, 4}, {4, 5, 4}, {6, 7, 4}, {0, 6, 2}, {2, 4, 2},
          {0, 2, 1}, {1, 3, 1}, {1, 5, 1}, {3, 7, 1}, {4, 6, 1}, {5, 7, 1}};
}

/// DGX-1 V100: `nvidia-smi topo -m`, gist.github.com/ashwin/e139748bdba15f5af63f0146d01ee4c3.
std::vector<LinkPair> hybrid_cube_mesh() {
  return {{0, 1, 1}, {0, 2, 1}, {0, 3, 2}, {0, 4, 2}, {1, 2, 2}, {1, 3, 1}, {1, 5, 2}, {2, 3, 2},
          {2, 6, 1}, {3, 7, 1}, {4, 5, 1}, {4, 6, 1}, {4, 7, 2}, {5, 6, 2}, {5, 7, 1}, {6, 7, 2}};
}

/// The ranks that a way passes, its ends among them.
std::vector<std::int32_t> stops(const NodeLinks& links, std::int64_t from, std::int64_t to) {
  std::vector<std::int32_t> ranks;
  for (const std::uint16_t link : links.way(from, to)) {
    if (ranks.empty()) ranks.push_back(links.at(link).from);
    EXPECT_EQ(ranks.back(), links.at(link).from);
    ranks.push_back(links.at(link).to);
  }
  return ranks;
}

TEST(NodeLinks, OfAFullMeshAreOneForEachPairAndDirection) {
  const NodeLinks links(node_of(ScaleUpKind::full_mesh, 8));
  EXPECT_EQ(links.all().size(), 56U);
  EXPECT_EQ(links.longest_way(), 1);
  EXPECT_THAT(stops(links, 5, 2), ElementsAre(5, 2));
  EXPECT_EQ(port_bandwidth_Bps(node_of(ScaleUpKind::full_mesh, 8)), 7 * 50e9);
}

TEST(NodeLinks, TakeTheWayOfFewestLinksTheWidestOfThose) {
  const NodeLinks links(node_of(ScaleUpKind::links, 8, mi250x()));
  EXPECT_EQ(links.all().size(), 24U);
  EXPECT_EQ(links.widths().size(), 3U);
  EXPECT_EQ(links.longest_way(), 2);
  EXPECT_THAT(stops(links, 0, 1), ElementsAre(0, 1));
  EXPECT_THAT(stops(links, 0, 4), ElementsAre(0, 2, 4));  // over 6 it is as narrow
  EXPECT_THAT(stops(links, 4, 0), ElementsAre(4, 2, 0));  // and back the same way
  EXPECT_THAT(stops(links, 0, 7), ElementsAre(0, 6, 7));  // two wide; over 1 there is no link
  EXPECT_EQ(links.at(links.way(0, 6)[0]).capacity_Bps, 100e9);
  EXPECT_EQ(port_bandwidth_Bps(node_of(ScaleUpKind::links, 8, mi250x())), 7 * 50e9);
}

TEST(NodeLinks, OfPcieAreAnUplinkPairForEachSwitch) {
  Node node = node_of(ScaleUpKind::pcie, 8);
  node.scale_up.switch_ranks = figure(4);
  node.scale_up.uplink_Bps = figure(20e9);
  const NodeLinks links(node);
  EXPECT_EQ(links.all().size(), 4U);
  EXPECT_THAT(links.way(1, 3), IsEmpty());
  EXPECT_THAT(stops(links, 1, 6), ElementsAre(0, -1, 1));  // switches, and the host
  EXPECT_EQ(links.longest_way(), 1);
  node.scale_up.switch_ranks = figure(8);
  EXPECT_TRUE(NodeLinks(node).empty());
}

TEST(NodeLinks, HaveNamesInTheFabric) {
  System system = make_system({.nodes = 4, .gpus = 4, .children = {4}});
  system.node.scale_up.kind = ScaleUpKind::full_mesh;
  system.node.scale_up.link_Bps = figure(50e9);
  const Fabric mesh(system);
  EXPECT_EQ(mesh.link_name(mesh.path(5, 7, 0).links[1]), "gpu 5 to gpu 7");
  EXPECT_EQ(mesh.tier_name(mesh.class_of(mesh.path(5, 7, 0).links[1])), "scale-up link");
  EXPECT_EQ(mesh.path(5, 9, 0).length, 2);  // between nodes it is as ever
  system.node.scale_up.kind = ScaleUpKind::pcie;
  system.node.scale_up.switch_ranks = figure(2);
  system.node.scale_up.uplink_Bps = figure(20e9);
  const Fabric pcie(system);
  EXPECT_EQ(pcie.link_name(pcie.path(5, 7, 0).links[1]), "node 1 switch 0 up");
  EXPECT_EQ(pcie.link_name(pcie.path(5, 7, 0).links[2]), "node 1 switch 1 down");
}

TEST(NodeLinks, OfASystemSeenByFewerRanksAreThoseBetweenThem) {
  System system = make_system({.nodes = 2, .gpus = 8, .nics = 8, .children = {2}});
  system.node = node_of(ScaleUpKind::links, 8, mi250x());
  const auto four = with_ranks_per_node(system, 4);
  ASSERT_TRUE(four);
  EXPECT_EQ(four->node.scale_up.pairs.size(), 4U);  // 01 02 13 23
}

std::string only_problem(const System& system) {
  const std::vector<Problem> problems = check_system(system);
  return problems.size() == 1 ? problems[0].field + ": " + problems[0].message
                              : std::to_string(problems.size()) + " problems";
}

TEST(CheckSystem, RefusesNodesWhoseRanksAreNotJoined) {
  System system = make_system({.gpus = 4});
  const auto problem = [&](std::vector<LinkPair> pairs) {
    system.node = node_of(ScaleUpKind::links, 4, std::move(pairs));
    return only_problem(system);
  };
  EXPECT_EQ(problem({{0, 1, 1}, {2, 3, 1}}),
            "node.scale_up.links: no links lead from rank 0 to rank 2 of the node");
  EXPECT_EQ(problem({{0, 4, 1}}),
            "node.scale_up.links: found the pair [0, 4], expected two of the "
            "local ranks 0 to 3");
  EXPECT_EQ(problem({{0, 1, 1}, {1, 0, 1}}), "node.scale_up.links: the pair [1, 0] stands twice");
  EXPECT_EQ(problem({{0, 1, 1}, {1, 2, -1}}),
            "node.scale_up.links: found -1 links between 1 and 2, expected a number > 0");
  EXPECT_EQ(problem({{0, 1, 1}, {1, 2, 1}, {2, 3, 1}}), "0 problems");
}

TEST(CheckSystem, RefusesWaysWithinANodeThatAreTooLong) {
  System system = make_system({.gpus = 6, .nics = 6});
  system.node.scale_up =
      node_of(ScaleUpKind::links, 6, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 4, 1}, {4, 5, 1}})
          .scale_up;
  EXPECT_EQ(only_problem(system),
            "node.scale_up.links: the way from rank 0 to rank 5 of the node "
            "takes 5 links, more than the 4 that are counted here");
}

TEST(CheckSystem, RefusesSwitchesThatDoNotShareTheRanksOutAndReductionInLinks) {
  System system = make_system({.gpus = 8, .nics = 8});
  system.node.scale_up.kind = ScaleUpKind::pcie;
  system.node.scale_up.switch_ranks = figure(3);
  system.node.scale_up.uplink_Bps = figure(20e9);
  EXPECT_EQ(only_problem(system),
            "node.scale_up.switch_ranks: found 3, expected a divisor of the 8 ranks of a node");
  system.node.scale_up.switch_ranks = figure(4);
  system.node.scale_up.in_network = {figure(1), figure(1e-6)};
  EXPECT_EQ(only_problem(system),
            "node.scale_up.in_network: found it with kind \"pcie\": only switches add up, expected "
            "none, or kind \"nvswitch\"");
}

/// How many rings take each link.
std::map<std::pair<int, int>, int> uses(const LocalOrders& rings) {
  std::map<std::pair<int, int>, int> count;
  for (const auto& ring : rings) {
    EXPECT_EQ(std::set<std::int32_t>(ring.begin(), ring.end()).size(), ring.size());
    for (std::size_t i = 0; i < ring.size(); ++i) ++count[{ring[i], ring[(i + 1) % ring.size()]}];
  }
  return count;
}

TEST(NodeRings, OfAFullMeshTakeEveryLinkEquallyOften) {
  for (std::int64_t ranks = 3; ranks <= 16; ++ranks) {
    const LocalOrders rings = node_rings(node_of(ScaleUpKind::full_mesh, 16), ranks);
    const auto count = uses(rings);
    EXPECT_EQ(count.size(), static_cast<std::size_t>(ranks * (ranks - 1)));
    for (const auto& [link, times] : count) EXPECT_EQ(times, ranks % 2 == 0 ? 2 : 1) << ranks;
  }
  EXPECT_THAT(node_rings(node_of(ScaleUpKind::full_mesh, 8), 2), IsEmpty());
  EXPECT_THAT(node_rings(node_of(ScaleUpKind::nvswitch, 8), 8), IsEmpty());
}

/// What each rank gets along all rings together, in links.
double links_together(const std::vector<LinkPair>& pairs, std::int64_t ranks) {
  const LocalOrders rings = node_rings(node_of(ScaleUpKind::links, 8, pairs), ranks);
  double slowest = 0;
  std::map<std::pair<int, int>, int> count = uses(rings);
  for (const LinkPair& pair : pairs) {
    for (const auto& way : {std::pair(pair.a, pair.b), std::pair(pair.b, pair.a)}) {
      const std::pair<int, int> link(static_cast<int>(way.first), static_cast<int>(way.second));
      slowest = std::max(slowest, count[link] / pair.links);
      count.erase(link);
    }
  }
  EXPECT_THAT(count, IsEmpty());  // along direct links only
  return rings.empty() ? 0 : static_cast<double>(rings.size()) / slowest;
}

TEST(NodeRings, OfAGraphUseWhatItsNarrowestRankAllows) {
  EXPECT_DOUBLE_EQ(links_together(hybrid_cube_mesh(), 8), 6);  // all six links of a V100
  // Rank 1 is joined to two others by one link each, and every ring must use one of them.
  EXPECT_DOUBLE_EQ(links_together(mi250x(), 8), 4);
  EXPECT_DOUBLE_EQ(links_together(mi250x(), 4), 2);  // 0 1 3 2
  EXPECT_DOUBLE_EQ(links_together(mi250x(), 3), 0);  // 1 and 2 are not joined
}

TEST(NodeRings, BeginAndEndEquallyOftenAtEveryRank) {
  for (const LocalOrders& rings :
       {node_rings(node_of(ScaleUpKind::full_mesh, 8), 8),
        node_rings(node_of(ScaleUpKind::full_mesh, 4), 4),
        node_rings(node_of(ScaleUpKind::full_mesh, 5), 5),
        node_rings(node_of(ScaleUpKind::links, 8, mi250x()), 8),
        node_rings(node_of(ScaleUpKind::links, 8, hybrid_cube_mesh()), 8)}) {
    const LocalOrders turned = rings_by_first_rank(rings);
    std::map<std::int32_t, std::size_t> first;
    std::map<std::int32_t, std::size_t> last;
    for (const auto& ring : turned) {
      ++first[ring.front()];
      ++last[ring.back()];
    }
    for (const auto& ends : {first, last})
      for (const auto& [rank, times] : ends)
        EXPECT_EQ(times * rings.front().size(), turned.size()) << rank;
  }
}

}  // namespace
}  // namespace collscale
