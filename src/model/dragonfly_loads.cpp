// SPDX-License-Identifier: Apache-2.0
#include "model/dragonfly_loads.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "model/collisions.hpp"
#include "topology/local_detours.hpp"

namespace collscale {
namespace {

/// Groups whose local links are looked at, where there are more than four times as many.
constexpr std::int64_t kMostGroupsLookedAt = 8;
/// Links that carry at least so much of the busiest one's load are as likely to be hit most.
constexpr double kAlike = 0.9;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

DragonflyLoads::DragonflyLoads(const System& system, const Dragonfly& dragonfly,
                               const Fabric& fabric, std::int64_t ranks)
    : fabric_(fabric),
      routes_(dragonfly),
      routers_(routes_.routers()),
      groups_(routes_.groups()),
      spines_(routes_.spines()),
      vertices_(at(routes_.routers() + routes_.spines())),
      ranks_(ranks),
      per_node_(ranks_per_node(system)),
      set_ranks_(routes_.nodes_of_router() * per_node_),
      node_routers_(routes_.node_routers()),
      between_(static_cast<double>(routes_.links_between_groups())),
      parallel_(static_cast<double>(routes_.parallel_local_links())) {
  if (system.node.nics.queue_pairs) queue_pairs_ = system.node.nics.queue_pairs->value;
  if (groups_ > 2 && routes_.routing() != DragonflyRouting::minimal)
    valiant_ = routes_.routing() == DragonflyRouting::valiant ? 1 : 0.5;
  minimal_ = 1 - valiant_;
  const std::int64_t first = spines_ > 0 ? routers_.value() : 0;
  ports_.assign(vertices_, 0.0);
  double meet = 0;
  const auto all = static_cast<double>(routes_.links_between_groups() * (groups_ - 1));
  for (std::int64_t v = first; all > 0 && v < static_cast<std::int64_t>(vertices_); ++v) {
    ports_[at(v)] = static_cast<double>(routes_.first_port(v + 1) - routes_.first_port(v));
    meet += ports_[at(v)] * ports_[at(v)] / (all * all);
  }
  turns_ = 1 - meet;

  const std::int64_t used = std::min(groups_, (ranks + routes_.nodes_of_group() * per_node_ - 1) /
                                                  (routes_.nodes_of_group() * per_node_));
  const std::int64_t looked = used <= 4 * kMostGroupsLookedAt ? used : kMostGroupsLookedAt;
  slot_.assign(at(groups_), -1);
  for (std::int64_t i = 0; i < looked; ++i) {
    const std::int64_t group = looked == 1 ? 0 : i * (used - 1) / (looked - 1);
    slot_[at(group)] = static_cast<std::int32_t>(i);
    looked_at_.push_back(group);
  }
}

void DragonflyLoads::Load::add(double messages, double bytes, double share) {
  if (share > 1 - 1e-12) {
    sure += messages * bytes;
    return;
  }
  spread += messages * bytes * share;
  mean += messages * share;
  trials += share > 0 ? messages : 0;
}

void DragonflyLoads::Load::add(const Load& other) {
  sure += other.sure;
  spread += other.spread;
  mean += other.mean;
  trials += other.trials;
}

void DragonflyLoads::clear() {
  local_.assign(looked_at_.size() * vertices_ * vertices_, Load{});
  out_.assign(looked_at_.size() * at(routers_.value()), Crossing{});
  in_ = out_;
  between_groups_.clear();
}

LevelCounts DragonflyLoads::add(const LoadEntry& entry, const LoadSamples& samples,
                                std::size_t counted_turns) {
  LevelCounts levels;
  if (entry.kind != LoadEntry::Kind::messages) return levels;
  const std::size_t turns = samples.turn_count(entry.lane);
  if (node_routers_ == 1) {
    for_each_between_blocks(entry.box, set_ranks_, ranks_,
                            [&](std::int64_t from, std::int64_t to, const Progression& p) {
                              auto messages = static_cast<double>(p.count);
                              if (from == to) {
                                if (set_ranks_ == per_node_) return;
                                FlowBox box{p.source, p.destination, {}, 1};
                                box.sides[0] = {p.count, p.source_hop, p.destination_hop};
                                messages -= count_within_blocks(box, per_node_);
                              }
                              if (messages <= 0) return;
                              send(from, to, messages * static_cast<double>(turns), entry.bytes);
                              count_levels(from, to, messages * static_cast<double>(counted_turns),
                                           levels);
                            });
    return levels;
  }
  // Which routers depends on the local ranks, which repeat after at most a node's.
  const std::int64_t set_nodes = set_ranks_ / per_node_;
  const auto router = [&](std::int64_t node, std::int64_t local) {
    return node / set_nodes * node_routers_ + local * node_routers_ / per_node_;
  };
  for_each_between_blocks(
      entry.box, per_node_, ranks_, [&](std::int64_t from, std::int64_t to, const Progression& p) {
        if (from == to) return;
        const std::int64_t distinct = std::min(p.count, per_node_);
        for (std::int64_t k = 0; k < distinct; ++k) {
          const auto times = static_cast<double>((p.count - 1 - k) / distinct + 1);
          const std::int64_t source = p.source + k * p.source_hop;
          const std::int64_t destination = p.destination + k * p.destination_hop;
          for (std::size_t turn = 0; turn < turns; ++turn) {
            const std::int64_t out =
                router(from, samples.local_rank(entry.lane, turn, from, source));
            const std::int64_t in =
                router(to, samples.local_rank(entry.lane, turn, to, destination));
            send(out, in, times, entry.bytes);
            if (turn < counted_turns) count_levels(out, in, times, levels);
          }
        }
      });
  return levels;
}

void DragonflyLoads::send(std::int64_t from, std::int64_t to, double messages, double bytes) {
  const Place a = place(from);
  const Place b = place(to);
  if (a.group == b.group) return inside(a.group, a.router, b.router, messages, bytes);
  add_between(a.group, b.group, messages, bytes);
  leave(a.group, a.router, b.group, messages, bytes);
  arrive(a.group, b.group, b.router, messages, bytes);
}

void DragonflyLoads::add_between(std::int64_t from, std::int64_t to, double messages,
                                 double bytes) {
  if (between_groups_.empty() || between_groups_.back().from != from ||
      between_groups_.back().to != to)
    between_groups_.push_back({from, to, 0, 0});
  between_groups_.back().messages += messages;
  between_groups_.back().bytes += messages * bytes;
}

void DragonflyLoads::add_local(std::size_t slot, std::int64_t from, std::int64_t to,
                               double messages, double bytes, double share) {
  if (from != to)
    local(slot, from, to).add(messages * queue_pairs_, bytes / queue_pairs_, share / parallel_);
}

void DragonflyLoads::add_turn(std::size_t slot, std::int64_t from, std::int64_t to, double messages,
                              double bytes, double share) {
  if (from == to) return;
  const std::int64_t leaves = routers_.value();
  if (spines_ == 0 || (from < leaves) != (to < leaves))
    return add_local(slot, from, to, messages, bytes, share);
  // Two leaves meet at a spine, two spines at a leaf.
  const std::int64_t first = from < leaves ? leaves : 0;
  const std::int64_t count = from < leaves ? spines_ : leaves;
  for (std::int64_t middle = first; middle < first + count; ++middle) {
    add_local(slot, from, middle, messages, bytes, share / static_cast<double>(count));
    add_local(slot, middle, to, messages, bytes, share / static_cast<double>(count));
  }
}

void DragonflyLoads::inside(std::int64_t group, std::int64_t from, std::int64_t to, double messages,
                            double bytes) {
  const std::int32_t slot = slot_[at(group)];
  if (slot >= 0) add_turn(at(slot), from, to, messages, bytes, 1);
}

template <class Add>
void DragonflyLoads::over_gates(std::int64_t group, std::int64_t other, const Add& add) {
  for (std::int64_t link = 0; link < routes_.links_between_groups(); ++link) {
    const std::int64_t gate = routes_.router_of_port(routes_.port_to(group, other, link));
    if (minimal_ > 0) add(gate, minimal_ / between_);
    // The third group is not the destination's: of what out_ spreads over all ports, not over this.
    if (valiant_ > 0) add(gate, -valiant_ / between_ / static_cast<double>(groups_ - 2));
  }
}

void DragonflyLoads::leave(std::int64_t group, std::int64_t router, std::int64_t to_group,
                           double messages, double bytes) {
  const std::int32_t slot = slot_[at(group)];
  if (slot < 0) return;
  over_gates(group, to_group, [&](std::int64_t gate, double share) {
    add_local(at(slot), router, gate, messages, bytes, share);
  });
  Crossing& out = out_[at(slot) * at(routers_.value()) + at(router)];
  out.messages += messages;
  out.bytes += messages * bytes;
}

void DragonflyLoads::arrive(std::int64_t from_group, std::int64_t group, std::int64_t router,
                            double messages, double bytes) {
  const std::int32_t slot = slot_[at(group)];
  if (slot < 0) return;
  over_gates(group, from_group, [&](std::int64_t gate, double share) {
    add_local(at(slot), gate, router, messages, bytes, share);
  });
  Crossing& in = in_[at(slot) * at(routers_.value()) + at(router)];
  in.messages += messages;
  in.bytes += messages * bytes;
}

double DragonflyLoads::ports_to(std::int64_t group, std::int64_t router, std::int64_t other) const {
  double ports = 0;
  for (std::int64_t link = 0; link < routes_.links_between_groups(); ++link)
    ports += routes_.router_of_port(routes_.port_to(group, other, link)) == router ? 1 : 0;
  return ports;
}

double DragonflyLoads::meets_third(std::int64_t group, std::int64_t router,
                                   std::int64_t other) const {
  return (ports_[at(router)] - ports_to(group, router, other)) /
         (between_ * static_cast<double>(groups_ - 2));
}

void DragonflyLoads::count_levels(std::int64_t from, std::int64_t to, double messages,
                                  LevelCounts& levels) const {
  const auto count = [&](int local, int global, double number) {
    if (number > 0) levels[at(fabric_.level_of({local, global}))] += number;
  };
  if (from == to) return count(0, 0, messages);
  const Place a = place(from);
  const Place b = place(to);
  const bool plus = spines_ > 0;
  if (a.group == b.group) return count(plus ? 2 : 1, 0, messages);
  const double direct = messages * minimal_;
  const double round = messages * valiant_;
  if (plus) {  // from a leaf up to a spine, and down at the end
    count(2, 1, direct);
    count(2, 2, round * (1 - turns_));
    count(4, 2, round * turns_);
    return;
  }
  for (std::int64_t link = 0; direct > 0 && link < routes_.links_between_groups(); ++link) {
    const int out =
        routes_.router_of_port(routes_.port_to(a.group, b.group, link)) == a.router ? 0 : 1;
    const int in =
        routes_.router_of_port(routes_.port_to(b.group, a.group, link)) == b.router ? 0 : 1;
    count(out + in, 1, direct / between_);
  }
  if (round <= 0) return;
  std::array<double, 4> ways = {1, 0, 0, 0};  // by number of local links
  for (const double needs : {1 - meets_third(a.group, a.router, b.group), turns_,
                             1 - meets_third(b.group, b.router, a.group)})
    for (std::size_t i = ways.size(); i-- > 0;)
      ways[i] = ways[i] * (1 - needs) + (i > 0 ? ways[i - 1] * needs : 0);
  for (int i = 0; i < 4; ++i) count(i, 2, round * ways[at(i)]);
}

double DragonflyLoads::ranks_on(std::int64_t router) const {
  const std::int64_t set = router / node_routers_;
  const std::int64_t used = std::clamp<std::int64_t>(ranks_ - set * set_ranks_, 0, set_ranks_);
  const std::int64_t of_node = per_node_ / node_routers_;
  const std::int64_t rest = used % per_node_ - router % node_routers_ * of_node;
  return static_cast<double>(used / per_node_ * of_node +
                             std::clamp<std::int64_t>(rest, 0, of_node));
}

int DragonflyLoads::add_all_pairs(Partners partners, double bytes) {
  const bool alike = partners == Partners::alike;
  const std::int64_t of_group = routers_.value();
  const std::int64_t sets = (ranks_ + set_ranks_ - 1) / set_ranks_;
  const std::int64_t used = std::min(groups_ * of_group, sets * node_routers_);
  // Pairs between two routers, of different nodes.
  std::vector<double> on(at(groups_ * of_group), 0.0);
  for (std::int64_t router = 0; router < used; ++router) on[at(router)] = ranks_on(router);
  const auto of_node = static_cast<double>(per_node_ / node_routers_);
  const auto pairs = [&](double a, double b) {
    return alike ? a * b / static_cast<double>(per_node_) : a * b;
  };
  std::vector<double> of(at(groups_), 0.0);
  for (std::int64_t router = 0; router < used; ++router)
    of[at(router / of_group)] += on[at(router)];
  const std::int64_t groups = (used + of_group - 1) / of_group;
  for (std::int64_t a = 0; a < groups; ++a)
    for (std::int64_t b = 0; b < groups; ++b)
      if (a != b) add_between(a, b, pairs(of[at(a)], of[at(b)]), bytes);
  for (const std::int64_t group : looked_at_) {
    for (std::int64_t i = 0; i < of_group; ++i) {
      const double here = on[at(group * of_group + i)];
      if (here <= 0) continue;
      for (std::int64_t other = 0; other < groups; ++other) {
        if (other == group) continue;
        leave(group, i, other, pairs(here, of[at(other)]), bytes);
        arrive(other, group, i, pairs(here, of[at(other)]), bytes);
      }
      for (std::int64_t j = 0; j < of_group; ++j) {
        const double there = on[at(group * of_group + j)];
        const bool same_local = i % node_routers_ == j % node_routers_;
        if (i == j || there <= 0 || (alike && !same_local)) continue;
        double messages = alike ? here * there / of_node : here * there;
        // All nodes of a set end at all of its routers.
        if (i / node_routers_ == j / node_routers_) messages -= here * of_node;
        if (messages > 0) inside(group, i, j, messages, bytes);
      }
    }
  }
  // One of two sets of routers of a group is not where a given cable ends.
  LevelCounts levels;
  const auto first_sets = [&](std::int64_t group, const auto& f) {
    const std::int64_t first = group * of_group;
    for (std::int64_t router = first;
         router < std::min({used, first + of_group, first + 2 * node_routers_}); ++router)
      if (on[at(router)] > 0) f(router);
  };
  for (std::int64_t a = 0; a < groups; ++a)
    for (std::int64_t b = 0; b < groups; ++b)
      first_sets(a, [&](std::int64_t from) {
        first_sets(b, [&](std::int64_t to) {
          if (alike && from % node_routers_ != to % node_routers_) return;
          if (from != to || on[at(from)] > of_node)
            count_levels(from, to, std::max(1.0, pairs(on[at(from)], on[at(to)])), levels);
        });
      });
  drop_unlikely(levels);
  return levels.highest();
}

void DragonflyLoads::merge_between(LoadSamples::Directions directions) {
  std::vector<Between>& all = between_groups_;
  if (directions == LoadSamples::Directions::there_and_back) {
    const std::size_t there = all.size();
    for (std::size_t i = 0; i < there; ++i)
      all.push_back({all[i].to, all[i].from, all[i].messages, all[i].bytes});
  }
  std::sort(all.begin(), all.end(), [](const Between& x, const Between& y) {
    return std::tie(x.from, x.to) < std::tie(y.from, y.to);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && all[kept - 1].from == all[i].from && all[kept - 1].to == all[i].to) {
      all[kept - 1].messages += all[i].messages;
      all[kept - 1].bytes += all[i].bytes;
    } else {
      all[kept++] = all[i];
    }
  }
  all.resize(kept);
}

/// What leaves and arrives over third groups, and what turns round in them.
void DragonflyLoads::add_ways_over_third_groups() {
  const double each = valiant_ / between_ / static_cast<double>(groups_ - 2);
  const std::int64_t first = spines_ > 0 ? routers_.value() : 0;
  for (std::size_t slot = 0; slot < looked_at_.size(); ++slot) {
    const std::int64_t group = looked_at_[slot];
    for (std::int64_t router = 0; router < routers_.value(); ++router) {
      const std::size_t index = slot * at(routers_.value()) + at(router);
      for (std::int64_t gate = first; gate < static_cast<std::int64_t>(vertices_); ++gate) {
        const double share = each * ports_[at(gate)];
        if (out_[index].messages > 0)
          add_local(slot, router, gate, out_[index].messages,
                    out_[index].bytes / out_[index].messages, share);
        if (in_[index].messages > 0)
          add_local(slot, gate, router, in_[index].messages, in_[index].bytes / in_[index].messages,
                    share);
      }
    }
    for (const Between& of : between_groups_) {
      if (of.from == group || of.to == group) continue;
      for (std::int64_t in = 0; in < routes_.links_between_groups(); ++in)
        for (std::int64_t out = 0; out < routes_.links_between_groups(); ++out)
          add_turn(slot, routes_.router_of_port(routes_.port_to(group, of.from, in)),
                   routes_.router_of_port(routes_.port_to(group, of.to, out)), of.messages,
                   of.bytes / of.messages, each / between_);
    }
  }
}

DirectLoads::PerTier DragonflyLoads::busiest(LoadSamples::Directions directions) {
  if (directions == LoadSamples::Directions::there_and_back) {
    for (std::size_t slot = 0; slot < looked_at_.size(); ++slot)
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(vertices_); ++i)
        for (std::int64_t j = i + 1; j < static_cast<std::int64_t>(vertices_); ++j) {
          Load& there = local(slot, i, j);
          Load& back = local(slot, j, i);
          there.add(back);
          back = there;
        }
    for (std::size_t i = 0; i < out_.size(); ++i) {
      out_[i].messages += in_[i].messages;
      out_[i].bytes += in_[i].bytes;
      in_[i] = out_[i];
    }
  }
  merge_between(directions);
  if (valiant_ > 0) add_ways_over_third_groups();
  return {busiest_local(), busiest_global()};
}

namespace {

/// The busiest of links by their even load, and by what is hashed to them.
template <class Load>
class Hit {
 public:
  void look_at(const Load& load) {
    if (load.even() > busiest_.even()) busiest_ = load;
    if (load.spread > most_spread_.spread) most_spread_ = load;
  }
  [[nodiscard]] const Load& busiest() const { return busiest_; }
  /// The busiest of all with hashing, if so many are loaded as much as those looked for.
  [[nodiscard]] double hashed(double alike) const {
    return std::max(of(busiest_, alike), of(most_spread_, alike));
  }

