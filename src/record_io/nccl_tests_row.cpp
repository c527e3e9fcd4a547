// SPDX-License-Identifier: Apache-2.0
#include "record_io/nccl_tests_row.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {
namespace {

/// A line with so many figures but no size is a torn row; with fewer it may be prose.
constexpr std::size_t kFiguresOfATornRow = 4;

bool is_type(std::string_view word) {
  return parse_data_type(word).has_value() || word.starts_with("fp8") || word.starts_with("f8");
}

bool is_figure(std::string_view word) { return word == "N/A" || to_number(word).has_value(); }

enum class HalfState { good, absent, torn, contradictory };

HalfState read_half(const std::vector<std::string_view>& words, std::size_t at, bool checked,
                    double size_bytes, std::optional<NcclTestsHalf>& half) {
  const std::string_view time = words[at];
  if (time == "N/A") return HalfState::absent;
  const auto time_us = to_number(time);
  const auto algbw = to_number(words[at + 1]);
  const auto busbw = to_number(words[at + 2]);
  if (!time_us || !algbw || !busbw || (checked && !is_figure(words[at + 3])) || *time_us <= 0)
    return HalfState::torn;
  // Of a time that was cut to a digit, the bandwidth would prove nothing. Two decimals are whole.
  static constexpr double kWhole = 0.0051;
  if (printed_precision(time) > std::max(kWhole, 0.05 * *time_us)) return HalfState::torn;
  half = NcclTestsHalf{std::string(time), std::string(words[at + 1]), std::string(words[at + 2]),
                       checked ? std::string(words[at + 3]) : "N/A", false};
  // A digit lost from the time or the size shows here: algbw = size / time, to the printed digits.
  const double expected = size_bytes / (*time_us * 1e-6) / 1e9;
  const double tolerance =
      2 * printed_precision(words[at + 1]) + expected * 2 * printed_precision(time) / *time_us;
  if (std::abs(expected - *algbw) <= tolerance + 1e-3 * expected) return HalfState::good;
  // Half of it on two ranks, nearly all of it on many.
  half->algbw_is_busbw =
      *algbw == *busbw && *algbw < expected && 2 * *algbw >= expected - tolerance;
  return half->algbw_is_busbw ? HalfState::good : HalfState::contradictory;
}

std::string joined(const std::vector<std::string_view>& words, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) {
    if (i > from) text += ' ';
    text += words[i];
  }
  return text;
}

/// How many figures stand from `at` on.
std::size_t figures_from(const std::vector<std::string_view>& words, std::size_t at) {
  std::size_t count = 0;
  while (at + count < words.size() && is_figure(words[at + count])) ++count;
  return count;
}

/// The row's figures begin at `at`; all that is left of `words` is of them.
NcclTestsLine read_figures(const std::vector<std::string_view>& words, std::size_t at,
                           const NcclTestsColumns& columns, NcclTestsRow& row) {
  bool torn = false;
  bool contradictory = false;
  for (int half = 0; half < columns.halves; ++half) {
    const std::size_t place =
        columns.halves == 1 && columns.first_in_place ? 1 : static_cast<std::size_t>(half);
    const HalfState state =
        read_half(words, at, columns.checked, row.size_bytes, row.halves[place]);
    torn |= state == HalfState::torn;
    contradictory |= state == HalfState::contradictory;
    at += static_cast<std::size_t>(columns.figures);
  }
  if (torn) return NcclTestsLine::torn;
  return contradictory ? NcclTestsLine::contradictory : NcclTestsLine::row;
}

}  // namespace

NcclTestsLine read_row(std::string_view line, const NcclTestsColumns& columns, bool in_table,
                       NcclTestsRow& row, std::string& front) {
  row = {};
  front.clear();
  if (line.find('|') != std::string_view::npos) return NcclTestsLine::other;  // another's table
  std::vector<std::string_view> words = split_words(line);
  std::size_t type_at = words.size();
  std::size_t figures = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (type_at == words.size() && is_type(words[i])) type_at = i;
    if (to_number(words[i])) ++figures;
  }
  if (type_at == words.size()) {
    // "  1048576   262144" inside a table: cut before the type. "72 73 74 75": a list.
    const bool is_list = figures > 3 && std::all_of(words.begin(), words.end(), [](auto word) {
                           return to_integer(word).has_value();
                         });
    const bool only_figures = figures == words.size() && figures >= 2 && !is_list;
    return in_table && only_figures ? NcclTestsLine::torn : NcclTestsLine::other;
  }
  const auto size = type_at < 2 ? std::nullopt : to_integer(words[type_at - 2]);
  const auto count = type_at < 2 ? std::nullopt : to_integer(words[type_at - 1]);
  if (!size || !count || *size < 0 || *count < 0) {
    // A row that lost its front, or prose that happens to say "float".
    return figures >= kFiguresOfATornRow ? NcclTestsLine::torn : NcclTestsLine::other;
  }

  row.size_bytes = static_cast<double>(*size);
  row.type = words[type_at];
  std::size_t at = type_at + 1;
  if (at < words.size() && !is_figure(words[at]) && parse_reduce_op(words[at]).has_value())
    row.op = words[at++];
  else if (at < words.size() && (words[at] == "none" || words[at] == "mulsum"))
    row.op = words[at++];
  if (words.size() > at + 2 && words.back().find(':') != std::string_view::npos &&
      words[words.size() - 2].find('-') != std::string_view::npos)
    words.resize(words.size() - 2);  // date, time of day
  const auto per_half = static_cast<std::size_t>(columns.figures);
  const std::size_t wanted = per_half * static_cast<std::size_t>(columns.halves);
  const std::size_t found = figures_from(words, at);
  const bool rooted = found % per_half == 1 && to_integer(words[at]);
  const std::size_t own = rooted ? found - 1 : found;
  if (own < wanted && own % per_half == 0 && (in_table || !row.op.empty())) {
    front = joined(words, type_at - 2, at + found);
    return NcclTestsLine::begun;
  }
  if (own != wanted || at + found != words.size()) return NcclTestsLine::torn;
  if (rooted) {
    const std::int64_t root = *to_integer(words[at++]);
    row.root = root < 0 ? 0 : root;
  }
  return read_figures(words, at, columns, row);
}

NcclTestsLine read_row_in_any_style(std::string_view line, const NcclTestsColumns& columns,
                                    bool in_table, NcclTestsRow& row, std::string& front) {
  NcclTestsLine kind = read_row(line, columns, in_table, row, front);
  if (kind == NcclTestsLine::row || line.find(',') == std::string_view::npos) return kind;
  for (const NumberStyle style : {NumberStyle::comma_groups, NumberStyle::comma_decimal}) {
    NcclTestsRow other;
    std::string other_front;
    const NcclTestsLine read =
        read_row(plain_numbers(line, style), columns, in_table, other, other_front);
    if (read == NcclTestsLine::row) {
      row = other;
      front.clear();
      return read;
    }
    // What is wrong with a row is said of the style in which most of it can be read.
    if (read == NcclTestsLine::contradictory) kind = read;
  }
  return kind;
}

std::string figures_at_front(std::string_view line, const NcclTestsColumns& columns) {
  const auto words = split_words(line);
  const std::size_t count = figures_from(words, 0);
  const auto per_half = static_cast<std::size_t>(columns.figures);
  const std::size_t most = per_half * static_cast<std::size_t>(columns.halves);
  if (count == 0 || count % per_half != 0 || count > most) return {};
  return joined(words, 0, count);
}

}  // namespace collscale
