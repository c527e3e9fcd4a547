// SPDX-License-Identifier: Apache-2.0
#include "collective/executor_cells.hpp"

#include <algorithm>
#include <cmath>

#include "collective/offsets.hpp"

namespace collscale {
namespace {

constexpr double kSameEdge = 1e-9;
constexpr std::int64_t kAnyValue = -1;

bool in_group(const GroupMap& map, std::size_t digit) {
  if (map.view.members) return true;
  for (int i = 0; i < map.view.digit_count; ++i)
    if (map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(digit)) return true;
  return false;
}

/// A core that starts and ends with everything: its blocks are intervals, not blocks of the group.
bool splits_scope(const Lane& lane) { return lane.map.view.core > 0 && !lane.gathers_for_others; }

}  // namespace

std::int64_t block_elements(std::int64_t elements, std::int64_t blocks, std::int64_t block) {
  return elements / blocks + (block < elements % blocks ? 1 : 0);
}

std::int64_t block_start(std::int64_t elements, std::int64_t blocks, std::int64_t block) {
  return elements / blocks * block + std::min(block, elements % blocks);
}

std::uint64_t contribution_token(std::int64_t origin, std::int64_t cell) {
  // splitmix64 (Steele, Lea, Flood 2014) over both numbers.
  std::uint64_t z = static_cast<std::uint64_t>(origin) * 0x9e3779b97f4a7c15ULL +
                    static_cast<std::uint64_t>(cell) * 0xd1b54a32d192ed03ULL +
                    0x8cb92ba72f3d8dd7ULL;
  for (int round = 0; round < 2; ++round) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
  }
  return z;
}

std::vector<std::int64_t> receivers_of(const Lane& lane, std::int64_t step, int arc_number) {
  const Phase& phase = lane.phase;
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  std::vector<std::int64_t> receivers;
  for (std::int64_t w = 0; w < lane.map.size; ++w) {
    if (phase.root >= 0) {
      bool gains = false;
      offsets_at(phase, arc.payload, step, lane.map.size).for_each([&](std::int64_t x) {
        gains = gains || behind(phase, w, x, lane.map.size) == phase.root;
      });
      if (gains) receivers.push_back(w);
    } else if (!arc.has_receivers ||
               offsets_at(phase, arc.receivers, step, lane.map.size).contains(w)) {
      receivers.push_back(w);
    }
  }
  return receivers;
}

Division::Division(const Schedule& schedule, const Program& program)
    : ranks_(schedule.ranks),
      pairs_(schedule.collective == Collective::all_to_all ||
             schedule.collective == Collective::scatter ||
             schedule.collective == Collective::gather),
      radix_(schedule.radix),
      edges_{0.0, 1.0} {
  collect_edges(program);
  std::sort(edges_.begin(), edges_.end());
  const auto same = [](double a, double b) { return b - a < kSameEdge; };
  edges_.erase(std::unique(edges_.begin(), edges_.end(), same), edges_.end());
  edges_.back() = 1.0;
}

void Division::collect_edges(const Program& program) {
  for (const Lane& lane : program.lanes) {
    const std::int64_t parts =
        splits_scope(lane) && lane.phase.address == Address::block ? lane.map.size : 1;
    for (std::int64_t i = 0; i <= parts; ++i)
      edges_.push_back(lane.part_low + (lane.part_high - lane.part_low) * static_cast<double>(i) /
                                           static_cast<double>(parts));
    // Most lanes repeat the edges of others: keep the list short.
    if (edges_.size() > 4096) {
      std::sort(edges_.begin(), edges_.end());
      edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
    }
  }
  for (const Program& part : program.parts) collect_edges(part);
}

std::pair<std::int64_t, std::int64_t> Division::slice(std::int64_t length,
                                                      std::int64_t atom) const {
  const auto a = static_cast<std::size_t>(atom);
  const auto edge = [&](double e) { return std::llround(e * static_cast<double>(length)); };
  return {edge(edges_[a]), edge(edges_[a + 1])};
}

std::pair<std::int64_t, std::int64_t> Division::atoms_of(double low, double high) const {
  const auto at = [&](double edge) {
    return std::lower_bound(edges_.begin(), edges_.end(), edge - kSameEdge) - edges_.begin();
  };
  return {at(low), at(high)};
}

std::vector<std::int64_t> Division::matching(const std::vector<std::int64_t>& digits) const {
  std::vector<std::int64_t> ranks{0};
  std::int64_t weight = 1;
  for (std::size_t d = 0; d < radix_.size(); ++d) {
    std::vector<std::int64_t> longer;
    for (const std::int64_t rank : ranks) {
      if (digits[d] != kAnyValue) {
        longer.push_back(rank + digits[d] * weight);
      } else {
        for (std::int64_t v = 0; v < radix_[d]; ++v) longer.push_back(rank + v * weight);
      }
    }
    ranks = std::move(longer);
    weight *= radix_[d];
  }
  return ranks;
}

namespace {
std::vector<std::int64_t> digits_of(std::int64_t rank, const std::vector<std::int64_t>& radix) {
  std::vector<std::int64_t> digits;
  for (const std::int64_t r : radix) {
    digits.push_back(rank % r);
    rank /= r;
  }
  return digits;
}
}  // namespace