 private:
  [[nodiscard]] static double of(const Load& load, double alike) {
    if (load.spread <= 0 || load.mean <= 0 || load.trials <= load.mean) return load.even();
    const double links = load.trials / load.mean;
    return load.sure + load.spread * expected_max_over_mean(load.trials, links, alike / links);
  }
  Load busiest_{};
  Load most_spread_{};
};

}  // namespace

/// Under adaptive routing: no packet is bound to one way.
DirectLoads::Busiest DragonflyLoads::busiest_spread() const {
  double most = 0;
  const std::size_t of_group = vertices_ * vertices_;
  std::vector<double> loads(of_group);
  for (std::size_t slot = 0; slot < looked_at_.size(); ++slot) {
    for (std::size_t i = 0; i < of_group; ++i) loads[i] = local_[slot * of_group + i].even();
    if (std::all_of(loads.begin(), loads.end(), [](double load) { return load <= 0; })) continue;
    spread_over_third_routers(loads, routers_.value());
    most = std::max(most, *std::max_element(loads.begin(), loads.end()));
  }
  return {most, most};
}

DirectLoads::Busiest DragonflyLoads::busiest_local() {
  if (routes_.spreads_locally()) return busiest_spread();
  Hit<Load> hit;
  for (const Load& load : local_) hit.look_at(load);
  double alike = 0;
  for (const Load& load : local_) alike += load.even() >= kAlike * hit.busiest().even() ? 1 : 0;
  const double all = static_cast<double>(groups_) / static_cast<double>(looked_at_.size());
  return {hit.busiest().even(), hit.hashed(alike * all * parallel_)};
}

DirectLoads::Busiest DragonflyLoads::busiest_global() const {
  std::vector<double> sent(at(groups_), 0.0);
  std::vector<double> got(sent);
  std::vector<double> sent_bytes(sent);
  std::vector<double> got_bytes(sent);
  for (const Between& of : between_groups_) {
    sent[at(of.from)] += of.messages;
    got[at(of.to)] += of.messages;
    sent_bytes[at(of.from)] += of.bytes;
    got_bytes[at(of.to)] += of.bytes;
  }
  const double third = valiant_ > 0 ? valiant_ / between_ / static_cast<double>(groups_ - 2) : 0;
  const auto load_of = [&](std::int64_t a, std::int64_t b, const Between& of) {
    Load load;
    if (of.messages > 0)
      load.add(of.messages * queue_pairs_, of.bytes / of.messages / queue_pairs_,
               minimal_ / between_);
    const double more = sent[at(a)] + got[at(b)] - 2 * of.messages;
    if (third > 0 && more > 0)
      load.add(more * queue_pairs_,
               (sent_bytes[at(a)] + got_bytes[at(b)] - 2 * of.bytes) / more / queue_pairs_, third);
    return load;
  };
  const auto for_each = [&](const auto& f) {
    if (valiant_ <= 0) {
      for (const Between& of : between_groups_) f(load_of(of.from, of.to, of));
      return;
    }
    std::size_t next = 0;  // of those that send to one another directly, which are in this order
    for (std::int64_t a = 0; a < groups_; ++a)
      for (std::int64_t b = 0; b < groups_; ++b) {
        const bool known = next < between_groups_.size() && between_groups_[next].from == a &&
                           between_groups_[next].to == b;
        if (a != b) f(load_of(a, b, known ? between_groups_[next] : Between{}));
        if (known) ++next;
      }
  };
  Hit<Load> hit;
  for_each([&](const Load& load) { hit.look_at(load); });
  double alike = 0;
  for_each([&](const Load& load) {
    alike += load.even() >= kAlike * hit.busiest().even() ? between_ : 0;
  });
  return {hit.busiest().even(), hit.hashed(alike)};
}

}  // namespace collscale
