// SPDX-License-Identifier: Apache-2.0
#include "record_io/header_prefix.hpp"

#include <algorithm>
#include <array>
#include <string_view>

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

}  // namespace

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
