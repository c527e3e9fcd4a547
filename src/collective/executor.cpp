// SPDX-License-Identifier: Apache-2.0
#include "collective/executor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "collective/executor_machine.hpp"
#include "collective/offsets.hpp"
#include "collective/walk.hpp"

namespace collscale {

template <class T>
Expected<void> Machine<T>::load(const std::vector<std::vector<T>>& input) {
  cells_.assign(static_cast<std::size_t>(ranks_ * division_.cells()), {});
  const bool with_data = !input.empty();
  for (std::int64_t rank = 0; rank < ranks_; ++rank) {
    for (std::int64_t block = 0; block < division_.blocks(); ++block) {
      if (!contributes(schedule_, rank, block)) continue;
      const std::int64_t length = block_elements(elements_, ranks_, owner_of(block));
      const std::int64_t start = schedule_.collective == Collective::all_gather
                                     ? 0
                                     : block_start(elements_, ranks_, owner_of(block));
      for (std::int64_t atom = 0; atom < division_.atoms(); ++atom) {
        Cell<T>& cell = cells_[index(rank, {block, atom})];
        cell.token = contribution_token(rank, cell_number({block, atom}));
        cell.contributions = 1;
        if (!with_data) continue;
        const auto& data = input[static_cast<std::size_t>(rank)];
        const auto [first, last] = division_.slice(length, atom);
        if (start + last > static_cast<std::int64_t>(data.size()))
          return fail(
              fmt::format("rank {} brings {} elements, needs {}", rank, data.size(), start + last));
        cell.values.assign(data.begin() + start + first, data.begin() + start + last);
      }
    }
  }
  return {};
}

template <class T>
Expected<void> Machine<T>::run(const Program& program) {
  auto clock = run_part(program, Clock(static_cast<std::size_t>(ranks_), 0), 1);
  if (!clock) return tl::unexpected(clock.error());
  report_.depth = *std::max_element(clock->begin(), clock->end());
  return {};
}

template <class T>
Expected<Clock> Machine<T>::run_part(const Program& part, const Clock& ready, std::uint64_t path) {
  Clock end = ready;
  if (part.kind == Program::Kind::stage) {
    for (std::size_t i = 0; i < part.lanes.size(); ++i) {
      auto clock = run_lane(part.lanes[i], ready, path * 31 + i);
      if (!clock) return clock;
      join(end, *clock);
    }
    return end;
  }
  std::vector<Clock> finished;  // by part, for the window of a pipeline
  for (std::size_t i = 0; i < part.parts.size(); ++i) {
    Clock start = part.kind == Program::Kind::sequence ? end : ready;
    const auto window = static_cast<std::size_t>(part.window);
    const bool pipeline = part.kind == Program::Kind::pipeline;
    if (pipeline && window > 0 && i >= window) join(start, finished[i - window]);
    // The chunks of a pipeline share their lanes: messages of one edge leave in order.
    auto clock = run_part(part.parts[i], start, pipeline ? path * 31 : path * 31 + i + 1);
    if (!clock) return clock;
    finished.push_back(*clock);
    join(end, *clock);
  }
  return end;
}

template <class T>
std::vector<typename Machine<T>::Packet> Machine<T>::packets(const Lane& lane,
                                                             std::int64_t position) const {
  const Phase& phase = lane.phase;
  const std::int64_t s = forward_step(phase, position);
  std::vector<Packet> sent;
  for (int a = 0; a < phase.arc_count; ++a) {
    const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
    const std::int64_t d = evaluate(arc.distance, s, unit_value(phase, s));
    const std::vector<std::int64_t> receivers = receivers_of(lane, s, a);
    for (std::int64_t group = 0; group < lane.map.group_count; ++group) {
      for (const std::int64_t w : receivers) {
        const std::int64_t v = behind(phase, w, d, lane.map.size);
        if (v == kNoRank || v == w) continue;
        Packet packet;
        packet.source = lane.map.rank(group, phase.dual ? w : v);
        packet.destination = lane.map.rank(group, phase.dual ? v : w);
        packet.position = position;
        if (phase.address == Address::scope || phase.root >= 0) {
          division_.append_scope(lane, group, w, packet.names);
        } else {
          offsets_at(phase, arc.payload, s, lane.map.size).for_each([&](std::int64_t x) {
            if (phase.address == Address::block)
              division_.append_block(lane, group, w, x, packet.names);
            else
              division_.append_pair(lane, s, group, w, x, packet.names);
          });
        }
        if (!packet.names.empty()) sent.push_back(std::move(packet));
      }
    }
  }
  return sent;
}

template <class T>
Expected<void> Machine<T>::check_waited(const Lane& lane, const Packet& packet) const {
  const auto waited = waited_steps(lane.phase, forward_step(lane.phase, packet.position) + 1);
  for (const CellName name : packet.names) {
    const auto found = arrived_.find(index(packet.source, name));
    if (found == arrived_.end()) continue;
    for (const std::int64_t step : found->second)
      if (waited.count(step) == 0)
        return fail(where(lane, packet, name) + ": depends on an arrival it does not wait for",
                    ExitCode::failed);
  }
  return {};
}

template <class T>
Expected<void> Machine<T>::read(const Lane& lane, Packet& packet) {
  const Transfer transfer = effective_transfer(lane.phase);
  double fraction = 0;
  for (const CellName name : packet.names) {
    Cell<T>& cell = cells_[index(packet.source, name)];
    if (cell.contributions == 0)
      return fail(where(lane, packet, name) + ": the sender does not hold it", ExitCode::failed);
    packet.cells.push_back(cell);
    fraction += division_.fraction(name.atom);
    report_.sent_elements[static_cast<std::size_t>(packet.source)] +=
        static_cast<std::int64_t>(cell.values.size());
    if (transfer == Transfer::give || transfer == Transfer::move) cell = {};
  }
  report_.sent_fraction[static_cast<std::size_t>(packet.source)] += fraction;
  ++report_.messages;
  if (options_.trace)
    options_.trace->messages.push_back({phase_number_,
                                        packet.position,
                                        packet.source,
                                        packet.destination,
                                        fraction,
                                        0,
                                        transfer,
                                        packet.names,
                                        {},
                                        {}});
  return {};
}

template <class T>
Expected<void> Machine<T>::apply(const Lane& lane, Packet& packet) {
  const Transfer transfer = effective_transfer(lane.phase);
  for (std::size_t i = 0; i < packet.names.size(); ++i) {
    const CellName name = packet.names[i];
    Cell<T>& cell = cells_[index(packet.destination, name)];
    Cell<T>& sent = packet.cells[i];
    if (transfer == Transfer::copy || transfer == Transfer::move) {
      if (cell.contributions == 0) {
        cell = std::move(sent);
      } else if (transfer == Transfer::copy && cell.token == sent.token) {
        report_.redundant_fraction += division_.fraction(name.atom);
      } else {
        return fail(where(lane, packet, name) + ": the receiver holds something else there",
                    ExitCode::failed);
      }
    } else {
      cell.token += sent.token;
      cell.contributions += sent.contributions;
      if (cell.values.empty())
        cell.values = std::move(sent.values);
      else
        for (std::size_t k = 0; k < cell.values.size(); ++k) cell.values[k] += sent.values[k];
    }
    if (lane.phase.lag == Lag::ruler)
      arrived_[index(packet.destination, name)].push_back(
          forward_step(lane.phase, packet.position) + 1);
  }
  return {};
}

template <class T>
Expected<Clock> Machine<T>::run_lane(const Lane& lane, const Clock& ready, std::uint64_t path) {
  Clock clock = ready;
  ++phase_number_;
  arrived_.clear();
  timeline_.begin(lane.phase, ranks_);
  // Without waiting, everything is read before anything of this phase has arrived.
  const std::int64_t batch = lane.phase.lag == Lag::none ? lane.phase.steps : 1;
  for (std::int64_t position = 0; position < lane.phase.steps; position += batch) {
    std::vector<Packet> sent;
    for (std::int64_t p = position; p < position + batch; ++p)
      for (Packet& packet : packets(lane, p)) sent.push_back(std::move(packet));
    for (Packet& packet : sent) {
      if (lane.phase.lag == Lag::ruler)
        if (auto ok = check_waited(lane, packet); !ok) return tl::unexpected(ok.error());
      if (auto ok = read(lane, packet); !ok) return tl::unexpected(ok.error());
    }
    for (Packet& packet : sent)
      if (auto ok = apply(lane, packet); !ok) return tl::unexpected(ok.error());
    std::vector<TimedMessage> timed;
    for (const Packet& packet : sent)
      timed.push_back({packet.source, packet.destination, packet.position});
    timeline_.advance(lane.phase, timed, ready, clock, path);
  }
  return clock;
}

template <class T>
Expected<void> Machine<T>::judge() const {
  for (std::int64_t rank = 0; rank < ranks_; ++rank) {
    for (std::int64_t block = 0; block < division_.blocks(); ++block) {
      const auto [first, last] = contributors(schedule_, rank, block);
      for (std::int64_t atom = 0; atom < division_.atoms(); ++atom) {
        const Cell<T>& cell = cells_[index(rank, {block, atom})];
        std::uint64_t token = 0;
        for (std::int64_t origin = first; origin < last; ++origin)
          token += contribution_token(origin, cell_number({block, atom}));
        if (cell.contributions == last - first && cell.token == token) continue;
        const char* what = cell.contributions < last - first   ? "contributions are lost"
                           : cell.contributions > last - first ? "contributions are counted twice, "
                                                                 "or stayed where they are not owed"
                                                               : "contributions are another's";
        return fail(fmt::format("at the end rank {} holds {} of {} contributions to block {}: {}",
                                rank, cell.contributions, last - first, block, what),
                    ExitCode::failed);
      }
    }
  }
  return {};
}

template <class T>
std::vector<std::vector<T>> Machine<T>::output() const {
  std::vector<std::vector<T>> out(static_cast<std::size_t>(ranks_));
  for (std::int64_t rank = 0; rank < ranks_; ++rank)
    for (std::int64_t block = 0; block < division_.blocks(); ++block)
      for (std::int64_t atom = 0; atom < division_.atoms(); ++atom) {
        const auto& values = cells_[index(rank, {block, atom})].values;
        auto& to = out[static_cast<std::size_t>(rank)];
        to.insert(to.end(), values.begin(), values.end());
      }
  return out;
}

namespace {

template <class T>
Expected<Execution<T>> run_all(const Schedule& schedule, std::int64_t elements,
                               const std::vector<std::vector<T>>& input,
                               const ExecuteOptions& options) {
  switch (schedule.collective) {
    case Collective::gather:
    case Collective::scatter:
    case Collective::send_recv:
    case Collective::barrier:
      return fail(fmt::format("{} cannot be executed yet", name(schedule.collective)));
    default:
      break;
  }
  WalkOptions walk_options;
  walk_options.zip = false;
  walk_options.expand_pipes = true;
  walk_options.check_states = options.check_states;
  auto program = walk(schedule, walk_options);
  if (!program) return tl::unexpected(program.error());
  Machine<T> machine(schedule, *program, elements, options);
  if (!machine.fits())
    return fail(fmt::format("{} ranks are too many for the reference executor", schedule.ranks));
  if (auto ok = machine.load(input); !ok) return tl::unexpected(ok.error());
  if (auto ok = machine.run(*program); !ok) return tl::unexpected(ok.error());
  if (auto ok = machine.judge(); !ok) return tl::unexpected(ok.error());
  return Execution<T>{machine.report(), machine.output()};
}

}  // namespace

Expected<ExecutionReport> execute(const Schedule& schedule, const ExecuteOptions& options) {
  auto execution = run_all<std::int64_t>(schedule, 0, {}, options);
  if (!execution) return tl::unexpected(execution.error());
  return std::move(execution->report);
}

template <class T>
Expected<Execution<T>> execute_on(const Schedule& schedule, std::int64_t elements,
                                  const std::vector<std::vector<T>>& input,
                                  const ExecuteOptions& options) {
  if (static_cast<std::int64_t>(input.size()) != schedule.ranks || elements < 0)
    return fail(fmt::format("{} inputs for {} ranks", input.size(), schedule.ranks));
  return run_all<T>(schedule, elements, input, options);
}

template Expected<Execution<std::int64_t>> execute_on(const Schedule&, std::int64_t,
                                                      const std::vector<std::vector<std::int64_t>>&,
                                                      const ExecuteOptions&);
template Expected<Execution<double>> execute_on(const Schedule&, std::int64_t,
                                                const std::vector<std::vector<double>>&,
                                                const ExecuteOptions&);

}  // namespace collscale
