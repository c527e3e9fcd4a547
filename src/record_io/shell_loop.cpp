// SPDX-License-Identifier: Apache-2.0
#include "record_io/shell_loop.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

#include "record_io/log_text.hpp"

namespace collscale {
namespace {

using Tokens = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

constexpr std::size_t kMostRuns = 10000;  // of the bodies of a loop and of those within it
constexpr std::int64_t kMostValues = 1000;

/// Words, and each ';' and end of a line as ";".
Tokens tokens_of(std::string_view script) {
  std::string apart;
  for (const char c : script) {
    const bool end = c == ';' || c == '\n';
    apart += end ? " ; " : std::string(1, c);
  }
  Tokens tokens;
  for (const std::string_view word : split_words(apart)) tokens.emplace_back(word);
  return tokens;
}

/// Where the loop begins among the words of its line, behind a prompt; the number of words: it
/// begins none.
std::size_t loop_at(const Tokens& tokens) {
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i)
    if (tokens[i] == "for" && tokens[i + 2] == "in") return i;
  return tokens.size();
}

std::string without_quotes(std::string_view word) {
  std::string plain(word);
  plain.erase(std::remove(plain.begin(), plain.end(), '"'), plain.end());
  return plain;
}

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// "$n", "${n}" and "osu_$n" with what they stand for; unknown variables stay.
std::string substituted(std::string_view word, const Variables& variables) {
  const std::string plain = without_quotes(word);
  std::string result;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const bool braced = plain.compare(i, 2, "${") == 0;
    const std::size_t begin = i + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < plain.size() && is_of_name(plain[end])) ++end;
    const bool closed = !braced || (end < plain.size() && plain[end] == '}');
    const auto known = plain[i] == '$' && closed && begin < end
                           ? variables.find(plain.substr(begin, end - begin))
                           : variables.end();
    if (known == variables.end()) {
      result += plain[i];
    } else {
      result += known->second;
      i = braced ? end : end - 1;
    }
  }
  return result;
}

bool append_range(std::int64_t first, std::int64_t step, std::int64_t last, Tokens& values) {
  static constexpr std::int64_t kMost = 100'000'000;
  for (const std::int64_t figure : {first, step, last})
    if (figure < -kMost || figure > kMost) return false;
  if (step == 0 || std::abs(last - first) / std::abs(step) > kMostValues) return false;
  for (std::int64_t n = first; step > 0 ? n <= last : n >= last; n += step)
    values.push_back(std::to_string(n));
  return true;
}

/// "{2..8}", "{8..64..8}".
bool append_braces(std::string_view word, Tokens& values) {
  std::vector<std::int64_t> figures;
  word = word.substr(1, word.size() - 2);
  while (true) {
    const auto dots = word.find("..");
    const auto figure = to_integer(word.substr(0, dots));
    if (!figure) return false;
    figures.push_back(*figure);
    if (dots == std::string_view::npos) break;
    word.remove_prefix(dots + 2);
  }
  if (figures.size() < 2 || figures.size() > 3) return false;
  const std::int64_t step = figures.size() == 3 ? std::abs(figures[2]) : 1;
  return append_range(figures[0], figures[1] < figures[0] ? -step : step, figures[1], values);
}

/// The figures of "$(seq 1 2 8)", whose words these are.
bool append_sequence(const Tokens& words, Tokens& values) {
  std::vector<std::int64_t> figures;
  for (std::string word : words) {
    std::erase_if(word, [](char c) { return c == '$' || c == '(' || c == ')' || c == '`'; });
    if (word == "seq" || word.empty()) continue;
    const auto figure = to_integer(word);
    if (!figure) return false;
    figures.push_back(*figure);
  }
  if (figures.empty() || figures.size() > 3) return false;
  return append_range(figures.size() > 1 ? figures.front() : 1, figures.size() > 2 ? figures[1] : 1,
                      figures.back(), values);
}

/// Reads a loop token by token.
class Loop {
 public:
  explicit Loop(const Tokens& tokens) : tokens_(tokens) {}

  /// From "for" on; `at` is behind "done" then.
  bool run(std::size_t& at, Variables variables) {
    const std::string name = tokens_[at + 1];
    Tokens values;
    std::size_t begin = at + 3;
    if (!read_values(begin, variables, values)) return false;
    for (const std::string& value : values) {
      if (++runs_ > kMostRuns) return false;
      variables[name] = value;
      at = begin;
      if (!run_body(at, variables)) return false;
    }
    return !values.empty();
  }

  [[nodiscard]] const Tokens& commands() const { return commands_; }

 private:
  /// Up to "do", and behind it.
  bool read_values(std::size_t& at, const Variables& variables, Tokens& values) const {
    Tokens words;
    for (; at < tokens_.size() && tokens_[at] != "do"; ++at)
      if (tokens_[at] != ";") words.push_back(substituted(tokens_[at], variables));
    if (at++ == tokens_.size() || words.empty()) return false;
    if (words.front() == "$(seq" || words.front() == "`seq") return append_sequence(words, values);
    for (const std::string& word : words) {
      const bool braces = word.size() > 1 && word.front() == '{' && word.back() == '}';
      if (word.find_first_of("$`(*") != std::string::npos ||
          (braces && !append_braces(word, values)))
        return false;
      if (!braces) values.push_back(word);
    }
    return true;
  }

  bool run_body(std::size_t& at, const Variables& variables) {
    std::string command;
    for (; at < tokens_.size(); ++at) {
      const std::string& token = tokens_[at];
      if (token != ";" && token != "done" && token != "for") {
        if (token == "while" || token == "until" || token == "if" || token == "case") return false;
        command += (command.empty() ? "" : " ") + substituted(token, variables);
        continue;
      }
      if (!command.empty()) commands_.push_back(std::move(command));
      command.clear();
      if (token == "done") return ++at, true;
      if (token == "for") {
        if (at + 3 >= tokens_.size() || tokens_[at + 2] != "in" || !run(at, variables))
          return false;
        --at;
      }
    }
    return false;
  }

  const Tokens& tokens_;
  Tokens commands_;
  std::size_t runs_ = 0;
};

}  // namespace

bool begins_loop(std::string_view line) {
  const Tokens tokens = tokens_of(line);
  return loop_at(tokens) < tokens.size();
}

std::optional<std::vector<std::string>> commands_of_loop(std::string_view script) {
  const Tokens tokens = tokens_of(script);
  std::size_t at = loop_at(tokens);
  Loop loop(tokens);
  if (at == tokens.size() || !loop.run(at, {})) return std::nullopt;
  return loop.commands();
}

}  // namespace collscale
