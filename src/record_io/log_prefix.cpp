// SPDX-License-Identifier: Apache-2.0
#include "record_io/log_prefix.hpp"

#include <algorithm>

namespace collscale {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_rank(std::string_view label) {
  return !label.empty() && std::all_of(label.begin(), label.end(), is_digit);
}

bool is_host(std::string_view label) {
  return !label.empty() && is_letter(label.front()) &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return is_digit(c) || is_letter(c) || c == '.' || c == '-' || c == '_';
         });
}

/// What follows stays as it is: blanks behind a figure part columns.
std::string_view trimmed_front(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

/// The pattern at the front: '0' stands for a digit, anything else for itself.
bool begins_like(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '0' ? !is_digit(text[i]) : text[i] != pattern[i]) return false;
  }
  return true;
}

/// "[1,0]<stdout>:", "<stderr>:", "[node01:4711][1,0]<stdout>:", "Mon Nov 13 10:22:05
/// 2023[1,0]<stdout>:".
std::string_view without_tag(std::string_view line) {
  static constexpr std::string_view kDays = "Mon Tue Wed Thu Fri Sat Sun";
  const std::string_view rest = trimmed_front(line);
  const bool tagged = rest.starts_with('[') || rest.starts_with('<');
  const bool timed = rest.size() > 3 && rest[3] == ' ' && kDays.find(rest.substr(0, 3)) % 4 == 0;
  if (!tagged && !timed) return line;
  for (const std::string_view mark : {"<stdout>:", "<stderr>:"}) {
    const auto at = rest.find(mark);
    if (at == 0 || (at != std::string_view::npos && (rest[at - 1] == ']' || timed)))
      return rest.substr(at + mark.size());
  }
  return line;
}

/// "> ", as mails and issues quote.
std::string_view without_quote(std::string_view line) {
  std::string_view rest = trimmed_front(line);
  if (!rest.starts_with('>')) return line;
  while (rest.starts_with('>')) rest = trimmed_front(rest.substr(1));
  return rest;
}

/// "node01 nccl[4711]: ", as system logs go on behind the time.
std::string_view without_program(std::string_view line) {
  const auto host = line.find(' ');
  const auto end = line.find("]: ");
  if (host == std::string_view::npos || end == std::string_view::npos || end < host) return line;
  const std::string_view program = line.substr(host + 1, end - host - 1);
  const auto open = program.rfind('[');
  const bool is_program = open != std::string_view::npos && is_rank(program.substr(open + 1)) &&
                          program.find(' ') == std::string_view::npos;
  return is_program ? line.substr(end + 2) : line;
}

/// " INFO ", " INFO: " and " - root - INFO - ", as loggers go on behind the time.
std::string_view without_level(std::string_view line) {
  static constexpr std::string_view kGap = " - ";
  std::string_view rest = line;
  if (rest.starts_with(kGap)) {
    rest = rest.substr(kGap.size());
    const auto name_end = rest.find(kGap);
    if (name_end == std::string_view::npos) return line;
    if (const auto behind = rest.substr(name_end + kGap.size()); behind.find(kGap) < 8)
      rest = behind;
  }
  rest = trimmed_front(rest);
  for (const std::string_view level : {"DEBUG", "INFO", "WARNING", "ERROR"}) {
    if (!rest.starts_with(level)) continue;
    rest.remove_prefix(level.size());
    for (const std::string_view gap : {kGap, std::string_view(": "), std::string_view(" ")}) {
      if (rest.starts_with(gap)) return rest.substr(gap.size() - 1);
    }
  }
  return line;
}

/// "Feb  3 04:05:06 ", as `ts` and system logs write it.
std::string_view without_date_of_month(std::string_view line) {
  static constexpr std::string_view kMonths = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
  const std::string_view rest = trimmed_front(line);
  if (rest.size() < 4 || rest[3] != ' ' || kMonths.find(rest.substr(0, 3)) % 4 != 0) return line;
  std::string_view day = trimmed_front(rest.substr(4));
  const auto end = day.find_first_not_of("0123456789");
  if (end == 0 || end > 2) return line;
  day.remove_prefix(end + 1);
  static constexpr std::string_view kTime = "00:00:00 ";
  return begins_like(day, kTime) ? without_program(day.substr(kTime.size())) : line;
}

