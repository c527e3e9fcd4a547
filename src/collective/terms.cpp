// SPDX-License-Identifier: Apache-2.0
#include "collective/terms.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace collscale {
namespace {

std::int32_t narrow(std::int64_t value) { return static_cast<std::int32_t>(value); }

std::shared_ptr<const Term> share(Term term) {
  return std::make_shared<const Term>(std::move(term));
}

Transfer transposed(Transfer transfer) {
  if (transfer == Transfer::copy) return Transfer::give;
  if (transfer == Transfer::give) return Transfer::copy;
  return transfer;
}

}  // namespace

Affine constant(std::int64_t c) { return {narrow(c), 0, 0}; }
Affine steps_of(std::int64_t c, std::int64_t per_step) { return {narrow(c), narrow(per_step), 0}; }
Affine units_of(std::int64_t per_unit, std::int64_t c) { return {narrow(c), 0, narrow(per_unit)}; }

OffsetSet interval(Affine low, Affine high) {
  OffsetSet set;
  set.lo = low;
  set.hi = high;
  set.hi_is_group_size = false;
  return set;
}

OffsetSet singleton(Affine x) {
  Affine next = x;
  next.constant += 1;
  return interval(x, next);
}

OffsetSet residue_class(Affine modulus, Affine r) {
  OffsetSet set;
  set.modulus = modulus;
  set.residue = r;
  return set;
}

OffsetSet cut_below(OffsetSet set, std::int64_t high) {
  set.has_cut = true;
  set.cut_low = std::numeric_limits<std::int32_t>::min();
  set.cut_high = narrow(high);
  return set;
}

Arc arc(Affine distance) {
  Arc a;
  a.distance = distance;
  return a;
}

Arc arc(Affine distance, OffsetSet payload) {
  Arc a;
  a.distance = distance;
  a.has_payload = true;
  a.payload = payload;
  return a;
}

Arc to_receivers(Arc a, OffsetSet receivers) {
  a.has_receivers = true;
  a.receivers = receivers;
  return a;
}

Phase phase(Frame frame, Unit unit, std::int64_t steps, std::initializer_list<Arc> arcs) {
  Phase p;
  p.frame = frame;
  p.unit = unit;
  p.steps = narrow(steps);
  p.arc_count = static_cast<std::int8_t>(arcs.size());
  std::size_t next = 0;
  for (const Arc& a : arcs) p.arcs[next++] = a;
  if (arcs.size() > 0 && !arcs.begin()->has_payload) p.address = Address::scope;
  return p;
}

Term seq(std::vector<Term> terms) { return {Seq{std::move(terms)}}; }

Term par(std::vector<Par::Child> children) { return {Par{std::move(children)}}; }

Par::Child child(double weight, Term term, std::int32_t copies, int rotated_digit,
                 int fixed_digit) {
  Par::Child c;
  c.weight = weight;
  c.copies = copies;
  c.rotated_digit = static_cast<std::int8_t>(rotated_digit);
  c.fixed_digit = static_cast<std::int8_t>(fixed_digit);
  c.term = share(std::move(term));
  return c;
}

Term rotated_copies(std::int64_t copies, int rotated_digit, Term term) {
  return par(
      {child(1.0 / static_cast<double>(copies), std::move(term), narrow(copies), rotated_digit)});
}

Term pipe(std::int32_t chunks, std::int32_t window, Term term) {
  return {Pipe{chunks, window, share(std::move(term))}};
}

Term over(View view, Term term) { return {Over{std::move(view), share(std::move(term))}}; }

Term list(std::vector<Message> messages) {
  return {List{std::make_shared<const std::vector<Message>>(std::move(messages))}};
}

View digits_view(std::initializer_list<int> digits) {
  View view;
  for (const int digit : digits)
    view.digits[static_cast<std::size_t>(view.digit_count++)] = static_cast<std::int8_t>(digit);
  return view;
}

View nodes_view(std::int32_t run) {
  View view;
  view.nodes = View::Nodes::inside;
  view.node_run = run;
  return view;
}

View leaders_view() {
  View view;
  view.nodes = View::Nodes::leaders;
  return view;
}

View core_view(std::int64_t core, View::CoreMap map) {
  View view;
  view.core = core;
  view.core_map = map;
  return view;
}

