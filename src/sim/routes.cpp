// SPDX-License-Identifier: Apache-2.0
#include "sim/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/shortest_way.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;

constexpr int kPlane = Fabric::kMaxTiers;
constexpr int kDrawsBeforeScan = 16;
constexpr std::uint64_t kRedraw = 0xd6e8feb86659fd93U;

/// Faults of links numbered apart → of the fabric's own links: what each has lost.
std::vector<LinkFault> bundled(const Fabric& apart, const Fabric& bundles,
                               const std::vector<LinkFault>& faults) {
  std::vector<LinkFault> lost;
  for (const LinkFault& fault : faults) {
    const LinkClass& from = apart.class_of(fault.link);
    const LinkClass& into = *bundles.find_class(from.kind, from.tier);
    const std::int64_t members = from.count / into.count;
    // Plane by plane, and within a plane bundle by bundle.
    const std::int64_t in_plane = (fault.link - from.first) % (from.count / apart.planes());
    const std::int64_t of_bundle = members / apart.planes();
    lost.push_back(
        {into.first + in_plane / of_bundle, (1 - fault.left) / static_cast<double>(members)});
  }
  std::sort(lost.begin(), lost.end(), [](const LinkFault& a, const LinkFault& b) {
    return a.link != b.link ? a.link < b.link : a.left < b.left;
  });
  std::vector<LinkFault> left;
  for (std::size_t i = 0; i < lost.size();) {
    double sum = 0;
    const std::int64_t link = lost[i].link;
    for (; i < lost.size() && lost[i].link == link; ++i) sum += lost[i].left;
    // What rounding leaves of a bundle all of whose members are dead is nothing.
    left.push_back({link, sum > 1 - 1e-9 ? 0.0 : 1 - sum});
  }
  return left;
}

}  // namespace

Routes::Routes(const System& system) : fabric_(system) {}

Routes::Routes(const System& system, JobPlacement placement, const Faults& faults)
    : fabric_(system), placement_(std::move(placement)) {
  if (faults.empty()) return;
  const bool bundles = fabric_.is_clos() && fabric_.bundles();
  const auto is_dead = [](const LinkFault& fault) { return fault.left <= 0; };
  changed_ = faults.links;
  if (bundles) {
    const System single = with_links_apart(system);
    Faults dead = faults;
    std::erase_if(dead.links, [&](const LinkFault& fault) { return !is_dead(fault); });
    changed_ = bundled(Fabric(single), fabric_, faults.links);
    if (!dead.empty()) {
      maimed_.assign(static_cast<std::size_t>(fabric_.link_count()), false);
      for (const LinkFault& fault : bundled(Fabric(single), fabric_, dead.links))
        maimed_[static_cast<std::size_t>(fault.link)] = true;
      apart_ = std::make_shared<const Routes>(single, JobPlacement(), dead);
    }
  }
  std::erase_if(changed_, [](const LinkFault& fault) { return fault.left >= 1; });
  if (std::none_of(changed_.begin(), changed_.end(), is_dead)) return;
  dead_.assign(static_cast<std::size_t>(fabric_.link_count()), false);
  for (const LinkFault& fault : changed_)
    if (is_dead(fault)) dead_[static_cast<std::size_t>(fault.link)] = true;
  find_dead_nics();
}

void Routes::find_dead_nics() {
  const LinkClass& out = *fabric_.find_class(Kind::nic_out);
  const LinkClass& in = *fabric_.find_class(Kind::nic_in);
  const std::int64_t plane_nics = out.count / fabric_.planes();
  const std::int64_t per_node = fabric_.ranks_per_node();
  const auto lives = [&](std::int64_t nic) {
    for (std::int64_t plane = 0; plane < fabric_.planes(); ++plane)
      if (!dead(out.first + plane * plane_nics + nic) && !dead(in.first + plane * plane_nics + nic))
        return true;
    return false;
  };
  bool any = false;
  for (std::int64_t nic = 0; nic < plane_nics && !any; ++nic) any = !lives(nic);
  if (!any) return;
  const std::int64_t nodes = plane_nics / fabric_.nics_per_node();
  local_nic_.resize(static_cast<std::size_t>(nodes * per_node));
  for (std::int64_t node = 0; node < nodes; ++node) {
    for (std::int64_t local = 0; local < per_node; ++local) {
      std::int32_t found = -1;
      for (std::int64_t turn = 0; turn < per_node && found < 0; ++turn) {
        const std::int64_t other = (local + turn) % per_node;
        if (lives(fabric_.nic_of(node, other))) found = static_cast<std::int32_t>(other);
      }
      local_nic_[static_cast<std::size_t>(node * per_node + local)] = found;
    }
  }
}

