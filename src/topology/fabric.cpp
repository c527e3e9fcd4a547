// SPDX-License-Identifier: Apache-2.0
#include "topology/fabric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "topology/clos_shape.hpp"

namespace collscale {

Fabric::Fabric(const System& system)
    : ranks_per_node_(collscale::ranks_per_node(system)), ranks_(max_ranks(system)) {
  latency_s_[0] = system.node.scale_up.latency_s.value;
  host_latency_s_ = system.node.nics.latency_s.value;
  if (const auto& transport_s = system.node.nics.transport_latency_s)
    host_latency_s_ += transport_s->value;
  rail_ranks_ = Divisor(ranks_per_node_.value());
  is_clos_ = std::holds_alternative<Clos>(system.fabric);
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) add_clos(system, *clos);
  if (const auto* torus = std::get_if<Torus>(&system.fabric)) add_torus(system, *torus);
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric))
    add_dragonfly(system, *dragonfly);
}

void Fabric::add_nodes(const System& system, double plane_share) {
  using Kind = LinkClass::Kind;
  const Nics& nics = system.node.nics;
  const std::int64_t per_node = ranks_per_node_.value();
  const double port_Bps = port_bandwidth_Bps(system.node) * system.node.scale_up.efficiency.value;
  add_class(Kind::scale_up_out, -1, ranks_, port_Bps);
  add_class(Kind::scale_up_in, -1, ranks_, port_Bps);
  const std::int64_t nodes = std::llround(system.nodes.value);
  if (system.node.scale_up.kind != ScaleUpKind::nvswitch) {
    NodeLinks links(system.node);
    for (int width = 0; width < static_cast<int>(links.widths().size()); ++width) {
      const NodeLinks::Width& alike = links.widths()[static_cast<std::size_t>(width)];
      add_class(Kind::scale_up_link, width, nodes * alike.count, alike.capacity_Bps);
    }
    if (!links.empty()) node_links_ = std::make_shared<const NodeLinks>(std::move(links));
  }
  // More NICs than ranks: a rank's NICs are one link of their summed capacity.
  const double nic_count = nics.per_node.value;
  nics_per_node_ = std::min(std::llround(nic_count), static_cast<long long>(per_node));
  const double nic_Bps = nics.bandwidth_Bps.value * fabric_efficiency(system).value *
                         std::max(1.0, nic_count / static_cast<double>(per_node));
  plane_nics_ = nodes * nics_per_node_;
  first_nic_out_ = link_count_;
  add_class(Kind::nic_out, -1, planes_ * plane_nics_, nic_Bps / plane_share);
  first_nic_in_ = link_count_;
  add_class(Kind::nic_in, -1, planes_ * plane_nics_, nic_Bps / plane_share);
}

void Fabric::add_clos(const System& system, const Clos& clos) {
  using Kind = LinkClass::Kind;
  const std::int64_t per_node = ranks_per_node_.value();
  const double efficiency = clos.efficiency.value;
  rails_ = clos.rails;
  rail_ranks_ = Divisor(std::max<std::int64_t>(1, per_node / rails_));
  tiers_ = static_cast<int>(std::min<std::size_t>(clos.tiers.size(), kMaxTiers));
  cross_rail_ = clos.cross_rail;
  bundled_ = clos.routing != Routing::ecmp;
  planes_ = bundled_ ? 1 : clos.planes;
  add_nodes(system, static_cast<double>(planes_));
  const std::vector<TierShape> shape = clos_shape(system);
  for (int t = 0; t < tiers_; ++t) {
    const auto index = static_cast<std::size_t>(t);
    const TierShape& tier = shape[index];
    Level& level = levels_[index];
    level.group_ranks = Divisor(tier.group_nodes * per_node);
    tier_names_[index] = clos.tiers[index].name;
    level.switches = bundled_ && t > 0 ? 1 : tier.switches;
    if (t + 1 == tiers_) break;  // the top tier has no uplinks
    level.uplinks = bundled_ ? 1 : tier.uplinks;
    const double all_planes_Bps = tier.up_Bps * static_cast<double>(clos.planes);
    const double link_Bps = bundled_ ? all_planes_Bps / static_cast<double>(level.switches)
                                     : clos.tiers[index].link_Bps.value;
    level.plane_links = tier.groups * level.switches * level.uplinks;
    const std::int64_t count = planes_ * level.plane_links;
    level.first_up = link_count_;
    add_class(Kind::up, t, count, link_Bps * efficiency);
    level.first_down = link_count_;
    add_class(Kind::down, t, count, link_Bps * efficiency);
  }

  double below_s = host_latency_s_;  // host part and the switches passed twice
  for (int t = 0; t < tiers_; ++t) {
    const auto index = static_cast<std::size_t>(t);
    const double hop_s = clos.tiers[index].hop_latency_s.value;
    hops_s_[index] = hop_s;
    latency_s_[index + 1] = below_s + hop_s;
    below_s += 2 * hop_s;
  }
}

