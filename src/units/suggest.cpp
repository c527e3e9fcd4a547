// SPDX-License-Identifier: Apache-2.0
#include "units/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace collscale {
namespace {

/// ASCII only: std::tolower would follow the program's locale.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table are enough: the one being filled, and the two above it.
  std::vector<int> above(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  std::vector<int> next(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    next[0] = static_cast<int>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const bool same = lower(a[i]) == lower(b[j]);
      next[j + 1] = std::min({row[j] + (same ? 0 : 1), next[j] + 1, row[j + 1] + 1});
      const bool swapped =
          i > 0 && j > 0 && lower(a[i]) == lower(b[j - 1]) && lower(a[i - 1]) == lower(b[j]);
      if (swapped) next[j + 1] = std::min(next[j + 1], above[j - 1] + 1);
    }
    above.swap(row);
    row.swap(next);
  }
  return row.back();
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string* nearest = nullptr;
  int smallest = 0;
  for (const std::string& candidate : candidates) {
    const int distance = edit_distance(name, candidate);
    const auto length = static_cast<int>(std::max(name.size(), candidate.size()));
    if (3 * distance > length) continue;
    if (nearest == nullptr || distance < smallest) {
      nearest = &candidate;
      smallest = distance;
    }
  }
  return nearest == nullptr ? std::string() : *nearest;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = nearest_name(name, candidates);
  if (!nearest.empty()) return fmt::format(", did you mean \"{}\"?", nearest);
  if (candidates.empty()) return {};
  return fmt::format("; valid: {}", fmt::join(candidates, ", "));
}

}  // namespace collscale
