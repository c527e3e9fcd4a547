// SPDX-License-Identifier: Apache-2.0
// Phases whose messages pass a switch: one message per member and direction, and a barrier per
// group, since the switch answers when it has heard everyone.
#include <algorithm>
#include <unordered_map>

#include "collective/executor_machine.hpp"

namespace collscale {

std::vector<std::int64_t> Machine::members(const Lane& lane, std::int64_t group) const {
  std::vector<std::int64_t> ranks;
  for (std::int64_t i = 0; i < lane.map.size; ++i) ranks.push_back(lane.map.rank(group, i));
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

/// The same members, the same switch: numbers behind the ranks in the order of the walk.
void Machine::number_switches(const Program& program) {
  for (const Lane& lane : program.lanes) {
    if (lane.phase.network == InNetwork::none) continue;
    for (std::int64_t group = 0; group < lane.map.group_count; ++group)
      switches_.emplace(members(lane, group), ranks_ + static_cast<std::int64_t>(switches_.size()));
  }
  for (const Program& part : program.parts) number_switches(part);
}

Expected<void> Machine::send_up(const Lane& lane, Payload& payload, std::int64_t group) {
  const bool multicast = lane.phase.network == InNetwork::multicast;
  const bool sums = !multicast || lane.phase.dual;
  const std::int64_t vertex = switches_.at(members(lane, group));
  for (std::int64_t i = 0; i < lane.map.size; ++i) {
    if (!multicast)
      payload.scope(group, i, names_);
    else if (!lane.phase.dual)
      payload.block(group, i, names_);
    else
      for (std::int64_t owner = 0; owner < lane.map.size; ++owner)
        payload.block(group, owner, names_);
    Packet packet;
    packet.source = static_cast<std::int32_t>(payload.rank(group, i));
    packet.destination = static_cast<std::int32_t>(vertex);
    packet.first = tokens_.size();
    packet.count = names_.size() - packet.first;
    const Transfer transfer = sums ? Transfer::give : Transfer::copy;
    if (auto ok = read(packet, transfer); !ok) return ok;
    trace(packet, transfer);
    packets_.push_back(packet);
  }
  return {};
}

/// What the switch has heard from the members of the group, merged, goes to them.
void Machine::send_down(const Lane& lane, Payload& payload, std::int64_t group) {
  const auto size = static_cast<std::size_t>(lane.map.size);
  const std::size_t first_up = static_cast<std::size_t>(group) * size;
  const bool sums = lane.phase.network == InNetwork::all_reduce || lane.phase.dual;
  // Where the merged value of a cell lies in the flat arrays: in the packet that brought it first.
  std::unordered_map<std::int64_t, std::size_t> merged;
  Cells heard;
  for (std::size_t p = first_up; p < first_up + size; ++p) {
    const Packet& up = packets_[p];
    for (std::size_t i = up.first; i < up.first + up.count; ++i) {
      const auto [at, is_new] = merged.emplace(names_[i], i);
      if (is_new) heard.push_back(names_[i]);
      if (is_new || !sums) continue;
      const std::size_t into = at->second;
      tokens_[into] += tokens_[i];
      counts_[into] += counts_[i];
      if (elements_.bytes > 0)
        elements_.add(carried_[into].data(), carried_[i].data(),
                      std::min(carried_[into].size(), carried_[i].size()));
    }
  }
  const bool to_owner = lane.phase.network == InNetwork::multicast && lane.phase.dual;
  for (std::int64_t i = 0; i < lane.map.size; ++i) {
    Packet packet;
    packet.source = packets_[first_up].destination;
    packet.destination = static_cast<std::int32_t>(payload.rank(group, i));
    packet.position = 0;
    packet.first = tokens_.size();
    if (to_owner)
      payload.block(group, i, names_);
    else
      names_.insert(names_.end(), heard.begin(), heard.end());
    packet.count = names_.size() - packet.first;
    for (std::size_t k = packet.first; k < names_.size(); ++k) {
      const std::size_t from = merged.at(names_[k]);
      tokens_.push_back(tokens_[from]);
      counts_.push_back(counts_[from]);
      if (elements_.bytes > 0) carried_.push_back(Bytes(carried_[from]));
    }
    ++report_.messages;
    trace(packet, Transfer::copy);
    packets_.push_back(packet);
  }
}

Expected<void> Machine::run_network(const Lane& lane, Payload& payload, const Clock& ready,
                                    Clock& clock, std::int64_t number) {
  Phase hop = lane.phase;
  hop.lag = Lag::previous;
  const auto forget_switches = [&] {
    for (std::size_t v = static_cast<std::size_t>(ranks_); v < clock.time.size(); ++v) {
      clock.time[v] = 0;
      if (!clock.last.empty()) clock.last[v].clear();
    }
  };
  phase_steps_ = 1;
  begin_packets();
  forget_switches();
  for (std::int64_t group = 0; group < lane.map.group_count; ++group)
    if (auto ok = send_up(lane, payload, group); !ok) return ok;
  timeline_.advance(hop, packets_, ready, clock, number);

  const auto ups = static_cast<std::ptrdiff_t>(packets_.size());
  for (std::int64_t group = 0; group < lane.map.group_count; ++group)
    send_down(lane, payload, group);
  packets_.erase(packets_.begin(), packets_.begin() + ups);
  for (const Packet& packet : packets_)
    if (auto ok = apply(packet, Transfer::copy, false); !ok) return ok;
  timeline_.advance(hop, packets_, ready, clock, number);
  forget_switches();
  return {};
}

}  // namespace collscale
