// SPDX-License-Identifier: Apache-2.0
// Would a wrong schedule be noticed? Every term of the registry is changed in one place, in every
// way that an author might slip; the executor must refuse what comes out, or it must in truth be
// right.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "collective/executor.hpp"
#include "collective/program.hpp"
#include "collective/terms.hpp"
#include "reference_results.hpp"
#include "shapes.hpp"

namespace collscale {
namespace {

struct Mutant {
  std::string change;
  Term term;
};

std::shared_ptr<const Term> share(Term term) {
  return std::make_shared<const Term>(std::move(term));
}

std::vector<Mutant> mutants(const Term& term);

void add_phase_mutants(const Phase& p, std::vector<Mutant>& all) {
  const auto add = [&](std::string change, Phase q) { all.push_back({std::move(change), {q}}); };
  if (p.steps > 0) {
    Phase q = p;
    --q.steps;
    add("one step fewer", q);
  }
  if (p.root >= 0) {
    Phase q = p;
    q.root += q.root == 0 ? 1 : -1;
    add("another root", q);
  }
  for (int a = 0; a < p.arc_count; ++a) {
    const auto i = static_cast<std::size_t>(a);
    for (const std::int32_t by : {-1, 1}) {
      Phase q = p;
      q.arcs[i].distance.constant += by;
      add("peer off by one", q);
      if (p.arcs[i].has_payload) {
        q = p;
        q.arcs[i].payload.lo.constant += by;
        add("payload begins off by one", q);
      }
      if (p.arcs[i].has_receivers) {
        q = p;
        q.arcs[i].receivers.lo.constant += by;
        add("receivers begin off by one", q);
        q = p;
        q.arcs[i].receivers.residue.constant += by;
        add("other receivers", q);
      }
    }
    if (p.arc_count > 1) {
      Phase q = p;
      for (int k = a; k + 1 < p.arc_count; ++k)
        q.arcs[static_cast<std::size_t>(k)] = q.arcs[static_cast<std::size_t>(k) + 1];
      --q.arc_count;
      add("arc dropped", q);
    }
  }
  for (const Transfer transfer :
       {Transfer::copy, Transfer::give, Transfer::accumulate, Transfer::move}) {
    if (transfer == p.transfer) continue;
    Phase q = p;
    q.transfer = transfer;
    add("other operation", q);
  }
  Phase q = p;
  q.dual = !q.dual;
  add("transposed", q);
}

void add_sequence_mutants(const Seq& s, std::vector<Mutant>& all) {
  for (std::size_t i = 0; i < s.terms.size(); ++i) {
    std::vector<Term> terms = s.terms;
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back({"stage dropped", seq(terms)});
    terms = s.terms;
    terms.insert(terms.begin() + static_cast<std::ptrdiff_t>(i), s.terms[i]);
    all.push_back({"stage doubled", seq(terms)});
    if (i + 1 < s.terms.size()) {
      terms = s.terms;
      std::swap(terms[i], terms[i + 1]);
      all.push_back({"stages swapped", seq(terms)});
    }
    for (Mutant& inner : mutants(s.terms[i])) {
      terms = s.terms;
      terms[i] = std::move(inner.term);
      all.push_back({inner.change, seq(terms)});
    }
  }
}

/// One local root and another, one copy and the next: what must agree between terms.
void add_view_mutants(const Over& o, std::vector<Mutant>& all) {
  for (int i = 0; i < o.view.fixed_count; ++i) {
    View view = o.view;
    ++view.fixed[static_cast<std::size_t>(i)].value;
    all.push_back({"another fixed digit", over(view, *o.term)});
  }
  if (o.view.nodes != View::Nodes::none) {
    View view = o.view;
    ++view.turn;
    all.push_back({"another turn", over(view, *o.term)});
  }
}

void add_list_mutants(const List& l, std::vector<Mutant>& all) {
  for (std::size_t i = 0; i < l.messages->size(); ++i) {
    std::vector<Message> messages = *l.messages;
    messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back({"message dropped", list(messages)});
    messages = *l.messages;
    ++messages[i].destination;
    all.push_back({"peer off by one", list(messages)});
  }
}

std::vector<Mutant> mutants(const Term& term) {
  std::vector<Mutant> all;
  if (const auto* p = std::get_if<Phase>(&term.node)) {
    add_phase_mutants(*p, all);
  } else if (const auto* s = std::get_if<Seq>(&term.node)) {
    add_sequence_mutants(*s, all);
  } else if (const auto* par_node = std::get_if<Par>(&term.node)) {
    for (std::size_t i = 0; i < par_node->children.size(); ++i)
      for (Mutant& inner : mutants(*par_node->children[i].term)) {
        Par changed = *par_node;
        changed.children[i].term = share(std::move(inner.term));
        all.push_back({inner.change, {changed}});
      }
  } else if (const auto* pipe_node = std::get_if<Pipe>(&term.node)) {
    for (Mutant& inner : mutants(*pipe_node->term))
      all.push_back(
          {inner.change, pipe(pipe_node->chunks, pipe_node->window, std::move(inner.term))});
  } else if (const auto* over_node = std::get_if<Over>(&term.node)) {
    for (Mutant& inner : mutants(*over_node->term))
      all.push_back({inner.change, over(over_node->view, std::move(inner.term))});
    add_view_mutants(*over_node, all);
  } else if (const auto* list_node = std::get_if<List>(&term.node)) {
    add_list_mutants(*list_node, all);
  }
  return all;
}

double bytes(const ExecutionReport& report) {
  return std::accumulate(report.sent_fraction.begin(), report.sent_fraction.end(), 0.0);
}

/// Everything that is sent, whatever the term that says it.
using Sent = std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t, Transfer,
                                    std::vector<std::pair<std::int64_t, std::int64_t>>>>;

Sent all_sent(const ExecutionTrace& trace) {
  Sent sent;
  for (const ExecutedMessage& m : trace.messages) {
    std::vector<std::pair<std::int64_t, std::int64_t>> cells;
    for (const CellName& cell : m.cells) cells.emplace_back(cell.block, cell.atom);
    std::sort(cells.begin(), cells.end());
    sent.emplace_back(m.start, m.source, m.destination, m.transfer, std::move(cells));
  }
  std::sort(sent.begin(), sent.end());
  return sent;
}

struct Reference {
  Schedule schedule;
  ExecutionReport report;
  Sent sent;
};

/// Mutants that send just what the original sends are no mutants (in a group of two, one behind is
/// one ahead) and not counted.
struct Tally {
  int mutants = 0;
  int survivors = 0;
};

/// A survivor costs what the original costs, and must give the true result on real arrays.
void judge(const Reference& original, Mutant mutant, Tally& tally) {
  Schedule changed = original.schedule;
  changed.term = std::move(mutant.term);
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  options.check_states = false;  // the execution alone must find it
  const auto report = execute(changed, options);
  if (report && all_sent(trace) == original.sent) return;
  ++tally.mutants;
  if (!report) return;
  // Right at another cost: the comparison with published messages, bytes and depth (algorithms/)
  // finds it.
  if (std::abs(report->redundant_fraction - original.report.redundant_fraction) > 1e-9 ||
      std::abs(bytes(*report) - bytes(original.report)) > 1e-9 ||
      report->depth != original.report.depth || report->messages != original.report.messages)
    return;
  ++tally.survivors;
  const std::int64_t elements = 2 * changed.ranks + 1;
  const auto input = testing::inputs<std::int64_t>(changed, elements);
  options.trace = nullptr;
  const auto run = execute_on<std::int64_t>(changed, elements, input, options);
  ASSERT_TRUE(run) << mutant.change << ": " << run.error().message;
  EXPECT_EQ(run->output, testing::expected_output(changed, elements, input)) << mutant.change;
}

/// A level of one rank has phases without steps, in which nothing can go wrong.
bool has_idle_levels(const Program& program) {
  return std::any_of(program.lanes.begin(), program.lanes.end(),
                     [](const Lane& lane) { return lane.phase.steps == 0; }) ||
         std::any_of(program.parts.begin(), program.parts.end(), has_idle_levels);
}

const std::vector<std::int64_t> kCounts = testing::kSanitized
                                              ? std::vector<std::int64_t>{3, 6, 8}
                                              : std::vector<std::int64_t>{3, 4, 6, 8, 9, 12, 16};

Tally judge_mutants(const Algorithm& algorithm) {
  Tally tally;
  for (const std::int64_t n : kCounts) {
    int judged = 0;
    const std::vector<Shape> shapes = testing::shapes_for(algorithm, n);
    for (const Shape& shape : testing::some_of(shapes, shapes.size(), n)) {
      auto original = make_schedule(algorithm.collective, algorithm.name, shape);
      if (!original) continue;
      SCOPED_TRACE(testing::label(algorithm, shape));
      const auto program = make_program(*original);
      ExecutionTrace trace;
      ExecuteOptions options;
      options.trace = &trace;
      const auto report = execute(*original, options);
      EXPECT_TRUE(program && report);
      if (!program || !report || has_idle_levels(*program)) continue;
      const Reference reference{*original, *report, all_sent(trace)};
      for (Mutant& mutant : mutants(original->term)) judge(reference, std::move(mutant), tally);
      judge(reference, {"all of it twice", seq({original->term, original->term})}, tally);
      if (++judged == 2) break;
    }
  }
  return tally;
}

TEST(Mutants, OfEveryAlgorithmFailOrAreRightAtTheSameCost) {
  Tally all;
  for (const Algorithm& algorithm : algorithms()) {
    const Tally tally = judge_mutants(algorithm);
    EXPECT_GE(tally.mutants, 20) << algorithm.name;
    // Of a term of one phase a single harmless change counts much: keep instead of give.
    EXPECT_LE(tally.survivors * 5, tally.mutants) << algorithm.name << ": " << tally.survivors;
    all.mutants += tally.mutants;
    all.survivors += tally.survivors;
    const std::string label =
        std::string(name(algorithm.collective)) + "/" + std::string(algorithm.name);
    RecordProperty(label, std::to_string(tally.survivors) + " of " + std::to_string(tally.mutants));
  }
  EXPECT_LE(all.survivors * 10, all.mutants) << all.survivors << " of " << all.mutants;
}

}  // namespace
}  // namespace collscale
