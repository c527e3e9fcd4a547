// SPDX-License-Identifier: Apache-2.0
// One phase for others to simulate, and what the flow engine says about it. Built and run by
// scripts/validate-simgrid.
//
//   phase_flows TOPOLOGY RANKS PATTERN BYTES        PATTERN: permutation ring incast all_pairs
//                                                           uneven one
//
// prints "# seconds S fullest F latency L": S of the fluid run, F of the fullest link, L of the
// farthest flow; then the flows, "source destination bytes". uneven: a permutation of 1 to 8 times
// the bytes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "scenario/schedule_cost.hpp"
#include "sim/link_loads.hpp"
#include "sim/max_min_phase.hpp"
#include "topology/fabric.hpp"
#include "topology/flow_hash.hpp"
#include "topology_io/load.hpp"

namespace {

using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// Empty: no such pattern.
Pairs pattern(std::string_view name, std::int64_t ranks) {
  Pairs pairs;
  if (name == "permutation" || name == "uneven") {
    std::vector<std::int64_t> to(static_cast<std::size_t>(ranks));
    std::iota(to.begin(), to.end(), 0);
    std::mt19937_64 random(1);
    for (std::size_t i = to.size(); i > 1; --i) std::swap(to[i - 1], to[random() % i]);
    for (std::int64_t a = 0; a < ranks; ++a) pairs.emplace_back(a, to[static_cast<std::size_t>(a)]);
  } else if (name == "ring") {
    for (std::int64_t a = 0; a < ranks; ++a) pairs.emplace_back(a, (a + 1) % ranks);
  } else if (name == "incast") {
    for (std::int64_t a = 1; a < ranks; ++a) pairs.emplace_back(a, 0);
  } else if (name == "all_pairs") {
    for (std::int64_t a = 0; a < ranks; ++a)
      for (std::int64_t b = 0; b < ranks; ++b) pairs.emplace_back(a, b);
  } else if (name == "one") {
    pairs.emplace_back(0, ranks - 1);
  }
  std::erase_if(pairs, [](const auto& pair) { return pair.first == pair.second; });
  return pairs;
}

}  // namespace

int main(int argc, char* argv[]) {
  using namespace collscale;
  if (argc != 5) return 2;
  const auto system = load_system(argv[1]);
  if (!system) {
    fmt::print(stderr, "error: {}\n", system.error().message);
    return 2;
  }
  const std::int64_t ranks = std::atoll(argv[2]);
  const double bytes = std::atof(argv[4]);
  const Pairs pairs = pattern(argv[3], ranks);
  if (pairs.empty() || ranks > max_ranks(*system)) return 2;
  const Routes routes(*system);
  const Fabric& fabric = routes.fabric();
  LinkLoads loads(routes);
  RoutedFlows flows;
  std::vector<double> capacity_Bps;
  for (const LinkClass& of : fabric.classes())
    capacity_Bps.insert(capacity_Bps.end(), static_cast<std::size_t>(of.count), of.capacity_Bps);
  double latency_s = 0;
  std::vector<double> sizes;
  std::mt19937_64 random(2);
  for (const auto& [a, b] : pairs) {
    const std::uint64_t hash = flow_hash(a, b, 1, 0);
    const Path path = fabric.path(a, b, hash);
    sizes.push_back(std::string_view(argv[3]) == "uneven"
                        ? bytes * static_cast<double>(random() % 8 + 1)
                        : bytes);
    loads.add(path, sizes.back());
    flows.add(path.view(), {.bytes = sizes.back()});
    latency_s = std::max(latency_s, fabric.latency_s(fabric.turning_level(a, b, hash)));
  }
  const auto phase = max_min_phase(flows, capacity_Bps);
  if (!phase) {
    fmt::print(stderr, "error: {}\n", phase.error().message);
    return 1;
  }
  const PerResource fullest = loads.fullest();
  fmt::print("# seconds {} fullest {} latency {}\n", phase->makespan_s,
             *std::max_element(fullest.begin(), fullest.end()), latency_s);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    fmt::print("{} {} {}\n", pairs[i].first, pairs[i].second, sizes[i]);
  return 0;
}
