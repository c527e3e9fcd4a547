// SPDX-License-Identifier: Apache-2.0
#include "record_io/log_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <system_error>

#include "record_io/log_prefix.hpp"

namespace collscale {
namespace {

constexpr char kEscape = '\x1b';

/// How many characters the escape sequence at the front of `text` takes.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  if (text[1] == '[') {  // CSI: parameters, then one letter
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] >= '@' && text[i] <= '~') return i + 1;
    }
    return text.size();
  }
  if (text[1] == ']') {  // OSC: up to BEL, or ESC backslash
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\a') return i + 1;
      if (text[i] == kEscape) return i + 2 <= text.size() ? i + 2 : text.size();
    }
    return text.size();
  }
  return 2;
}

std::string without_control(std::string_view line) {
  std::string clean;
  clean.reserve(line.size());
  while (!line.empty()) {
    const char c = line.front();
    const std::size_t length = c == kEscape ? escape_length(line) : 1;
    const bool printable = c == '\t' || static_cast<unsigned char>(c) >= ' ';
    if (c == '\r' && line.size() > 1)
      clean.clear();  // the terminal would overwrite what came before
    if (length == 1 && printable && c != kEscape && c != '\x7f') clean += c;
    line.remove_prefix(length);
  }
  return clean;
}

template <class T>
std::optional<T> to_whole_word(std::string_view word) {
  T value{};
  const char* const end = word.data() + word.size();
  const auto [rest, status] = std::from_chars(word.data(), end, value);
  if (word.empty() || status != std::errc{} || rest != end) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string> clean_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string clean = without_control(text.substr(0, end));
    lines.emplace_back(without_prefixes(clean));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const auto end = line.find_first_of(" \t");
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

std::optional<double> to_number(std::string_view word) {
  const auto value = to_whole_word<double>(word);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> to_integer(std::string_view word) {
  return to_whole_word<std::int64_t>(word);
}

double printed_precision(std::string_view word) {
  const auto exponent_at = word.find_first_of("eE");
  const std::string_view mantissa = word.substr(0, exponent_at);
  const auto point = mantissa.find('.');
  const auto decimals =
      point == std::string_view::npos ? 0 : static_cast<int>(mantissa.size() - point - 1);
  int exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view digits = word.substr(exponent_at + 1);
    if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
    exponent = static_cast<int>(to_integer(digits).value_or(0));
  }
  return 0.5 * std::pow(10.0, exponent - decimals);
}

void warn_count(ImportReport& report, std::string_view file_name, std::int64_t count,
                std::string_view singular, std::string_view plural) {
  if (count == 0) return;
  report.warnings.push_back(
      fmt::format("{}: {} {}", file_name, count, count == 1 ? singular : plural));
}

void warn_lines(ImportReport& report, std::string_view file_name, const LeftOut& left_out,
                std::string_view singular, std::string_view plural) {
  static constexpr std::size_t kNamed = 8;
  const auto& lines = left_out.lines;
  if (lines.empty()) return;
  std::string where = lines.size() == 1 ? ": line " : ": lines ";
  for (std::size_t i = 0; i < lines.size() && i < kNamed; ++i) {
    if (i > 0) where += i + 1 == lines.size() ? " and " : ", ";
    where += fmt::format("{}", lines[i]);
  }
  if (lines.size() > kNamed) where += fmt::format(" and {} more", lines.size() - kNamed);
  report.warnings.push_back(fmt::format("{}: {} {}{}", file_name, lines.size(),
                                        lines.size() == 1 ? singular : plural, where));
}

}  // namespace collscale