void Division::append(const std::vector<std::int64_t>& blocks, double low, double high,
                      std::vector<CellName>& into) const {
  const auto [first, last] = atoms_of(low, high);
  for (const std::int64_t block : blocks)
    for (std::int64_t atom = first; atom < last; ++atom) into.push_back({block, atom});
}

void Division::append_scope(const Lane& lane, std::int64_t group, std::int64_t w,
                            std::vector<CellName>& into) const {
  std::vector<std::int64_t> digits = digits_of(lane.map.rank(group, w), radix_);
  for (std::size_t d = 0; d < radix_.size(); ++d)
    if (in_group(lane.map, d) || lane.states[d] == DigitState::all) digits[d] = kAnyValue;
  append(matching(digits), lane.part_low, lane.part_high, into);
}

void Division::append_block(const Lane& lane, std::int64_t group, std::int64_t w, std::int64_t x,
                            std::vector<CellName>& into) const {
  const std::int64_t owner = behind(lane.phase, w, x, lane.map.size);
  if (owner == kNoRank) return;
  std::vector<std::int64_t> digits = digits_of(lane.map.rank(group, w), radix_);
  for (std::size_t d = 0; d < radix_.size(); ++d)
    if (lane.states[d] == DigitState::all) digits[d] = kAnyValue;

  if (splits_scope(lane)) {
    for (std::size_t d = 0; d < radix_.size(); ++d)
      if (in_group(lane.map, d)) digits[d] = kAnyValue;
    const double width = (lane.part_high - lane.part_low) / static_cast<double>(lane.map.size);
    const double low = lane.part_low + width * static_cast<double>(owner);
    append(matching(digits), low, low + width, into);
    return;
  }
  const std::int64_t places = lane.gathers_for_others ? lane.map.full_size() : lane.map.size;
  for (std::int64_t place = owner; place < places; place += lane.map.size) {
    const std::int64_t rank = lane.gathers_for_others ? lane.map.rank_at_place(group, place)
                                                      : lane.map.rank(group, place);
    const std::vector<std::int64_t> of_owner = digits_of(rank, radix_);
    for (std::size_t d = 0; d < radix_.size(); ++d)
      if (in_group(lane.map, d)) digits[d] = of_owner[d];
    append(matching(digits), lane.part_low, lane.part_high, into);
  }
}

void Division::append_pair(const Lane& lane, std::int64_t step, std::int64_t group, std::int64_t w,
                           std::int64_t x, std::vector<CellName>& into) const {
  const Phase& phase = lane.phase;
  const std::int64_t unit = unit_value(phase, step);
  std::int64_t moved = x;
  if (phase.unit == Unit::power_up) moved = x % (phase.base * unit);
  if (phase.unit == Unit::power_down) moved = x - x % unit;
  const std::int64_t origin = behind(phase, w, moved, lane.map.size);
  if (origin == kNoRank) return;
  const std::int64_t destination = ahead(phase, origin, x, lane.map.size);
  if (destination == kNoRank) return;
  std::vector<std::int64_t> from = digits_of(lane.map.rank(group, origin), radix_);
  std::vector<std::int64_t> to = digits_of(lane.map.rank(group, destination), radix_);
  for (std::size_t d = 0; d < radix_.size(); ++d) {
    if (in_group(lane.map, d)) continue;
    if (lane.states[d] == DigitState::todo) to[d] = kAnyValue;
    if (lane.states[d] == DigitState::done) from[d] = kAnyValue;
  }
  std::vector<std::int64_t> blocks;
  const std::vector<std::int64_t> destinations = matching(to);
  for (const std::int64_t o : matching(from))
    for (const std::int64_t t : destinations) blocks.push_back(o * ranks_ + t);
  append(blocks, lane.part_low, lane.part_high, into);
}

bool contributes(const Schedule& schedule, std::int64_t rank, std::int64_t block) {
  switch (schedule.collective) {
    case Collective::all_gather:
      return block == rank;
    case Collective::all_to_all:
      return block / schedule.ranks == rank;
    case Collective::broadcast:
      return rank == schedule.root;
    default:
      return true;
  }
}

std::pair<std::int64_t, std::int64_t> contributors(const Schedule& schedule, std::int64_t rank,
                                                   std::int64_t block) {
  const std::pair<std::int64_t, std::int64_t> everyone{0, schedule.ranks};
  const std::pair<std::int64_t, std::int64_t> nobody{0, 0};
  switch (schedule.collective) {
    case Collective::all_gather:
      return {block, block + 1};
    case Collective::all_to_all:
      return block % schedule.ranks == rank
                 ? std::pair{block / schedule.ranks, block / schedule.ranks + 1}
                 : nobody;
    case Collective::broadcast:
      return {schedule.root, schedule.root + 1};
    case Collective::reduce_scatter:
      return block == rank ? everyone : nobody;
    case Collective::reduce:
      return rank == schedule.root ? everyone : nobody;
    default:
      return everyone;
  }
}

}  // namespace collscale
