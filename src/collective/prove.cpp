// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "collective/invariants.hpp"
#include "collective/offsets.hpp"
#include "collective/walk.hpp"

namespace collscale {
namespace {

std::int64_t without(const Phase& phase, std::int64_t x, std::int64_t d, std::int64_t size) {
  switch (phase.frame) {
    case Frame::cyclic:
      return floor_mod(x - d, size);
    case Frame::absolute:
      return x - d;
    case Frame::exclusive_or:
    case Frame::dihedral:
      break;
  }
  return x ^ d;
}

std::int64_t normal(const Phase& phase, std::int64_t x, std::int64_t size) {
  return phase.frame == Frame::cyclic ? floor_mod(x, size) : x;
}

bool chooses_receivers(const Phase& phase) {
  for (int a = 0; a < phase.arc_count; ++a)
    if (phase.arcs[static_cast<std::size_t>(a)].has_receivers) return true;
  return false;
}

/// Is what was gained in `earlier` there when `step` sends (both forward, of one phase)?
bool waited_for(const Phase& phase, std::int64_t earlier, std::int64_t step) {
  if (phase.lag == Lag::previous) return earlier < step;
  if (phase.lag == Lag::none) return false;
  for (std::int64_t t = step + 1; t > 0;) {  // ruler: t − lowbit(t), and so on down
    t -= t & -t;
    if (t == earlier + 1) return true;
  }
  return false;
}

/// V1 for the phases of one all_gather, in forward order.
Expected<std::int64_t> prove_gather(const std::vector<const Lane*>& lanes) {
  constexpr std::int64_t kMissing = -1;
  constexpr std::int64_t kFromBefore = 0;
  const std::int64_t size = lanes.front()->map.size;
  // When an offset was gained: kMissing, kFromBefore the phase, or step + 1 of it.
  std::vector<std::int64_t> gained(static_cast<std::size_t>(size), kMissing);
  gained[0] = kFromBefore;
  std::int64_t count = 1;
  for (const Lane* lane : lanes) {
    const Phase& phase = lane->phase;
    for (auto& g : gained)
      if (g != kMissing) g = kFromBefore;
    for (std::int64_t s = 0; s < phase.steps; ++s) {
      for (int a = 0; a < phase.arc_count; ++a) {
        const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
        const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
        Expected<void> ok;
        offsets_at(phase, arc.payload, s, size).for_each([&](std::int64_t raw) {
          if (!ok) return;
          const std::int64_t x = normal(phase, raw, size);
          const std::int64_t from = without(phase, raw, d, size);
          if (x < 0 || x >= size || gained[static_cast<std::size_t>(x)] != kMissing) {
            ok = fail(fmt::format("V1: step {} gains offset {} a second time", s, raw));
            return;
          }
          const std::int64_t when =
              from < 0 || from >= size ? kMissing : gained[static_cast<std::size_t>(from)];
          if (when == kMissing || (when != kFromBefore && !waited_for(phase, when - 1, s))) {
            ok =
                fail(fmt::format("V1: step {} gains offset {} from a sender who lacks it", s, raw));
            return;
          }
          gained[static_cast<std::size_t>(x)] = s + 1;
          ++count;
        });
        if (!ok) return tl::unexpected(ok.error());
      }
    }
  }
  if (count != size) return fail(fmt::format("V1: {} of {} offsets are gained", count, size));
  return size - 1;
}

/// V2, of a whole exchange and of a restricted one: each block moves by just its offset, and is at
/// every step where the step says (schedule.hpp, Address::pair).
Expected<std::int64_t> prove_exchange(const Lane& lane) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  const bool masks = phase.frame == Frame::exclusive_or || phase.frame == Frame::dihedral;
  std::vector<std::int64_t> moved(static_cast<std::size_t>(size), 0);
  Expected<void> ok;
  for (std::int64_t s = 0; s < phase.steps; ++s) {
    const std::int64_t unit = unit_value(phase, s);
    for (int a = 0; a < phase.arc_count; ++a) {
      const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
      const std::int64_t d = evaluate(arc.distance, s, unit);
      offsets_at(phase, arc.payload, s, size).for_each([&](std::int64_t raw) {
        const std::int64_t j = floor_mod(raw, size);
        auto& by = moved[static_cast<std::size_t>(j)];
        if (phase.lag == Lag::none && by != 0)
          ok = fail(fmt::format("V2: step {} moves offset {} on without waiting for it", s, j));
        by = masks ? by ^ d : floor_mod(by + d, size);
        std::int64_t named = j;
        if (phase.unit == Unit::power_up) named = j % (phase.base * unit);
        if (phase.unit == Unit::power_down) named = j - j % unit;
        if (by != named && ok)
          ok = fail(
              fmt::format("V2: offset {} is moved by {} at step {}, expected {}", j, by, s, named));
      });
      if (!ok) return tl::unexpected(ok.error());
    }
  }
  for (std::int64_t j = 0; j < size; ++j)
    if (moved[static_cast<std::size_t>(j)] != j)
      return fail(
          fmt::format("V2: offset {} is moved by {}", j, moved[static_cast<std::size_t>(j)]));
  return size - 1;
}

/// Blocks with `spread` successive destinations: each of them is served once, by the origin.
Expected<std::int64_t> prove_spread(const Lane& lane, std::int64_t spread) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  // By offset of the first destination and place in its window; the origin keeps its own.
  std::vector<bool> served(static_cast<std::size_t>(size * spread), false);
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < phase.steps; ++s) {
    for (int a = 0; a < phase.arc_count; ++a) {
      const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
      const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
      Expected<void> ok;
      offsets_at(phase, arc.payload, s, size).for_each([&](std::int64_t raw) {
        const std::int64_t j = floor_mod(raw, size);
        const std::int64_t place = floor_mod(d - j, size);
        if (place >= spread) {
          ok =
              fail(fmt::format("V2: step {} takes offset {} to {}, which is none of its {} "
                               "destinations",
                               s, j, d, spread));
          return;
        }
        const auto at = static_cast<std::size_t>(j * spread + place);
        if (served[at]) ok = fail(fmt::format("V2: step {} serves {} a second time", s, d));
        served[at] = true;
        ++count;
      });
      if (!ok) return tl::unexpected(ok.error());
    }
  }
  const std::int64_t others = size * spread - spread;  // as many windows hold the origin as places
  if (count != others)
    return fail(fmt::format("V2: {} of {} destinations are served", count, others));
  return count;
}