/// "2026-02-03T04:05:06.789Z ", "[2026-02-03 04:05:06,789] ", "[04:05:06] ".
std::string_view without_time(std::string_view line) {
  std::string_view rest = trimmed_front(line);
  const bool bracket = !rest.empty() && rest.front() == '[';
  if (bracket) rest.remove_prefix(1);
  static constexpr std::string_view kDate = "0000-00-00";
  const bool dated = begins_like(rest, kDate) && rest.size() > kDate.size() &&
                     (rest[kDate.size()] == 'T' || rest[kDate.size()] == ' ');
  if (dated) rest.remove_prefix(kDate.size() + 1);
  static constexpr std::string_view kTime = "00:00:00";
  if ((!dated && !bracket) || !begins_like(rest, kTime)) return line;
  const auto end = rest.find_first_not_of("0123456789:.,+-Z", kTime.size());
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  if (bracket) {
    if (rest.empty() || rest.front() != ']') return line;
    rest.remove_prefix(1);
  }
  return rest.empty() || rest.front() == ' ' ? without_level(rest) : line;
}

/// "stdout F ", as container runtimes write it.
std::string_view without_stream(std::string_view line) {
  const std::string_view rest = trimmed_front(line);
  for (const std::string_view mark : {"stdout F ", "stderr F ", "stdout P ", "stderr P "}) {
    if (rest.starts_with(mark)) return rest.substr(mark.size());
  }
  return line;
}

/// "[pod/nccl-launcher-x/main] ".
std::string_view without_pod(std::string_view line) {
  static constexpr std::string_view kPod = "[pod/";
  const auto end = line.find("] ");
  return line.starts_with(kPod) && end != std::string_view::npos ? line.substr(end + 2) : line;
}

/// "[default0]:", as torchrun marks the ranks of a node.
std::string_view without_role(std::string_view line) {
  const auto end = line.find("]:");
  if (end == std::string_view::npos || end < 3 || line.front() != '[') return line;
  const std::string_view role = line.substr(1, end - 1);
  const auto number = std::find_if(role.begin(), role.end(), is_digit);
  const bool marks = number != role.begin() && number != role.end() &&
                     std::all_of(role.begin(), number, is_letter) &&
                     std::all_of(number, role.end(), is_digit);
  return marks ? line.substr(end + 2) : line;
}

/// "12: ", "node01: ", "[12] " and "launcher-1  | " before a figure or a '#'.
std::string_view without_label(std::string_view line) {
  const std::string_view rest = trimmed_front(line);
  const auto end = rest.find_first_of(":]| ");
  if (end == std::string_view::npos || end == 0) return line;
  const std::string_view label = rest.substr(0, end);
  std::string_view behind = rest.substr(end);
  if (is_host(label) && trimmed_front(behind).starts_with("| "))
    behind = trimmed_front(behind).substr(1);
  else if (behind.starts_with(": ") && (is_rank(label) || is_host(label)))
    behind.remove_prefix(1);
  else if (behind.starts_with("] ") && label.front() == '[' && is_rank(label.substr(1)))
    behind.remove_prefix(1);
  else
    return line;
  const std::string_view first = trimmed_front(behind);
  const bool ours = !first.empty() && (first.front() == '#' || is_digit(first.front()));
  return ours ? behind : line;
}

}  // namespace

std::string_view without_prefixes(std::string_view line) {
  // A collector's prefix stands before a launcher's, so one pass in this order takes both, and a
  // second one those of a launcher within a launcher.
  for (int pass = 0; pass < 2; ++pass) {
    for (auto* const strip : {without_quote, without_pod, without_time, without_date_of_month,
                              without_stream, without_tag, without_role, without_label}) {
      line = strip(line);
    }
  }
  return line;
}

}  // namespace collscale
