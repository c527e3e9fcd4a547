// SPDX-License-Identifier: Apache-2.0
// Executed schedules for the tests of tables, pictures and exports.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/executor.hpp"

namespace collscale::testing {

struct Executed {
  Schedule schedule;
  ExecutionReport report;
  ExecutionTrace trace;
};

inline Expected<Executed> executed(Collective collective, std::string_view algorithm,
                                   const Shape& shape) {
  auto schedule = make_schedule(collective, algorithm, shape);
  if (!schedule) return tl::unexpected(schedule.error());
  Executed result{*std::move(schedule), {}, {}};
  ExecuteOptions options;
  options.trace = &result.trace;
  auto report = execute(result.schedule, options);
  if (!report) return tl::unexpected(report.error());
  result.report = *std::move(report);
  return result;
}

inline Shape shape_of(std::int64_t ranks, std::int64_t ranks_per_node = 1) {
  Shape shape;
  shape.ranks = ranks;
  shape.ranks_per_node = ranks_per_node;
  return shape;
}

/// Everything in the registry that can serve 8 ranks on nodes of 4, of 2 (three levels) or of 8.
inline std::vector<Executed> all_of_eight_ranks() {
  std::vector<Executed> all;
  for (const Algorithm& algorithm : algorithms()) {
    Shape shape = shape_of(8, algorithm.uses.groups ? 2 : 4);
    if (algorithm.uses.groups) shape.nodes_per_group = 2;
    shape.root = algorithm.uses.root ? 3 : 0;
    shape.channels = algorithm.uses.channels ? 2 : 1;
    auto result = executed(algorithm.collective, algorithm.name, shape);
    if (!result) {  // works within one node only
      shape.ranks_per_node = 8;
      shape.nodes_per_group = 1;
      result = executed(algorithm.collective, algorithm.name, shape);
    }
    if (result) all.push_back(*std::move(result));
  }
  return all;
}

}  // namespace collscale::testing