void Fabric::add_torus(const System& system, const Torus& torus) {
  using Kind = LinkClass::Kind;
  add_nodes(system, 1);
  TorusRoutes routes(torus);
  const std::vector<std::string_view> names = direct_tier_names(system);
  for (int d = 0; d < routes.dimensions(); ++d) {
    const auto index = static_cast<std::size_t>(d);
    tier_names_[index] = names[index];
    routes.place(d, link_count_);
    const double link_Bps = torus.dimensions[index].link_Bps.value * torus.efficiency.value;
    add_class(Kind::plus, d, routes.cables(d), link_Bps);
    add_class(Kind::minus, d, routes.cables(d), link_Bps);
  }
  hop_latency_s_ = torus.hop_latency_s.value;
  routes_ = routes;
}

void Fabric::add_dragonfly(const System& system, const Dragonfly& dragonfly) {
  using Kind = LinkClass::Kind;
  add_nodes(system, 1);
  DragonflyRoutes routes(dragonfly);
  rails_ = routes.node_routers();
  rail_ranks_ = Divisor(std::max<std::int64_t>(1, ranks_per_node_.value() / rails_));
  cross_rail_ = CrossRail::spine;  // each rank sends from its own NIC
  const double efficiency = dragonfly.efficiency.value;
  tier_names_[0] = "local";
  tier_names_[1] = "global";
  routes.place(link_count_, link_count_ + routes.local_links());
  add_class(Kind::local, 0, routes.local_links(), dragonfly.local_link_Bps.value * efficiency);
  first_global_ = link_count_;
  add_class(Kind::global, 1, routes.global_links(), dragonfly.global_link_Bps.value * efficiency);
  router_nodes_ = Divisor(routes.nodes_of_router());
  hop_latency_s_ = dragonfly.hop_latency_s.value;
  global_latency_s_ = dragonfly.global_latency_s.value;
  // Every number of links up to those of the longest way, and some more around what is broken.
  const DragonflyRoutes::Hops most{8, 4};
  for (int global = 0; global <= most.global; ++global)
    for (int local = 0; local <= most.local; ++local) hops_of_level_.push_back({local, global});
  std::stable_sort(hops_of_level_.begin(), hops_of_level_.end(),
                   [this](const auto& a, const auto& b) { return latency_of(a) < latency_of(b); });
  routes_ = routes;
}

Path Fabric::routed_path(std::int64_t source_rank, std::int64_t destination_rank,
                         std::uint64_t hash) const {
  Path path;
  if (source_rank == destination_rank) return path;
  const std::int64_t source_node = ranks_per_node_.quotient(source_rank);
  const std::int64_t destination_node = ranks_per_node_.quotient(destination_rank);
  if (source_node == destination_node) {
    const std::int64_t first = source_node * ranks_per_node_.value();
    append_within(path, source_node, source_rank - first, destination_rank - first);
    return path;
  }
  const std::int64_t out = source_rank - source_node * ranks_per_node_.value();
  const std::int64_t in = destination_rank - destination_node * ranks_per_node_.value();
  path.push(first_nic_out_ + nic(source_node, out));
  if (const auto* torus = std::get_if<TorusRoutes>(&routes_))
    torus->append(path, source_node, destination_node);
  else if (const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_))
    dragonfly->append(path, router(source_node, out), router(destination_node, in), hash);
  path.push(first_nic_in_ + nic(destination_node, in));
  return path;
}

void Fabric::add_class(LinkClass::Kind kind, int tier, std::int64_t count, double capacity_Bps) {
  classes_[static_cast<std::size_t>(class_count_++)] = {kind, tier, link_count_, count,
                                                        capacity_Bps};
  link_count_ += count;
}

double Fabric::neighbours_Bps() const {
  const double port_Bps = classes_[0].capacity_Bps;
  if (node_links_ == nullptr) return port_Bps;
  const std::int64_t ranks = ranks_per_node_.value();
  double seconds = 0;
  for (std::int64_t local = 0; local < ranks; ++local) {
    double narrowest = port_Bps;
    for (const std::uint16_t link : node_links_->way(local, (local + 1) % ranks))
      narrowest = std::min(narrowest, node_links_->at(link).capacity_Bps);
    seconds += 1 / narrowest;
  }
  return static_cast<double>(ranks) / seconds;
}

const LinkClass& Fabric::class_of(std::int64_t link) const {
  const auto all = classes();
  const auto next = std::upper_bound(
      all.begin(), all.end(), link,
      [](std::int64_t value, const LinkClass& link_class) { return value < link_class.first; });
  return *(next - 1);
}

const LinkClass* Fabric::find_class(LinkClass::Kind kind, int tier) const {
  for (const LinkClass& link_class : classes()) {
    if (link_class.kind == kind && link_class.tier == tier) return &link_class;
  }
  return nullptr;
}

int Fabric::turning_level(std::int64_t source_rank, std::int64_t destination_rank,
                          std::uint64_t hash) const {
  const std::int64_t source_node = ranks_per_node_.quotient(source_rank);
  const std::int64_t destination_node = ranks_per_node_.quotient(destination_rank);
  if (source_node == destination_node) return 0;
  if (!is_clos_) return routed_level(source_rank, destination_rank, hash);
  const std::int64_t per_node = ranks_per_node_.value();
  const bool changes_rail =
      cross_rail_ == CrossRail::spine && rail(source_rank - source_node * per_node) !=
                                             rail(destination_rank - destination_node * per_node);
  return level(source_rank, destination_rank, changes_rail);
}

