// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

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

Expected<std::int64_t> prove_exchange(const Lane& lane) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  const bool masks = phase.frame == Frame::exclusive_or;
  std::vector<std::int64_t> moved(static_cast<std::size_t>(size), 0);
  for (std::int64_t s = 0; s < phase.steps; ++s) {
    for (int a = 0; a < phase.arc_count; ++a) {
      const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
      const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
      offsets_at(phase, arc.payload, s, size).for_each([&](std::int64_t j) {
        auto& by = moved[static_cast<std::size_t>(floor_mod(j, size))];
        by = masks ? by ^ d : floor_mod(by + d, size);
      });
    }
  }
  for (std::int64_t j = 0; j < size; ++j)
    if (moved[static_cast<std::size_t>(j)] != j)
      return fail(
          fmt::format("V2: offset {} is moved by {}", j, moved[static_cast<std::size_t>(j)]));
  return size - 1;
}

bool same_group(const Lane& a, const Lane& b) {
  return a.map.size == b.map.size && a.map.view.digits == b.map.view.digits &&
         a.map.view.digit_count == b.map.view.digit_count && a.map.view.core == b.map.view.core &&
         a.phase.dual == b.phase.dual;
}

Expected<std::int64_t> prove_part(const Program& part);

/// Phases of one gather follow each other: collect them until it is complete.
Expected<std::int64_t> prove_sequence(const std::vector<Program>& parts) {
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
    const bool gather = leaf && lane->phase.address == Address::block && lane->phase.root < 0 &&
                        !chooses_receivers(lane->phase);
    if (!open.empty() && (!gather || !same_group(*open.front(), *lane)))
      if (auto ok = close(); !ok) return tl::unexpected(ok.error());
    if (!gather) {
      auto done = prove_part(part);
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

Expected<std::int64_t> prove_part(const Program& part) {
  if (part.kind == Program::Kind::sequence || part.kind == Program::Kind::pipeline)
    return prove_sequence(part.parts);
  std::int64_t proved = 0;
  for (const Program& child : part.parts) {
    auto done = prove_sequence({child});
    if (!done) return done;
    proved += *done;
  }
  for (const Lane& lane : part.lanes) {
    if (lane.phase.address != Address::pair || lane.phase.root >= 0) continue;
    auto done = prove_exchange(lane);
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
  return prove_sequence({*program});
}

}  // namespace collscale
