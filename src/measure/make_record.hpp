// SPDX-License-Identifier: Apache-2.0
// From samples to an answer: median, p5, p95, minimum, maximum, mean, and the 95 % interval of the
// median from order statistics (stats/quantiles.hpp).
#pragma once

#include "measure/sampling_plan.hpp"
#include "record/record.hpp"

namespace collscale {

/// `samples` holds at least one. Fewer than six cannot bound the median at 95 %: then the record
/// has no interval.
Record make_record(const Scenario& scenario, Engine engine, const SampleSet& samples);

}  // namespace collscale
