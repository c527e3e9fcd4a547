// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "topology/check.hpp"
#include "topology/fabric.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;
using testing::make_dragonfly;
using testing::SmallDragonfly;

int count(const Fabric& fabric, const Path& path, Kind kind) {
  int links = 0;
  for (const std::int64_t link : path.view()) links += fabric.class_of(link).kind == kind ? 1 : 0;
  return links;
}

TEST(Dragonfly, NamesItsLinks) {
  const Fabric fabric(make_dragonfly({}));
  EXPECT_EQ(fabric.link_name(fabric.find_class(Kind::local, 0)->first + 13),
            "group 1 router 0 to router 2");
  EXPECT_EQ(fabric.link_name(fabric.find_class(Kind::global, 1)->first + 8 * 3 + 5),
            "group 3 router 2 global 1");
  EXPECT_EQ(fabric.tier_name(*fabric.find_class(Kind::global, 1)), "global");
}

TEST(Dragonfly, HasAsManyLinksAsTheTextbookSays) {
  // Kim et al., section 3.1: with a = 4, h = 2, g = a·h + 1 = 9 every two groups share one cable.
  const Fabric fabric(make_dragonfly({}));
  EXPECT_EQ(fabric.find_class(Kind::local, 0)->count, 9 * 4 * 3);
  EXPECT_EQ(fabric.find_class(Kind::global, 1)->count, 9 * 8);
}

TEST(Dragonfly, GlobalLinksJoinEveryTwoGroupsAlike) {
  for (const auto& [groups, expected] : {std::pair{9, 1}, {5, 2}, {3, 4}}) {
    const Fabric fabric(make_dragonfly({.groups = groups}));
    std::map<std::pair<std::int64_t, std::int64_t>, int> joined;
    std::map<std::int64_t, int> ports;
    const LinkClass& global = *fabric.find_class(Kind::global, 1);
    for (std::int64_t link = global.first; link < global.first + global.count; ++link) {
      const LinkEnds ends = fabric.ends(link);
      ++joined[{ends.from.index / 4, ends.to.index / 4}];
      ++ports[ends.from.index];
      // The way back is a link, too.
      bool back = false;
      for (std::int64_t other = global.first; other < global.first + global.count; ++other)
        back = back || (fabric.ends(other).from == ends.to && fabric.ends(other).to == ends.from);
      EXPECT_TRUE(back);
    }
    EXPECT_EQ(joined.size(), static_cast<std::size_t>(groups * (groups - 1)));
    for (const auto& [pair, links] : joined) {
      EXPECT_NE(pair.first, pair.second);
      EXPECT_EQ(links, expected);
    }
    for (const auto& [router, used] : ports) EXPECT_EQ(used, 2) << router;
  }
}

TEST(Dragonfly, MinimalWaysCrossOneGlobalAndAtMostTwoLocalLinks) {
  const Fabric fabric(make_dragonfly({}));
  int longest = 0;
  for (std::int64_t a = 0; a < 72; ++a) {
    for (std::int64_t b = 0; b < 72; ++b) {
      const Path path = fabric.path(a, b, 7);
      EXPECT_EQ(count(fabric, path, Kind::global), a / 8 == b / 8 ? 0 : 1);
      EXPECT_LE(count(fabric, path, Kind::local), a / 8 == b / 8 ? 1 : 2);
      longest = std::max(longest, path.length);
    }
  }
  EXPECT_EQ(longest, 2 + 3);
}

TEST(Dragonfly, ValiantGoesOverAThirdGroup) {
  const Fabric fabric(make_dragonfly({.routing = DragonflyRouting::valiant}));
  std::set<std::int64_t> between;
  for (std::uint64_t hash = 0; hash < 200; ++hash) {
    const Path path = fabric.path(0, 71, hash);
    ASSERT_EQ(count(fabric, path, Kind::global), 2);
    for (const std::int64_t link : path.view()) {
      if (fabric.class_of(link).kind != Kind::global) continue;
      between.insert(fabric.ends(link).to.index / 4);
      break;
    }
  }
  EXPECT_EQ(between, (std::set<std::int64_t>{1, 2, 3, 4, 5, 6, 7}));
}

