// SPDX-License-Identifier: Apache-2.0
// Where MPI's all_reduce leaves its trees for a ring, at one size whatever the ranks. A ring takes
// 2(n-1) steps where a tree takes log2 n, so its times jump over sizes, by more than the sizes do,
// and grow with the nodes as rings do. Open MPI does so from some 10 KiB on where every rank has a
// node of its own: 16 KiB take 2.5, 3.8, 5.7, 9.3 and 16 times as long as 8 KiB on 4 to 64 virtual
// machines (github:converged-computing/metrics-operator-experiments), 14 KB 3.3, 5.0 and 6.2 times
// as long as 8 KB on 4 to 16 machines (github:dexhunter/allreduce-experiments). Neither growth at a
// fixed size tells of it, nor does S/n, along which the larger scale's small messages meet the
// smaller one's tree.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "fit/place.hpp"
#include "fit/series.hpp"
#include "fit/size_curve.hpp"

namespace collscale {

struct CurveAt {
  Place place;
  const SizeCurve* curve = nullptr;
};

/// ln of the size from which on a ring serves, half way between the two between which the times
/// jump; nothing where no jump looks like that. Of all_reduce; `scales` ascend, one at least.
std::optional<double> ring_switch(std::span<const CurveAt> scales);

/// The cells of a series from one size on, or below it, with their times.
struct SeriesPart {
  Series series;
  std::vector<double> times_s;
};
SeriesPart part_below(const Series& series, std::span<const double> times_s, double log_size);
SeriesPart part_from(const Series& series, std::span<const double> times_s, double log_size);

}  // namespace collscale
