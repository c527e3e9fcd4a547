// SPDX-License-Identifier: Apache-2.0
// What must hold for the paths of any clos. The wiring is checked against the counts of clos_shape:
// a link's group, switch and port are taken out of its number and must join end to end.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "topology/check.hpp"
#include "topology/clos_shape.hpp"
#include "topology/fabric.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;
using testing::SmallSystem;

SmallSystem random_small() {
  SmallSystem small;
  small.rails = *rc::gen::element<std::int64_t>(1, 2, 3, 4);
  small.gpus = small.rails * *rc::gen::inRange<std::int64_t>(1, 4);
  small.nics = small.rails * *rc::gen::inRange<std::int64_t>(1, 5);
  const int tiers = *rc::gen::inRange(1, 5);
  small.children.clear();
  std::int64_t reach = 1;
  for (int t = 0; t < tiers; ++t) {
    small.children.push_back(*rc::gen::inRange<std::int64_t>(1, 5));
    reach *= small.children.back();
  }
  small.nodes = *rc::gen::inRange<std::int64_t>(1, reach + 1);
  small.oversubscription = *rc::gen::element(0.5, 1.0, 1.5, 2.0, 7.0);
  small.routing = *rc::gen::element(Routing::ecmp, Routing::adaptive, Routing::spray);
  small.cross_rail =
      tiers > 1 ? *rc::gen::element(CrossRail::forward, CrossRail::spine) : CrossRail::forward;
  return small;
}

struct Case {
  SmallSystem small;
  System system;
  Fabric fabric;
  std::int64_t source = 0;
  std::int64_t destination = 0;
  std::uint64_t hash = 0;
};

Case random_case() {
  const SmallSystem small = random_small();
  System system = testing::make_system(small);
  for (const Problem& problem : check_system(system)) RC_ASSERT(!problem.is_error);
  const std::int64_t ranks = max_ranks(system);
  Fabric fabric(system);
  return {small,
          std::move(system),
          std::move(fabric),
          *rc::gen::inRange<std::int64_t>(0, ranks),
          *rc::gen::inRange<std::int64_t>(0, ranks),
          *rc::gen::arbitrary<std::uint64_t>()};
}

std::int64_t index_of(const Fabric& fabric, std::int64_t link) {
  return link - fabric.class_of(link).first;
}

/// The part of a path between the NICs, or nothing for a path within a node.
std::optional<std::vector<std::int64_t>> switch_links(const Fabric& fabric, const Path& path) {
  std::vector<std::int64_t> links;
  bool between_nodes = false;
  for (const std::int64_t link : path.view()) {
    const Kind kind = fabric.class_of(link).kind;
    between_nodes = between_nodes || kind == Kind::nic_out;
    if (kind == Kind::up || kind == Kind::down) links.push_back(link);
  }
  return between_nodes ? std::optional(links) : std::nullopt;
}

RC_GTEST_PROP(FabricProperty, ClassesFollowOneAnotherAndCoverTheLinks, ()) {
  const Case c = random_case();
  std::int64_t next = 0;
  for (const LinkClass& link_class : c.fabric.classes()) {
    RC_ASSERT(link_class.first == next);
    RC_ASSERT(link_class.capacity_Bps > 0);
    RC_ASSERT(link_class.count > 0);
    RC_ASSERT(&c.fabric.class_of(link_class.first) == &link_class);
    RC_ASSERT(&c.fabric.class_of(link_class.first + link_class.count - 1) == &link_class);
    next += link_class.count;
  }
  RC_ASSERT(next == c.fabric.link_count());
}

