// SPDX-License-Identifier: Apache-2.0
#include "collective/walk.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "collective/invariants.hpp"
#include "collective/placement.hpp"

namespace collscale {
namespace {

struct Context {
  GroupMap map;
  CopyShift shift;  ///< of the Par copy we are in
  double low = 0;
  double high = 1;
  Scope scope;
};

bool congruent(const Program& a, const Program& b) {
  if (a.kind == Program::Kind::messages) return false;
  if (a.kind != b.kind || a.parts.size() != b.parts.size() || a.chunks != b.chunks ||
      a.window != b.window || a.lanes.empty() != b.lanes.empty())
    return false;
  if (!a.lanes.empty()) {
    const Phase& p = a.lanes.front().phase;
    const Phase& q = b.lanes.front().phase;
    if (p.steps != q.steps || p.lag != q.lag || p.window != q.window || p.unit != q.unit ||
        p.arc_count != q.arc_count || p.network != q.network)
      return false;
  }
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    if (!congruent(a.parts[i], b.parts[i])) return false;
  return true;
}

/// Their strands have as many lanes as each other in every stage.
bool alike_in_lanes(const Program& a, std::int32_t strands_a, const Program& b,
                    std::int32_t strands_b) {
  if (a.lanes.size() * static_cast<std::size_t>(strands_b) !=
      b.lanes.size() * static_cast<std::size_t>(strands_a))
    return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    if (a.parts[i].strands != b.parts[i].strands ||
        !alike_in_lanes(a.parts[i], strands_a, b.parts[i], strands_b))
      return false;
  return true;
}

void zip_into(Program& into, Program&& other) {
  for (Lane& lane : other.lanes) into.lanes.push_back(std::move(lane));
  for (std::size_t i = 0; i < into.parts.size(); ++i)
    zip_into(into.parts[i], std::move(other.parts[i]));
}

class Walker {
 public:
  Walker(const Schedule& schedule, const WalkOptions& options)
      : schedule_(schedule), options_(options) {}

  Expected<Program> visit(const Term& term, Context& context) {
    if (const auto* p = std::get_if<Phase>(&term.node)) return visit_phase(*p, context);
    if (const auto* s = std::get_if<Seq>(&term.node)) return visit_seq(*s, context);
    if (const auto* par = std::get_if<Par>(&term.node)) return visit_par(*par, context);
    if (const auto* pipe = std::get_if<Pipe>(&term.node)) return visit_pipe(*pipe, context);
    if (const auto* over = std::get_if<Over>(&term.node)) return visit_over(*over, context);
    return visit_list(std::get<List>(term.node), context);
  }

 private:
  Expected<Program> visit_phase(const Phase& phase, Context& context) {
    if (auto ok = check_phase(phase, context.map); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_spread(phase, context.map); !ok) return tl::unexpected(ok.error());
    if (context.map.view.members && !carries_scope(phase) &&
        context.map.full_size() != schedule_.ranks)
      return fail("member lists that do not hold every rank take phases of the whole scope only");

    Program stage;
    Lane lane;
    lane.phase = phase;
    lane.map = context.map;
    lane.part_low = context.low;
    lane.part_high = context.high;
    lane.states = context.scope.digits;
    lane.scope_fraction = scope_fraction(phase, context);
    auto moved = apply_phase(phase, context.map, context.scope);
    if (!moved && options_.check_states) return tl::unexpected(moved.error());
    // A group of one has nothing to tell its switch.
    const bool idle = phase.network != InNetwork::none && context.map.size == 1;
    if (phase.steps > 0 && !idle)
      stage.lanes.push_back(std::move(lane));
    else
      stage.kind = Program::Kind::sequence;
    return stage;
  }

  /// What a list leaves behind only its execution can tell: the collective's states are believed.
  Expected<Program> visit_list(const List& list, Context& context) {
    Program explicit_messages;
    explicit_messages.kind = Program::Kind::messages;
    explicit_messages.messages = list.messages;
    explicit_messages.part_low = context.low;
    explicit_messages.part_high = context.high;
    for (std::size_t i = 0; list.messages && i < list.messages->size(); ++i) {
      const Message& m = (*list.messages)[i];
      const auto is_rank = [&](std::int32_t r) { return r >= 0 && r < schedule_.ranks; };
      if (!is_rank(m.source) || !is_rank(m.destination) || m.source == m.destination)
        return fail(fmt::format("V4: message {} of List goes from {} to {}, of ranks 0 to {}", i,
                                m.source, m.destination, schedule_.ranks - 1));
      if (m.first_block < 0 || m.blocks < 1)
        return fail(fmt::format("V4: message {} of List names {} blocks from {} on", i, m.blocks,
                                m.first_block));
    }
    context.scope = final_scope(schedule_);
    return explicit_messages;
  }

  [[nodiscard]] std::int64_t spread_of(std::size_t digit) const {
    return schedule_.spread.empty() ? 1 : schedule_.spread[digit];
  }

