// SPDX-License-Identifier: Apache-2.0
// What a library chose by itself ("auto"), held against the algorithms that the same data name. A
// library that was never measured to be more than r times slower than one of its algorithms will
// not be much more than that at a larger scale: it would choose that algorithm. Nor will it be
// faster than the best of them by more than it ever was. Where the extrapolations of the two say
// otherwise, beyond both intervals, one of the laws is wrong.
#pragma once

#include <span>
#include <string>

#include "fit/series.hpp"
#include "record/record.hpp"

namespace collscale {

/// An algorithm of the same data at the answer's target.
struct NamedAnswer {
  std::string algorithm;
  double time_s = 0;
  Interval interval;       ///< its 95 % interval
  double most_behind = 1;  ///< auto ÷ it, the most that was measured, 1 at least; 0: not known
};

struct ChoiceCheck {
  enum class Verdict { agrees, slower, faster } verdict = Verdict::agrees;
  NamedAnswer named;  ///< that contradicts the most
  /// Of time ÷ the named one's at measured points: the most (slower), the least (faster).
  double measured_ratio = 1;
  /// What the answer would be with that ratio: its 95 % interval has to reach it.
  double reach_s = 0;
};

/// auto ÷ named over the points of one tier that both have: the most of any. 0: too few in common.
double most_behind(const Series& automatic, const Series& named, bool network);

/// auto ÷ the fastest of `named` at each point of one tier where it has been measured with any of
/// them: the least. 1 at most; 0: too few.
double least_ahead(const Series& automatic, std::span<const Series* const> named, bool network);

/// Of an answer for "auto" with its 95 % interval; `least_ahead_ratio` as above, 0: not known.
ChoiceCheck check_choice(double time_s, const Interval& interval,
                         std::span<const NamedAnswer> named, double least_ahead_ratio);

/// "tree of the same data takes 3.06 ms (1.48 ms .. 11.0 ms) there, and auto was never measured
/// more than x1.2 slower: ..."; "" unless they contradict each other. No full stop.
std::string contradiction(const ChoiceCheck& check);

}  // namespace collscale
