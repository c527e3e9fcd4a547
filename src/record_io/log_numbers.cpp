// SPDX-License-Identifier: Apache-2.0
// Numbers as people and spreadsheets write them.
#include <algorithm>

#include "record_io/log_text.hpp"

namespace collscale {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "12", "1,048,576": one to three digits, then groups of three behind each separator.
bool is_grouped(std::string_view text, char separator, int& groups) {
  groups = 0;
  auto at = text.find(separator);
  if (!all_digits(text.substr(0, at)) || (at != std::string_view::npos && at > 3)) return false;
  while (at != std::string_view::npos) {
    text.remove_prefix(at + 1);
    at = text.find(separator);
    const std::string_view group = text.substr(0, at);
    if (group.size() != 3 || !all_digits(group)) return false;
    ++groups;
  }
  return true;
}

/// A number with groups and decimals; the point that ends the word is not of it.
struct Parts {
  bool valid = false;
  int groups = 0;
  bool decimals = false;
  std::size_t digits_behind = 0;
};

Parts parts_of(std::string_view word, char separator, char point) {
  Parts parts;
  if (!word.empty() && (word.front() == '-' || word.front() == '+')) word.remove_prefix(1);
  const auto at = word.rfind(point);
  const std::string_view behind =
      at == std::string_view::npos ? std::string_view{} : word.substr(at + 1);
  parts.decimals = at != std::string_view::npos;
  parts.digits_behind = behind.size();
  parts.valid = (!parts.decimals || all_digits(behind)) &&
                (is_grouped(word.substr(0, at), separator, parts.groups) ||
                 (all_digits(word.substr(0, at)) && parts.groups == 0));
  return parts;
}

}  // namespace

std::string plain_number(std::string_view word, NumberStyle style) {
  std::string plain(word);
  if (style == NumberStyle::plain) return plain;
  const bool groups = style == NumberStyle::comma_groups;
  const Parts parts = groups ? parts_of(word, ',', '.') : parts_of(word, '.', ',');
  if (!parts.valid) return plain;
  if (groups) {
    plain.erase(std::remove(plain.begin(), plain.end(), ','), plain.end());
  } else if (parts.groups > 0 || parts.decimals) {
    plain.erase(std::remove(plain.begin(), plain.end(), '.'), plain.end());
    std::replace(plain.begin(), plain.end(), ',', '.');
  }
  return plain;
}

std::string plain_numbers(std::string_view line, NumberStyle style) {
  std::string plain;
  plain.reserve(line.size());
  while (!line.empty()) {
    const auto start = std::min(line.find_first_not_of(" \t"), line.size());
    plain += line.substr(0, start);
    line.remove_prefix(start);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    plain += plain_number(line.substr(0, end), style);
    line.remove_prefix(end);
  }
  return plain;
}

std::optional<NumberStyle> style_of(std::string_view word) {
  const Parts groups = parts_of(word, ',', '.');
  if (word.find(',') == std::string_view::npos) {
    const bool point = groups.valid && groups.decimals && groups.digits_behind != 3;
    return point ? std::optional(NumberStyle::plain) : std::nullopt;
  }
  const Parts decimal = parts_of(word, '.', ',');
  if (groups.valid && (groups.groups > 1 || (groups.groups == 1 && groups.decimals)))
    return NumberStyle::comma_groups;
  if (decimal.valid && (decimal.groups > 0 || decimal.digits_behind != 3))
    return NumberStyle::comma_decimal;
  return std::nullopt;
}

NumberStyle common_style(const std::vector<std::string_view>& words) {
  bool point = false;
  bool groups = false;
  bool decimal = false;
  for (const std::string_view word : words) {
    const auto style = style_of(word);
    point |= style == NumberStyle::plain;
    groups |= style == NumberStyle::comma_groups;
    decimal |= style == NumberStyle::comma_decimal;
  }
  if (groups && !decimal) return NumberStyle::comma_groups;
  return decimal && !groups && !point ? NumberStyle::comma_decimal : NumberStyle::plain;
}

NumberStyle number_style(const std::vector<std::string>& lines) {
  std::vector<std::string_view> figures;
  for (const std::string& line : lines) {
    // Only rows of nothing but figures speak: a list of devices may look like a number.
    const auto words = split_words(line);
    const bool row = std::all_of(words.begin(), words.end(), [](std::string_view word) {
      return word.find_first_not_of("0123456789.,+-eE") == std::string_view::npos;
    });
    if (row && words.size() > 1) figures.insert(figures.end(), words.begin(), words.end());
  }
  return common_style(figures);
}

}  // namespace collscale
