// SPDX-License-Identifier: Apache-2.0
#include "collective/executor_cells.hpp"

#include <algorithm>
#include <cmath>

#include "collective/offsets.hpp"

namespace collscale {
namespace {

constexpr double kSameEdge = 1e-9;

bool names_blocks(const Lane& lane) {
  const Phase& phase = lane.phase;
  if (phase.network == InNetwork::all_reduce) return false;
  if (phase.network == InNetwork::multicast) return true;
  if (phase.address == Address::scope) return false;
  return phase.address != Address::block || phase.root < 0;
}

bool has_messages(const Program& program) {
  if (program.kind == Program::Kind::messages) return true;
  return std::any_of(program.parts.begin(), program.parts.end(), has_messages);
}

void tidy(std::vector<double>& edges, double tolerance) {
  std::sort(edges.begin(), edges.end());
  const auto same = [&](double a, double b) { return b - a <= tolerance; };
  edges.erase(std::unique(edges.begin(), edges.end(), same), edges.end());
}

}  // namespace

bool varies_in_group(const GroupMap& map, std::size_t digit) {
  if (map.view.members || map.view.nodes != View::Nodes::none) return true;
  for (int i = 0; i < map.view.digit_count; ++i)
    if (map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(digit)) return true;
  return false;
}

bool splits_scope(const Lane& lane) {
  return !lane.gathers_for_others &&
         (lane.map.view.core > 0 || lane.map.view.nodes == View::Nodes::leaders);
}

std::int64_t moved_by(const Phase& phase, std::int64_t step, std::int64_t j) {
  const std::int64_t unit = unit_value(phase, step);
  if (phase.unit == Unit::power_up) return j % (phase.base * unit);
  if (phase.unit == Unit::power_down) return j - j % unit;
  return j;
}

Division::Division(const Schedule& schedule, const Demands& demands, const Program& program,
                   bool by_owner)
    : edges_{0.0, 1.0} {
  std::array<bool, View::kMaxDigits> told_apart{};
  if (by_owner || !demands.blocks_alike() || has_messages(program)) told_apart.fill(true);
  collect(schedule, program, told_apart);
  tidy(edges_, kSameEdge);
  edges_.back() = 1.0;
  std::int64_t named = 1;
  for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
    if (!told_apart[d]) continue;
    places_[d] = named;
    named *= schedule.radix[d];
  }
  blocks_ = demands.pairs() ? named * named : named;
  block_fraction_ =
      demands.block_fraction() * static_cast<double>(schedule.ranks) / static_cast<double>(named);
}

void Division::collect(const Schedule& schedule, const Program& program,
                       std::array<bool, View::kMaxDigits>& told_apart) {
  if (program.kind == Program::Kind::messages) {
    edges_.push_back(program.part_low);
    edges_.push_back(program.part_high);
  }
  for (const Lane& lane : program.lanes) {
    const bool blocks = names_blocks(lane);
    const bool splits = blocks && splits_scope(lane);
    const std::int64_t parts = splits ? lane.map.size : 1;
    const double width = lane.part_high - lane.part_low;
    for (std::int64_t i = 0; i <= parts; ++i)
      edges_.push_back(lane.part_low + width * static_cast<double>(i) / static_cast<double>(parts));
    for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
      const bool in_group = varies_in_group(lane.map, d);
      if ((in_group && blocks && !splits) || (!in_group && lane.states[d] != DigitState::all))
        told_apart[d] = true;
    }
    // Most lanes repeat the edges of others: keep the list short.
    if (edges_.size() > 4096) tidy(edges_, 0);
  }
  for (const Program& part : program.parts) collect(schedule, part, told_apart);
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

Store::Store(std::int64_t ranks, std::int64_t cells, bool sparse) : cells_(cells), sparse_(sparse) {
  if (sparse) {
    heads_.assign(static_cast<std::size_t>(cells), -1);
  } else {
    tokens_.assign(static_cast<std::size_t>(ranks * cells), 0);
    counts_.assign(static_cast<std::size_t>(ranks * cells), 0);
  }
}

