// SPDX-License-Identifier: Apache-2.0
// A run that went wrong: at one scale one data set is far slower than the others, which agree. A
// setting that is slower is so at every scale, and stays (mixture.hpp).
#pragma once

#include <string>

#include "fit/series.hpp"

namespace collscale {

/// A data set is that many times as slow as the median of the others, over a regime of sizes...
inline constexpr double kUnhealthyRun = 2;
/// ...and no other is off by so much.
inline constexpr double kHealthyRuns = 1.5;

/// Takes such a run out of the series and says so in one sentence without its full stop; "" where
/// there is none. It takes three data sets of a scale to tell, at two scales or more.
std::string take_out_unhealthy_run(Series& series);

}  // namespace collscale
