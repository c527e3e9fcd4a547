// SPDX-License-Identifier: Apache-2.0
// A row that went wrong: one point of a scale that lies far off both of its neighbouring sizes,
// where no other scale has such a point. An algorithm that is slow where it takes over is so at
// other scales, too, at the same size or at the same bytes per rank, and stays; so does a point
// whose runs were repeated and agree, which is all that one scale can say.
#pragma once

#include <string>

#include "fit/series.hpp"

namespace collscale {

/// Such a row takes so many times as long as both of its neighbours, or so many times less (than
/// the larger one, had that its rate). On the published files four rows do, x5.3 to x940.
inline constexpr double kLoneRow = 5;
/// At another scale a point that is so many times off its neighbours says that the row is none, and
/// runs of it that differ by less.
inline constexpr double kNotAlone = 2;

/// Takes such rows out of the series and says so in one sentence without its full stop; "" where
/// there is none.
std::string take_out_lone_rows(Series& series);

}  // namespace collscale