  /// V4, V6: blocks with several destinations take phases of their own, one digit at a time.
  [[nodiscard]] Expected<void> check_spread(const Phase& phase, const GroupMap& map) const {
    if (phase.address == Address::pair && !schedule_.spread.empty())
      return fail("V6: blocks with several destinations are not pairs: the address must be spread");
    if (phase.address != Address::spread) return {};
    if (schedule_.collective != Collective::all_to_all)
      return fail("V5: only an all_to_all has blocks with several destinations");
    if (map.view.digit_count != 1 || map.view.core > 0)
      return fail("V4: blocks with several destinations travel over one digit at a time");
    return {};
  }

  /// Of size_bytes: one block of the lane, or its scope.
  [[nodiscard]] double scope_fraction(const Phase& phase, const Context& context) const {
    const GroupMap& map = context.map;
    if (schedule_.collective == Collective::barrier) return 0;
    double fraction = context.high - context.low;
    // Every rank's block has the full size, not one of `ranks` shares of it.
    if (schedule_.collective == Collective::send_recv)
      fraction *= static_cast<double>(schedule_.ranks);
    const bool inside = map.view.nodes == View::Nodes::inside;
    if (!carries_scope(phase)) fraction /= static_cast<double>(inside ? schedule_.ranks : map.size);
    if (map.view.members || map.view.nodes != View::Nodes::none) return fraction;
    if (phase.address == Address::pair && phase.root < 0) return fraction;
    for (std::size_t d = 0; d < map.radix.size(); ++d) {
      bool in_group = false;
      for (int i = 0; i < map.view.digit_count; ++i)
        in_group = in_group || map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(d);
      if (phase.address == Address::spread) {
        // One of Π spread destinations each; of the digits that are done a rank holds them all.
        if (in_group || context.scope.digits[d] != DigitState::done)
          fraction /= static_cast<double>(spread_of(d));
      } else if (!in_group && context.scope.digits[d] == DigitState::own) {
        fraction /= static_cast<double>(map.radix[d]);
      }
    }
    return fraction;
  }

  Expected<Program> visit_seq(const Seq& seq, Context& context) {
    Program sequence;
    sequence.kind = Program::Kind::sequence;
    for (std::size_t i = 0; i < seq.terms.size(); ++i) {
      auto part = visit(seq.terms[i], context);
      if (!part) return fail(fmt::format("part {} of Seq: {}", i + 1, part.error().message));
      if (part->kind == Program::Kind::sequence) {
        for (Program& inner : part->parts) sequence.parts.push_back(std::move(inner));
      } else {
        sequence.parts.push_back(std::move(*part));
      }
    }
    return sequence;
  }

  Expected<Program> visit_par(const Par& par, Context& context) {
    double sum = 0;
    for (const Par::Child& c : par.children) {
      if (c.copies < 1 || !(c.weight > 0))
        return fail("V4: a child of Par has no copies or no weight");
      if (c.rotated_digit >= static_cast<int>(context.map.radix.size()) ||
          c.fixed_digit >= static_cast<int>(context.map.radix.size()))
        return fail("V4: a child of Par names a digit that does not exist");
      sum += c.weight * c.copies;
    }
    if (std::abs(sum - 1) > 1e-9)
      return fail(fmt::format("V4: the weights of Par add up to {}, not 1", sum));

    std::vector<Program> children;
    Scope after;
    double share_before = 0;
    for (std::size_t i = 0; i < par.children.size(); ++i) {
      const Par::Child& c = par.children[i];
      for (std::int32_t copy = 0; copy < c.copies; ++copy) {
        Context inner = context;
        const double width = context.high - context.low;
        inner.low = context.low + width * share_before;
        share_before += c.weight;
        inner.high = context.low + width * std::min(share_before, 1.0);
        inner.shift.turn += copy;
        if (c.rotated_digit >= 0) {
          const auto digit = static_cast<std::size_t>(c.rotated_digit);
          inner.shift.rotation[digit] += copy;
          inner.map.view.rotation[digit] += copy;
        }
        if (c.fixed_digit >= 0) inner.shift.fixed[static_cast<std::size_t>(c.fixed_digit)] += copy;
        auto part = visit(*c.term, inner);
        if (!part) return fail(fmt::format("child {} of Par: {}", i + 1, part.error().message));
        if (children.empty())
          after = inner.scope;
        else if (!(after == inner.scope) && options_.check_states)
          return fail("V5: the children of Par end in different states");
        children.push_back(std::move(*part));
      }
    }
    context.scope = after;
    return join(std::move(children));
  }

