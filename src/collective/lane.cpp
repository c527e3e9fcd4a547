// SPDX-License-Identifier: Apache-2.0
#include "collective/lane.hpp"

#include <algorithm>
#include <map>
#include <tuple>

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
  using Signature = std::array<std::int64_t, 4>;
  std::map<Signature, std::size_t> seen;
  for (std::int64_t step = 0; step < phase.steps; ++step) {
    const std::int64_t s = forward_step(phase, step);
    Signature signature{same_flows ? 0 : (by_unit ? unit_value(phase, s) : step), 0, 0, 0};
    if (!same_flows && !by_unit) {
      classes.push_back({step, 1});
      continue;
    }
    for (int a = 0; a < phase.arc_count; ++a)
      signature[static_cast<std::size_t>(a) + 1] = offsets_named(phase, s, a, lane.map.size);
    const auto [at, is_new] = seen.emplace(signature, classes.size());
    if (is_new)
      classes.push_back({step, 1});
    else
      ++classes[at->second].count;
  }
  return classes;
}

}  // namespace collscale
