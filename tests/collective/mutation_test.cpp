// SPDX-License-Identifier: Apache-2.0
// Would a wrong schedule be noticed? Every term is changed in one place, in every way that an
// author might slip; the executor must refuse what comes out, or it must in truth be right.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "collective/executor.hpp"
#include "reference_results.hpp"
#include "schedules.hpp"

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
  for (int a = 0; a < p.arc_count; ++a) {
    const auto i = static_cast<std::size_t>(a);
    for (const std::int32_t by : {-1, 1}) {
      Phase q = p;
      q.arcs[i].distance.constant += by;
      add("peer off by one", q);
      if (!p.arcs[i].has_payload) continue;
      q = p;
      q.arcs[i].payload.lo.constant += by;
      add("payload begins off by one", q);
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
  }
  return all;
}

double bytes(const ExecutionReport& report) {
  return std::accumulate(report.sent_fraction.begin(), report.sent_fraction.end(), 0.0);
}

struct Tally {
  int mutants = 0;
  int survivors = 0;
};

/// A survivor costs what the original costs, and must give the true result on real arrays.
void judge_mutants(const Schedule& original, bool check_states, Tally& tally) {
  const auto reference = execute(original);
  ASSERT_TRUE(reference);
  ExecuteOptions options;
  options.check_states = check_states;
  for (Mutant& mutant : mutants(original.term)) {
    Schedule changed = original;
    changed.term = std::move(mutant.term);
    ++tally.mutants;
    const auto report = execute(changed, options);
    if (!report) continue;
    // Right at another cost: the comparison with published bytes and depth (execution_test) finds
    // it.
    if (std::abs(report->redundant_fraction - reference->redundant_fraction) > 1e-9 ||
        std::abs(bytes(*report) - bytes(*reference)) > 1e-9 || report->depth != reference->depth)
      continue;
    ++tally.survivors;
    const std::string what =
        original.algorithm + " n=" + std::to_string(original.ranks) + ": " + mutant.change;
    if (original.collective == Collective::broadcast || original.collective == Collective::reduce)
      continue;
    const std::int64_t elements = 2 * original.ranks + 1;
    const auto input = testing::inputs<std::int64_t>(original, elements);
    const auto run = execute_on<std::int64_t>(changed, elements, input, options);
    ASSERT_TRUE(run) << what << ": " << run.error().message;
    EXPECT_EQ(run->output, testing::expected_output(original, elements, input)) << what;
  }
}

std::vector<Schedule> originals() {
  std::vector<Schedule> all;
  for (const std::int64_t n : {2, 3, 4, 5, 6, 7, 8, 9, 12, 16}) {
    const auto add = [&](const Schedule& s, const Shape&) {
      // A hierarchy over one node has a level of phases without steps, in which nothing can go
      // wrong.
      if (s.radix.back() > 1) all.push_back(s);
    };
    const std::int64_t per_node = n % 4 == 0 ? 4 : (n % 3 == 0 ? 3 : n);
    testing::for_each_schedule({{n, n, 1, 0}, {n, per_node, 2, 0}}, add);
    if (per_node < n) testing::for_each_schedule({{n, per_node, 1, 0}}, add);
  }
  return all;
}

TEST(Mutants, OfEveryAlgorithmFailOrAreRight) {
  for (const bool check_states : {true, false}) {
    Tally tally;
    for (const Schedule& s : originals()) judge_mutants(s, check_states, tally);
    EXPECT_GT(tally.mutants, 500);
    EXPECT_LE(tally.survivors * 10, tally.mutants) << "of " << tally.mutants;
    RecordProperty(check_states ? "survivors_checked" : "survivors_executed", tally.survivors);
    RecordProperty("mutants", tally.mutants);
  }
}

TEST(Mutants, OfTheCatalogueFailOrAreRight) {
  Tally tally;
  for (const std::int64_t n : {3, 5, 6, 8, 9, 12, 16})
    for (const testing::CatalogueEntry& entry : testing::catalogue(n))
      judge_mutants(entry.schedule, true, tally);
  EXPECT_GT(tally.mutants, 3000);
  EXPECT_LE(tally.survivors * 10, tally.mutants) << "of " << tally.mutants;
  RecordProperty("survivors", tally.survivors);
  RecordProperty("mutants", tally.mutants);
}

}  // namespace
}  // namespace collscale