TEST(Dragonfly, AdaptiveSendsHalfEitherWay) {
  const Fabric fabric(make_dragonfly({.routing = DragonflyRouting::adaptive}));
  int minimal = 0;
  for (std::uint64_t hash = 0; hash < 10000; ++hash)
    minimal += count(fabric, fabric.path(0, 71, hash), Kind::global) == 1 ? 1 : 0;
  EXPECT_NEAR(minimal, 5000, 200);
}

TEST(Dragonfly, AllPairsLoadEveryGlobalLinkWithAGroupSquared) {
  // One cable between two groups of 8 nodes carries 8 · 8 bytes each way. A local link carries its
  // two routers' 2 · 2, what leaves and arrives through either one: 2 groups at a router, 2 nodes
  // at the other, 8 there, both ways.
  const Fabric fabric(make_dragonfly({}));
  std::vector<double> loads(static_cast<std::size_t>(fabric.link_count()), 0.0);
  for (std::int64_t a = 0; a < 72; ++a)
    for (std::int64_t b = 0; b < 72; ++b)
      for (const std::int64_t link : fabric.path(a, b, 0).view())
        loads[static_cast<std::size_t>(link)] += 1;
  const LinkClass& global = *fabric.find_class(Kind::global, 1);
  for (std::int64_t link = global.first; link < global.first + global.count; ++link)
    EXPECT_EQ(loads[static_cast<std::size_t>(link)], 64);
  const LinkClass& local = *fabric.find_class(Kind::local, 0);
  for (std::int64_t link = local.first; link < local.first + local.count; ++link)
    EXPECT_EQ(loads[static_cast<std::size_t>(link)], 4 + 2 * 2 * 8 + 2 * 2 * 8);
}

TEST(Dragonfly, LatencyCountsRoutersAndGlobalCables) {
  const Fabric fabric(make_dragonfly({}));
  EXPECT_EQ(fabric.turning_level(0, 1), 1);  // one router
  EXPECT_DOUBLE_EQ(fabric.latency_s(fabric.turning_level(0, 1)), 3e-6 + 0.25e-6);
  EXPECT_DOUBLE_EQ(fabric.latency_s(fabric.turning_level(0, 2)), 3e-6 + 2 * 0.25e-6);
  for (std::int64_t b = 8; b < 72; ++b) {
    const Path path = fabric.path(0, b, 5);
    EXPECT_NEAR(fabric.latency_s(fabric.turning_level(0, b, 5)),
                3e-6 + (path.length - 1) * 0.25e-6 + 0.5e-6, 1e-15);
  }
}

TEST(Dragonfly, LevelsAscendInLatency) {
  for (const auto routing :
       {DragonflyRouting::minimal, DragonflyRouting::valiant, DragonflyRouting::adaptive}) {
    for (const std::int64_t spines : {0, 4}) {
      const Fabric fabric(make_dragonfly({.spines = spines, .routing = routing}));
      for (int level = 2; level < fabric.levels(); ++level)
        EXPECT_LE(fabric.latency_s(level - 1), fabric.latency_s(level));
    }
  }
}

TEST(DragonflyPlus, EverythingMeetsAtASpine) {
  // Shpiner et al.: leaf, spine, spine, leaf between groups; leaf, spine, leaf within one.
  const Fabric fabric(make_dragonfly({.spines = 4}));
  EXPECT_EQ(fabric.find_class(Kind::local, 0)->count, 2 * 9 * 4 * 4);
  EXPECT_EQ(count(fabric, fabric.path(0, 71, 3), Kind::local), 2);
  EXPECT_EQ(count(fabric, fabric.path(0, 71, 3), Kind::global), 1);
  EXPECT_EQ(count(fabric, fabric.path(0, 7, 3), Kind::local), 2);
  EXPECT_EQ(count(fabric, fabric.path(0, 1, 3), Kind::local), 0);
  EXPECT_EQ(fabric.vertex_name(fabric.ends(fabric.find_class(Kind::global, 1)->first).from),
            "group 0 spine 0");
}

