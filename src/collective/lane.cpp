// SPDX-License-Identifier: Apache-2.0
#include "collective/lane.hpp"

#include <algorithm>

#include "collective/index_runs.hpp"
#include "collective/offsets.hpp"

namespace collscale {
namespace {

bool free_of_step(const Affine& a, Unit unit) {
  return a.per_step == 0 && (unit == Unit::one || a.per_unit == 0);
}

bool free_of_step(const OffsetSet& set, Unit unit) {
  return free_of_step(set.lo, unit) && (set.hi_is_group_size || free_of_step(set.hi, unit)) &&
         free_of_step(set.divisor, unit) && free_of_step(set.modulus, unit) &&
         free_of_step(set.residue, unit);
}

/// |X(s)| is the same at every step: a sliding interval, or a set that does not move.
bool constant_count(const OffsetSet& set, Unit unit) {
  if (free_of_step(set, unit)) return true;
  if (set.has_cut || set.hi_is_group_size || unit != Unit::one) return false;
  const bool plain =
      set.modulus.constant == 1 && set.modulus.per_step == 0 && set.modulus.per_unit == 0;
  return plain && set.lo.per_step == set.hi.per_step;
}

/// Every step does the same, but for which blocks it names.
bool uniform(const Phase& phase) {
  for (int a = 0; a < phase.arc_count; ++a) {
    const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
    if (!free_of_step(arc.distance, phase.unit)) return false;
    if (arc.has_payload && !constant_count(arc.payload, phase.unit)) return false;
    if (arc.has_receivers && !free_of_step(arc.receivers, phase.unit)) return false;
  }
  return phase.root < 0;
}

/// Leaders hand the blocks of other nodes over at every step: no two steps need be alike.
bool names_other_nodes(const Lane& lane) {
  if (!lane.gathers_for_others || lane.map.view.nodes != View::Nodes::leaders) return false;
  for (int a = 0; a < lane.phase.arc_count; ++a)
    if (lane.phase.arcs[static_cast<std::size_t>(a)].has_receivers) return true;
  return false;
}

}  // namespace

std::int64_t offsets_named(const Phase& phase, std::int64_t step, int arc,
                           std::int64_t group_size) {
  const Arc& a = phase.arcs[static_cast<std::size_t>(arc)];
  if (!a.has_payload || carries_scope(phase)) return 1;
  return offsets_at(phase, a.payload, step, group_size).count();
}

bool carries_scope(const Phase& phase) {
  if (phase.network != InNetwork::none) return phase.network == InNetwork::all_reduce;
  return phase.address == Address::scope || (phase.root >= 0 && phase.address == Address::block);
}

int arc_count(const Lane& lane) {
  return lane.phase.network == InNetwork::none ? lane.phase.arc_count : 2;
}

std::int64_t switch_of(const Lane& lane, std::int64_t group) {
  const GroupMap& map = lane.map;
  const bool inside = map.view.nodes == View::Nodes::inside;  // every node has its own
  const std::int64_t before =
      inside ? map.nodes_before_run(static_cast<std::size_t>(map.view.node_run)) : 0;
  return map.all_ranks() + before + group;
}

std::int64_t distance(const Lane& lane, std::int64_t step, int arc) {
  const Phase& phase = lane.phase;
  const std::int64_t s = forward_step(phase, step);
  const std::int64_t d =
      evaluate(phase.arcs[static_cast<std::size_t>(arc)].distance, s, unit_value(phase, s));
  const bool signed_frame = phase.frame == Frame::cyclic || phase.frame == Frame::absolute;
  return phase.dual && signed_frame ? -d : d;
}

namespace {

/// Σ over the steps of |X(s)| without walking them; −1 where the set is of no such form.
std::int64_t gain_without_steps(const Phase& phase, const OffsetSet& set, std::int64_t size) {
  if (phase.unit == Unit::one && index_runs::is_moving_point(set)) {
    index_runs::Across inside{0, phase.steps};  // the steps at which the offset is not cut away
    if (set.has_cut)
      index_runs::clip(inside, std::int64_t{set.lo.constant} + set.lo.per_unit, set.lo.per_step,
                       set.cut_low, set.cut_high);
    return std::max<std::int64_t>(0, inside.last - inside.first);
  }
  // One residue class of [0, m) after the other.
  const auto is = [](const Affine& a, std::int32_t constant) {
    return a.constant == constant && a.per_step == 0 && a.per_unit == 0;
  };
  const std::int64_t modulus = set.modulus.constant;
  const std::int64_t first = set.residue.constant;
  if (set.has_cut || !set.hi_is_group_size || !is(set.lo, 0) || !is(set.divisor, 1) ||
      !is(set.modulus, set.modulus.constant) || modulus < 1 || set.residue.per_step != 1 ||
      set.residue.per_unit != 0 || first < 0 || first + phase.steps > modulus)
    return -1;
  const std::int64_t steps = phase.steps;
  return size / modulus * steps + std::clamp<std::int64_t>(size % modulus - first, 0, steps);
}

}  // namespace

namespace {

/// One offset that moves with the step, cut on both sides: the steps at which it is within.
bool single_and_cut(const OffsetSet& set, Unit unit) {
  return set.has_cut && !set.hi_is_group_size && unit == Unit::one && set.lo.per_step != 0 &&
         set.hi.per_step == set.lo.per_step &&
         set.hi.constant + set.hi.per_unit == set.lo.constant + set.lo.per_unit + 1 &&
         set.modulus.constant == 1 && set.modulus.per_step == 0 && set.modulus.per_unit == 0;
}

std::int64_t steps_within(const OffsetSet& set, std::int64_t steps) {
  const std::int64_t first = set.lo.constant + set.lo.per_unit;
  const std::int64_t per_step = set.lo.per_step;
  const std::int64_t hop = per_step < 0 ? -per_step : per_step;
  // As if it moved up: x(s) = start + hop·s in [low, high).
  const std::int64_t start = per_step > 0 ? first : -first;
  const std::int64_t low = per_step > 0 ? set.cut_low : 1 - std::int64_t{set.cut_high};
  const std::int64_t high = per_step > 0 ? set.cut_high : 1 - std::int64_t{set.cut_low};
  const std::int64_t begin = std::max<std::int64_t>(0, floor_div(low - start + hop - 1, hop));
  const std::int64_t end = std::min(steps, floor_div(high - start + hop - 1, hop));
  return std::max<std::int64_t>(0, end - begin);
}

}  // namespace

std::int64_t total_gain(const Phase& phase, std::int64_t group_size) {
  if (phase.network != InNetwork::none)
    return phase.network == InNetwork::multicast && phase.steps > 0 ? group_size - 1 : 0;
  std::int64_t total = 0;
  for (int a = 0; a < phase.arc_count; ++a) {
    const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
    if (!arc.has_payload) continue;
    if (constant_count(arc.payload, phase.unit)) {
      if (phase.steps > 0)
        total += phase.steps * offsets_at(phase, arc.payload, 0, group_size).count();
    } else if (const std::int64_t gain = gain_without_steps(phase, arc.payload, group_size);
               gain >= 0) {
      total += gain;
    } else if (single_and_cut(arc.payload, phase.unit)) {
      total += steps_within(arc.payload, phase.steps);
    } else {
      for (std::int64_t s = 0; s < phase.steps; ++s)
        total += offsets_at(phase, arc.payload, s, group_size).count();
    }
  }
  return total;
}

namespace {

using Counts = std::array<std::int64_t, 3>;

Counts counts_at(const Lane& lane, std::int64_t forward) {
  Counts counts{};
  for (int a = 0; a < lane.phase.arc_count; ++a)
    counts[static_cast<std::size_t>(a)] = offsets_named(lane.phase, forward, a, lane.map.size);
  return counts;
}

/// Classes of the steps first, first + hop, ... (forward order) by what their messages name. Sets
/// that are cut, or that wrap, change at a few steps: between two steps that name alike, and alike
/// with the middle, all do; the sum over the steps, which is known in closed form, tells otherwise.
class Pieces {
 public:
  Pieces(const Lane& lane, std::int64_t first, std::int64_t hop)
      : lane_(lane), first_(first), hop_(hop) {}

