// SPDX-License-Identifier: Apache-2.0
#include "record_io/wrapped_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "record_io/foreign_json.hpp"

namespace collscale {
namespace {

constexpr std::string_view kEndOfLine = "\\n";

/// A string of Python's, or what stands between two.
struct Piece {
  std::string_view text;  ///< without its quotes
  bool quoted = false;
  bool bytes = false;
};

std::size_t prefix_length(std::string_view text) {
  static constexpr std::string_view kPrefixes = "bBuUrR";
  return !text.empty() && kPrefixes.find(text.front()) != std::string_view::npos ? 1 : 0;
}

/// Where the string that begins with the quote at the front ends; npos: it does not.
std::size_t closing_quote(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == text.front())
      return i;
  }
  return std::string_view::npos;
}

/// An apostrophe within a word begins none.
std::vector<Piece> pieces_of(std::string_view line) {
  static constexpr std::string_view kBefore = " \t([{=,:";
  static constexpr std::string_view kBehind = " \t)]},\r";
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i > 0 && kBefore.find(line[i - 1]) == std::string_view::npos) continue;
    const std::size_t quote = i + prefix_length(line.substr(i));
    if (quote >= line.size() || (line[quote] != '\'' && line[quote] != '"')) continue;
    const std::size_t end = closing_quote(line.substr(quote));
    if (end == std::string_view::npos) continue;
    const std::size_t behind = quote + end + 1;
    if (behind < line.size() && kBehind.find(line[behind]) == std::string_view::npos) continue;
    pieces.push_back({line.substr(begin, i - begin)});
    pieces.push_back({line.substr(quote + 1, end - 1), true, quote > i});
    begin = behind;
    i = behind - 1;
  }
  pieces.push_back({line.substr(begin)});
  return pieces;
}

bool is_punctuation(std::string_view text) {
  return text.find_first_not_of(" \t\r()[]{},") == std::string_view::npos;
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

/// A line of a table may hold an escape or two; one that is nothing but a string of bytes, or that
/// has the ends of several lines in it, was printed by Python.
bool is_python(std::string_view line, const std::vector<Piece>& pieces) {
  static constexpr std::size_t kEnough = 3;
  if (count_of(line, kEndOfLine) >= kEnough) return true;
  bool one = false;
  for (const Piece& piece : pieces) {
    if (!piece.quoted && !is_punctuation(piece.text)) return false;
    one |= piece.quoted && (piece.bytes || piece.text.ends_with(kEndOfLine));
  }
  return one;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string without_escapes(std::string_view text) {
  static constexpr std::string_view kNames = "ntr\\'\"";
  static constexpr std::string_view kMeant = "\n\t\r\\'\"";
  std::string plain;
  while (!text.empty()) {
    const bool escape = text.front() == '\\' && text.size() > 1;
    const auto name = escape ? kNames.find(text[1]) : std::string_view::npos;
    const bool hex = escape && text[1] == 'x' && text.size() > 3 && hex_digit(text[2]) >= 0 &&
                     hex_digit(text[3]) >= 0;
    if (name != std::string_view::npos)
      plain += kMeant[name];
    else if (hex)
      plain += static_cast<char>(16 * hex_digit(text[2]) + hex_digit(text[3]));
    else
      plain += text.front();
    text.remove_prefix(name != std::string_view::npos ? 2 : hex ? 4 : 1);
  }
  return plain;
}

/// Each string ends a line, as does what stands before one.
std::string unquoted(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces) {
    if (!piece.quoted && is_punctuation(piece.text)) continue;
    if (!text.empty() && text.back() != '\n') text += '\n';
    text += without_escapes(piece.text);
  }
  return text;
}

}  // namespace

std::optional<std::string> text_of_container_log(std::string_view text) {
  if (!text.starts_with("{\"log\":")) return std::nullopt;
  std::string log;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const ForeignJson line = ForeignJson::parse(text.substr(0, end), nullptr, false);
    if (line.is_object()) log += text_member(line, "log");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return log;
}

std::string without_python_quotes(std::string_view text) {
  static constexpr int kDeepest = 3;
  std::string result(text);
  for (int depth = 0; depth < kDeepest; ++depth) {
    bool changed = false;
    std::string plain;
    for (std::string_view rest = result; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::vector<Piece> pieces =
          line.find('\'') == std::string_view::npos && line.find('"') == std::string_view::npos
              ? std::vector<Piece>{{line}}
              : pieces_of(line);
      const bool python = is_python(line, pieces);
      changed |= python;
      plain += python ? unquoted(pieces) : std::string(line);
      if (!python || !plain.ends_with('\n')) plain += '\n';
    }
    if (!changed) break;
    result = std::move(plain);
  }
  return result;
}

}  // namespace collscale
