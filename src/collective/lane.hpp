// SPDX-License-Identifier: Apache-2.0
// A lane: one Phase of a term, placed on ranks. The one walk over a term (program.hpp) gives lanes
// to every engine; enumeration of flows and closed-form loads start here.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "collective/schedule.hpp"

namespace collscale {

/// The ranks of a lane: `group_count` groups (cosets) of `size` ranks, all running the same phase.
struct GroupMap {
  std::int64_t size = 0;  ///< m; of a folded algorithm's core: the core's size
  std::int64_t group_count = 0;
  View view;  ///< resolved: names its digits, unless it has member lists or goes by nodes
  std::vector<std::int64_t> radix;
  std::vector<NodeRun> nodes;  ///< of the schedule, where the view goes by uneven nodes
  /// Global rank of local index `index` of group `group`.
  [[nodiscard]] std::int64_t rank(std::int64_t group, std::int64_t index) const;
  /// Ranks of a group with those outside the core.
  [[nodiscard]] std::int64_t full_size() const;
  /// Global rank of place `place` (in [0, full_size()), after core, twist, mirror, shift) of a
  /// group.
  [[nodiscard]] std::int64_t rank_at_place(std::int64_t group, std::int64_t place) const;
  /// A rank as the view's order within the node has it; the rank itself where it has none.
  [[nodiscard]] std::int64_t in_order(std::int64_t rank) const {
    if (!view.orders) return rank;
    const auto& order = (*view.orders)[static_cast<std::size_t>(view.turn)];
    const auto local = static_cast<std::size_t>(rank) % order.size();
    return rank - static_cast<std::int64_t>(local) + order[local];
  }
  /// The place of a local index: core → twist → mirror → shift.
  [[nodiscard]] std::int64_t place_of(std::int64_t index) const;
  /// Of uneven nodes: the ranks of all nodes before `node`, in [0, number of nodes]. O(runs).
  [[nodiscard]] std::int64_t ranks_before_node(std::int64_t node) const;
  /// Of uneven nodes: all nodes before run `run`.
  [[nodiscard]] std::int64_t nodes_before_run(std::size_t run) const;
  [[nodiscard]] std::int64_t all_ranks() const;
};

/// How a digit of a block address stands. all: every rank holds all its values. own: only the
/// rank's own value. For all_to_all, todo: (origin own, destination all), done: (origin all,
/// destination own). partial: between own and all, within one all_gather made of several phases.
enum class DigitState : std::uint8_t { all, own, todo, done, partial };

struct Lane {
  Phase phase;
  GroupMap map;
  /// Bytes of one message = size_bytes × scope_fraction × |X(s)| (address block: a block of this
  /// lane is size_bytes × scope_fraction; scope: |X| counts as 1; pair, spread: as block).
  /// Real-valued; the mean where an index's block stands for several.
  double scope_fraction = 0;
  /// The interval of every block's byte range that this lane moves.
  double part_low = 0;
  double part_high = 1;
  /// How the digits stood when the phase began (by digit number).
  std::array<DigitState, View::kMaxDigits> states{};
  /// An index's block stands for several blocks: in a folded all_gather block b of the core for the
  /// blocks ≡ b mod core (1 or 2), among leaders for the blocks of the leader's node. (A core or
  /// leaders that start and end with everything split the scope evenly instead.)
  bool gathers_for_others = false;
};

/// Messages of the phase carry the whole scope, not blocks of it.
bool carries_scope(const Phase& phase);

/// |X(s)| of an arc, `step` in the phase's own (forward) order; 1 where the whole scope is carried.
std::int64_t offsets_named(const Phase& phase, std::int64_t step, int arc, std::int64_t group_size);

/// Arcs of a step as engines see them: those of the phase; of a phase in the network two, 0 from
/// the ranks up to the switch and 1 from it down to them. Every function below takes such an arc.
int arc_count(const Lane& lane);
/// The switch of a group in for_each_flow and in traces: numbers from Schedule::ranks on.
std::int64_t switch_of(const Lane& lane, std::int64_t group);

/// Values of the phase at a step, in the order of execution (a dual phase runs its steps
/// backwards). The distance to the sender; negative: ahead. exclusive_or, dihedral: the mask.
std::int64_t distance(const Lane& lane, std::int64_t step, int arc);
/// Fraction of size_bytes one message of this step and arc carries. Where messages differ (core of
/// a folded all_gather, leaders of uneven nodes, restricted pairs) the largest: exact for
/// exclusive_or without leaders and for restricted pairs, else an upper bound. O(1) or O(runs of
/// nodes), but O(ranks of a group) for restricted pairs of leaders and of cores.
double message_fraction(const Lane& lane, std::int64_t step, int arc);
/// The mean over the messages of the step; message_fraction where they are alike.
double mean_message_fraction(const Lane& lane, std::int64_t step, int arc);
/// Σ over the steps and arcs of |X(s)|: the offsets a phase gains.
std::int64_t total_gain(const Phase& phase, std::int64_t group_size);

/// Steps that load the fabric alike: `first` stands for `count` of them.
struct StepClass {
  std::int64_t first = 0;
  std::int64_t count = 1;
};
std::vector<StepClass> step_classes(const Lane& lane);

}  // namespace collscale
