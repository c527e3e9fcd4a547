// SPDX-License-Identifier: Apache-2.0
// What messages do to memory, and what memory must hold before and after.
#include <fmt/format.h>

#include <algorithm>

#include "collective/executor_machine.hpp"
#include "collective/offsets.hpp"

namespace collscale {
namespace {

bool goes_by_switch(const Program& program) {
  for (const Lane& lane : program.lanes)
    if (lane.phase.network != InNetwork::none) return true;
  return std::any_of(program.parts.begin(), program.parts.end(), goes_by_switch);
}

}  // namespace

Machine::Machine(const Schedule& schedule, const Program& program, const Elements& elements,
                 const ExecuteOptions& options)
    : schedule_(schedule),
      program_(program),
      options_(options),
      elements_(elements),
      ranks_(schedule.ranks),
      demands_(schedule),
      division_(schedule, demands_, program, options.trace != nullptr || elements.bytes > 0),
      store_(0, 0, false),
      timeline_(0, nullptr) {}

Expected<void> Machine::reserve() {
  const auto cells = static_cast<double>(division_.cells());
  const auto ranks = static_cast<double>(ranks_);
  const double per_slot = elements_.bytes > 0 ? 12 + sizeof(Bytes) : 12;
  // Pairs: by cell the totals and the first holder; the holders; and, since all may be under way at
  // once, a message for each. Arrays that grow take up to twice what they hold.
  const double on_its_way = 20.0 + sizeof(Packet);
  const auto holders = static_cast<double>(demands_.copies());
  const double needed = demands_.pairs() ? cells * (16 + holders * 2 * (per_slot + 8 + on_its_way))
                                         : cells * (ranks * per_slot + 12);
  if (needed > kMaxMemory)
    return fail(fmt::format(
        "{} ranks are too many for the reference executor: {} blocks of {} intervals each would "
        "take {:.2g} GB of memory, and it takes {:.2g} GB at most; fewer ranks, channels or chunks "
        "would fit",
        ranks_, division_.blocks(), division_.atoms(), needed / 1e9, kMaxMemory / 1e9));
  store_ = Store(ranks_, division_.cells(), demands_.pairs());
  if (goes_by_switch(program_)) number_switches(program_);
  timeline_ = Timeline(ranks_ + static_cast<std::int64_t>(switches_.size()), options_.trace);
  total_tokens_.assign(static_cast<std::size_t>(division_.cells()), 0);
  total_counts_.assign(static_cast<std::size_t>(division_.cells()), 0);
  report_.sent_fraction.assign(static_cast<std::size_t>(ranks_), 0.0);
  report_.sent_elements.assign(static_cast<std::size_t>(ranks_), 0);
  if (options_.trace) {
    *options_.trace = {};
    options_.trace->blocks = division_.blocks();
    options_.trace->atom_edges = division_.edges();
    options_.trace->switches = static_cast<std::int64_t>(switches_.size());
  }
  return {};
}

Expected<void> Machine::load(const std::vector<Bytes>& input) {
  std::vector<std::int64_t> used(static_cast<std::size_t>(ranks_), 0);  // elements, by rank
  demands_.for_each_contribution(division_.blocks(), [&](std::int64_t rank, std::int64_t block) {
    const std::int64_t length =
        elements_.bytes > 0 ? demands_.block_length(elements_.count, block) : 0;
    std::int64_t& start = used[static_cast<std::size_t>(rank)];
    for (std::int64_t atom = 0; atom < division_.atoms(); ++atom) {
      const std::int64_t cell = block * division_.atoms() + atom;
      const std::uint64_t token = contribution_token(rank, cell);
      const std::int64_t slot = store_.make(rank, cell);
      store_.token(slot) = token;
      store_.count(slot) = 1;
      total_tokens_[static_cast<std::size_t>(cell)] += token;
      ++total_counts_[static_cast<std::size_t>(cell)];
      if (elements_.bytes == 0) continue;
      values_.resize(std::max(values_.size(), store_.slots()));
      const Bytes& from = input[static_cast<std::size_t>(rank)];
      const auto [first, last] = division_.slice(length, atom);
      const auto begin = static_cast<std::size_t>(start + first) * elements_.bytes;
      const auto end = static_cast<std::size_t>(start + last) * elements_.bytes;
      if (end <= from.size())
        values_[static_cast<std::size_t>(slot)].assign(
            from.begin() + static_cast<std::ptrdiff_t>(begin),
            from.begin() + static_cast<std::ptrdiff_t>(end));
    }
    start += length;
  });
  for (std::int64_t rank = 0; rank < ranks_ && elements_.bytes > 0; ++rank) {
    const auto r = static_cast<std::size_t>(rank);
    const auto brought = static_cast<std::int64_t>(input[r].size() / elements_.bytes);
    if (brought < used[r])
      return fail(fmt::format("rank {} brings {} elements, needs {}", rank, brought, used[r]));
  }
  return {};
}

double Machine::fraction_of(const Packet& packet) const {
  const std::int64_t atoms = division_.atoms();
  if (atoms == 1) return division_.fraction(0) * static_cast<double>(packet.count);
  double fraction = 0;
  for (std::size_t i = packet.first; i < packet.first + packet.count; ++i)
    fraction += division_.fraction(names_[i] % atoms);
  return fraction;
}

std::string Machine::where(const Packet& packet, std::int64_t cell) const {
  return fmt::format("phase {}, step {} of {}, message {} -> {}, block {}", phase_number_,
                     packet.position + 1, phase_steps_, packet.source, packet.destination,
                     cell / division_.atoms());
}

Expected<void> Machine::read(Packet& packet, Transfer transfer) {
  const bool leaves = transfer == Transfer::give || transfer == Transfer::move;
  const auto source = static_cast<std::size_t>(packet.source);
  for (std::size_t i = packet.first; i < packet.first + packet.count; ++i) {
    const std::int64_t slot = store_.find(packet.source, names_[i]);
    if (slot == Store::kNone)
      return fail(where(packet, names_[i]) + ": the sender does not hold it", ExitCode::failed);
    tokens_.push_back(store_.token(slot));
    counts_.push_back(store_.count(slot));
    if (elements_.bytes > 0) {
      Bytes& values = values_[static_cast<std::size_t>(slot)];
      report_.sent_elements[source] += static_cast<std::int64_t>(values.size() / elements_.bytes);
      carried_.push_back(leaves ? std::move(values) : values);
      if (leaves) values.clear();
    }
    if (leaves) store_.drop(packet.source, names_[i], slot);
  }
  report_.sent_fraction[source] += fraction_of(packet);
  ++report_.messages;
  return {};
}

void Machine::trace(Packet& packet, Transfer transfer) {
  if (!options_.trace) return;
  ExecutedMessage message;
  message.phase = phase_number_;
  message.step = packet.position;
  message.source = packet.source;
  message.destination = packet.destination;
  message.fraction = fraction_of(packet);
  message.transfer = transfer;
  message.cells.reserve(packet.count);
  for (std::size_t i = packet.first; i < packet.first + packet.count; ++i)
    message.cells.push_back({names_[i] / division_.atoms(), names_[i] % division_.atoms()});
  packet.number = static_cast<std::int32_t>(options_.trace->messages.size());
  options_.trace->messages.push_back(std::move(message));
}

Expected<void> Machine::apply(const Packet& packet, Transfer transfer, bool counts_redundant) {
  const bool sets = transfer == Transfer::copy || transfer == Transfer::move;
  for (std::size_t i = packet.first; i < packet.first + packet.count; ++i) {
    std::int64_t slot = store_.find(packet.destination, names_[i]);
    if (slot == Store::kNone) {
      slot = store_.make(packet.destination, names_[i]);
      store_.token(slot) = tokens_[i];
      store_.count(slot) = counts_[i];
      if (elements_.bytes == 0) continue;
      values_.resize(std::max(values_.size(), store_.slots()));
      values_[static_cast<std::size_t>(slot)] = std::move(carried_[i]);
      continue;
    }
    if (sets) {
      if (transfer == Transfer::move || store_.token(slot) != tokens_[i])
        return fail(where(packet, names_[i]) + ": the receiver holds something else there",
                    ExitCode::failed);
      if (counts_redundant)
        report_.redundant_fraction += division_.fraction(names_[i] % division_.atoms());
      continue;
    }
    store_.token(slot) += tokens_[i];
    store_.count(slot) += counts_[i];
    if (elements_.bytes == 0) continue;
    Bytes& values = values_[static_cast<std::size_t>(slot)];
    elements_.add(values.data(), carried_[i].data(), std::min(values.size(), carried_[i].size()));
  }
  return {};
}

Expected<void> Machine::judge_cell(std::int64_t rank, std::int64_t cell, std::int64_t slot,
                                   Duty duty) {
  const auto at = static_cast<std::size_t>(cell);
  const std::uint32_t held = slot == Store::kNone ? 0 : store_.count(slot);
  if (duty == Duty::may_hold && held == 0) return {};
  const std::uint32_t owed = duty == Duty::must_not_hold ? 0 : total_counts_[at];
  const std::uint64_t token = duty == Duty::must_not_hold ? 0 : total_tokens_[at];
  if (held == owed && (held == 0 || store_.token(slot) == token)) return {};
  const char* what = held < owed   ? "contributions are lost"
                     : held > owed ? "contributions are counted twice, or stayed where they are "
                                     "not owed"
                                   : "contributions are another's";
  return fail(fmt::format("at the end rank {} holds {} of {} contributions to block {}: {}", rank,
                          held, owed, cell / division_.atoms(), what),
              ExitCode::failed);
}

Expected<void> Machine::judge() {
  const std::int64_t atoms = division_.atoms();
  for (std::int64_t cell = 0; cell < division_.cells(); ++cell) {
    const std::int64_t block = cell / atoms;
    if (!demands_.pairs()) {
      for (std::int64_t rank = 0; rank < ranks_; ++rank)
        if (auto ok = judge_cell(rank, cell, store_.find(rank, cell), demands_.duty(rank, block));
            !ok)
          return ok;
      continue;
    }
    std::int64_t holders = 0;
    Expected<void> result;
    store_.for_each_holder(cell, [&](std::int64_t rank, std::int64_t slot) {
      const Duty duty = demands_.duty(rank, block);
      if (duty == Duty::must_hold) ++holders;
      if (result) result = judge_cell(rank, cell, slot, duty);
    });
    if (!result) return result;
    for (std::int64_t rank = 0; rank < ranks_ && holders < demands_.holders(); ++rank)
      if (auto ok = judge_cell(rank, cell, store_.find(rank, cell), demands_.duty(rank, block));
          !ok)
        return ok;
  }
  return {};
}

std::vector<Bytes> Machine::output() {
  std::vector<Bytes> out(static_cast<std::size_t>(ranks_));
  for (std::int64_t cell = 0; cell < division_.cells() && elements_.bytes > 0; ++cell) {
    for (std::int64_t rank = 0; rank < ranks_; ++rank) {
      if (demands_.duty(rank, cell / division_.atoms()) != Duty::must_hold) continue;
      const std::int64_t slot = store_.find(rank, cell);
      if (slot == Store::kNone) continue;
      const Bytes& values = values_[static_cast<std::size_t>(slot)];
      Bytes& to = out[static_cast<std::size_t>(rank)];
      to.insert(to.end(), values.begin(), values.end());
    }
  }
  return out;
}

}  // namespace collscale