/// V3: whole scopes to chosen receivers. Each hears once, from one that nobody serves (the root; of
/// a hand-over of one step every sender is one) or that has heard by then.
Expected<std::int64_t> prove_tree(const Lane& lane) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  constexpr std::int64_t kRoot = -1;
  std::vector<std::int64_t> heard(static_cast<std::size_t>(size), kRoot);  // at which step
  std::vector<std::int64_t> sender(static_cast<std::size_t>(size), kNoRank);
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < phase.steps; ++s) {
    for (int a = 0; a < phase.arc_count; ++a) {
      const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
      const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
      Expected<void> ok;
      receivers_at(phase, arc, s, size).for_each([&](std::int64_t w) {
        const auto at = static_cast<std::size_t>(w);
        const std::int64_t from = behind(phase, w, d, size);
        if (from == kNoRank || from == w)
          ok = fail(fmt::format("V3: index {} of {} hears from no other at step {}", w, size, s));
        else if (heard[at] != kRoot)
          ok = fail(fmt::format("V3: index {} hears a second time at step {}", w, s));
        heard[at] = s;
        sender[at] = from;
        ++count;
      });
      if (!ok) return tl::unexpected(ok.error());
    }
  }
  for (std::int64_t w = 0; w < size; ++w) {
    const auto at = static_cast<std::size_t>(w);
    if (heard[at] == kRoot) continue;
    const std::int64_t when = heard[static_cast<std::size_t>(sender[at])];
    if (when != kRoot && !waited_for(phase, when, heard[at]))
      return fail(fmt::format("V3: index {} hears at step {} from {}, who has not heard by then", w,
                              heard[at], sender[at]));
  }
  if (phase.steps > 1 && count != size - 1)
    return fail(fmt::format("V3: {} of {} indices hear from another", count, size - 1));
  return count;
}