int Fabric::routed_level(std::int64_t source_rank, std::int64_t destination_rank,
                         std::uint64_t hash) const {
  const std::int64_t per_node = ranks_per_node_.value();
  const std::int64_t source_node = ranks_per_node_.quotient(source_rank);
  const std::int64_t destination_node = ranks_per_node_.quotient(destination_rank);
  if (const auto* torus = std::get_if<TorusRoutes>(&routes_))
    return torus->hops(source_node, destination_node);
  const auto& dragonfly = *std::get_if<DragonflyRoutes>(&routes_);
  return level_of(dragonfly.hops(
      router(source_node, source_rank - source_node * per_node),
      router(destination_node, destination_rank - destination_node * per_node), hash));
}

int Fabric::level_of(const DragonflyRoutes::Hops& hops) const {
  int level = 1;
  for (const DragonflyRoutes::Hops& known : hops_of_level_) {
    if (known.local == hops.local && known.global == hops.global) break;
    ++level;
  }
  return level;
}

int Fabric::turning_level(const Path& path) const {
  if (path.length == 0 || path.links[static_cast<std::size_t>(path.length - 1)] < first_nic_out_)
    return 0;
  if (is_clos_) {
    int within = 0;  // before it leaves the node
    while (path.links[static_cast<std::size_t>(within)] < first_nic_out_) ++within;
    return (path.length - within) / 2;
  }
  if (hops_of_level_.empty()) return path.length - 2;
  DragonflyRoutes::Hops hops;
  for (const std::int64_t link : path.view().subspan(1, static_cast<std::size_t>(path.length - 2)))
    ++(link < first_global_ ? hops.local : hops.global);
  return level_of(hops);
}

Fabric::TierLinks Fabric::tier_links(int tier) const {
  const Level& level = levels_[static_cast<std::size_t>(tier)];
  return {level.group_ranks.value() / ranks_per_node_.value(), level.switches, level.uplinks,
          level.plane_links};
}

double Fabric::latency_of(const DragonflyRoutes::Hops& hops) const {
  return host_latency_s_ + (hops.local + hops.global + 1) * hop_latency_s_ +
         hops.global * global_latency_s_;
}

double Fabric::latency_s(int level) const {
  const auto index = static_cast<std::size_t>(level);
  if (is_clos_ || level == 0) return latency_s_[index];
  if (hops_of_level_.empty()) return host_latency_s_ + level * hop_latency_s_;
  return latency_of(hops_of_level_[index - 1]);
}

int Fabric::levels() const {
  // Round a ring the other way is twice as far; a few links more lead round a dead router.
  if (std::holds_alternative<TorusRoutes>(routes_))
    return std::max(diameter(), std::min(2 * diameter() + 8, Path::kMaxLinks - 4)) + 1;
  if (!is_clos_) return static_cast<int>(hops_of_level_.size()) + 1;
  return tiers_ + 1;
}

int Fabric::diameter() const {
  if (const auto* torus = std::get_if<TorusRoutes>(&routes_)) return torus->diameter();
  int longest = 0;
  if (const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_))
    for (const auto& hops : dragonfly->all_hops())
      longest = std::max(longest, hops.local + hops.global);
  return longest;
}

std::int64_t Fabric::router_of(std::int64_t node, std::int64_t local_rank) const {
  const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_);
  return dragonfly != nullptr ? dragonfly->with_spines(router(node, local_rank)) : node;
}

std::vector<LinkTo> Fabric::hops_from(std::int64_t router) const {
  if (const auto* torus = std::get_if<TorusRoutes>(&routes_)) return torus->hops_from(router);
  if (const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_))
    return dragonfly->hops_from(router);
  return {};
}

int Fabric::least_hops(std::int64_t router, std::int64_t other) const {
  if (const auto* torus = std::get_if<TorusRoutes>(&routes_)) return torus->hops(router, other);
  return router == other ? 0 : 1;
}

std::int64_t Fabric::reverse(std::int64_t link) const {
  using Kind = LinkClass::Kind;
  const LinkClass& link_class = class_of(link);
  const std::int64_t index = link - link_class.first;
  const auto* dragonfly = std::get_if<DragonflyRoutes>(&routes_);
  switch (link_class.kind) {
    case Kind::plus:
    case Kind::nic_out:
      return link + link_class.count;
    case Kind::minus:
    case Kind::nic_in:
      return link - link_class.count;
    case Kind::local:
      return link_class.first + dragonfly->local_reverse(index);
    case Kind::global:
      return link_class.first + dragonfly->global_reverse(index);
    default:
      return link;
  }
}

std::int64_t Fabric::group_ranks(int tier) const {
  return levels_[static_cast<std::size_t>(tier)].group_ranks.value();
}

}  // namespace collscale