  void split(std::int64_t low, std::int64_t high) {  // [low, high]
    const Counts at_low = counts(low);
    const Counts at_high = counts(high);
    if (low == high || (at_low == at_high && counts(low + (high - low) / 2) == at_low)) {
      append(at_low, low, high - low + 1);
      return;
    }
    const std::int64_t middle = low + (high - low) / 2;
    split(low, middle);
    split(middle + 1, high);
  }
  void walk(std::int64_t count) {
    found_.clear();
    for (std::int64_t i = 0; i < count; ++i) append(counts(i), i, 1);
  }
  [[nodiscard]] std::int64_t gain() const {
    std::int64_t sum = 0;
    for (const Piece& piece : found_)
      for (int a = 0; a < lane_.phase.arc_count; ++a)
        if (lane_.phase.arcs[static_cast<std::size_t>(a)].has_payload)  // as total_gain counts
          sum += piece.counts[static_cast<std::size_t>(a)] * piece.count;
    return sum;
  }
  /// Steps in the order of execution.
  void give(std::vector<StepClass>& classes) const {
    for (const Piece& piece : found_)
      classes.push_back({forward_step(lane_.phase, first_ + piece.index * hop_), piece.count});
  }

 private:
  struct Piece {
    Counts counts;
    std::int64_t index;
    std::int64_t count;
  };
  [[nodiscard]] Counts counts(std::int64_t index) const {
    return counts_at(lane_, first_ + index * hop_);
  }
  void append(const Counts& counts, std::int64_t index, std::int64_t count) {
    for (Piece& piece : found_) {
      if (piece.counts != counts) continue;
      piece.count += count;
      return;
    }
    found_.push_back({counts, index, count});
  }