Term dual(Term term) {
  if (auto* p = std::get_if<Phase>(&term.node)) {
    p->dual = !p->dual;
  } else if (auto* s = std::get_if<Seq>(&term.node)) {
    std::reverse(s->terms.begin(), s->terms.end());
    for (Term& part : s->terms) part = dual(std::move(part));
  } else if (auto* par_node = std::get_if<Par>(&term.node)) {
    for (Par::Child& c : par_node->children) c.term = share(dual(*c.term));
  } else if (auto* pipe_node = std::get_if<Pipe>(&term.node)) {
    pipe_node->term = share(dual(*pipe_node->term));
  } else if (auto* over_node = std::get_if<Over>(&term.node)) {
    over_node->term = share(dual(*over_node->term));
  } else if (auto* list_node = std::get_if<List>(&term.node)) {
    std::vector<Message> messages(list_node->messages->rbegin(), list_node->messages->rend());
    for (Message& m : messages) {
      std::swap(m.source, m.destination);
      std::swap(m.source_step, m.destination_step);
      m.source_step = -m.source_step;
      m.destination_step = -m.destination_step;
      m.transfer = transposed(m.transfer);
    }
    return list(std::move(messages));
  }
  return term;
}

Expected<Term> restrict_to(std::int64_t root, Term term) {
  if (auto* p = std::get_if<Phase>(&term.node)) {
    p->root = root;
  } else if (auto* s = std::get_if<Seq>(&term.node)) {
    for (Term& part : s->terms) {
      auto restricted = restrict_to(root, std::move(part));
      if (!restricted) return restricted;
      part = std::move(*restricted);
    }
  } else if (auto* par_node = std::get_if<Par>(&term.node)) {
    for (Par::Child& c : par_node->children) {
      auto restricted = restrict_to(root, *c.term);
      if (!restricted) return restricted;
      c.term = share(std::move(*restricted));
    }
  } else if (auto* pipe_node = std::get_if<Pipe>(&term.node)) {
    auto restricted = restrict_to(root, *pipe_node->term);
    if (!restricted) return restricted;
    pipe_node->term = share(std::move(*restricted));
  } else {
    return fail("only phases of one group can be restricted to a root, not Over or List");
  }
  return term;
}

std::int64_t core_size(std::int64_t ranks) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(ranks)));
}

Term fold(std::int64_t ranks, Term term, View::CoreMap map) {
  const std::int64_t core = core_size(ranks);
  const std::int64_t beyond = ranks - core;
  if (beyond == 0) return term;
  // first: rank M + i leans on rank i. neighbour: rank 2i leans on rank 2i + 1, as in MPICH.
  Arc hand_back;
  if (map == View::CoreMap::first) {
    hand_back = to_receivers(arc(constant(core)), interval(constant(core), constant(ranks)));
  } else {
    OffsetSet even = residue_class(constant(2), constant(0));
    even.hi = constant(2 * beyond);
    even.hi_is_group_size = false;
    hand_back = to_receivers(arc(constant(-1)), even);
  }
  const Term post{phase(Frame::absolute, Unit::one, 1, {hand_back})};
  return seq({dual(post), over(core_view(core, map), std::move(term)), post});
}

Term fold_gather(std::int64_t ranks, Term term) {
  const std::int64_t core = core_size(ranks);
  const std::int64_t beyond = ranks - core;
  if (beyond == 0) return term;
  const Term pre{phase(Frame::cyclic, Unit::one, 1,
                       {to_receivers(arc(constant(-core), singleton(constant(-core))),
                                     interval(constant(0), constant(beyond)))})};
  const Term post{
      phase(Frame::absolute, Unit::one, 1,
            {to_receivers(arc(constant(core)), interval(constant(core), constant(ranks)))})};
  return seq({pre, over(core_view(core), std::move(term)), post});
}

std::size_t term_bytes(const Term& term) {
  std::size_t bytes = sizeof(Term);
  if (const auto* p = std::get_if<Phase>(&term.node)) {
    bytes += p->arcs.bytes();
  } else if (const auto* s = std::get_if<Seq>(&term.node)) {
    for (const Term& part : s->terms) bytes += term_bytes(part);
  } else if (const auto* par_node = std::get_if<Par>(&term.node)) {
    for (const Par::Child& c : par_node->children) bytes += sizeof(c) + term_bytes(*c.term);
  } else if (const auto* pipe_node = std::get_if<Pipe>(&term.node)) {
    bytes += term_bytes(*pipe_node->term);
  } else if (const auto* over_node = std::get_if<Over>(&term.node)) {
    for (const auto& lists : {over_node->view.members, over_node->view.orders})
      for (std::size_t i = 0; lists && i < lists->size(); ++i)
        bytes += sizeof((*lists)[i]) + (*lists)[i].size() * sizeof(std::int32_t);
    bytes += term_bytes(*over_node->term);
  } else if (const auto* list_node = std::get_if<List>(&term.node)) {
    bytes += list_node->messages->size() * sizeof(Message);
  }
  return bytes;
}

}  // namespace collscale
