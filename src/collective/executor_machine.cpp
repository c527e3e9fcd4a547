// SPDX-License-Identifier: Apache-2.0
// How a program runs: parts in their order, and the steps of a phase.
#include "collective/executor_machine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "collective/offsets.hpp"

namespace collscale {

Expected<void> Machine::run() {
  Clock start;
  const auto vertices = static_cast<std::size_t>(ranks_) + switches_.size();
  start.time.assign(vertices, 0);
  if (options_.trace) start.last.assign(vertices, {});
  auto clock = run_part(program_, start, false);
  if (!clock) return tl::unexpected(clock.error());
  report_.depth = *std::max_element(clock->time.begin(), clock->time.end());
  return {};
}

Expected<Clock> Machine::run_part(const Program& part, const Clock& ready, bool in_pipeline) {
  using Kind = Program::Kind;
  Clock end = ready;
  if (part.kind == Kind::messages) {
    const std::int64_t number = next_lane_++;
    if (auto ok = run_messages(part, ready, end, in_pipeline ? number : Timeline::kNoLane); !ok)
      return tl::unexpected(ok.error());
    return end;
  }
  for (const Lane& lane : part.lanes) {
    Clock clock = ready;
    const std::int64_t number = next_lane_++;
    if (auto ok = run_lane(lane, ready, clock, in_pipeline ? number : Timeline::kNoLane); !ok)
      return tl::unexpected(ok.error());
    if (part.lanes.size() == 1) return clock;
    join(end, clock, ready);
  }
  const bool pipeline = part.kind == Kind::pipeline;
  const std::int64_t first_lane = next_lane_;
  const auto window = static_cast<std::size_t>(pipeline ? part.window : 0);
  std::vector<Clock> finished;  // by chunk, for the window of a pipeline
  for (std::size_t i = 0; i < part.parts.size(); ++i) {
    // The chunks of a pipeline share their lanes: messages of one edge leave in order.
    if (pipeline) next_lane_ = first_lane;
    Clock start = part.kind == Kind::sequence ? std::move(end) : ready;
    if (window > 0 && i >= window) join(start, finished[i - window], ready);
    auto clock = run_part(part.parts[i], start, in_pipeline || pipeline);
    if (!clock) return clock;
    if (window > 0) finished.push_back(*clock);
    if (part.kind == Kind::sequence)
      end = std::move(*clock);
    else
      join(end, *clock, ready);
  }
  return end;
}

Expected<void> Machine::check_lane(const Lane& lane) const {
  const Phase& phase = lane.phase;
  const bool of_pairs =
      phase.address == Address::spread || (phase.address == Address::pair && phase.root < 0);
  if (of_pairs != demands_.pairs())
    return fail(fmt::format("phase {} names {}, but {} moves {}", phase_number_,
                            of_pairs ? "blocks by origin and destination" : "blocks by owner",
                            name(schedule_.collective),
                            of_pairs ? "blocks by owner" : "blocks by origin and destination"),
                ExitCode::failed);
  if (of_pairs && (phase.lag == Lag::ruler || phase.network != InNetwork::none))
    return fail(
        fmt::format("phase {}: an all_to_all takes no ruler and no switches", phase_number_),
        ExitCode::failed);
  return {};
}

Expected<void> Machine::run_lane(const Lane& lane, const Clock& ready, Clock& clock,
                                 std::int64_t number) {
  const Phase& phase = lane.phase;
  ++phase_number_;
  phase_steps_ = phase.steps;
  if (auto ok = check_lane(lane); !ok) return ok;
  Payload payload(schedule_, demands_, division_, lane);
  timeline_.begin(phase);
  if (phase.network != InNetwork::none) return run_network(lane, payload, ready, clock, number);
  arrived_.clear();
  // Without waiting, everything is read before anything of this phase has arrived.
  const std::int64_t batch = phase.lag == Lag::none ? phase.steps : 1;
  const Transfer transfer = effective_transfer(phase);
  for (std::int64_t position = 0; position < phase.steps; position += batch) {
    begin_packets();
    for (std::int64_t p = position; p < position + batch; ++p)
      if (auto ok = send_step(lane, payload, p); !ok) return ok;
    for (const Packet& packet : packets_) {
      if (auto ok = apply(packet, transfer, true); !ok) return ok;
      if (phase.lag == Lag::ruler) note_arrivals(lane, packet);
    }
    timeline_.advance(phase, packets_, ready, clock, number);
  }
  return {};
}

void Machine::begin_packets() {
  packets_.clear();
  names_.clear();
  tokens_.clear();
  counts_.clear();
  carried_.clear();
}

Expected<void> Machine::send_step(const Lane& lane, Payload& payload, std::int64_t position) {
  for (int arc = 0; arc < lane.phase.arc_count; ++arc) {
    const bool rooted = lane.phase.root >= 0;
    auto ok = rooted ? send_from_root(lane, payload, position, arc)
                     : send_arc(lane, payload, position, arc);
    if (!ok) return ok;
  }
  return {};
}

Expected<void> Machine::send_arc(const Lane& lane, Payload& payload, std::int64_t position,
                                 int arc_number) {
  const Phase& phase = lane.phase;
  const GroupMap& map = lane.map;
  const std::int64_t s = forward_step(phase, position);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
  const Offsets receivers = receivers_at(phase, arc, s, map.size);
  Expected<void> result;
  for (std::int64_t group = 0; group < map.group_count; ++group) {
    receivers.for_each([&](std::int64_t w) {
      const std::int64_t v = behind(phase, w, d, map.size);
      if (v == kNoRank || v == w || !result) return;
      name_cells(lane, payload, s, arc_number, group, w, v);
      const std::int64_t source = payload.rank(group, phase.dual ? w : v);
      const std::int64_t destination = payload.rank(group, phase.dual ? v : w);
      result = send(lane, source, destination, position);
    });
    if (!result) return result;
  }
  return {};
}

/// Only what the root has travels: to the receivers for whom an offset of X leads to the root.
Expected<void> Machine::send_from_root(const Lane& lane, Payload& payload, std::int64_t position,
                                       int arc_number) {
  const Phase& phase = lane.phase;
  const GroupMap& map = lane.map;
  const std::int64_t s = forward_step(phase, position);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
  const bool pairs = phase.address == Address::pair;
  reached_.clear();  // receiver, block by destination
  offsets_at(phase, arc.payload, s, map.size).for_each([&](std::int64_t x) {
    const std::int64_t w = ahead(phase, phase.root, pairs ? moved_by(phase, s, x) : x, map.size);
    const std::int64_t destination = pairs ? ahead(phase, phase.root, x, map.size) : 0;
    if (w != kNoRank && destination != kNoRank) reached_.emplace_back(w, destination);
  });
  std::sort(reached_.begin(), reached_.end());
  for (std::int64_t group = 0; group < map.group_count; ++group) {
    for (std::size_t i = 0; i < reached_.size();) {
      const std::int64_t w = reached_[i].first;
      const std::int64_t v = behind(phase, w, d, map.size);
      const bool sends = v != kNoRank && v != w;
      if (sends && !pairs) payload.scope(group, w, names_);
      for (; i < reached_.size() && reached_[i].first == w; ++i)
        if (sends && pairs) payload.block(group, reached_[i].second, names_);
      if (!sends) continue;
      const std::int64_t source = payload.rank(group, phase.dual ? w : v);
      const std::int64_t destination = payload.rank(group, phase.dual ? v : w);
      if (auto ok = send(lane, source, destination, position); !ok) return ok;
    }
  }
  return {};
}

void Machine::name_cells(const Lane& lane, Payload& payload, std::int64_t step, int arc,
                         std::int64_t group, std::int64_t w, std::int64_t sender) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  if (phase.address == Address::scope) return payload.scope(group, w, names_);
  const Offsets offsets =
      offsets_at(phase, phase.arcs[static_cast<std::size_t>(arc)].payload, step, size);
  offsets.for_each([&](std::int64_t x) {
    if (phase.address == Address::spread)
      return payload.pair(group, w, sender, floor_mod(sender + x, size), names_);
    const std::int64_t moved = phase.address == Address::pair ? moved_by(phase, step, x) : x;
    const std::int64_t origin = behind(phase, w, moved, size);
    if (origin == kNoRank) return;
    if (phase.address == Address::block) return payload.block(group, origin, names_);
    const std::int64_t destination = ahead(phase, origin, x, size);
    if (destination != kNoRank) payload.pair(group, w, origin, destination, names_);
  });
}

