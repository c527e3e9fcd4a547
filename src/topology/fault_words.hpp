// SPDX-License-Identifier: Apache-2.0
// The words of a broken link's name, for faults.cpp and direct_faults.cpp.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale::fault_words {

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words_of(std::string_view text);
/// `3`, `0-7`, `1,4` or `*`.
bool is_number(std::string_view word);
/// Those numbers, of 0 to count − 1, in order. Errors name `all_text` and the unit.
Expected<std::vector<std::int64_t>> expand(std::string_view all_text, std::string_view numbers,
                                           std::string_view unit, std::int64_t count);
tl::unexpected<Error> unknown(std::string_view all_text, std::string_view word,
                              const std::vector<std::string>& known);

}  // namespace collscale::fault_words
