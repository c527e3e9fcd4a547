// SPDX-License-Identifier: Apache-2.0
#include "record_io/header_prefix.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "record_io/log_text.hpp"

namespace collscale {
namespace {

constexpr std::array<std::string_view, 4> kHeaders{"# Size ", "# Datatype", "# Benchmarking ",
                                                   "# #processes"};

/// Where a header begins in the line; npos: it is none.
std::size_t header_in(std::string_view line) {
  std::size_t first = std::string_view::npos;
  for (const std::string_view header : kHeaders) first = std::min(first, line.find(header));
  const std::size_t title = line.find("# OSU ");  // "## OSU on our cluster" is a report's
  return line.find(" Test", title) == std::string_view::npos ? first : std::min(first, title);
}

std::size_t run_of_digits(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

std::size_t run_of_blanks(std::string_view text) {
  return std::min(text.find_first_not_of(' '), text.size());
}

/// How much of the line is like the prefix, where figures stand for figures and blanks for blanks;
/// 0: it does not begin so.
std::size_t length_like(std::string_view prefix, std::string_view line) {
  std::size_t at = run_of_blanks(line);  // figures of several lengths are set right
  prefix.remove_prefix(run_of_blanks(prefix));
  while (!prefix.empty()) {
    const std::string_view rest = line.substr(at);
    std::size_t taken = 1;
    std::size_t found = !rest.empty() && rest.front() == prefix.front() ? 1 : 0;
    if (run_of_digits(prefix) > 0) {
      taken = run_of_digits(prefix);
      found = run_of_digits(rest);
    } else if (prefix.front() == ' ') {
      taken = run_of_blanks(prefix);
      found = run_of_blanks(rest);
    }
    if (found == 0) return 0;
    prefix.remove_prefix(taken);
    at += found;
  }
  return at;
}

bool is_figure_or_verdict(std::string_view word) {
  return word == "N/A" || word == "Pass" || word == "Fail" ||
         word.find_first_not_of("0123456789.,+-eE") == std::string_view::npos;
}

/// Of OSU and IMB nothing but figures; nccl-tests' have a type behind the size and the count.
bool is_row(std::string_view line) {
  const auto words = split_words(line);
  if (words.size() < 2 || !to_number(words[0])) return false;
  return std::all_of(words.begin(), words.end(), is_figure_or_verdict) ||
         (words.size() > 4 && to_integer(words[1]) && parse_data_type(words[2]));
}

bool is_behind_hash(std::string_view line) {
  return line.substr(run_of_blanks(line)).starts_with('#');
}

/// What is behind a '#' at the front; "" where none is there.
std::string_view remark_in(std::string_view line) {
  return is_behind_hash(line) ? line.substr(run_of_blanks(line) + 1) : std::string_view{};
}

/// Whether a '#' stands before every line of a log, its headers with one of their own included.
bool is_all_remarks(const std::vector<std::string>& lines) {
  const auto of_remark = [](std::string_view line) { return is_behind_hash(remark_in(line)); };
  return std::any_of(lines.begin(), lines.end(), of_remark) &&
         std::all_of(lines.begin(), lines.end(), [](std::string_view line) {
           return is_behind_hash(line) || run_of_blanks(line) == line.size();
         });
}

}  // namespace

void uncomment_rows(std::vector<std::string>& lines) {
  if (std::any_of(lines.begin(), lines.end(), is_row)) return;
  const bool all = is_all_remarks(lines);
  for (std::string& line : lines)
    if (const std::string_view remark = remark_in(line); all || is_row(remark))
      line = std::string(remark);
}

void remove_header_prefix(std::vector<std::string>& lines) {
  std::string prefix;
  for (const std::string& line : lines) {
    const std::size_t at = header_in(line);
    if (at == std::string::npos) continue;
    if (prefix.empty()) prefix = line.substr(0, at);
    if (prefix.find_first_not_of(' ') == std::string::npos || length_like(prefix, line) != at)
      return;
  }
  if (prefix.empty()) return;
  for (std::string& line : lines) line.erase(0, length_like(prefix, line));
}

}  // namespace collscale
