// SPDX-License-Identifier: Apache-2.0
#include "sim/link_loads.hpp"

#include <algorithm>
#include <set>

#include "topology/local_detours.hpp"

namespace collscale {

int resource_of(const LinkClass& link_class) {
  using Kind = LinkClass::Kind;
  switch (link_class.kind) {
    case Kind::scale_up_out:
    case Kind::scale_up_in:
    case Kind::scale_up_link:
      return kScaleUpResource;
    case Kind::nic_out:
    case Kind::nic_in:
      return kNicResource;
    case Kind::up:
    case Kind::down:
    case Kind::plus:
    case Kind::minus:
    case Kind::local:
    case Kind::global:
      break;
  }
  return kFirstTierResource + link_class.tier;
}

void spread_local_loads(const Routes& routes, std::span<double> bytes) {
  const DragonflyRoutes* const dragonfly = routes.fabric().dragonfly();
  if (dragonfly == nullptr || !dragonfly->spreads_locally()) return;
  const std::int64_t routers = dragonfly->routers();
  const std::int64_t parallel = dragonfly->parallel_local_links();
  const std::int64_t first = dragonfly->local_link(0, 0, 1);
  const std::int64_t of_group = routers * (routers - 1) * parallel;
  std::set<std::int64_t> broken;
  for (const LinkFault& fault : routes.changed())
    if (fault.link >= first && fault.link < first + dragonfly->local_links())
      broken.insert((fault.link - first) / of_group);
  std::vector<double> loads(static_cast<std::size_t>(routers * routers));
  for (std::int64_t group = 0; group < dragonfly->groups(); ++group) {
    const auto links = bytes.subspan(static_cast<std::size_t>(first + group * of_group),
                                     static_cast<std::size_t>(of_group));
    const bool idle = std::all_of(links.begin(), links.end(), [](double b) { return b <= 0; });
    if (idle || broken.contains(group)) continue;
    std::fill(loads.begin(), loads.end(), 0.0);
    // f(load of the pair, its links)
    const auto for_each_pair = [&](const auto& f) {
      for (std::int64_t from = 0; from < routers; ++from)
        for (std::int64_t to = 0; to < routers; ++to)
          if (from != to)
            f(loads[static_cast<std::size_t>(from * routers + to)],
              bytes.subspan(static_cast<std::size_t>(dragonfly->local_link(group, from, to)),
                            static_cast<std::size_t>(parallel)));
    };
    const auto share = 1 / static_cast<double>(parallel);
    for_each_pair([&](double& load, std::span<double> between) {
      for (const double b : between) load += share * b;
    });
    spread_over_third_routers(loads, routers);
    for_each_pair([&](double load, std::span<double> between) {
      std::fill(between.begin(), between.end(), load);
    });
  }
}

LinkLoads::LinkLoads(const Routes& routes)
    : routes_(routes), bytes_(static_cast<std::size_t>(routes.fabric().link_count()), 0.0) {}

void LinkLoads::clear() { std::fill(bytes_.begin(), bytes_.end(), 0.0); }

PerResource LinkLoads::fullest() const {
  PerResource seconds{};
  const auto raise = [&](const LinkClass& link_class, double bytes, double capacity_Bps) {
    double& resource = seconds[static_cast<std::size_t>(resource_of(link_class))];
    resource = std::max(resource, bytes / capacity_Bps);
  };
  for (const LinkClass& link_class : routes_.fabric().classes()) {
    if (link_class.count == 0) continue;
    const auto first = bytes_.begin() + link_class.first;
    raise(link_class, *std::max_element(first, first + link_class.count), link_class.capacity_Bps);
  }
  for (const LinkFault& fault : routes_.changed()) {
    const LinkClass& link_class = routes_.fabric().class_of(fault.link);
    if (fault.left > 0) raise(link_class, bytes(fault.link), link_class.capacity_Bps * fault.left);
  }
  return seconds;
}

double LinkLoads::fullest_port_s() const {
  const auto classes = routes_.fabric().classes();
  const auto end = bytes_.begin() + classes[1].first + classes[1].count;
  return *std::max_element(bytes_.begin(), end) / classes[0].capacity_Bps;
}

}  // namespace collscale
