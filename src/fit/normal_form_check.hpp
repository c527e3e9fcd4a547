// SPDX-License-Identifier: Apache-2.0
// The normal form held against an answer: two ways to extrapolate that share the data and nothing
// else. Where they disagree, one of them lacks some physics.
#pragma once

#include <span>
#include <string>

#include "fit/estimator.hpp"
#include "fit/normal_form.hpp"
#include "fit/series.hpp"
#include "record/record.hpp"

namespace collscale {

struct NormalFormCheck {
  /// few_scales: fewer than kNormalFormScales have the size. not_beyond: the data themselves speak.
  enum class Verdict { not_beyond, few_scales, agrees, above, below } verdict = Verdict::few_scales;
  int scales = 0;  ///< that have the size, or sizes to either side of it
  NormalForm form;
  double time_s = 0;  ///< of the form at the target, or its bound; 0 where there is none
};

/// Of one tier of a series, times of its cells given, at a target in the data's coordinates and the
/// data's size. `interval`: the 95 % interval of the answer. No form is believed to be faster than
/// `bound_s`, as no answer is; 0: no bound.
NormalFormCheck check_normal_form(const Series& series, std::span<const double> times_s,
                                  bool network, Place target, double size_bytes,
                                  const Interval& interval, double bound_s = 0);

/// "the normal form 12.0 us + 0.31 us n of the same 5 scales gives 31.0 ms, above the 95 %
/// interval: ..."; "" unless they disagree. No full stop.
std::string disagreement(const NormalFormCheck& check);

}  // namespace collscale
