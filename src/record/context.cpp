// SPDX-License-Identifier: Apache-2.0
#include "record/context.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace collscale {

bool is_result(std::string_view key) {
  static constexpr std::array<std::string_view, 3> kFamilies{"slowest_group/", "slow/",
                                                             "group_times/"};
  return key == "contended_points" ||
         std::any_of(kFamilies.begin(), kFamilies.end(),
                     [key](std::string_view family) { return key.starts_with(family); });
}

bool is_occasion(std::string_view key) {
  static constexpr std::array<std::string_view, 6> kKeys{
      "date", "load_avg", "executable", "library_build_type", "program", "resumed"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

std::vector<ContextDifference> context_differences(const Context& a, const Context& b) {
  std::set<std::string_view> keys;
  for (const Context* context : {&a, &b})
    for (const auto& [key, value] : *context) keys.insert(key);
  std::vector<ContextDifference> found;
  for (const std::string_view key : keys) {
    if (is_result(key) || is_occasion(key)) continue;
    const auto value = [key = std::string(key)](const Context& of) {
      const auto entry = of.find(key);
      return entry == of.end() ? std::string() : entry->second;
    };
    ContextDifference difference{std::string(key), value(a), value(b)};
    if (difference.a != difference.b) found.push_back(std::move(difference));
  }
  return found;
}

}  // namespace collscale
