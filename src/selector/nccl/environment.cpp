// SPDX-License-Identifier: Apache-2.0
#include "selector/nccl/environment.hpp"

#include <fmt/format.h>

#include <cctype>
#include <span>
#include <string_view>
#include <vector>

#include "units/suggest.hpp"

namespace collscale {
namespace {

struct Function {
  std::string_view name;  // [P] init.cc:49
  Collective collective;
};
constexpr std::array<Function, 5> kFunctions = {{{"Broadcast", Collective::broadcast},
                                                 {"Reduce", Collective::reduce},
                                                 {"AllGather", Collective::all_gather},
                                                 {"ReduceScatter", Collective::reduce_scatter},
                                                 {"AllReduce", Collective::all_reduce}}};

bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i])))
      return false;
  return true;
}

/// Parts between separators, empty ones left out, as strtok does.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (end != 0) parts.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return parts;
}

/// One variable: its name, the names it knows, what it calls them.
struct Variable {
  std::string_view name;
  std::string_view kind;  ///< "algorithm"
  std::vector<std::string> known;
};

Expected<std::vector<bool>> parse_list(std::string_view list, const Variable& variable,
                                       NcclVersion version) {
  const bool negated = list.starts_with('^');
  if (negated) list.remove_prefix(1);
  std::vector<bool> chosen(variable.known.size(), negated);
  for (const std::string_view token : split(list, ',')) {
    std::size_t i = 0;
    while (i < variable.known.size() && !same(token, variable.known[i])) ++i;
    if (i < variable.known.size()) {
      chosen[i] = !negated;
      continue;
    }
    if (token.starts_with('^'))
      return fail(
          fmt::format("{}: \"{}\" inside a list, \"^\" stands once, before the whole list, "
                      "as in ^{},{}",
                      variable.name, token, variable.known[0], variable.known[1]));
    return fail(fmt::format("{}: NCCL {} has no {} \"{}\"{}", variable.name, name(version),
                            variable.kind, token, suggestion(token, variable.known)));
  }
  return chosen;
}

/// What the variable leaves of the collective, one flag per known name; empty: nothing said.
Expected<std::vector<bool>> parse_variable(std::string_view text, const Variable& variable,
                                           NcclVersion version, Collective collective) {
  if (!nccl_tables(version).rules.lists_by_function) {
    if (text.find_first_of(":;") != std::string_view::npos)
      return fail(
          fmt::format("{}: \"{}\" is by function, which NCCL {} does not know (from 2.24 "
                      "on); give one list for all",
                      variable.name, text, name(version)));
    return parse_list(text, variable, version);
  }
  std::vector<bool> chosen;
  bool first = true;
  for (const std::string_view entry : split(text, ';')) {
    const auto parts = split(entry, ':');
    if (parts.size() > 2)
      return fail(fmt::format("{}: \"{}\" has more than one \":\", expected function:list",
                              variable.name, entry));
    if (parts.empty() || (parts.size() == 1 && entry.find(':') != std::string_view::npos))
      return fail(fmt::format("{}: \"{}\" lacks a function or a list, expected function:list",
                              variable.name, entry));
    const bool for_all = parts.size() == 1;
    if (for_all && !first)
      return fail(
          fmt::format("{}: \"{}\" lacks its function, only the first list may, as in "
                      "ring;allreduce:tree",
                      variable.name, entry));
    first = false;
    const auto list = parse_list(parts.back(), variable, version);
    if (!list) return tl::unexpected(list.error());
    if (for_all) {
      chosen = *list;
      continue;
    }
    const Function* function = nullptr;
    std::vector<std::string> names;
    for (const Function& candidate : kFunctions) {
      names.emplace_back(candidate.name);
      if (same(parts[0], candidate.name)) function = &candidate;
    }
    if (function == nullptr)
      return fail(fmt::format("{}: NCCL has no function \"{}\"{}", variable.name, parts[0],
                              suggestion(parts[0], names)));
    if (function->collective == collective) chosen = *list;
  }
  return chosen;
}

}  // namespace

Expected<NcclAllowed> parse_nccl_environment(const NcclEnvironment& environment,
                                             NcclVersion version, Collective collective) {
  NcclAllowed allowed;
  allowed.algorithms[index(NcclAlgorithm::pat)] = nccl_tables(version).rules.pat;
  if (!environment.algorithms.empty()) {
    Variable variable{"NCCL_ALGO", "algorithm", {}};
    const std::size_t known =
        nccl_tables(version).rules.pat ? kNcclAlgorithms : kNcclAlgorithms - 1;
    for (std::size_t a = 0; a < known; ++a)
      variable.known.emplace_back(name(static_cast<NcclAlgorithm>(a)));
    const auto chosen = parse_variable(environment.algorithms, variable, version, collective);
    if (!chosen) return tl::unexpected(chosen.error());
    for (std::size_t a = 0; a < chosen->size(); ++a) allowed.algorithms[a] = (*chosen)[a];
  }
  if (!environment.protocols.empty()) {
    Variable variable{"NCCL_PROTO", "protocol", {}};
    for (std::size_t p = 0; p < kNcclProtocols; ++p)
      variable.known.emplace_back(name(static_cast<NcclProtocol>(p)));
    const auto chosen = parse_variable(environment.protocols, variable, version, collective);
    if (!chosen) return tl::unexpected(chosen.error());
    for (std::size_t p = 0; p < chosen->size(); ++p)
      allowed.protocols[p] = (*chosen)[p] ? NcclAllowed::Protocol::yes : NcclAllowed::Protocol::no;
  }
  return allowed;
}

}  // namespace collscale
