// SPDX-License-Identifier: Apache-2.0
#include "cli/predict_records.hpp"

#include <algorithm>
#include <thread>

#include "cli/flow_options.hpp"
#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "model/selected.hpp"
#include "sim/flow.hpp"

namespace collscale {
namespace {

Record make_record(const PredictQuery& query, const System& system, const Prediction& prediction,
                   std::int64_t ranks, double size_bytes) {
  Record record;
  record.scenario.topology = query.topology;
  record.scenario.collective = query.collective;
  record.scenario.algorithm = prediction.algorithm;
  record.scenario.size_bytes = size_bytes;
  record.scenario.ranks = ranks;
  const std::int64_t per_node = ranks_per_node(system);
  record.scenario.nodes = (ranks + per_node - 1) / per_node;
  record.scenario.placement = query.flow.placement.text;
  record.scenario.failures = query.flow.faults.text;
  record.engine = query.engine;
  record.trust = query.engine == Engine::analytic ? Trust::predicted : Trust::simulated;
  record.time_s = prediction.time_s;
  set_bandwidths(record);
  record.bottleneck = prediction.bottleneck;
  for (const ExposedTime& part : prediction.breakdown)
    record.breakdown.push_back({part.term, part.tier, part.exposed_s});
  set_bound(
      record,
      lower_bounds(system, query.collective, ranks, size_bytes, prediction.abilities).time_s());
  record.assumed_figures = unsourced_figures(system);
  return record;
}

}  // namespace

namespace {

/// The library chooses for every size; what it chose is priced on the fabric.
Expected<std::vector<Record>> selected_records(const PredictQuery& query, const System& system,
                                               std::int64_t ranks,
                                               std::span<const double> sizes_bytes) {
  const auto chooser = Chooser::make(*query.selector, system, query.collective, ranks);
  if (!chooser) return tl::unexpected(chooser.error());
  SelectedCosts costs(system, query.collective, ranks, query.price);
  std::vector<Record> records;
  std::optional<Error> lacking;
  for (const double size_bytes : sizes_bytes) {
    const auto selection = chooser->choose(size_bytes);
    if (!selection) return tl::unexpected(selection.error());
    const auto prediction = costs.predict(*selection, size_bytes);
    if (!prediction && selection->algorithm.empty()) {
      lacking = prediction.error();
      continue;
    }
    if (!prediction) return tl::unexpected(prediction.error());
    Record record = make_record(query, system, *prediction, ranks, size_bytes);
    record.scenario.selector = selector_name(*query.selector);
    record.scenario.protocol = selection->protocol;
    records.push_back(std::move(record));
  }
  if (records.empty() && lacking) return tl::unexpected(*lacking);
  return records;
}

/// Many hash seeds.
Expected<std::vector<Record>> trial_records(const PredictQuery& query, const FlowOptions& flow,
                                            const System& system, std::int64_t ranks,
                                            std::span<const double> sizes_bytes) {
  const auto trials =
      simulate_flow_trials(system, query.collective, query.algorithm, ranks, sizes_bytes,
                           query.trials, static_cast<int>(query.threads), flow, query.price);
  if (!trials) return tl::unexpected(trials.error());
  std::vector<Record> records;
  for (std::size_t i = 0; i < trials->size(); ++i) {
    records.push_back(make_record(query, system, (*trials)[i].median, ranks, sizes_bytes[i]));
    add_trials(records.back(), (*trials)[i]);
  }
  return records;
}

/// Per-rank clocks.
Expected<std::vector<Record>> event_records(const PredictQuery& query, const FlowOptions& flow,
                                            const System& system, std::int64_t ranks,
                                            std::span<const double> sizes_bytes) {
  EventOptions options = query.event;
  options.seed = query.seed;
  options.flow = flow;
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  options.threads =
      static_cast<int>(std::max<std::int64_t>(1, query.threads > 0 ? query.threads : cores));
  const auto predictions = simulate_event(system, query.collective, query.algorithm, ranks,
                                          sizes_bytes, options, query.price);
  if (!predictions) return tl::unexpected(predictions.error());
  std::vector<Record> records;
  for (std::size_t i = 0; i < predictions->size(); ++i)
    records.push_back(
        make_record(query, system, (*predictions)[i].prediction, ranks, sizes_bytes[i]));
  return records;
}

}  // namespace

Expected<std::vector<Record>> predict_records(const PredictQuery& query, const System& system,
                                              std::int64_t ranks,
                                              std::span<const double> sizes_bytes) {
  if (query.selector) return selected_records(query, system, ranks, sizes_bytes);
  FlowOptions flow = query.flow;
  flow.seed = query.seed;
  if (query.trials > 0) return trial_records(query, flow, system, ranks, sizes_bytes);
  if (query.engine == Engine::event) return event_records(query, flow, system, ranks, sizes_bytes);
  const auto predictions = query.engine == Engine::flow
                               ? simulate_flow(system, query.collective, query.algorithm, ranks,
                                               sizes_bytes, flow, query.price)
                               : predict_analytic(system, query.collective, query.algorithm, ranks,
                                                  sizes_bytes, query.price);
  if (!predictions) return tl::unexpected(predictions.error());
  std::vector<Record> records;
  for (std::size_t i = 0; i < predictions->size(); ++i) {
    records.push_back(make_record(query, system, (*predictions)[i], ranks, sizes_bytes[i]));
  }
  return records;
}

}  // namespace collscale