RC_GTEST_PROP(FabricProperty, PathsRunFromTheSourcesPortToTheDestinationsPort, ()) {
  const Case c = random_case();
  const std::int64_t per_node = c.small.gpus;
  const std::int64_t source_node = c.source / per_node;
  const std::int64_t destination_node = c.destination / per_node;
  const Path path = c.fabric.path(c.source, c.destination, c.hash);
  if (c.source == c.destination) {
    RC_ASSERT(path.length == 0);
    return;
  }
  std::vector<std::int64_t> links(path.view().begin(), path.view().end());
  for (const std::int64_t link : links) RC_ASSERT(link >= 0 && link < c.fabric.link_count());
  const auto kind = [&c](std::int64_t link) { return c.fabric.class_of(link).kind; };
  if (source_node == destination_node) {
    RC_ASSERT(links.size() == 2U);
    RC_ASSERT(kind(links[0]) == Kind::scale_up_out && index_of(c.fabric, links[0]) == c.source);
    RC_ASSERT(kind(links[1]) == Kind::scale_up_in && index_of(c.fabric, links[1]) == c.destination);
    return;
  }
  const std::int64_t ranks_per_rail = per_node / c.small.rails;
  const std::int64_t source_rail = c.source % per_node / ranks_per_rail;
  const std::int64_t destination_rail = c.destination % per_node / ranks_per_rail;
  std::int64_t sender = c.source;
  if (source_rail != destination_rail && c.small.cross_rail == CrossRail::forward) {
    RC_ASSERT(kind(links[0]) == Kind::scale_up_out && index_of(c.fabric, links[0]) == c.source);
    RC_ASSERT(kind(links[1]) == Kind::scale_up_in);
    sender = index_of(c.fabric, links[1]);
    RC_ASSERT(sender / per_node == source_node);
    RC_ASSERT(sender % per_node / ranks_per_rail == destination_rail);
    links.erase(links.begin(), links.begin() + 2);
  }
  const std::int64_t nics = std::min(c.small.nics, per_node);
  const auto nic = [&](std::int64_t rank) {
    return rank / per_node * nics + rank % per_node * nics / per_node;
  };
  RC_ASSERT(kind(links.front()) == Kind::nic_out);
  RC_ASSERT(index_of(c.fabric, links.front()) == nic(sender));
  RC_ASSERT(kind(links.back()) == Kind::nic_in);
  RC_ASSERT(index_of(c.fabric, links.back()) == nic(c.destination));

  const int level = c.fabric.turning_level(c.source, c.destination);
  RC_ASSERT(links.size() == static_cast<std::size_t>(2 + 2 * (level - 1)));
  for (int tier = 0; tier + 1 < level; ++tier) {
    const LinkClass& up = c.fabric.class_of(links[static_cast<std::size_t>(1 + tier)]);
    const LinkClass& down =
        c.fabric.class_of(links[links.size() - 2 - static_cast<std::size_t>(tier)]);
    RC_ASSERT(up.kind == Kind::up && up.tier == tier);
    RC_ASSERT(down.kind == Kind::down && down.tier == tier);
  }
}

RC_GTEST_PROP(FabricProperty, TurningLevelIsTheLowestTierThatServesBoth, ()) {
  const Case c = random_case();
  const std::int64_t source_node = c.source / c.small.gpus;
  const std::int64_t destination_node = c.destination / c.small.gpus;
  const std::int64_t ranks_per_rail = c.small.gpus / c.small.rails;
  const bool rails_differ =
      c.source % c.small.gpus / ranks_per_rail != c.destination % c.small.gpus / ranks_per_rail;
  int expected = 0;
  if (source_node != destination_node) {
    std::int64_t group = 1;
    do {
      group *= c.small.children[static_cast<std::size_t>(expected)];
      ++expected;
      RC_ASSERT(c.fabric.group_ranks(expected - 1) == group * c.small.gpus);
    } while (source_node / group != destination_node / group);
    if (rails_differ && c.small.cross_rail == CrossRail::spine) expected = std::max(expected, 2);
  }
  RC_ASSERT(c.fabric.turning_level(c.source, c.destination) == expected);
  RC_ASSERT(c.fabric.turning_level(c.destination, c.source) == expected);
}

RC_GTEST_PROP(FabricProperty, TheWayBackIsAsLong, ()) {
  const Case c = random_case();
  RC_ASSERT(c.fabric.path(c.source, c.destination, c.hash).length ==
            c.fabric.path(c.destination, c.source, c.hash).length);
}