/// A packet of the cells named since the last one; none without cells.
Expected<void> Machine::send(const Lane& lane, std::int64_t source, std::int64_t destination,
                             std::int64_t position) {
  Packet packet;
  packet.source = static_cast<std::int32_t>(source);
  packet.destination = static_cast<std::int32_t>(destination);
  packet.position = static_cast<std::int32_t>(position);
  packet.first = tokens_.size();
  packet.count = names_.size() - packet.first;
  if (packet.count == 0) return {};
  if (lane.phase.lag == Lag::ruler)
    if (auto ok = check_waited(lane, packet); !ok) return ok;
  const Transfer transfer = effective_transfer(lane.phase);
  if (auto ok = read(packet, transfer); !ok) return ok;
  trace(packet, transfer);
  packets_.push_back(packet);
  return {};
}

Expected<void> Machine::check_waited(const Lane& lane, const Packet& packet) {
  const auto waited = waited_steps(lane.phase, forward_step(lane.phase, packet.position) + 1);
  for (std::size_t i = packet.first; i < packet.first + packet.count; ++i) {
    const auto found = arrived_.find(packet.source * division_.cells() + names_[i]);
    if (found == arrived_.end()) continue;
    for (const std::int64_t step : found->second)
      if (!std::binary_search(waited.begin(), waited.end(), step))
        return fail(where(packet, names_[i]) + ": depends on an arrival it does not wait for",
                    ExitCode::failed);
  }
  return {};
}

void Machine::note_arrivals(const Lane& lane, const Packet& packet) {
  for (std::size_t i = packet.first; i < packet.first + packet.count; ++i)
    arrived_[packet.destination * division_.cells() + names_[i]].push_back(
        forward_step(lane.phase, packet.position) + 1);
}

}  // namespace collscale
