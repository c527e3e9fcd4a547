// SPDX-License-Identifier: Apache-2.0
// Names of links, and where they begin and end.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "topology/fabric.hpp"

namespace collscale {

std::string Fabric::link_name(std::int64_t link) const {
  using Kind = LinkClass::Kind;
  const LinkClass& link_class = class_of(link);
  const std::int64_t index = link - link_class.first;
  const auto of_plane = [&](std::int64_t plane_links) {
    return planes_ == 1 ? std::string() : fmt::format("plane {} ", index / plane_links);
  };
  const std::int64_t nic = plane_nics_ > 0 ? index % plane_nics_ : 0;
  switch (link_class.kind) {
    case Kind::scale_up_out:
      return fmt::format("gpu {} scale-up out", index);
    case Kind::scale_up_in:
      return fmt::format("gpu {} scale-up in", index);
    case Kind::scale_up_link: {
      const LinkEnds both = ends(link);
      if (both.from.kind == Vertex::Kind::port)
        return fmt::format("gpu {} to gpu {}", both.from.index, both.to.index);
      const bool up = both.from.kind == Vertex::Kind::pcie_switch;
      return vertex_name(up ? both.from : both.to) + (up ? " up" : " down");
    }
    case Kind::nic_out:
      return fmt::format("{}node {} nic {} out", of_plane(plane_nics_), nic / nics_per_node_,
                         nic % nics_per_node_);
    case Kind::nic_in:
      return fmt::format("{}node {} nic {} in", of_plane(plane_nics_), nic / nics_per_node_,
                         nic % nics_per_node_);
    case Kind::up:
    case Kind::down:
      break;
    case Kind::plus:
    case Kind::minus:
    case Kind::local:
    case Kind::global:
      return class_name_of(link_class, index);
  }
  const auto tier = static_cast<std::size_t>(link_class.tier);
  const Level& level = levels_[tier];
  const std::int64_t device = index % level.plane_links / level.uplinks;
  std::string text = of_plane(level.plane_links);
  text += fmt::format("{} {}", tier_names_[tier], device / level.switches);
  if (level.switches > 1) {
    text += fmt::format(" {} {}", tier == 0 ? "rail" : "switch", device % level.switches);
  }
  text += link_class.kind == Kind::up ? " up" : " down";
  if (level.uplinks > 1) text += fmt::format(" {}", index % level.uplinks);
  return text;
}

std::string Fabric::tier_name(const LinkClass& link_class) const {
  using Kind = LinkClass::Kind;
  switch (link_class.kind) {
    case Kind::scale_up_out:
    case Kind::scale_up_in:
      return "scale-up";
    case Kind::scale_up_link:
      return "scale-up link";
    case Kind::nic_out:
    case Kind::nic_in:
      return "nic";
    default:
      break;
  }
  return tier_names_[static_cast<std::size_t>(link_class.tier)];
}

/// Of a torus or dragonfly.
std::string Fabric::class_name_of(const LinkClass& link_class, std::int64_t index) const {
  using Kind = LinkClass::Kind;
  const LinkEnds both = ends(link_class.first + index);
  const std::string from = vertex_name(both.from);
  if (const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_)) {
    if (link_class.kind == Kind::global)
      return fmt::format("{} global {}", from, dragonfly->global_ends(index).port);
    const DragonflyRoutes::Ends local = dragonfly->local_ends(index);
    const std::string to = vertex_name(both.to);
    return fmt::format("{} to {}{}", from, to.substr(to.find(' ', to.find(' ') + 1) + 1),
                       local.parallel > 0 ? fmt::format(" {}", local.parallel) : "");
  }
  return fmt::format("{} {}{}", from, link_class.kind == Kind::plus ? '+' : '-',
                     tier_names_[static_cast<std::size_t>(link_class.tier)]);
}