RC_GTEST_PROP(FabricProperty, EcmpLinksJoinSwitchToSwitch, ()) {
  Case c = random_case();
  testing::clos_of(c.system).routing = Routing::ecmp;
  const Fabric fabric(c.system);
  const std::vector<TierShape> shape = clos_shape(c.system);
  const auto links = switch_links(fabric, fabric.path(c.source, c.destination, c.hash));
  if (!links) return;
  const std::size_t turns = links->size() / 2;
  const std::int64_t ranks_per_rail = c.small.gpus / c.small.rails;
  std::int64_t up_switch = c.source % c.small.gpus / ranks_per_rail;
  std::int64_t down_switch = c.destination % c.small.gpus / ranks_per_rail;
  if (c.small.cross_rail == CrossRail::forward) up_switch = down_switch;
  for (std::size_t t = 0; t < turns; ++t) {
    const TierShape& tier = shape[t];
    const std::int64_t up = index_of(fabric, (*links)[t]);
    const std::int64_t down = index_of(fabric, (*links)[links->size() - 1 - t]);
    const std::int64_t group_ranks = tier.group_nodes * c.small.gpus;
    RC_ASSERT(up / tier.uplinks / tier.switches == c.source / group_ranks);
    RC_ASSERT(down / tier.uplinks / tier.switches == c.destination / group_ranks);
    RC_ASSERT(up / tier.uplinks % tier.switches == up_switch);
    RC_ASSERT(down / tier.uplinks % tier.switches == down_switch);
    // Uplink j of a leaf ends in spine j, uplink k of spine j in core (j, k).
    up_switch = (t == 0 ? 0 : up_switch * tier.uplinks) + up % tier.uplinks;
    down_switch = (t == 0 ? 0 : down_switch * tier.uplinks) + down % tier.uplinks;
    RC_ASSERT(up_switch < shape[t + 1].switches);
  }
  RC_ASSERT(up_switch == down_switch);  // it turns round in one switch
}

RC_GTEST_PROP(FabricProperty, EcmpUsesEveryParallelLink, ()) {
  Case c = random_case();
  testing::clos_of(c.system).routing = Routing::ecmp;
  const Fabric fabric(c.system);
  const std::vector<TierShape> shape = clos_shape(c.system);
  const auto links = switch_links(fabric, fabric.path(c.source, c.destination, 0));
  if (!links || links->empty()) return;
  const std::size_t top = links->size() / 2 - 1;  // the highest tier whose uplinks are used
  std::int64_t choices = 1;                       // of the whole way up, all independent
  for (std::size_t t = 0; t <= top; ++t) choices *= shape[t].uplinks;
  RC_PRE(choices <= 512);
  std::set<std::int64_t> used;
  // A link is missed with probability e^-40.
  for (std::uint64_t hash = 0; hash < 40 * static_cast<std::uint64_t>(choices); ++hash) {
    used.insert((*switch_links(fabric, fabric.path(c.source, c.destination, c.hash + hash)))[top]);
  }
  RC_ASSERT(static_cast<std::int64_t>(used.size()) == choices);
}

RC_GTEST_PROP(FabricProperty, BundledRoutingIgnoresTheHash, ()) {
  Case c = random_case();
  testing::clos_of(c.system).routing = Routing::adaptive;
  const Fabric fabric(c.system);
  const Path one = fabric.path(c.source, c.destination, 0);
  const Path other = fabric.path(c.source, c.destination, c.hash);
  RC_ASSERT(
      std::equal(one.view().begin(), one.view().end(), other.view().begin(), other.view().end()));
}

RC_GTEST_PROP(FabricProperty, CapacityUpwardsIsThatFromBelowOverTheOversubscription, ()) {
  Case c = random_case();
  testing::clos_of(c.system).routing = Routing::spray;
  const Fabric fabric(c.system);
  double of_child = 50e9 * static_cast<double>(c.small.nics);
  for (std::size_t t = 0; t + 1 < c.small.children.size(); ++t) {
    const LinkClass& up = *fabric.find_class(Kind::up, static_cast<int>(t));
    const auto groups = static_cast<double>(clos_shape(c.system)[t].groups);
    const double of_group = up.capacity_Bps * static_cast<double>(up.count) / groups;
    of_child *= static_cast<double>(c.small.children[t]) / c.small.oversubscription;
    RC_ASSERT(std::abs(of_group - of_child) <= 1e-12 * of_child);
  }
}

}  // namespace
}  // namespace collscale
