// SPDX-License-Identifier: Apache-2.0
#include "topology/figure.hpp"

#include <fmt/format.h>

#include <array>

#include "units/suggest.hpp"

namespace collscale {

namespace {
constexpr std::array kLabels = {Label::stated,   Label::derived,  Label::assumed,
                                Label::recalled, Label::imported, Label::calibrated};
}  // namespace

std::string_view name(Label label) {
  switch (label) {
    case Label::stated:
      return "stated";
    case Label::derived:
      return "derived";
    case Label::assumed:
      return "assumed";
    case Label::recalled:
      return "recalled";
    case Label::imported:
      return "imported";
    case Label::calibrated:
      return "calibrated";
  }
  return "";
}

Expected<Label> parse_label(std::string_view text) {
  std::vector<std::string> names;
  for (const Label label : kLabels) {
    if (name(label) == text) return label;
    names.emplace_back(name(label));
  }
  return fail(fmt::format("unknown label \"{}\"{}", text, suggestion(text, names)));
}

}  // namespace collscale