LinkEnds Fabric::ends(std::int64_t link) const {
  using Kind = LinkClass::Kind;
  using Of = Vertex::Kind;
  const LinkClass& link_class = class_of(link);
  const std::int64_t index = link - link_class.first;
  const auto* torus = std::get_if<TorusRoutes>(&routes_);
  const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_);
  const std::int64_t node = plane_nics_ > 0 ? index % plane_nics_ / nics_per_node_ : 0;
  // The first local rank of a NIC.
  const auto first_rank_of = [this](std::int64_t nic) {
    const std::int64_t of_node = nic % plane_nics_ % nics_per_node_;
    return (of_node * ranks_per_node_.value() + nics_per_node_ - 1) / nics_per_node_;
  };
  const auto router_vertex = [&](const DragonflyRoutes::Router& one) {
    const std::int64_t of_group = dragonfly->routers() + dragonfly->spines();
    return Vertex{Of::network_switch, 0, one.group * of_group + one.router};
  };
  LinkEnds both;
  switch (link_class.kind) {
    case Kind::scale_up_out:
      return {{Of::rank, 0, index}, port_end(index)};
    case Kind::scale_up_in:
      return {port_end(index), {Of::rank, 0, index}};
    case Kind::scale_up_link:
      return node_link_ends(link_class, index);
    case Kind::nic_out:
    case Kind::nic_in: {
      both.from = {Of::node, 0, node};
      if (torus != nullptr) {
        both.to = {Of::network_switch, 0, node};
      } else if (dragonfly != nullptr) {
        const std::int64_t at = router(node, first_rank_of(index));
        const std::int64_t group = at / dragonfly->routers();
        both.to = router_vertex({group, at - group * dragonfly->routers()});
      } else {
        // The ranks of a NIC are of one rail.
        const std::int64_t leaf =
            levels_[0].group_ranks.quotient(node * ranks_per_node_.value()) * rails_ +
            rail(first_rank_of(index));
        both.to = {Of::network_switch, 0, leaf * planes_ + index / plane_nics_};
      }
      if (link_class.kind == Kind::nic_in) std::swap(both.from, both.to);
      return both;
    }
    case Kind::up:
    case Kind::down:
      both = clos_ends(link_class, index);
      if (link_class.kind == Kind::down) std::swap(both.from, both.to);
      return both;
    case Kind::plus:
    case Kind::minus: {
      const TorusRoutes::Ends cable = torus->ends(link_class.tier, index);
      both = {{Of::network_switch, 0, cable.from}, {Of::network_switch, 0, cable.to}};
      if (link_class.kind == Kind::minus) std::swap(both.from, both.to);
      return both;
    }
    case Kind::local:
    case Kind::global: {
      const DragonflyRoutes::Ends cable = link_class.kind == Kind::local
                                              ? dragonfly->local_ends(index)
                                              : dragonfly->global_ends(index);
      return {router_vertex(cable.from), router_vertex(cable.to)};
    }
  }
  return both;
}

/// Where a rank's port leads: to the node's switch, its PCIe switch, or where its links end.
Vertex Fabric::port_end(std::int64_t rank) const {
  const std::int64_t node = ranks_per_node_.quotient(rank);
  if (node_links_ == nullptr) return {Vertex::Kind::scale_up_switch, 0, node};
  if (!node_links_->through_host()) return {Vertex::Kind::port, 0, rank};
  const auto switches = static_cast<std::int64_t>(node_links_->all().size() / 2);
  return {Vertex::Kind::pcie_switch, 0, rank * switches / ranks_per_node_.value()};
}

LinkEnds Fabric::node_link_ends(const LinkClass& link_class, std::int64_t index) const {
  const std::int64_t count = node_links_->widths()[static_cast<std::size_t>(link_class.tier)].count;
  const std::int64_t node = index / count;
  const auto all = node_links_->all();
  const NodeLinks::Link& link =
      *std::find_if(all.begin(), all.end(), [&](const NodeLinks::Link& each) {
        return each.width == link_class.tier && each.number == index % count;
      });
  const std::int64_t first = node * ranks_per_node_.value();
  if (!node_links_->through_host())
    return {{Vertex::Kind::port, 0, first + link.from}, {Vertex::Kind::port, 0, first + link.to}};
  const auto switches = static_cast<std::int64_t>(all.size() / 2);
  const auto end = [&](std::int32_t at) {
    return at < 0 ? Vertex{Vertex::Kind::scale_up_switch, 0, node}
                  : Vertex{Vertex::Kind::pcie_switch, 0, node * switches + at};
  };
  return {end(link.from), end(link.to)};
}

