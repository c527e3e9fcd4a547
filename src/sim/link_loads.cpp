// SPDX-License-Identifier: Apache-2.0
#include "sim/link_loads.hpp"

#include <algorithm>

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
