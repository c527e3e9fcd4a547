// SPDX-License-Identifier: Apache-2.0
#include "cli/predict_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "cli/flow_options.hpp"
#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "model/selected.hpp"
#include "sim/flow.hpp"

namespace collscale {
namespace {

/// The system at its best, which the lower bounds hold with: with the least latencies of these
/// protocols, and a profile's figures where they are better than they were fitted.
System at_best(const PredictQuery& query, System system,
               std::span<const ProtocolFigures> protocols) {
  const LatencyFactors& factors = query.price.protocol_factors;
  system = with_figures_at_best(std::move(system), query.at_best);
  double& scale_up_s = system.node.scale_up.latency_s.value;
  double& nic_s = system.node.nics.latency_s.value;
  double waits = 1;
  for (const ProtocolFigures& one : protocols) {
    if (one.scale_up_latency_s >= 0)
      scale_up_s = std::min(scale_up_s, factors.scale_up * one.scale_up_latency_s);
    if (one.nic_latency_s >= 0) nic_s = std::min(nic_s, factors.nic * one.nic_latency_s);
    waits = std::min(waits, one.transport_waits);
  }
  if (system.node.nics.transport_latency_s) system.node.nics.transport_latency_s->value *= waits;
  return system;
}

/// `protocols`: those that the prediction may be of.
Record make_record(const PredictQuery& query, const System& system, const Prediction& prediction,
                   std::int64_t ranks, double size_bytes,
                   std::span<const ProtocolFigures> protocols) {
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
  set_bound(record, lower_bounds(at_best(query, system, protocols), query.collective, ranks,
                                 size_bytes, prediction.abilities)
                        .time_s());
  record.assumed_figures = unsourced_figures(system);
  return record;
}

// What was seen to run is told by the ranks that were measured: on two nodes of A3 a ring and a
// tree take equally long, on 512 the ring takes 30 times as long. So it gives way to what the
// library has besides where that takes less than half of it (assumed): where both were measured, 29
// points of MareNostrum 5 and p5en, NCCL's choice took at most 1.17 times as long as another of its
// algorithms, and ratios of priced algorithms are wrong by a median 1.7 (docs/method.md).
constexpr double kMostBehind = 2;

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
    auto selection = chooser->choose(size_bytes);
    if (!selection) return tl::unexpected(selection.error());
    auto prediction = costs.predict(*selection, size_bytes);
    if (prediction && chooser->has_seen(size_bytes)) {
      auto by_rules = chooser->choose_by_rules(size_bytes);
      auto priced = by_rules ? costs.predict(*by_rules, size_bytes) : prediction;
      if (priced && kMostBehind * priced->time_s < prediction->time_s) {
        selection = std::move(by_rules);
        prediction = std::move(priced);
      }
    }
    if (!prediction && selection->algorithm.empty()) {
      lacking = prediction.error();
      continue;
    }
    if (!prediction) return tl::unexpected(prediction.error());
    Record record = make_record(query, system, *prediction, ranks, size_bytes,
                                std::span(&selection->figures, 1));
    record.scenario.selector = selector_name(*query.selector);
    record.scenario.protocol = selection->protocol;
    records.push_back(std::move(record));
  }
  if (records.empty() && lacking) return tl::unexpected(*lacking);
  return records;
}

/// What `algorithm` may be priced as: all that the library has, what it has of that name with the
/// protocol that it takes for it, or that algorithm on each protocol of its rings, of its chains
/// where it has no ring.
std::vector<Selection> ways_of(const std::vector<Selection>& offers, const std::string& algorithm) {
  if (algorithm == "auto") return offers;
  const Selection* own = nullptr;
  std::vector<Selection> others;
  const bool has_ring = std::any_of(offers.begin(), offers.end(), [](const Selection& offer) {
    return offer.algorithm == "ring";
  });
  for (const Selection& offer : offers) {
    if (offer.algorithm == algorithm && (own == nullptr || offer.estimate_s < own->estimate_s))
      own = &offer;
    if (has_ring && offer.algorithm != "ring") continue;
    Selection& other = others.emplace_back(offer);
    other.algorithm = algorithm;
    other.library_algorithm.clear();
    other.segment_bytes = -1;
    other.segment_parts = 1;
    other.lanes = 1;
  }
  return own != nullptr ? std::vector<Selection>{*own} : others;
}

