// SPDX-License-Identifier: Apache-2.0
#include "scenario/cost_terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "units/suggest.hpp"

namespace collscale {

std::string_view name(CostTerm term) {
  switch (term) {
    case CostTerm::latency:
      return "latency";
    case CostTerm::bandwidth:
      return "bandwidth";
    case CostTerm::protocol:
      return "protocol";
    case CostTerm::ecmp:
      return "ecmp";
    case CostTerm::imbalance:
      return "imbalance";
    case CostTerm::pcie:
      return "pcie";
    case CostTerm::window:
      return "window";
    case CostTerm::message_rate:
      return "message_rate";
    case CostTerm::overhead:
      return "overhead";
    case CostTerm::reduction:
      return "reduction";
    case CostTerm::copy:
      return "copy";
    case CostTerm::noise:
      return "noise";
  }
  return "";
}

Expected<CostTerms> parse_without(std::string_view text) {
  std::vector<std::string> names;
  for (int i = 0; i < kCostTerms; ++i)
    if (const auto term = static_cast<CostTerm>(i); term != CostTerm::bandwidth)
      names.emplace_back(name(term));
  CostTerms terms;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto found = std::find(names.begin(), names.end(), word);
    if (word == name(CostTerm::bandwidth))
      return fail("the term bandwidth cannot be left out: no time would remain");
    if (found == names.end())
      return fail(fmt::format("no term \"{}\" of the cost{}", word, suggestion(word, names)));
    for (int i = 0; i < kCostTerms; ++i)
      if (name(static_cast<CostTerm>(i)) == word) terms.remove(static_cast<CostTerm>(i));
  }
  return terms;
}

}  // namespace collscale