std::int64_t Store::find_sparse(std::int64_t rank, std::int64_t cell) const {
  for (std::int32_t at = heads_[static_cast<std::size_t>(cell)]; at >= 0;) {
    const Link& link = links_[static_cast<std::size_t>(at)];
    if (link.rank == rank) return at;
    at = link.next;
  }
  return kNone;
}

std::int64_t Store::make_sparse(std::int64_t rank, std::int64_t cell) {
  std::int32_t at = free_;
  if (at >= 0) {
    free_ = links_[static_cast<std::size_t>(at)].next;
  } else {
    at = static_cast<std::int32_t>(links_.size());
    links_.push_back({});
    tokens_.push_back(0);
    counts_.push_back(0);
  }
  std::int32_t& head = heads_[static_cast<std::size_t>(cell)];
  links_[static_cast<std::size_t>(at)] = {static_cast<std::int32_t>(rank), head};
  head = at;
  return at;
}

void Store::drop_sparse(std::int64_t rank, std::int64_t cell) {
  std::int32_t* from = &heads_[static_cast<std::size_t>(cell)];
  while (*from >= 0) {
    const std::int32_t at = *from;
    Link& link = links_[static_cast<std::size_t>(at)];
    if (link.rank == rank) {
      *from = link.next;
      link.next = free_;
      free_ = at;
      tokens_[static_cast<std::size_t>(at)] = 0;
      counts_[static_cast<std::size_t>(at)] = 0;
      return;
    }
    from = &link.next;
  }
}

namespace {

/// Every sum of one multiple of place(d) per free digit.
std::vector<std::int64_t> free_sums(const Schedule& schedule, const Division& division,
                                    const std::array<bool, View::kMaxDigits>& is_free) {
  std::vector<std::int64_t> sums{0};
  for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
    if (!is_free[d] || division.place(d) == 0) continue;
    const std::size_t before = sums.size();
    for (std::int64_t value = 1; value < schedule.radix[d]; ++value)
      for (std::size_t i = 0; i < before; ++i) sums.push_back(sums[i] + value * division.place(d));
  }
  std::sort(sums.begin(), sums.end());
  return sums;
}

std::vector<std::int64_t> fixed_sums(const Schedule& schedule, const Division& division,
                                     const std::array<bool, View::kMaxDigits>& is_free) {
  std::vector<std::int64_t> sums(static_cast<std::size_t>(schedule.ranks), 0);
  for (std::int64_t rank = 0; rank < schedule.ranks; ++rank) {
    std::int64_t rest = rank;
    for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
      if (!is_free[d])
        sums[static_cast<std::size_t>(rank)] += rest % schedule.radix[d] * division.place(d);
      rest /= schedule.radix[d];
    }
  }
  return sums;
}

}  // namespace

Payload::Payload(const Schedule& schedule, const Demands& demands, const Division& division,
                 const Lane& lane)
    : schedule_(schedule),
      demands_(demands),
      division_(division),
      lane_(lane),
      splits_(splits_scope(lane)) {
  std::tie(first_atom_, last_atom_) = division.atoms_of(lane.part_low, lane.part_high);
  for (std::int64_t group = 0; group < lane.map.group_count; ++group)
    for (std::int64_t index = 0; index < lane.map.size; ++index)
      ranks_.push_back(lane.map.rank(group, index));
  if (demands.pairs()) return;
  std::array<bool, View::kMaxDigits> block_free{};
  std::array<bool, View::kMaxDigits> scope_free{};
  for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
    const bool in_group = varies_in_group(lane.map, d);
    scope_free[d] = in_group || lane.states[d] == DigitState::all;
    block_free[d] = in_group ? splits_ : lane.states[d] == DigitState::all;
  }
  bases_ = fixed_sums(schedule, division, block_free);
  others_ = free_sums(schedule, division, block_free);
  scope_bases_ = fixed_sums(schedule, division, scope_free);
  scope_others_ = free_sums(schedule, division, scope_free);
  for (const NodeRun& run : schedule.nodes)
    for (std::int64_t node = 0; node < run.nodes; ++node)
      node_starts_.push_back(node_starts_.empty() ? 0 : node_starts_.back());
  std::size_t node = 0;
  std::int64_t start = 0;
  for (const NodeRun& run : schedule.nodes)
    for (std::int64_t i = 0; i < run.nodes; ++i, start += run.ranks) node_starts_[node++] = start;
  node_starts_.push_back(schedule.ranks);
}