  const Lane& lane_;
  std::int64_t first_;
  std::int64_t hop_;
  std::vector<Piece> found_;
};

}  // namespace

std::vector<StepClass> step_classes(const Lane& lane) {
  const Phase& phase = lane.phase;
  if (phase.steps <= 0) return {};
  if (phase.network != InNetwork::none) return {{0, phase.steps}};
  const bool unlike = names_other_nodes(lane) && phase.steps > 1;
  if (uniform(phase) && !unlike) return {{0, phase.steps}};

  bool same_flows = phase.root < 0 && !unlike;  // only the counts may differ
  for (int a = 0; a < phase.arc_count; ++a) {
    const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
    same_flows = same_flows && free_of_step(arc.distance, phase.unit) &&
                 (!arc.has_receivers || free_of_step(arc.receivers, phase.unit));
  }
  const bool by_unit = phase.unit == Unit::ruler && phase.root < 0 && !unlike;
  std::vector<StepClass> classes;
  if (!same_flows && !by_unit) {
    for (std::int64_t step = 0; step < phase.steps; ++step) classes.push_back({step, 1});
    return classes;
  }
  // Steps of one unit, or all of them, `hop` apart: counts change a few times only.
  std::vector<Pieces> pieces;
  std::vector<std::int64_t> lengths;
  const std::int64_t first_hop = by_unit ? 2 : 1;
  for (std::int64_t unit = 1; unit <= (by_unit ? phase.steps : 1); unit *= 2) {
    const std::int64_t hop = first_hop * unit;
    pieces.emplace_back(lane, unit - 1, hop);
    lengths.push_back((phase.steps - unit) / hop + 1);
    pieces.back().split(0, lengths.back() - 1);
  }
  std::int64_t gain = 0;
  for (const Pieces& of_unit : pieces) gain += of_unit.gain();
  const bool named = !carries_scope(phase) && total_gain(phase, lane.map.size) != gain;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (named) pieces[i].walk(lengths[i]);
    pieces[i].give(classes);
  }
  return classes;
}

}  // namespace collscale
