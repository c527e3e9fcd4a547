// SPDX-License-Identifier: Apache-2.0
#include "fit/normal_form_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fit/size_curve.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

struct Points {
  std::vector<double> n;
  std::vector<double> time_s;
  double largest_units = 0;  ///< of the tier, whatever its sizes
};

/// One point per scale that has the size, or sizes to either side of it.
Points points_at(const Series& series, std::span<const double> times_s, bool network,
                 double size_bytes) {
  Points points;
  std::vector<double> sizes;
  std::vector<double> times;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if ((cell.nodes > 1) != network) continue;
    sizes.push_back(cell.size_bytes);
    times.push_back(times_s[i]);
    const bool closes = i + 1 == series.cells.size() || series.cells[i + 1].ranks != cell.ranks;
    if (!closes) continue;
    points.largest_units = place_of(cell, network).units;
    // Sizes are written as decimals: the same size may differ in the last bits.
    if (size_bytes >= sizes.front() * (1 - 1e-9) && size_bytes <= sizes.back() * (1 + 1e-9)) {
      points.n.push_back(static_cast<double>(cell.ranks));
      points.time_s.push_back(std::exp(SizeCurve(sizes, times).log_time(std::log(size_bytes))));
    }
    sizes.clear();
    times.clear();
  }
  return points;
}

}  // namespace

NormalFormCheck check_normal_form(const Series& series, std::span<const double> times_s,
                                  bool network, Place target, double size_bytes,
                                  const Interval& interval, double bound_s) {
  using Verdict = NormalFormCheck::Verdict;
  const Points points = points_at(series, times_s, network, size_bytes);
  NormalFormCheck check;
  check.scales = static_cast<int>(points.n.size());
  if (target.units <= points.largest_units) {
    check.verdict = Verdict::not_beyond;
    return check;
  }
  const auto form = fit_normal_form(points.n, points.time_s);
  if (!form) return check;
  check.form = *form;
  check.time_s = std::max(form->at(target.ranks), bound_s);
  check.verdict = check.time_s > interval.high_s  ? Verdict::above
                  : check.time_s < interval.low_s ? Verdict::below
                                                  : Verdict::agrees;
  return check;
}

std::string disagreement(const NormalFormCheck& check) {
  using Verdict = NormalFormCheck::Verdict;
  if (check.verdict != Verdict::above && check.verdict != Verdict::below) return "";
  const bool above = check.verdict == Verdict::above;
  const std::string form = check.form.terms.empty() ? "without growth" : to_text(check.form);
  return fmt::format(
      "the normal form {} of the same {} scales gives {}, {} the 95 % interval: {}", form,
      check.scales, format_time(check.time_s), above ? "above" : "below",
      above
          ? "measured times grow faster than the laws here, which know of no contention, no "
            "further switch level and no change of algorithm"
          : "measured times grow more slowly than the laws here, whose steps may overlap or whose "
            "algorithm may have changed, unless the form lacks a term that shows only later");
}

}  // namespace collscale
