// SPDX-License-Identifier: Apache-2.0
// Expected loads of the local and global links of a dragonfly or dragonfly+.
//
// A message from router i of group a to router j of group b ≠ a goes over each of the `between`
// cables of the pair with the same probability: local from i to the cable's router in a, global,
// local from its router in b to j. Under Valiant routing the same to each third group c, and from
// there to b; under adaptive half of the messages go either way. So a cable from a to b carries
//
//   w_min M_ab / between + w_val (S_a + R_b − 2 M_ab) / (between (G − 2))
//
// of what is sent from a to b (M_ab), from a to other groups (S_a), from others to b (R_b): a shift
// that sends all of a group to one other is limited by that pair's cables, not by the group's.
// Within a group adaptive routing goes over third routers as far as that helps (local_detours.hpp).
//
// Local links are looked at in some groups only where there are many: the first, the last and some
// between.
#pragma once

#include <vector>

#include "model/direct_loads.hpp"
#include "topology/dragonfly_routes.hpp"

namespace collscale {

class DragonflyLoads : public DirectLoads {
 public:
  DragonflyLoads(const System& system, const Dragonfly& dragonfly, const Fabric& fabric,
                 std::int64_t ranks);

  void clear() override;
  LevelCounts add(const LoadEntry& entry, const LoadSamples& samples,
                  std::size_t counted_turns) override;
  int add_all_pairs(Partners partners, double bytes) override;
  [[nodiscard]] PerTier busiest(LoadSamples::Directions directions) override;

 private:
  /// Of one link: what is sure to take it, and what a hash may send there.
  struct Load {
    double sure = 0;    ///< bytes
    double spread = 0;  ///< bytes, expected
    double mean = 0;    ///< flows, expected
    double trials = 0;  ///< flows that might
    void add(double messages, double bytes, double share);
    void add(const Load& other);
    [[nodiscard]] double even() const { return sure + spread; }
  };
  /// What one group sends to another.
  struct Between {
    std::int64_t from = 0;
    std::int64_t to = 0;
    double messages = 0;
    double bytes = 0;  ///< of all of them
  };
  /// What a router sends to, or gets from, other groups.
  struct Crossing {
    double messages = 0;
    double bytes = 0;
  };
  struct Place {
    std::int64_t group = 0;
    std::int64_t router = 0;  ///< of the group
  };

  [[nodiscard]] Place place(std::int64_t router) const {
    const std::int64_t group = routers_.quotient(router);
    return {group, router - group * routers_.value()};
  }
  /// Messages between two routers (numbered without spines) of different nodes.
  void send(std::int64_t from, std::int64_t to, double messages, double bytes);
  void count_levels(std::int64_t from, std::int64_t to, double messages, LevelCounts& levels) const;
  void add_between(std::int64_t from, std::int64_t to, double messages, double bytes);
  /// Local links of a group looked at: within it, on the way out, on the way in.
  void inside(std::int64_t group, std::int64_t from, std::int64_t to, double messages,
              double bytes);
  /// add(router, share) for each cable between two groups, as it ends at `group`: both ends of a
  /// cable have the same number among those of their pair.
  template <class Add>
  void over_gates(std::int64_t group, std::int64_t other, const Add& add);
  void leave(std::int64_t group, std::int64_t router, std::int64_t to_group, double messages,
             double bytes);
  void arrive(std::int64_t from_group, std::int64_t group, std::int64_t router, double messages,
              double bytes);
  /// Vertices of a group: routers, then spines.
  void add_local(std::size_t slot, std::int64_t from, std::int64_t to, double messages,
                 double bytes, double share);
  /// Between two of those with global ports, of which dragonfly+ joins no two.
  void add_turn(std::size_t slot, std::int64_t from, std::int64_t to, double messages, double bytes,
                double share);
  [[nodiscard]] Load& local(std::size_t slot, std::int64_t from, std::int64_t to) {
    return local_[(slot * vertices_ + static_cast<std::size_t>(from)) * vertices_ +
                  static_cast<std::size_t>(to)];
  }
  [[nodiscard]] double ports_to(std::int64_t group, std::int64_t router, std::int64_t other) const;
  /// Probability that a way over a random third group needs no local link at this end.
  [[nodiscard]] double meets_third(std::int64_t group, std::int64_t router,
                                   std::int64_t other) const;
  [[nodiscard]] double ranks_on(std::int64_t router) const;
  void merge_between(LoadSamples::Directions directions);
  void add_ways_over_third_groups();
  [[nodiscard]] Busiest busiest_local();
  [[nodiscard]] Busiest busiest_spread() const;
  [[nodiscard]] Busiest busiest_global() const;

  const Fabric& fabric_;
  DragonflyRoutes routes_;
  Divisor routers_;
  std::int64_t groups_;
  std::int64_t spines_;
  std::size_t vertices_;  ///< of a group
  std::int64_t ranks_;
  std::int64_t per_node_;
  std::int64_t set_ranks_;     ///< of the nodes that share their routers
  std::int64_t node_routers_;  ///< so many
  double between_;             ///< cables of two groups
  double parallel_;            ///< local links of two vertices
  double queue_pairs_ = 1;
  double minimal_ = 1;                   ///< share of the messages between groups
  double valiant_ = 0;                   ///< and over a third one
  double turns_ = 1;                     ///< probability of a local way in a third group
  std::vector<double> ports_;            ///< by vertex: global ports in use
  std::vector<std::int64_t> looked_at_;  ///< groups
  std::vector<std::int32_t> slot_;       ///< by group: in looked_at_, or −1

  std::vector<Load> local_;         ///< [slot][from][to]
  std::vector<Crossing> out_, in_;  ///< [slot][router]
  std::vector<Between> between_groups_;
};

}  // namespace collscale