  [[nodiscard]] Program join(std::vector<Program> children) const {
    Program joined;
    joined.kind = Program::Kind::concurrent;
    std::vector<bool> uneven;  // by part: its strands cannot be told apart by number
    for (Program& c : children) {
      bool zipped = false;
      for (std::size_t i = 0; i < joined.parts.size() && !zipped; ++i) {
        Program& earlier = joined.parts[i];
        if (!options_.zip || !congruent(earlier, c)) continue;
        if (!alike_in_lanes(earlier, earlier.strands, c, c.strands)) uneven[i] = true;
        const std::int32_t strands = uneven[i] ? 1 : earlier.strands + c.strands;
        zip_into(earlier, std::move(c));
        earlier.strands = strands;
        zipped = true;
      }
      if (zipped) continue;
      joined.parts.push_back(std::move(c));
      uneven.push_back(false);
    }
    if (joined.parts.size() == 1) {
      Program only = std::move(joined.parts.front());
      return only;
    }
    return joined;
  }

  Expected<Program> visit_pipe(const Pipe& pipe, Context& context) {
    if (pipe.chunks < 1 || pipe.window < 0) return fail("V4: a Pipe needs at least one chunk");
    Program pipeline;
    pipeline.kind = Program::Kind::pipeline;
    pipeline.chunks = pipe.chunks;
    pipeline.window = pipe.window;
    const double width = (context.high - context.low) / pipe.chunks;
    const Context before = context;
    const std::int32_t visits = options_.expand_pipes ? pipe.chunks : 1;
    for (std::int32_t chunk = 0; chunk < visits; ++chunk) {
      Context inner = before;
      inner.low = before.low + width * chunk;
      inner.high = before.low + width * (chunk + 1);
      auto part = visit(*pipe.term, inner);
      if (!part) return fail(fmt::format("in Pipe: {}", part.error().message));
      context.scope = inner.scope;
      if (!options_.expand_pipes && part->kind == Program::Kind::sequence) {
        pipeline.strands = part->strands;
        pipeline.parts = std::move(part->parts);
      } else {
        pipeline.parts.push_back(std::move(*part));
      }
    }
    return pipeline;
  }

  static void mark_gathering(Program& program) {
    for (Lane& lane : program.lanes) lane.gathers_for_others = true;
    for (Program& part : program.parts) mark_gathering(part);
  }

  Expected<Program> visit_over(const Over& over, Context& context) {
    auto map = place(context.map, over.view, context.shift, schedule_);
    if (!map) return tl::unexpected(map.error());
    Context inner = context;
    inner.map = std::move(*map);
    const Scope before = context.scope;
    auto program = visit(*over.term, inner);
    if (!program) return fail(fmt::format("in Over: {}", program.error().message));
    context.scope = inner.scope;
    // A core that gathers or scatters owns whole blocks of the group, leaders those of their nodes;
    // ones that start and end with everything split it evenly.
    const bool leaders = over.view.nodes == View::Nodes::leaders;
    if ((over.view.core > 0 || leaders) && !(before == inner.scope)) {
      if (over.view.core > 0 && over.view.core_map != View::CoreMap::first)
        return fail("V4: a folded all_gather takes its core from the first ranks");
      mark_gathering(*program);
    }
    return program;
  }

  const Schedule& schedule_;
  const WalkOptions& options_;
};

Expected<void> check_spreads(const Schedule& schedule) {
  if (schedule.combines && schedule.collective != Collective::all_to_all)
    return fail("V5: only an all_to_all brings contributions back to the origins");
  if (schedule.spread.empty()) return {};
  if (schedule.spread.size() != schedule.radix.size())
    return fail(fmt::format("V4: destinations are spread over {} digits, the ranks have {}",
                            schedule.spread.size(), schedule.radix.size()));
  for (std::size_t d = 0; d < schedule.radix.size(); ++d)
    if (schedule.spread[d] < 1 || schedule.spread[d] > schedule.radix[d])
      return fail(fmt::format("V4: {} destinations along digit {}, expected 1 to {}",
                              schedule.spread[d], d, schedule.radix[d]));
  return {};
}

}  // namespace

Expected<Program> walk(const Schedule& schedule, const WalkOptions& options) {
  const auto named = [&](const Error& error) {
    return fail(fmt::format("schedule {}: {}", schedule.algorithm, error.message));
  };
  std::int64_t product = 1;
  for (const std::int64_t size : schedule.radix) {
    if (size < 1) return fail("V4: a digit without values");
    product *= size;
  }
  if (schedule.radix.empty() || schedule.radix.size() > View::kMaxDigits ||
      product != schedule.ranks)
    return fail(fmt::format("V4: the digits of schedule {} do not number its {} ranks",
                            schedule.algorithm, schedule.ranks));
  if (auto ok = check_nodes(schedule); !ok) return named(ok.error());
  if (auto ok = check_spreads(schedule); !ok) return named(ok.error());
  Context context;
  context.map = whole_map(schedule.radix);
  context.scope = initial_scope(schedule);

  Walker walker(schedule, options);
  auto program = walker.visit(schedule.term, context);
  if (!program) return named(program.error());
  if (options.check_states)
    if (auto ok = check_final(schedule, context.scope); !ok) return named(ok.error());
  return program;
}

Expected<Program> make_program(const Schedule& schedule) { return walk(schedule, WalkOptions{}); }

}  // namespace collscale
