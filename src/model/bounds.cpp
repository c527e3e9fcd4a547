// SPDX-License-Identifier: Apache-2.0
#include "model/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "topology/fabric.hpp"
#include "topology/job_box.hpp"

namespace collscale {
namespace {

/// ⌈log_base count⌉ by multiplication: exact.
int rounds(std::int64_t base, std::int64_t count) {
  int needed = 0;
  for (std::int64_t reached = 1; reached < count; reached *= base) ++needed;
  return needed;
}

/// Fraction of the size that must pass, one way, between a set of `inside` ranks and the other
/// `ranks − inside`, in the direction that carries more.
double cut_fraction(Collective collective, double inside, double ranks, bool in_network) {
  const double outside = ranks - inside;
  switch (collective) {
    case Collective::all_reduce:
      // One group alone may send as little as 1; but 2(K−1)/K leaves each of K groups on average,
      // and so at least that much leaves one of them.
      return in_network ? 1 : 2 * outside / ranks;
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::gather:
    case Collective::scatter:
      return outside / ranks;
    case Collective::all_to_all:
      return inside * outside / ranks;
    case Collective::broadcast:
    case Collective::reduce:
    case Collective::send_recv:
      return 1;
    case Collective::barrier:
    case Collective::all_gather_v:  // measured only: no bound is known here
    case Collective::all_to_all_v:
      return 0;
  }
  return 0;
}

/// One way between `inside` ranks and the rest, whichever way the ranks are divided. (What leaves
/// one of several equal groups on average, as above, need not leave this one.)
double any_cut_fraction(Collective collective, double inside, double ranks) {
  if (collective == Collective::all_reduce) return 1;
  if (collective == Collective::gather || collective == Collective::scatter)  // root on either side
    return std::min(inside, ranks - inside) / ranks;
  return cut_fraction(collective, std::min(inside, ranks - inside), ranks, false);
}

/// The slowest cut of a torus or mesh between two slabs: positions below some h of a dimension, and
/// the others; of a dragonfly between some groups and the others (W. Dally, B. Towles, "Principles
/// and Practices of Interconnection Networks", 2004, section 3.3.1: channel bisection). Each of the
/// two parts holds ranks of the job, which is packed.
double direct_cut_s(const System& system, const Fabric& fabric, Collective collective,
                    std::int64_t ranks, double bytes) {
  using Kind = LinkClass::Kind;
  const auto n = static_cast<double>(ranks);
  double slowest_s = 0;
  const auto cut = [&](std::int64_t inside, double links_Bps) {
    if (inside <= 0 || inside >= ranks) return;
    slowest_s = std::max(slowest_s, any_cut_fraction(collective, static_cast<double>(inside), n) *
                                        bytes / links_Bps);
  };
  const std::int64_t per_node = ranks_per_node(system);
  if (const auto* torus = std::get_if<Torus>(&system.fabric)) {
    std::int64_t stride = per_node;  // ranks from one position to the next
    for (std::size_t d = 0; d < torus->dimensions.size(); ++d) {
      const std::int64_t size = std::llround(torus->dimensions[d].size.value);
      const LinkClass& plus = *fabric.find_class(Kind::plus, static_cast<int>(d));
      const std::int64_t lines = max_ranks(system) / per_node / size;
      // A ring is cut in two places, in each of which one of its two directions leads out.
      const std::int64_t places = plus.count / lines == size ? 2 : 1;
      const double links_Bps = static_cast<double>(places * lines) * plus.capacity_Bps;
      for (std::int64_t h = 1; h < size; ++h) {
        const std::int64_t turns = ranks / (stride * size);
        cut(turns * stride * h + std::min(ranks - turns * stride * size, stride * h), links_Bps);
      }
      stride *= size;
    }
  }
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    const std::int64_t groups = std::llround(dragonfly->groups.value);
    const LinkClass* global = fabric.find_class(Kind::global, 1);
    const std::int64_t group = DragonflyRoutes(*dragonfly).nodes_of_group() * per_node;
    for (std::int64_t h = 1; h < groups; ++h)
      cut(h * group, static_cast<double>(global->count) * static_cast<double>(h * (groups - h)) /
                         static_cast<double>(groups * (groups - 1)) * global->capacity_Bps);
  }
  return slowest_s;
}

/// What the best connected rank of a node can send at once to the first `reached` ranks of it: its
/// port, or the links on which its ways to them begin.
double scale_up_Bps(const Fabric& fabric, std::int64_t reached) {
  const double port_Bps = fabric.find_class(LinkClass::Kind::scale_up_out)->capacity_Bps;
  const NodeLinks* links = fabric.node_links();
  if (links == nullptr || links->through_host()) return port_Bps;
  double most_Bps = 0;
  for (std::int64_t from = 0; from < reached; ++from) {
    std::vector<bool> begins(links->all().size(), false);
    double sum_Bps = 0;
    for (std::int64_t to = 0; to < reached; ++to) {
      if (from == to) continue;
      const std::uint16_t first = links->way(from, to).front();
      if (!begins[first]) sum_Bps += links->at(first).capacity_Bps;
      begins[first] = true;
    }
    most_Bps = std::max(most_Bps, sum_Bps);
  }
  return std::min(port_Bps, most_Bps);
}

/// Of a job in one node: the ranks below its first PCIe switch and the others.
double switch_cut_s(const Fabric& fabric, Collective collective, std::int64_t ranks, double bytes) {
  const NodeLinks* links = fabric.node_links();
  if (links == nullptr || !links->through_host()) return 0;
  const auto switches = static_cast<std::int64_t>(links->all().size() / 2);
  const std::int64_t below = fabric.ranks_per_node() / switches;
  if (ranks <= below) return 0;
  const auto inside = static_cast<double>(below);
  const auto n = static_cast<double>(ranks);
  const double fraction = ranks % below == 0 ? cut_fraction(collective, inside, n, false)
                                             : any_cut_fraction(collective, inside, n);
  return fraction * bytes / links->at(0).capacity_Bps;
}

}  // namespace

