// SPDX-License-Identifier: Apache-2.0
#include "record_io/log_prefix.hpp"

#include <algorithm>

namespace collscale {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

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

/// "[1,0]<stdout>:", "<stderr>:".
std::string_view without_tag(std::string_view line) {
  const std::string_view rest = trimmed_front(line);
  if (rest.empty() || (rest.front() != '[' && rest.front() != '<')) return line;
  for (const std::string_view mark : {"<stdout>:", "<stderr>:"}) {
    const auto at = rest.find(mark);
    if (at == 0 || (at != std::string_view::npos && rest[at - 1] == ']'))
      return rest.substr(at + mark.size());
  }
  return line;
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
  return rest.empty() || rest.front() == ' ' || rest.front() == '\t' ? rest : line;
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

/// "12: " or "node01: " before a figure or a '#'.
std::string_view without_label(std::string_view line) {
  const std::string_view rest = trimmed_front(line);
  const auto colon = rest.find(": ");
  if (colon == std::string_view::npos || colon == 0) return line;
  const std::string_view label = rest.substr(0, colon);
  const bool rank = std::all_of(label.begin(), label.end(), is_digit);
  const bool host = is_letter(label.front()) && std::all_of(label.begin(), label.end(), [](char c) {
                      return is_digit(c) || is_letter(c) || c == '.' || c == '-' || c == '_';
                    });
  if (!rank && !host) return line;
  const std::string_view behind = rest.substr(colon + 1);
  const std::string_view first = trimmed_front(behind);
  const bool ours = !first.empty() && (first.front() == '#' || is_digit(first.front()));
  return ours ? behind : line;
}

}  // namespace

std::string_view without_prefixes(std::string_view line) {
  // A collector's prefix stands before a launcher's, so one pass in this order takes both, and a
  // second one those of a launcher within a launcher.
  for (int pass = 0; pass < 2; ++pass) {
    for (auto* const strip :
         {without_pod, without_time, without_stream, without_tag, without_role, without_label}) {
      line = strip(line);
    }
  }
  return line;
}

}  // namespace collscale