TEST(Dragonfly, ChecksWhatDoesNotFit) {
  const auto message = [](SmallDragonfly small, int extra_nodes = 0) {
    System system = make_dragonfly(small);
    system.nodes.value += extra_nodes;
    const auto problems = check_system(system);
    return problems.empty() ? std::string() : problems.front().message;
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({.groups = 10}),
            "4 routers of 2 global links reach 8 other groups, expected the 9 that there are");
  EXPECT_EQ(message({.groups = 4}),
            "2 of the 8 global ports of a group stay unused, so that every two groups have as many "
            "links");
  EXPECT_EQ(message({}, 1),
            "found 73, more than the 72 that 9 groups of 4 routers of 2 nodes hold");
  System system = make_dragonfly({});
  std::get<Dragonfly>(system.fabric).router_radix = testing::figure(6);
  ASSERT_EQ(check_system(system).size(), 1U);
  EXPECT_EQ(check_system(system)[0].message, "a router needs 7 ports, more than its 6");
}

TEST(Dragonfly, SpreadsTheLinksThatTheFileStatesOverAllRouters) {
  System system = make_dragonfly({.groups = 5, .global = 3});
  std::get<Dragonfly>(system.fabric).pair_links = testing::figure(2);
  EXPECT_TRUE(check_system(system).empty());
  const Fabric fabric(system);
  const LinkClass& global = *fabric.find_class(Kind::global, 1);
  ASSERT_EQ(global.count, 5 * 4 * 2);
  std::map<std::pair<std::int64_t, std::int64_t>, int> joined;
  std::map<std::int64_t, int> ports;
  for (std::int64_t link = global.first; link < global.first + global.count; ++link) {
    const LinkEnds ends = fabric.ends(link);
    ++joined[{ends.from.index / 4, ends.to.index / 4}];
    ++ports[ends.from.index];
    EXPECT_EQ(fabric.ends(fabric.reverse(link)).to, ends.from);
  }
  for (const auto& [pair, links] : joined) EXPECT_EQ(links, 2);
  for (const auto& [router, used] : ports) EXPECT_EQ(used, 2) << router;
  std::get<Dragonfly>(system.fabric).pair_links = testing::figure(4);
  ASSERT_EQ(check_system(system).size(), 1U);
  EXPECT_EQ(check_system(system)[0].message,
            "4 links to each of 4 other groups need 16 global ports of a group, more than its 12");
}

TEST(Dragonfly, NicsOfANodeMayEndAtSeveralRouters) {
  System system = make_dragonfly({.gpus = 4});
  Dragonfly& dragonfly = std::get<Dragonfly>(system.fabric);
  dragonfly.node_routers = testing::figure(2);
  system.nodes.value /= 2;  // two routers share their nodes
  EXPECT_TRUE(check_system(system).empty());
  const Fabric fabric(system);
  const std::int64_t ranks = max_ranks(system);
  for (std::int64_t a = 0; a < ranks; ++a)
    for (std::int64_t b = 0; b < ranks; ++b) {
      const Path path = fabric.path(a, b, 3);
      for (int i = 0; i + 1 < path.length; ++i)
        EXPECT_EQ(fabric.ends(path.links[static_cast<std::size_t>(i)]).to,
                  fabric.ends(path.links[static_cast<std::size_t>(i + 1)]).from);
    }
  // Nodes 0 and 1 share routers 0 and 1: ranks 0, 1 at the first, 2, 3 at the second.
  EXPECT_EQ(fabric.path(0, 5, 0).length, 2);
  EXPECT_EQ(fabric.path(0, 6, 0).length, 3);
  dragonfly.node_routers = testing::figure(3);
  EXPECT_EQ(check_system(system)[0].message,
            "found 3, expected a divisor of the 4 routers of a group");
}

}  // namespace
}  // namespace collscale
