// SPDX-License-Identifier: Apache-2.0
#include "fit/lone_row.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// How far a cell lies off both of its neighbouring sizes.
struct Off {
  std::size_t cell = 0;
  double log_ratio = 0;  ///< ln of its time over theirs; 0 where it lies between them
};

std::vector<Off> offs_of(const Series& series) {
  std::vector<Off> offs;
  for (std::size_t i = 1; i + 1 < series.cells.size(); ++i) {
    const Cell& smaller = series.cells[i - 1];
    const Cell& cell = series.cells[i];
    const Cell& larger = series.cells[i + 1];
    if (smaller.ranks != cell.ranks || larger.ranks != cell.ranks || smaller.nodes != cell.nodes ||
        larger.nodes != cell.nodes)
      continue;
    const double log_time = std::log(median(cell.time_s));
    const double log_before = std::log(median(smaller.time_s));
    const double log_after = std::log(median(larger.time_s));
    const double above = log_time - std::max(log_before, log_after);
    const double below =
        log_time - std::min(log_before, log_after - std::log(larger.size_bytes / cell.size_bytes));
    if (above > 0 || below < 0) offs.push_back({i, above > 0 ? above : below});
  }
  return offs;
}

// At the same size, or at the same bytes per rank, within an octave.
bool alike(const Cell& one, const Cell& other) {
  const double octave = 1.01 * std::numbers::ln2;
  const double log_size = std::log(one.size_bytes / other.size_bytes);
  const double log_ranks =
      std::log(static_cast<double>(one.ranks) / static_cast<double>(other.ranks));
  return std::fabs(log_size) < octave || std::fabs(log_size - log_ranks) < octave;
}

// Runs of one point that agree: what happens twice is no accident.
bool is_repeated(const Cell& cell) {
  const auto [least, most] = std::minmax_element(cell.time_s.begin(), cell.time_s.end());
  return cell.time_s.size() > 1 && *most < kNotAlone * *least;
}

bool has_one_scale(const Series& series) {
  return std::all_of(series.cells.begin(), series.cells.end(),
                     [&](const Cell& cell) { return cell.ranks == series.cells.front().ranks; });
}

bool is_alone(const Series& series, const std::vector<Off>& offs, const Off& row) {
  const Cell& cell = series.cells[row.cell];
  return std::none_of(offs.begin(), offs.end(), [&](const Off& other) {
    const Cell& there = series.cells[other.cell];
    return there.ranks != cell.ranks && alike(cell, there) && other.log_ratio * row.log_ratio > 0 &&
           std::fabs(other.log_ratio) > std::log(kNotAlone);
  });
}

}  // namespace

std::string take_out_lone_rows(Series& series) {
  const std::vector<Off> offs = offs_of(series);
  std::vector<std::size_t> cells;
  std::vector<std::string> texts;
  for (const Off& row : offs) {
    if (std::fabs(row.log_ratio) < std::log(kLoneRow) || !is_alone(series, offs, row)) continue;
    // Beside a row that is far above its neighbours these are not far below.
    const bool beside = std::any_of(offs.begin(), offs.end(), [&](const Off& other) {
      return (other.cell + 1 == row.cell || row.cell + 1 == other.cell) &&
             std::fabs(other.log_ratio) > std::fabs(row.log_ratio);
    });
    if (beside) continue;
    const Cell& cell = series.cells[row.cell];
    if (is_repeated(cell)) continue;
    cells.push_back(row.cell);
    texts.push_back(fmt::format("{} on {} ranks (x{:.3g})", format_size(cell.size_bytes),
                                format_count(cell.ranks), std::exp(row.log_ratio)));
  }
  if (cells.empty()) return {};
  const std::string_view unlike_others = has_one_scale(series) ? "" : ", as at no other scale";
  for (std::size_t i = cells.size(); i-- > 0;)
    series.cells.erase(series.cells.begin() + static_cast<std::ptrdiff_t>(cells[i]));
  const bool one = texts.size() == 1;
  return fmt::format("{} {} far off both neighbouring sizes{}: left out as {} that went wrong",
                     fmt::join(texts, ", "), one ? "is" : "are", unlike_others,
                     one ? "a measurement" : "measurements");
}

}  // namespace collscale