/// Of an uplink. A switch of tier t is (group · switches of a group + switch) · planes + plane.
LinkEnds Fabric::clos_ends(const LinkClass& link_class, std::int64_t index) const {
  const auto t = static_cast<std::size_t>(link_class.tier);
  const Level& here = levels_[t];
  const Level& above = levels_[t + 1];
  const std::int64_t plane = index / here.plane_links;
  const std::int64_t device = index % here.plane_links / here.uplinks;
  const std::int64_t group = device / here.switches;
  const std::int64_t uplink = index % here.uplinks;
  const std::int64_t parent = group * here.group_ranks.value() / above.group_ranks.value();
  // Uplink j of every leaf goes to spine j, uplink k of spine j to core (j, k), and so on.
  const std::int64_t of_switch = link_class.tier == 0 ? 0 : device % here.switches;
  const std::int64_t to = bundled_ ? 0 : of_switch * here.uplinks + uplink;
  return {{Vertex::Kind::network_switch, link_class.tier, device * planes_ + plane},
          {Vertex::Kind::network_switch, link_class.tier + 1,
           (parent * above.switches + to) * planes_ + plane}};
}

std::string Fabric::vertex_name(const Vertex& vertex) const {
  switch (vertex.kind) {
    case Vertex::Kind::rank:
      return fmt::format("gpu {}", vertex.index);
    case Vertex::Kind::scale_up_switch:
      return fmt::format("node {} {}", vertex.index, node_links_ == nullptr ? "scale-up" : "host");
    case Vertex::Kind::port:
      return fmt::format("gpu {} links", vertex.index);
    case Vertex::Kind::pcie_switch: {
      const auto switches = static_cast<std::int64_t>(node_links_->all().size() / 2);
      return fmt::format("node {} switch {}", vertex.index / switches, vertex.index % switches);
    }
    case Vertex::Kind::node:
      return fmt::format("node {}", vertex.index);
    case Vertex::Kind::network_switch:
      break;
  }
  if (std::holds_alternative<TorusRoutes>(routes_)) return fmt::format("node {}", vertex.index);
  if (const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_)) {
    const std::int64_t of_group = dragonfly->routers() + dragonfly->spines();
    const std::int64_t router = vertex.index % of_group;
    const bool spine = router >= dragonfly->routers();
    return fmt::format("group {} {} {}", vertex.index / of_group,
                       dragonfly->spines() == 0 ? "router"
                       : spine                  ? "spine"
                                                : "leaf",
                       spine ? router - dragonfly->routers() : router);
  }
  const auto tier = static_cast<std::size_t>(vertex.tier);
  const std::int64_t switches = levels_[tier].switches;
  const std::int64_t device = vertex.index / planes_;
  std::string text = planes_ == 1 ? "" : fmt::format("plane {} ", vertex.index % planes_);
  text += fmt::format("{} {}", tier_names_[tier], device / switches);
  if (switches > 1)
    text += fmt::format(" {} {}", vertex.tier == 0 ? "rail" : "switch", device % switches);
  return text;
}

double Fabric::link_latency_s(std::int64_t link) const {
  using Kind = LinkClass::Kind;
  const LinkClass& link_class = class_of(link);
  // A switch's latency is that of the link that enters it.
  const auto tier_s = [this](int tier) { return hops_s_[static_cast<std::size_t>(tier)]; };
  switch (link_class.kind) {
    case Kind::scale_up_out:
      return latency_on_links() ? 0 : latency_s_[0];
    case Kind::scale_up_link:
      return latency_on_links() ? latency_s_[0] : 0;
    case Kind::scale_up_in:
    case Kind::nic_in:
      return 0;
    case Kind::nic_out:
      if (std::holds_alternative<TorusRoutes>(routes_)) return host_latency_s_;
      return host_latency_s_ + (is_clos_ ? tier_s(0) : hop_latency_s_);
    case Kind::up:
      return tier_s(link_class.tier + 1);
    case Kind::down:
      return tier_s(link_class.tier);
    case Kind::plus:
    case Kind::minus:
    case Kind::local:
      return hop_latency_s_;
    case Kind::global:
      return hop_latency_s_ + global_latency_s_;
  }
  return 0;
}

}  // namespace collscale