/// Named or fastest, with the library's protocols.
Expected<std::vector<Record>> library_records(const PredictQuery& query, const System& system,
                                              std::int64_t ranks,
                                              std::span<const double> sizes_bytes) {
  const auto chooser = Chooser::make(*query.library, system, query.collective, ranks);
  if (!chooser) return tl::unexpected(chooser.error());
  SelectedCosts costs(system, query.collective, ranks, query.price);
  std::vector<Record> records;
  for (const double size_bytes : sizes_bytes) {
    std::optional<Prediction> best;
    const Selection* taken = nullptr;
    std::optional<Error> lacking;
    const std::vector<Selection> ways = ways_of(chooser->offers(size_bytes), query.algorithm);
    for (const Selection& way : ways) {
      auto one = costs.predict(way, size_bytes);
      if (!one) lacking = one.error();
      if (!one || (best && best->time_s <= one->time_s)) continue;
      best = *std::move(one);
      taken = &way;
    }
    std::optional<Selection> seen;
    if (query.algorithm == "auto" && chooser->has_seen(size_bytes))
      if (auto chosen = chooser->choose(size_bytes)) seen = *std::move(chosen);
    if (seen)
      if (auto one = costs.predict(*seen, size_bytes);
          one && (!best || one->time_s <= kMostBehind * best->time_s)) {
        best = *std::move(one);
        taken = &*seen;
      }
    if (!best && lacking) return tl::unexpected(*lacking);
    if (!best)
      return fail(fmt::format("{} has no algorithm for {}", selector_name(*query.library),
                              name(query.collective)));
    records.push_back(
        make_record(query, system, *best, ranks, size_bytes, std::span(&taken->figures, 1)));
    records.back().scenario.protocol = taken->protocol;
  }
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
    records.push_back(make_record(query, system, (*trials)[i].median, ranks, sizes_bytes[i],
                                  query.price.protocols));
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
    records.push_back(make_record(query, system, (*predictions)[i].prediction, ranks,
                                  sizes_bytes[i], query.price.protocols));
  return records;
}

}  // namespace

std::vector<ProtocolFigures> library_protocols(const Selector& library, const System& system,
                                               Collective collective, std::int64_t ranks,
                                               const std::string& algorithm) {
  const auto chooser = Chooser::make(library, system, collective, ranks);
  std::vector<ProtocolFigures> protocols;
  if (!chooser) return protocols;
  constexpr double kLarge = 1e12;
  const std::vector<Selection> offers = chooser->offers(kLarge);
  for (const Selection& offer : offers)
    if (offer.algorithm == algorithm) protocols.push_back(offer.figures);
  if (!protocols.empty()) return protocols;
  for (const Selection& way : ways_of(offers, algorithm)) protocols.push_back(way.figures);
  return protocols;
}

namespace {

/// By the flow engine: "auto" is the fastest of what the library has there.
Expected<std::vector<Record>> library_flow_records(const PredictQuery& query, const System& system,
                                                   std::int64_t ranks,
                                                   std::span<const double> sizes_bytes) {
  PredictQuery with = query;
  with.library.reset();
  std::vector<std::string> algorithms;
  if (query.algorithm == "auto")
    if (const auto chooser = Chooser::make(*query.library, system, query.collective, ranks))
      for (const Selection& offer : chooser->offers(sizes_bytes.empty() ? 0 : sizes_bytes.back()))
        if (std::find(algorithms.begin(), algorithms.end(), offer.algorithm) == algorithms.end())
          algorithms.push_back(offer.algorithm);
  if (algorithms.empty()) algorithms.push_back(query.algorithm);
  Expected<std::vector<Record>> best = fail("");
  for (const std::string& algorithm : algorithms) {
    with.algorithm = algorithm;
    with.price.protocols =
        library_protocols(*query.library, system, query.collective, ranks, algorithm);
    auto records = predict_records(with, system, ranks, sizes_bytes);
    if (!records && !best) best = tl::unexpected(records.error());
    if (!records) continue;
    for (std::size_t i = 0; best && i < records->size(); ++i)
      if ((*records)[i].time_s < (*best)[i].time_s) (*best)[i] = (*records)[i];
    if (!best) best = std::move(records);
  }
  return best;
}

}  // namespace

Expected<std::vector<Record>> predict_records(const PredictQuery& query, const System& system,
                                              std::int64_t ranks,
                                              std::span<const double> sizes_bytes) {
  if (query.selector) return selected_records(query, system, ranks, sizes_bytes);
  if (query.library && query.engine == Engine::analytic)
    return library_records(query, system, ranks, sizes_bytes);
  if (query.library && query.engine == Engine::flow)
    return library_flow_records(query, system, ranks, sizes_bytes);
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
    records.push_back(make_record(query, system, (*predictions)[i], ranks, sizes_bytes[i],
                                  query.price.protocols));
  }
  return records;
}

}  // namespace collscale