bool Routes::node_lacks_nic(std::int64_t node) const {
  for (std::int64_t local = 0; local < fabric_.ranks_per_node(); ++local)
    if (nic_local(node, local) != local) return true;
  return false;
}

/// Whether what a choice decides is dead: the NICs for that of the plane, else the links of a tier.
/// `way`: where in the path the way between the NICs begins.
bool Routes::dead_at(const Path& path, int way, int tier) const {
  const auto at = [&](int i) { return dead(path.links[static_cast<std::size_t>(i)]); };
  const int last = path.length - 1;
  return tier == kPlane ? at(way) || at(last) : at(way + 1 + tier) || at(last - 1 - tier);
}

/// Looks for a whole way, switch by switch.
struct Routes::Search {
  const Routes& routes;
  std::int64_t source_node, out, destination_node, in;
  std::uint64_t hash;
  const Path& start;  ///< what comes before the way
  std::array<std::int64_t, Fabric::kMaxTiers + 1> chosen{};
  Path path{};

  void build() {
    path = start;
    routes.fabric_.append_way(
        path, source_node, out, destination_node, in,
        [this](int tier, std::int64_t) { return chosen[static_cast<std::size_t>(tier)]; });
  }
  [[nodiscard]] int tiers() const { return (path.length - start.length - 2) / 2; }
  /// The choice is alive, and so is some way beyond it.
  bool holds(int tier) {
    build();
    if (routes.dead_at(path, start.length, tier)) return false;
    const int next = tier == kPlane ? 0 : tier + 1;
    if (next >= tiers()) return true;
    return decide(next);
  }
  bool decide(int tier) {
    const Fabric& fabric = routes.fabric_;
    const std::int64_t count = tier == kPlane     ? fabric.planes()
                               : fabric.bundles() ? 1
                                                  : fabric.tier_links(tier).uplinks;
    std::int64_t& choice = chosen[static_cast<std::size_t>(tier)];
    for (int draw = 0; draw < kDrawsBeforeScan; ++draw) {
      choice = pick(hash + static_cast<std::uint64_t>(draw) * kRedraw, tier, count);
      if (holds(tier)) return true;
    }
    std::vector<std::int64_t> living;
    for (std::int64_t each = 0; each < count; ++each) {
      choice = each;
      if (holds(tier)) living.push_back(each);
    }
    if (living.empty()) return false;
    choice = living[static_cast<std::size_t>(
        pick(hash ^ 0xa0761d6478bd642fU, tier, static_cast<std::int64_t>(living.size())))];
    return holds(tier);
  }
};

bool Routes::is_whole(const Path& path) const {
  return dead_.empty() ||
         std::none_of(path.begin(), path.end(), [this](std::int64_t link) { return dead(link); });
}

Path Routes::path_of_ranks(std::int64_t source, std::int64_t destination,
                           std::uint64_t hash) const {
  if (!fabric_.is_clos()) return direct_path(source, destination, hash);
  const Path path = clos_path(source, destination, hash);
  if (apart_ == nullptr) return path;
  // One bundle that has lost members leads wherever the others do; two may have nothing in common.
  const auto maimed = std::count_if(path.begin(), path.end(), [this](std::int64_t link) {
    return maimed_[static_cast<std::size_t>(link)];
  });
  if (maimed < 2 || apart_->path_of_ranks(source, destination, hash).length > 0) return path;
  return {};
}

