// SPDX-License-Identifier: Apache-2.0
#include "record_io/log_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>
#include <utility>

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
    const bool printable = static_cast<unsigned char>(c) >= ' ';
    if (c == '\r' && line.size() > 1)
      clean.clear();  // the terminal would overwrite what came before
    if (length == 1 && printable && c != kEscape && c != '\x7f') clean += c;
    if (c == '\t') clean += "  ";  // sets columns apart, as more than one blank does
    line.remove_prefix(length);
  }
  return clean;
}

/// Launchers put their tag before each part of a row that the program flushes by itself:
/// "[1,0]<stdout>:  1024  256  float[1,0]<stdout>:  22.01", "[0]  1024  256  float  sum
/// -1[0] 22.01".
void remove_inner_tags(std::string& line) {
  for (auto end = line.rfind("] "); end != std::string::npos && end > 0;
       end = line.rfind("] ", end - 1)) {
    const auto start = line.find_last_not_of("0123456789", end - 1);
    const bool glued = start != std::string::npos && start > 0 && start + 1 < end &&
                       line[start] == '[' && line[start - 1] != ' ';
    if (glued) line.replace(start, end + 1 - start, " ");
  }
  for (const std::string_view mark : {"]<stdout>:", "]<stderr>:"}) {
    for (auto end = line.rfind(mark); end != std::string::npos; end = line.rfind(mark)) {
      const auto start = line.rfind('[', end);
      if (start == std::string::npos) break;
      line.replace(start, end + mark.size() - start, " ");
    }
  }
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
  std::string command;  // the front of one that goes on
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string clean = without_control(text.substr(0, end));
    std::string line(without_prefixes(clean));
    remove_inner_tags(line);
    command += line;
    const bool last = end == std::string_view::npos || end + 1 == text.size();
    if (command.ends_with('\\') && !last) {
      command.back() = ' ';
      lines.emplace_back();
    } else {
      lines.push_back(std::exchange(command, {}));
    }
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

std::optional<std::int64_t> to_count(std::string_view word) {
  static constexpr std::int64_t kMost = 100'000'000;
  const auto number = to_integer(word);
  return number && *number >= 1 && *number <= kMost ? number : std::nullopt;
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

std::string base_source(std::string_view file_name, const ImportOptions& options) {
  return options.source.empty() ? std::string(file_name) : options.source;
}

void warn_lines(ImportReport& report, std::string_view file_name, const LeftOut& left_out,
                std::string_view singular, std::string_view plural) {
  static constexpr std::size_t kNamed = 8;
  if (left_out.lines.empty()) return;
  std::vector<std::int64_t> lines;  // a line may hold two measurements
  std::unique_copy(left_out.lines.begin(), left_out.lines.end(), std::back_inserter(lines));
  std::string where = lines.size() == 1 ? ": line " : ": lines ";
  for (std::size_t i = 0; i < lines.size() && i < kNamed; ++i) {
    if (i > 0) where += i + 1 == lines.size() ? " and " : ", ";
    where += fmt::format("{}", lines[i]);
  }
  if (lines.size() > kNamed) where += fmt::format(" and {} more", lines.size() - kNamed);
  const std::size_t count = left_out.lines.size();
  report.warnings.push_back(
      fmt::format("{}: {} {}{}", file_name, count, count == 1 ? singular : plural, where));
}

}  // namespace collscale
