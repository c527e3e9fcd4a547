// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "topology/check_rules.hpp"
#include "topology/clos_shape.hpp"

namespace collscale {
namespace {

/// In small letters, without blanks, dots and dashes at the ends.
std::string essence(std::string_view text) {
  const auto idle = [](char c) {
    return std::string_view(" \t\n.,;:-_?!<>()[]{}\"'").find(c) != std::string_view::npos;
  };
  while (!text.empty() && idle(text.front())) text.remove_prefix(1);
  while (!text.empty() && idle(text.back())) text.remove_suffix(1);
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

bool says_nothing(std::string_view source) {
  constexpr std::array<std::string_view, 20> kPlaceholders = {
      "",        "…",          "—",        "–",           "todo",    "tbd",
      "tba",     "fixme",      "xxx",      "n/a",         "none",    "null",
      "unknown", "source",     "a source", "placeholder", "example", "citation needed",
      "url",     "who says so"};
  const std::string text = essence(source);
  return std::find(kPlaceholders.begin(), kPlaceholders.end(), text) != kPlaceholders.end() ||
         text.starts_with("todo") || text.starts_with("fixme");
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string what_stands_there(const std::string& source) {
  return source.empty() ? "without a source" : fmt::format("with the source \"{}\"", source);
}

}  // namespace

void check_sources(std::vector<Problem>& problems, const System& system) {
  for_each_figure(system, [&problems](std::string_view path, const Figure& figure) {
    if (figure.label == Label::stated && says_nothing(figure.source))
      problems.push_back(
          {std::string(path), fmt::format("found label \"stated\" {}, expected who states it",
                                          what_stands_there(figure.source))});
    if (figure.label == Label::derived &&
        (says_nothing(figure.source) || !has_digit(figure.source)))
      problems.push_back(
          {std::string(path),
           fmt::format("found label \"derived\" {}, expected the arithmetic, with its numbers",
                       what_stands_there(figure.source))});
  });
}

void check_empty_groups(std::vector<Problem>& problems, const System& system) {
  const auto* clos = std::get_if<Clos>(&system.fabric);
  if (clos == nullptr || clos->tiers.size() < 2) return;
  // The last group of each lower tier may be partly filled; of the top tier there is one.
  const std::size_t top = clos->tiers.size() - 1;
  const double places = clos->tiers[top].children.value;
  const auto filled = static_cast<double>(clos_shape(system)[top - 1].groups);
  if (places > filled)
    problems.push_back({fmt::format("fabric.tiers[{}].children", top),
                        fmt::format("{:g} {} groups, but the {:g} nodes fill {:g}", places,
                                    clos->tiers[top - 1].name, system.nodes.value, filled),
                        false});
}

}  // namespace collscale
