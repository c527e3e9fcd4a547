// SPDX-License-Identifier: Apache-2.0
#include "sim/flow.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>
#include <utility>

#include "scenario/price.hpp"
#include "sim/flow_engine.hpp"
#include "sim/in_parallel.hpp"
#include "sim/memory.hpp"

namespace collscale {

Expected<std::vector<Prediction>> simulate_flow(const System& system, Collective collective,
                                                std::string_view algorithm, std::int64_t ranks,
                                                std::span<const double> sizes_bytes,
                                                const FlowOptions& options,
                                                const PriceOptions& price_options) {
  const auto network = FlowNetwork::make(system, ranks, options);
  if (!network) return tl::unexpected(network.error());
  FlowEngine engine(*network, options.seed);
  auto predictions = predict_with(engine, collective, algorithm, ranks, sizes_bytes, price_options);
  if (auto whole = engine.check_cut(); !whole) return tl::unexpected(whole.error());
  return predictions;
}

bool hash_matters(const System& system) {
  if (std::holds_alternative<Torus>(system.fabric)) return false;
  const auto* clos = std::get_if<Clos>(&system.fabric);
  return clos == nullptr || clos->routing == Routing::ecmp;
}

std::size_t middle_trial(std::span<const double> samples_s) {
  std::vector<std::size_t> order(samples_s.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return samples_s[a] < samples_s[b]; });
  return order[(order.size() - 1) / 2];
}

Expected<std::vector<FlowTrials>> simulate_flow_trials(
    const System& system, Collective collective, std::string_view algorithm, std::int64_t ranks,
    std::span<const double> sizes_bytes, std::int64_t trials, int threads,
    const FlowOptions& options, const PriceOptions& price_options) {
  if (threads < 1) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const std::int64_t priced_trials = hash_matters(system) ? trials : 1;
  const std::int64_t engines =
      engines_that_fit(system, options, std::min<std::int64_t>(threads, priced_trials));
  const auto network = FlowNetwork::make(system, ranks, options, engines);
  if (!network) return tl::unexpected(network.error());
  auto found = candidates(system, collective, algorithm, shape_of(system, ranks));
  if (!found) return tl::unexpected(found.error());
  Expected<void> refused;
  std::erase_if(*found, [&](const Candidate& one_candidate) {
    auto accepted = network->accepts(one_candidate);
    const bool leave_out = !accepted;
    if (leave_out) refused = std::move(accepted);
    return leave_out;
  });
  if (found->empty()) return tl::unexpected(refused.error());

  const CostRates rates(system, price_options);
  const std::size_t sizes = sizes_bytes.size();
  const auto trial_count = static_cast<std::size_t>(trials);
  const auto priced_count = static_cast<std::size_t>(priced_trials);
  std::vector<FlowTrials> best(sizes);
  for (const Candidate& candidate : *found) {
    std::vector<std::vector<Prediction>> by_trial(priced_count);
    std::vector<Expected<void>> whole(priced_count);
    in_parallel(priced_trials, engines, [&](std::int64_t trial, std::int64_t) {
      const auto t = static_cast<std::size_t>(trial);
      FlowEngine engine(*network, options.seed + static_cast<std::uint64_t>(trial));
      const ScheduleCost cost = price(candidate.program, engine);
      whole[t] = engine.check_cut();
      for (const double size : sizes_bytes) by_trial[t].push_back(evaluate(cost, rates, size));
    });
    for (const Expected<void>& each : whole)
      if (!each) return tl::unexpected(each.error());
    for (std::size_t i = 0; i < sizes; ++i) {
      FlowTrials one_size;
      for (std::size_t t = 0; t < trial_count; ++t)
        one_size.samples_s.push_back(by_trial[t % priced_count][i].time_s);
      const std::size_t middle = middle_trial(std::span(one_size.samples_s).first(priced_count));
      one_size.median = by_trial[middle][i];
      one_size.median.algorithm = candidate.schedule.algorithm;
      one_size.median.abilities = abilities_of(candidate);
      if (best[i].samples_s.empty() || one_size.median.time_s < best[i].median.time_s)
        best[i] = std::move(one_size);
    }
  }
  return best;
}

}  // namespace collscale
