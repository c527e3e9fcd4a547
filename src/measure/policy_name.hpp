// SPDX-License-Identifier: Apache-2.0
// Policies by the names that a user gives them.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"
#include "units/suggest.hpp"

namespace collscale {

/// The policy called `text`: `names` are those of the enumerators, in their order. Else a sentence
/// with `what` it is a name of, what was expected, and the nearest.
template <class Policy, std::size_t N>
Expected<Policy> parse_policy(std::string_view what, std::string_view text,
                              const std::array<std::string_view, N>& names) {
  std::string expected;
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) {
      return static_cast<Policy>(i);
    }
    expected.append(i == 0 ? "" : i + 1 == N ? " or " : ", ").append(names[i]);
  }
  const std::string near = nearest_name(text, std::vector<std::string>(names.begin(), names.end()));
  return fail(fmt::format("unknown {} \"{}\", expected {}{}", what, text, expected,
                          near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
}

}  // namespace collscale