void Payload::append(std::int64_t base, std::int64_t first, std::int64_t last, Cells& into) const {
  const std::int64_t atoms = division_.atoms();
  for (const std::int64_t other : others_)
    for (std::int64_t atom = first; atom < last; ++atom)
      into.push_back((base + other) * atoms + atom);
}

void Payload::scope(std::int64_t group, std::int64_t w, Cells& into) const {
  const std::int64_t atoms = division_.atoms();
  const std::int64_t base = scope_bases_[static_cast<std::size_t>(rank(group, w))];
  for (const std::int64_t other : scope_others_)
    for (std::int64_t atom = first_atom_; atom < last_atom_; ++atom)
      into.push_back((base + other) * atoms + atom);
}

void Payload::block(std::int64_t group, std::int64_t owner, Cells& into) const {
  const GroupMap& map = lane_.map;
  if (splits_) {
    const double width = (lane_.part_high - lane_.part_low) / static_cast<double>(map.size);
    const double low = lane_.part_low + width * static_cast<double>(owner);
    const auto [first, last] = division_.atoms_of(low, low + width);
    append(bases_[static_cast<std::size_t>(rank(group, owner))], first, last, into);
    return;
  }
  if (!lane_.gathers_for_others) {
    append(bases_[static_cast<std::size_t>(rank(group, owner))], first_atom_, last_atom_, into);
    return;
  }
  // Of a core: the places ≡ owner; of leaders: every rank of the node there.
  for (std::int64_t place = owner; place < map.full_size(); place += map.size) {
    const std::int64_t holder = map.rank_at_place(group, place);
    std::int64_t first = holder;
    std::int64_t last = holder + 1;
    if (map.view.nodes == View::Nodes::leaders) {
      const auto next = std::upper_bound(node_starts_.begin(), node_starts_.end(), holder);
      last = *next;
      first = *(next - 1);
    }
    for (std::int64_t r = first; r < last; ++r)
      append(bases_[static_cast<std::size_t>(r)], first_atom_, last_atom_, into);
  }
}

void Payload::pair(std::int64_t group, std::int64_t w, std::int64_t origin,
                   std::int64_t destination, Cells& into) {
  std::int64_t own = rank(group, w);
  std::int64_t from = rank(group, origin);
  std::int64_t to = rank(group, destination);
  found_.assign(1, 0);
  for (std::size_t d = 0; d < schedule_.radix.size(); ++d) {
    const std::int64_t values = schedule_.radix[d];
    const std::int64_t place = division_.place(d);
    const auto add = [&](std::int64_t o, std::int64_t t) {
      for (const std::int64_t block : found_)
        longer_.push_back(block + (o * schedule_.ranks + t) * place);
    };
    longer_.clear();
    if (varies_in_group(lane_.map, d)) {
      add(from % values, to % values);
    } else if (lane_.states[d] == DigitState::todo) {
      for (std::int64_t t = 0; t < values; ++t) add(own % values, t);
    } else if (lane_.states[d] == DigitState::done) {
      for (std::int64_t o = 0; o < values; ++o)
        for (std::int64_t back = 0; back < demands_.spread(d); ++back)
          add(o, floor_mod(own % values - back, values));
    } else {
      add(from % values, to % values);
    }
    found_.swap(longer_);
    own /= values;
    from /= values;
    to /= values;
  }
  for (const std::int64_t block : found_)
    for (std::int64_t atom = first_atom_; atom < last_atom_; ++atom)
      into.push_back(block * division_.atoms() + atom);
}

}  // namespace collscale
