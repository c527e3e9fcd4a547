// SPDX-License-Identifier: Apache-2.0
#include "model/selected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "scenario/candidates.hpp"

namespace collscale {
namespace {

/// PAT's blocks per message, as many as fit into a chunk: A1 = min(2^⌊log2(chunk / m)⌋, P/2), m a
/// rank's bytes on one channel (NVIDIA/nccl v2.28.9-1, src/include/collectives.h:427-900).
std::int64_t pat_aggregation(const Selection& selection, double size_bytes, std::int64_t ranks) {
  const double block = size_bytes / static_cast<double>(ranks * selection.channels);
  const double fit = std::max(1.0, selection.segment_bytes / std::max(1.0, block));
  const auto most = static_cast<double>(ranks);
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(std::min(fit, most))));
}

/// Parts of the data that go side by side, by the smallest of them; the chunks of a pipeline follow
/// one another.
double parts_of(const Program& program) {
  double parts = 1;
  for (const Lane& lane : program.lanes)
    parts = std::max(parts, 1 / (lane.part_high - lane.part_low));
  for (const Program& part : program.parts) parts = std::max(parts, parts_of(part));
  return program.kind == Program::Kind::pipeline ? parts / program.chunks : parts;
}

}  // namespace

SelectedCosts::SelectedCosts(const System& system, Collective collective, std::int64_t ranks,
                             const PriceOptions& options)
    : system_(system),
      collective_(collective),
      shape_(shape_of(system, ranks)),
      options_(options) {}

Expected<const SelectedCosts::Priced*> SelectedCosts::priced(const Selection& selection,
                                                             double size_bytes) {
  if (auto known = check_analytic(system_); !known) return tl::unexpected(known.error());
  const std::int64_t channels = std::clamp<std::int64_t>(selection.channels, 1, shape_.channels);
  const std::int64_t aggregation =
      selection.algorithm == "pat" ? pat_aggregation(selection, size_bytes, shape_.ranks) : 0;
  for (const Priced& known : priced_)
    if (known.algorithm == selection.algorithm && known.channels == channels &&
        known.trees == selection.trees && known.radix == selection.radix &&
        known.aggregation == aggregation)
      return &known;
  if (selection.algorithm.empty())
    return fail(fmt::format("no algorithm of {} is like the library's {}", name(collective_),
                            selection.library_algorithm));
  Shape shape = shape_;
  shape.channels = channels;
  if (channels < shape_.channels) shape.most_orders = channels;
  shape.trees = selection.trees;
  shape.options.aggregation = aggregation;
  if (selection.radix > 0) shape.options.bruck_radix = selection.radix;
  const auto found = candidate(system_, collective_, selection.algorithm, shape);
  if (!found) return tl::unexpected(found.error());
  if (!pricer_) pricer_.emplace(system_, shape_.ranks);
  priced_.push_back({selection.algorithm, channels, selection.trees, selection.radix, aggregation,
                     parts_of(found->program), pricer_->price(found->program),
                     abilities_of(*found)});
  return &priced_.back();
}

void SelectedCosts::set_latencies(const System& system, const LatencyFactors& factors) {
  timed_ = &system;
  options_.protocol_factors = factors;
  rates_.clear();
}

CostRates& SelectedCosts::rates_for(const Selection& selection) {
  for (CostRates& known : rates_)
    if (known.options.protocol == selection.figures) return known;
  PriceOptions options = options_;
  options.protocol = selection.figures;
  rates_.emplace_back(*timed_, options);
  return rates_.back();
}

Expected<Prediction> SelectedCosts::predict(const Selection& selection, double size_bytes) {
  if (auto fits = check_ranks(system_, shape_.ranks); !fits) return tl::unexpected(fits.error());
  const auto cost = priced(selection, size_bytes);
  if (!cost) return tl::unexpected(cost.error());
  CostRates& rates = rates_for(selection);
  rates.options.segment_bytes = std::max(0.0, selection.segment_bytes);
  rates.options.segment_parts = selection.segment_parts;
  rates.options.chunks = options_.chunks;
  rates.parts_per_channel =
      selection.library_algorithm.empty()
          ? 1
          : (*cost)->parts / static_cast<double>(selection.channels * selection.lanes);
  // A window is of each channel, also of those that the schedule has as one lane.
  if (system_.node.nics.window_bytes)
    rates.window_bytes = system_.node.nics.window_bytes->value *
                         std::max(1.0, static_cast<double>(selection.channels) /
                                           static_cast<double>((*cost)->channels));
  if (options_.chunks == 0 && selection.segment_bytes >= 0) {
    const double parts = static_cast<double>(selection.channels * selection.lanes);
    const double chunks =
        selection.segment_bytes > 0 ? std::ceil(size_bytes / (parts * selection.segment_bytes)) : 1;
    rates.options.chunks = static_cast<std::int32_t>(std::clamp(chunks, 1.0, 1e9));
  }
  Prediction prediction = evaluate((*cost)->cost, rates, size_bytes);
  prediction.algorithm = (*cost)->algorithm;
  prediction.abilities = (*cost)->abilities;
  return prediction;
}

}  // namespace collscale
