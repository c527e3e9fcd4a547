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
  DigitShift rotation{};  ///< of the Par copy we are in
  DigitShift fixed{};     ///< added to fixed digits, likewise
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
    if (phase.network != InNetwork::none)
      return fail("in-network phases (multicast, reduction in a switch) cannot be placed yet");
    if (phase.root >= 0 && phase.address == Address::pair)
      return fail("restricted all_to_all (scatter, gather) cannot be placed yet");
    if (context.map.view.members && phase.address != Address::scope && phase.root < 0 &&
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
    if (phase.steps > 0)
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
    context.scope = final_scope(schedule_.collective, schedule_.radix.size());
    return explicit_messages;
  }

  static double scope_fraction(const Phase& phase, const Context& context) {
    const GroupMap& map = context.map;
    double fraction = context.high - context.low;
    const bool blocks = phase.address != Address::scope && phase.root < 0;
    if (blocks) fraction /= static_cast<double>(map.size);
    if (phase.address == Address::pair || map.view.members) return fraction;
    for (std::size_t d = 0; d < map.radix.size(); ++d) {
      bool in_group = false;
      for (int i = 0; i < map.view.digit_count; ++i)
        in_group = in_group || map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(d);
      if (!in_group && context.scope.digits[d] == DigitState::own)
        fraction /= static_cast<double>(map.radix[d]);
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
        if (c.rotated_digit >= 0) {
          const auto digit = static_cast<std::size_t>(c.rotated_digit);
          inner.rotation[digit] += copy;
          inner.map.view.rotation[digit] += copy;
        }
        if (c.fixed_digit >= 0) inner.fixed[static_cast<std::size_t>(c.fixed_digit)] += copy;
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
    for (Program& c : children) {
      bool zipped = false;
      for (Program& earlier : joined.parts) {
        if (!options_.zip || !congruent(earlier, c)) continue;
        zip_into(earlier, std::move(c));
        zipped = true;
        break;
      }
      if (!zipped) joined.parts.push_back(std::move(c));
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
      if (!options_.expand_pipes && part->kind == Program::Kind::sequence)
        pipeline.parts = std::move(part->parts);
      else
        pipeline.parts.push_back(std::move(*part));
    }
    return pipeline;
  }

  static void mark_gathering(Program& program) {
    for (Lane& lane : program.lanes) lane.gathers_for_others = true;
    for (Program& part : program.parts) mark_gathering(part);
  }

  Expected<Program> visit_over(const Over& over, Context& context) {
    auto map = place(context.map, over.view, context.rotation, context.fixed, schedule_.ranks);
    if (!map) return tl::unexpected(map.error());
    Context inner = context;
    inner.map = std::move(*map);
    const Scope before = context.scope;
    auto program = visit(*over.term, inner);
    if (!program) return fail(fmt::format("in Over: {}", program.error().message));
    context.scope = inner.scope;
    // A core that gathers or scatters owns whole blocks of the group; one that starts and ends with
    // everything splits it evenly.
    if (over.view.core > 0 && !(before == inner.scope)) {
      if (over.view.core_map != View::CoreMap::first)
        return fail("V4: a folded all_gather takes its core from the first ranks");
      mark_gathering(*program);
    }
    return program;
  }

  const Schedule& schedule_;
  const WalkOptions& options_;
};

}  // namespace

Expected<Program> walk(const Schedule& schedule, const WalkOptions& options) {
  std::int64_t product = 1;
  for (const std::int64_t size : schedule.radix) {
    if (size < 1) return fail("V4: a digit without values");
    product *= size;
  }
  if (schedule.radix.empty() || schedule.radix.size() > View::kMaxDigits ||
      product != schedule.ranks)
    return fail(fmt::format("V4: the digits of schedule {} do not number its {} ranks",
                            schedule.algorithm, schedule.ranks));
  Context context;
  context.map = whole_map(schedule.radix);
  context.scope = initial_scope(schedule.collective, schedule.radix.size());

  Walker walker(schedule, options);
  auto program = walker.visit(schedule.term, context);
  if (!program)
    return fail(fmt::format("schedule {}: {}", schedule.algorithm, program.error().message));
  const Scope wanted = final_scope(schedule.collective, schedule.radix.size());
  for (std::size_t d = 0; d < schedule.radix.size() && options.check_states; ++d)
    if (schedule.radix[d] > 1 && context.scope.digits[d] != wanted.digits[d])
      return fail(fmt::format("schedule {}: V5: digit {} does not end as {} demands",
                              schedule.algorithm, d, name(schedule.collective)));
  return program;
}

Expected<Program> make_program(const Schedule& schedule) { return walk(schedule, WalkOptions{}); }

}  // namespace collscale
