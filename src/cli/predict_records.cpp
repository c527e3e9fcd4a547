// SPDX-License-Identifier: Apache-2.0
#include "cli/predict_records.hpp"

#include "model/analytic.hpp"
#include "model/bounds.hpp"
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
  record.engine = query.engine;
  record.trust = query.engine == Engine::flow ? Trust::simulated : Trust::predicted;
  record.time_s = prediction.time_s;
  set_bandwidths(record);
  record.bottleneck = prediction.bottleneck;
  for (const ExposedTime& part : prediction.breakdown)
    record.breakdown.push_back({part.term, part.tier, part.exposed_s});
  const double bound_s = lower_bounds(system, query.collective, ranks, size_bytes,
                                      prediction.in_network, prediction.copies)
                             .time_s();
  record.bound_s = bound_s;
  record.utilisation = bound_s / prediction.time_s;
  record.assumed_figures = unsourced_figures(system);
  return record;
}

}  // namespace

Expected<std::vector<Record>> predict_records(const PredictQuery& query, const System& system,
                                              std::int64_t ranks,
                                              std::span<const double> sizes_bytes) {
  const auto predictions =
      query.engine == Engine::flow
          ? simulate_flow(system, query.collective, query.algorithm, ranks, sizes_bytes,
                          {.seed = query.seed})
          : predict_analytic(system, query.collective, query.algorithm, ranks, sizes_bytes);
  if (!predictions) return tl::unexpected(predictions.error());
  std::vector<Record> records;
  for (std::size_t i = 0; i < predictions->size(); ++i) {
    records.push_back(make_record(query, system, (*predictions)[i], ranks, sizes_bytes[i]));
  }
  return records;
}

}  // namespace collscale
