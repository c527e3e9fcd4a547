// SPDX-License-Identifier: Apache-2.0
#include "topology/fabric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "topology/clos_shape.hpp"

namespace collscale {

Fabric::Fabric(const System& system)
    : ranks_per_node_(collscale::ranks_per_node(system)), ranks_(max_ranks(system)) {
  using Kind = LinkClass::Kind;
  const Clos& clos = std::get<Clos>(system.fabric);
  const Nics& nics = system.node.nics;
  const std::int64_t nodes = std::llround(system.nodes.value);
  const std::int64_t per_node = ranks_per_node_.value();
  const double efficiency = clos.efficiency.value;

  rails_ = clos.rails;
  rail_ranks_ = Divisor(std::max<std::int64_t>(1, per_node / rails_));
  tiers_ = static_cast<int>(std::min<std::size_t>(clos.tiers.size(), kMaxTiers));
  cross_rail_ = clos.cross_rail;
  bundled_ = clos.routing != Routing::ecmp;
  planes_ = bundled_ ? 1 : clos.planes;
  const auto plane_share = static_cast<double>(planes_);

  const ScaleUp& scale_up = system.node.scale_up;
  const double port_Bps = scale_up.bandwidth_Bps.value * scale_up.efficiency.value;
  add_class(Kind::scale_up_out, -1, ranks_, port_Bps);
  add_class(Kind::scale_up_in, -1, ranks_, port_Bps);
  // More NICs than ranks: a rank's NICs are one link of their summed capacity.
  const double nic_count = nics.per_node.value;
  nics_per_node_ = std::min(std::llround(nic_count), static_cast<long long>(per_node));
  const double nic_Bps = nics.bandwidth_Bps.value * efficiency *
                         std::max(1.0, nic_count / static_cast<double>(per_node));
  plane_nics_ = nodes * nics_per_node_;
  add_class(Kind::nic_out, -1, planes_ * plane_nics_, nic_Bps / plane_share);
  add_class(Kind::nic_in, -1, planes_ * plane_nics_, nic_Bps / plane_share);

  const std::vector<TierShape> shape = clos_shape(system);
  for (int t = 0; t < tiers_; ++t) {
    const auto index = static_cast<std::size_t>(t);
    const TierShape& tier = shape[index];
    Level& level = levels_[index];
    level.group_ranks = Divisor(tier.group_nodes * per_node);
    tier_names_[index] = clos.tiers[index].name;
    if (t + 1 == tiers_) break;  // the top tier has no uplinks
    level.switches = bundled_ && t > 0 ? 1 : tier.switches;
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

  latency_s_[0] = scale_up.latency_s.value;
  host_latency_s_ = nics.latency_s.value;
  double below_s = host_latency_s_;  // host part and the switches passed twice
  for (int t = 0; t < tiers_; ++t) {
    const auto index = static_cast<std::size_t>(t);
    const double hop_s = clos.tiers[index].hop_latency_s.value;
    latency_s_[index + 1] = below_s + hop_s;
    below_s += 2 * hop_s;
  }
}

void Fabric::add_class(LinkClass::Kind kind, int tier, std::int64_t count, double capacity_Bps) {
  classes_[static_cast<std::size_t>(class_count_++)] = {kind, tier, link_count_, count,
                                                        capacity_Bps};
  link_count_ += count;
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
    case Kind::nic_out:
      return fmt::format("{}node {} nic {} out", of_plane(plane_nics_), nic / nics_per_node_,
                         nic % nics_per_node_);
    case Kind::nic_in:
      return fmt::format("{}node {} nic {} in", of_plane(plane_nics_), nic / nics_per_node_,
                         nic % nics_per_node_);
    case Kind::up:
    case Kind::down:
      break;
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
    case Kind::nic_out:
    case Kind::nic_in:
      return "nic";
    case Kind::up:
    case Kind::down:
      break;
  }
  return tier_names_[static_cast<std::size_t>(link_class.tier)];
}

int Fabric::turning_level(std::int64_t source_rank, std::int64_t destination_rank) const {
  const std::int64_t source_node = ranks_per_node_.quotient(source_rank);
  const std::int64_t destination_node = ranks_per_node_.quotient(destination_rank);
  if (source_node == destination_node) return 0;
  const std::int64_t per_node = ranks_per_node_.value();
  const bool changes_rail =
      cross_rail_ == CrossRail::spine && rail(source_rank - source_node * per_node) !=
                                             rail(destination_rank - destination_node * per_node);
  return level(source_rank, destination_rank, changes_rail);
}

Fabric::TierLinks Fabric::tier_links(int tier) const {
  const Level& level = levels_[static_cast<std::size_t>(tier)];
  return {level.group_ranks.value() / ranks_per_node_.value(), level.switches, level.uplinks,
          level.plane_links};
}

double Fabric::latency_s(int level) const { return latency_s_[static_cast<std::size_t>(level)]; }

int Fabric::levels() const { return tiers_ + 1; }

std::int64_t Fabric::group_ranks(int tier) const {
  return levels_[static_cast<std::size_t>(tier)].group_ranks.value();
}

}  // namespace collscale