double Bounds::time_s() const { return std::max({latency_s, injection_s, cut_s}); }

Bounds lower_bounds(const System& whole, Collective collective, std::int64_t ranks,
                    double size_bytes, const Abilities& abilities) {
  std::optional<System> box;  // of a torus; no other system is copied
  if (std::holds_alternative<Torus>(whole.fabric)) box = job_system(whole, ranks);
  const System& system = box ? *box : whole;
  const bool in_network = abilities.in_network;
  const double copies = abilities.copies;
  using Kind = LinkClass::Kind;
  const Fabric fabric(system);
  const std::int64_t per_node = ranks_per_node(system);
  const std::int64_t in_node = std::min(ranks, per_node);
  const std::int64_t nodes = (ranks + per_node - 1) / per_node;
  const auto n = static_cast<double>(ranks);
  Bounds bounds;
  if (ranks < 2) return bounds;

  // Data must cross the widest boundary at least once.
  int farthest = nodes > 1 ? 1 : 0;
  for (int tier = 0; tier + 1 < fabric.tiers() && ranks > fabric.group_ranks(tier); ++tier) {
    ++farthest;
  }
  bounds.latency_s =
      collective == Collective::send_recv ? fabric.latency_s(0) : fabric.latency_s(farthest);
  // Switches in the nodes shorten what happens there, switches between nodes the rest.
  const auto& in_node_switches = system.node.scale_up.in_network;
  const InNetworkReduction* fabric_switches = fabric_in_network(system);
  const bool fabric_adds = in_network && fabric_switches != nullptr;
  if (in_network && farthest == 0 && in_node_switches)
    bounds.latency_s = std::min(bounds.latency_s, in_node_switches->latency_s.value);
  if (fabric_adds && farthest > 0)
    bounds.latency_s =
        std::min(bounds.latency_s, bounds.latency_s + fabric_switches->latency_s.value -
                                       system.node.nics.latency_s.value);
  if (passes_on(collective)) {
    if (!in_network)
      bounds.latency_s =
          std::max(bounds.latency_s, rounds(abilities.ports + 1, in_node) * fabric.latency_s(0));
    if (nodes > 1 && !fabric_adds) {
      bounds.latency_s = std::max(
          bounds.latency_s, rounds(abilities.ports * in_node + 1, nodes) * fabric.latency_s(1));
    }
  }

  // One rank alone, through all its ports at once, which switches that add up may use better.
  double port_Bps = scale_up_Bps(fabric, nodes > 1 ? per_node : in_node);
  if (const auto& reduction = system.node.scale_up.in_network; in_network && reduction)
    port_Bps =
        std::max(port_Bps, system.node.scale_up.bandwidth_Bps.value * reduction->efficiency.value);
  const LinkClass& nic = *fabric.find_class(Kind::nic_out);
  const double node_Bps = nic.capacity_Bps * static_cast<double>(nic.count) *
                          static_cast<double>(per_node) / static_cast<double>(max_ranks(system));
  const double rank_Bps = port_Bps + (nodes > 1 ? nic.capacity_Bps : 0);
  bounds.injection_s = cut_fraction(collective, 1, n, in_network) * size_bytes / copies / rank_Bps;

  if (nodes == 1) bounds.cut_s = switch_cut_s(fabric, collective, ranks, size_bytes / copies);
  if (nodes > 1) {
    bounds.cut_s = cut_fraction(collective, static_cast<double>(in_node), n, fabric_adds) *
                   size_bytes / copies / node_Bps;
  }
  for (int tier = 0; tier + 1 < fabric.tiers(); ++tier) {
    const std::int64_t group = fabric.group_ranks(tier);
    if (ranks <= group) break;
    const LinkClass& up = *fabric.find_class(Kind::up, tier);
    const std::int64_t groups = (max_ranks(system) + group - 1) / group;
    const double uplinks_Bps =
        up.capacity_Bps * static_cast<double>(up.count) / static_cast<double>(groups);
    bounds.cut_s = std::max(bounds.cut_s,
                            cut_fraction(collective, static_cast<double>(group), n, fabric_adds) *
                                size_bytes / copies / uplinks_Bps);
  }
  if (nodes > 1)
    bounds.cut_s = std::max(bounds.cut_s,
                            direct_cut_s(system, fabric, collective, ranks, size_bytes / copies));
  return bounds;
}

}  // namespace collscale