/// Blocks to chosen receivers: each block arrives once, and comes from one that has it.
Expected<std::int64_t> prove_hand_over(const Lane& lane) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> gained;  // (rank, owner) → step
  for (std::int64_t s = 0; s < phase.steps; ++s) {
    for (int a = 0; a < phase.arc_count; ++a) {
      const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
      const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
      Expected<void> ok;
      receivers_at(phase, arc, s, size).for_each([&](std::int64_t w) {
        const std::int64_t from = behind(phase, w, d, size);
        if (from == kNoRank || from == w) return;
        offsets_at(phase, arc.payload, s, size).for_each([&](std::int64_t x) {
          const std::int64_t owner = behind(phase, w, x, size);
          const auto had = gained.find({from, owner});
          if (owner == kNoRank || owner == w || gained.count({w, owner}) != 0)
            ok = fail(fmt::format("V1: step {} hands block {} to {} a second time", s, owner, w));
          else if (owner != from && (had == gained.end() || !waited_for(phase, had->second, s)))
            ok = fail(fmt::format("V1: step {} hands block {} over from {}, who lacks it", s, owner,
                                  from));
          gained[{w, owner}] = s;
        });
      });
      if (!ok) return tl::unexpected(ok.error());
    }
  }
  return static_cast<std::int64_t>(gained.size());
}

bool same_group(const Lane& a, const Lane& b) {
  return a.map.size == b.map.size && a.map.view.digits == b.map.view.digits &&
         a.map.view.digit_count == b.map.view.digit_count && a.map.view.core == b.map.view.core &&
         a.phase.dual == b.phase.dual && a.phase.root == b.phase.root;
}

/// One lane by itself.
Expected<std::int64_t> prove_lane(const Lane& lane, const Schedule& schedule) {
  const Phase& phase = lane.phase;
  if (phase.network != InNetwork::none) return total_gain(phase, lane.map.size);
  if (phase.address == Address::pair) return prove_exchange(lane);
  if (phase.address == Address::spread)
    return prove_spread(lane,
                        schedule.spread.empty()
                            ? 1
                            : schedule.spread[static_cast<std::size_t>(lane.map.view.digits[0])]);
  if (!chooses_receivers(phase)) return 0;  // exchanges of the whole scope, neighbours
  return phase.address == Address::scope ? prove_tree(lane) : prove_hand_over(lane);
}

Expected<std::int64_t> prove_part(const Program& part, const Schedule& schedule);

/// Phases of one gather follow each other: collect them until it is complete. A restricted gather
/// is right because the whole one is.
Expected<std::int64_t> prove_sequence(const std::vector<Program>& parts, const Schedule& schedule) {
  // A send_recv gains one block, no gather.
  const bool neighbours = schedule.collective == Collective::send_recv;
  std::int64_t proved = 0;
  std::vector<const Lane*> open;
  std::int64_t gained = 0;
  const auto close = [&]() -> Expected<void> {
    if (open.empty()) return {};
    if (open.front()->phase.dual) open = {open.rbegin(), open.rend()};
    auto done = prove_gather(open);
    open.clear();
    gained = 0;
    if (!done) return tl::unexpected(done.error());
    proved += *done;
    return {};
  };
  for (const Program& part : parts) {
    const bool leaf = part.kind == Program::Kind::stage && part.lanes.size() == 1;
    const Lane* lane = leaf ? &part.lanes.front() : nullptr;
    const bool gather = leaf && lane->phase.address == Address::block &&
                        lane->phase.network == InNetwork::none && !neighbours &&
                        !chooses_receivers(lane->phase);
    if (!open.empty() && (!gather || !same_group(*open.front(), *lane)))
      if (auto ok = close(); !ok) return tl::unexpected(ok.error());
    if (!gather) {
      auto done = prove_part(part, schedule);
      if (!done) return done;
      proved += *done;
      continue;
    }
    open.push_back(lane);
    gained += total_gain(lane->phase, lane->map.size);
    if (gained >= lane->map.size - 1)
      if (auto ok = close(); !ok) return tl::unexpected(ok.error());
  }
  if (auto ok = close(); !ok) return tl::unexpected(ok.error());
  return proved;
}

Expected<std::int64_t> prove_part(const Program& part, const Schedule& schedule) {
  if (part.kind == Program::Kind::sequence || part.kind == Program::Kind::pipeline)
    return prove_sequence(part.parts, schedule);
  std::int64_t proved = 0;
  for (const Program& child : part.parts) {
    auto done = prove_sequence({child}, schedule);
    if (!done) return done;
    proved += *done;
  }
  for (const Lane& lane : part.lanes) {
    auto done = prove_lane(lane, schedule);
    if (!done) return done;
    proved += *done;
  }
  return proved;
}

}  // namespace

Expected<std::int64_t> prove(const Schedule& schedule) {
  WalkOptions options;
  options.zip = false;
  auto program = walk(schedule, options);
  if (!program) return tl::unexpected(program.error());
  return prove_sequence({*program}, schedule);
}

}  // namespace collscale
