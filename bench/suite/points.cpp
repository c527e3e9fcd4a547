// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/points.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "bench/options/benchmark_flags.hpp"
#include "measure/verify.hpp"
#include "units/quantity.hpp"

namespace collscale {

Expected<PointList> make_points(const BenchOptions& options, std::int64_t ranks, std::int64_t nodes,
                                const std::string& layout, const AlgorithmsOf& algorithms) {
  if (options.min_busbw_Bps && ranks == 1) {
    return fail("--min-busbw: one rank alone has no bus bandwidth; start more ranks");
  }
  if (options.root >= ranks) {
    return fail(fmt::format("-r {}: expected a rank from 0 to {}", options.root, ranks - 1));
  }
  PointList list;
  std::set<std::string> seen;
  bool without_algorithm = false;
  // One that moves nothing, or adds up nothing, comes out the same again and is in `seen`.
  const auto add = [&](Collective collective, DataType dtype, ReduceOp op, double size,
                       std::int64_t root) -> Expected<void> {
    const bool sized = collective != Collective::barrier;
    BenchPoint point;
    point.layout = buffer_layout(collective, dtype, size, ranks);
    Scenario& scenario = point.scenario;
    scenario.topology = options.topology;
    scenario.collective = collective;
    scenario.dtype = sized ? dtype : DataType::float32;
    scenario.op = reduces(collective) ? op : ReduceOp::sum;
    scenario.root = root;
    scenario.in_place = options.in_place;
    scenario.skew = has_unequal_blocks(collective) ? options.skew : 1;
    scenario.size_bytes = static_cast<double>(point.layout.size_bytes);
    scenario.ranks = ranks;
    scenario.nodes = nodes;
    scenario.layout = layout;
    if (sized && point.layout.count == 0) {
      const std::string what = fmt::format("{} of {}", name(collective), format_size(size));
      if (std::find(list.left_out.begin(), list.left_out.end(), what) == list.left_out.end()) {
        list.left_out.push_back(what);
      }
      return {};
    }
    const auto names = algorithms ? algorithms(scenario) : std::vector<std::string>{"auto"};
    without_algorithm = without_algorithm || names.empty();
    for (const std::string& algorithm : names) {
      scenario.algorithm = algorithm;
      const std::string benchmark = benchmark_name(scenario);
      const auto wanted = selected(benchmark, options.benchmark.filter);
      if (!wanted) {
        return tl::unexpected(wanted.error());
      }
      if (*wanted && seen.insert(full_benchmark_name(scenario)).second) {
        list.points.push_back(point);
      }
    }
    return {};
  };
  for (const Collective collective : options.collectives) {
    for (const DataType dtype : options.dtypes) {
      for (const ReduceOp op : options.ops) {
        for (const double size : options.sizes_bytes) {
          const bool every = options.every_root && is_rooted(collective);
          const std::int64_t last = every ? ranks - 1 : options.root;
          for (std::int64_t root = options.root; root <= last; ++root) {
            if (auto done = add(collective, dtype, op, size, root); !done) {
              return tl::unexpected(done.error());
            }
          }
        }
      }
    }
  }
  if (list.points.empty()) {
    if (without_algorithm && options.benchmark.filter.empty()) {
      return fail(fmt::format("-a {}: runs for none of these collectives and sizes on {} ranks",
                              fmt::join(options.algorithms, ","), ranks));
    }
    return fail(options.benchmark.filter.empty()
                    ? "nothing to measure: every size leaves less than one element per rank"
                    : fmt::format("--benchmark_filter={}: no benchmark has such a name; --list "
                                  "prints them",
                                  options.benchmark.filter));
  }
  return list;
}

std::int64_t largest_pool_bytes(const BenchOptions& options, const std::vector<BenchPoint>& points,
                                std::int64_t pool_bytes) {
  std::int64_t most = 0;
  for (const BenchPoint& point : points) {
    most = std::max(most, plan_slots(options.buffers, point.layout, pool_bytes).pool_bytes());
  }
  return most + kGuardBytes;
}

}  // namespace collscale
