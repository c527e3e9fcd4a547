// SPDX-License-Identifier: Apache-2.0
// The points that a command line asks for.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "bench/options/options.hpp"
#include "measure/buffer_layout.hpp"
#include "measure/buffers.hpp"
#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

struct BenchPoint {
  Scenario scenario;
  BufferLayout layout;
  std::size_t group_set = 0;  ///< which of the layouts' groups run it (bench/suite/layouts.hpp)
  std::int64_t groups = 1;    ///< how many of them run it at the same time
  std::string about;          ///< a line over the rows of its layout, without '#'; "" for none
};

/// Collectives × sizes, as they will really be run. Sizes that come out the same are measured once;
/// sizes that leave no element are left out and named in `left_out`, operations that the library
/// lacks and that "all" asked for in `unavailable`.
struct PointList {
  std::vector<BenchPoint> points;
  std::vector<std::string> left_out;
  std::set<std::string> unavailable{};
};
/// `algorithms` names those of a point, in order; without it there is auto alone.
using AlgorithmsOf = std::function<std::vector<std::string>(const Scenario&)>;
Expected<PointList> make_points(const BenchOptions& options, std::int64_t ranks, std::int64_t nodes,
                                const std::string& layout = "",
                                const AlgorithmsOf& algorithms = {});

/// Room that the largest point needs, where slots are planned for `pool_bytes`, and kGuardBytes
/// behind it.
std::int64_t largest_pool_bytes(const BenchOptions& options, const std::vector<BenchPoint>& points,
                                std::int64_t pool_bytes = kRotationPoolBytes);

}  // namespace collscale