/// Of a torus or dragonfly.
Path Routes::direct_path(std::int64_t source, std::int64_t destination, std::uint64_t hash) const {
  Path path = fabric_.path(source, destination, hash);
  if (is_whole(path)) return path;
  const std::int64_t per_node = fabric_.ranks_per_node();
  const std::int64_t source_node = source / per_node;
  const std::int64_t destination_node = destination / per_node;
  const std::int64_t out = nic_local(source_node, source % per_node);
  const std::int64_t in = nic_local(destination_node, destination % per_node);
  if (out < 0 || in < 0) return {};
  source = source_node * per_node + out;
  destination = destination_node * per_node + in;
  path = fabric_.path(source, destination, hash);
  // A torus has one way only.
  for (int draw = 1; draw < kDrawsBeforeScan && !is_whole(path); ++draw)
    path = fabric_.path(source, destination, hash + static_cast<std::uint64_t>(draw) * kRedraw);
  if (is_whole(path)) return path;
  return shortest_way(fabric_, fabric_.router_of(source_node, out),
                      fabric_.router_of(destination_node, in), path.links[0],
                      path.links[static_cast<std::size_t>(path.length - 1)], hash,
                      [this](std::int64_t link) { return dead(link); });
}

Path Routes::clos_path(std::int64_t source, std::int64_t destination, std::uint64_t hash) const {
  const std::int64_t per_node = fabric_.ranks_per_node();
  if (local_nic_.empty()) {
    Path path = fabric_.path(source, destination, hash);
    if (is_whole(path)) return path;
  }
  Path path;
  if (source == destination) return path;
  const std::int64_t source_node = source / per_node;
  const std::int64_t destination_node = destination / per_node;
  if (source_node == destination_node) return fabric_.path(source, destination, hash);
  std::int64_t out = source - source_node * per_node;
  const std::int64_t in = nic_local(destination_node, destination - destination_node * per_node);
  if (in < 0) return path;
  if (fabric_.forwards() && fabric_.rail_of(out) != fabric_.rail_of(in)) {
    fabric_.append_within(path, source_node, out, in);
    out = in;
  }
  out = nic_local(source_node, out);
  if (out < 0) return {};
  Search search{*this, source_node, out, destination_node, in, hash, path};
  if (fabric_.planes() > 1) {
    if (!search.decide(kPlane)) return {};
    return search.path;
  }
  search.build();
  if (dead_at(search.path, path.length, kPlane)) return {};
  if (search.tiers() > 0 && !search.decide(0)) return {};
  return search.path;
}

double Routes::capacity_Bps(std::int64_t link) const {
  const auto at = std::lower_bound(
      changed_.begin(), changed_.end(), link,
      [](const LinkFault& fault, std::int64_t value) { return fault.link < value; });
  const double left = at != changed_.end() && at->link == link ? at->left : 1;
  return fabric_.class_of(link).capacity_Bps * left;
}

std::string Routes::cut_between(std::int64_t source, std::int64_t destination) const {
  const std::int64_t per_node = fabric_.ranks_per_node();
  const std::int64_t from = placement_.rank(source);
  const std::int64_t to = placement_.rank(destination);
  const auto sentence = [&](const std::string& reason) {
    return fmt::format(
        "the failures cut the fabric: gpu {} (node {}) cannot reach gpu {} (node {}), {}", from,
        from / per_node, to, to / per_node, reason);
  };
  for (const std::int64_t rank : {from, to})
    if (nic_local(rank / per_node, rank % per_node) < 0)
      return sentence(fmt::format("node {} has lost all its NICs", rank / per_node));
  // With what whole leaves have lost: the ways by which the flow could leave and arrive.
  const Path path = fabric_.path(from, to, 0);
  for (const std::int64_t link : path) {
    const LinkClass& link_class = fabric_.class_of(link);
    if (link_class.kind != Kind::up && link_class.kind != Kind::down) continue;
    const std::int64_t uplinks = fabric_.tier_links(link_class.tier).uplinks;
    const std::int64_t first = link - (link - link_class.first) % uplinks;
    bool all = true;
    for (std::int64_t i = 0; i < uplinks; ++i) all = all && dead(first + i);
    if (!all) continue;
    std::string name = fabric_.link_name(first);
    const std::string_view word = link_class.kind == Kind::up ? " up" : " down";
    name = name.substr(0, name.rfind(word));
    return sentence(name + " has lost all its uplinks");
  }
  return sentence("no way between them is whole");
}

}  // namespace collscale
