// SPDX-License-Identifier: Apache-2.0
#include "collective_io/rounds.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace collscale {
namespace {

/// True where `test` holds for a node of the term or of one below it.
template <class Test>
bool any_of(const Term& term, const Test& test) {
  if (test(term)) return true;
  if (const auto* seq = std::get_if<Seq>(&term.node))
    return std::any_of(seq->terms.begin(), seq->terms.end(),
                       [&](const Term& t) { return any_of(t, test); });
  if (const auto* par = std::get_if<Par>(&term.node))
    return std::any_of(par->children.begin(), par->children.end(),
                       [&](const Par::Child& child) { return any_of(*child.term, test); });
  if (const auto* pipe = std::get_if<Pipe>(&term.node)) return any_of(*pipe->term, test);
  if (const auto* over = std::get_if<Over>(&term.node)) return any_of(*over->term, test);
  return false;
}

}  // namespace

bool rounds_by_time(const Schedule& schedule) {
  return any_of(schedule.term, [](const Term& term) {
    if (const auto* pipe = std::get_if<Pipe>(&term.node)) return pipe->chunks > 1;
    if (const auto* par = std::get_if<Par>(&term.node))
      return par->children.size() > 1 ||
             (!par->children.empty() && par->children.front().copies > 1);
    return false;
  });
}

bool depends_on_nodes(const Schedule& schedule) {
  if (schedule.radix.size() < 2 && schedule.nodes.empty()) return false;
  return any_of(schedule.term, [](const Term& term) {
    if (const auto* over = std::get_if<Over>(&term.node))
      return over->view.digit_count > 0 || over->view.nodes != View::Nodes::none ||
             over->view.members != nullptr;
    if (const auto* par = std::get_if<Par>(&term.node))
      return std::any_of(par->children.begin(), par->children.end(), [](const Par::Child& child) {
        return child.copies > 1 && (child.rotated_digit >= 0 || child.fixed_digit >= 0);
      });
    return false;
  });
}

std::vector<Round> rounds(const Schedule& schedule, const ExecutionTrace& trace) {
  const bool by_time = rounds_by_time(schedule);
  std::map<std::pair<std::int64_t, std::int64_t>, Round> found;  // in the order of execution
  for (std::size_t i = 0; i < trace.messages.size(); ++i) {
    const ExecutedMessage& message = trace.messages[i];
    const std::int64_t from_switch = message.source >= schedule.ranks ? 1 : 0;
    const auto key = by_time ? std::pair{message.start, std::int64_t{0}}
                             : std::pair{message.phase, 2 * message.step + from_switch};
    Round& round = found[key];
    if (round.messages.empty()) round.phase = message.phase;
    round.messages.push_back(i);
  }
  std::vector<Round> all;
  for (auto& [key, round] : found) all.push_back(std::move(round));
  return all;
}

}  // namespace collscale
