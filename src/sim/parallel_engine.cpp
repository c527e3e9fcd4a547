// SPDX-License-Identifier: Apache-2.0
#include "sim/parallel_engine.hpp"

#include <algorithm>

#include "collective/lane.hpp"
#include "sim/in_parallel.hpp"

namespace collscale {
namespace {

/// A thread takes as long to start as some thousand messages to route.
constexpr std::int64_t kLeastMessages = 100'000;

}  // namespace

ParallelFlowEngine::ParallelFlowEngine(const FlowNetwork& network, std::uint64_t seed,
                                       std::int64_t threads)
    : network_(network),
      seed_(seed),
      threads_(static_cast<std::size_t>(std::max<std::int64_t>(1, threads))) {
  engines_.reserve(threads_);
  engines_.emplace_back(network, seed);
}

void ParallelFlowEngine::begin(const std::vector<Lane>& lanes) {
  ahead_.clear();
  if (lanes.front().phase.network != InNetwork::none) return;
  const std::vector<StepClass> classes = step_classes(lanes.front());
  const auto count = static_cast<std::int64_t>(classes.size());
  if (threads_ == 1 || count < 2 || count * network_.ranks() < kLeastMessages) return;
  while (engines_.size() < std::min(threads_, classes.size()))
    engines_.emplace_back(network_, seed_);
  ahead_.resize(classes.size());
  in_parallel(count, static_cast<std::int64_t>(engines_.size()),
              [&](std::int64_t i, std::int64_t worker) {
                FlowEngine& engine = engines_[static_cast<std::size_t>(worker)];
                const std::int64_t step = classes[static_cast<std::size_t>(i)].first;
                StepLoads loads = engine.step(lanes, step);
                ahead_[static_cast<std::size_t>(i)] = {step, std::move(loads), engine.check_cut()};
              });
  // An engine tells of the first flow that it found cut, in whichever step.
  for (const Ahead& one : ahead_)
    if (whole_ && !one.whole) whole_ = one.whole;
}

StepLoads ParallelFlowEngine::step(const std::vector<Lane>& lanes, std::int64_t step) {
  for (const Ahead& one : ahead_)
    if (one.step == step) return one.loads;
  return first().step(lanes, step);
}

Expected<void> ParallelFlowEngine::check_cut() const {
  return whole_ ? first().check_cut() : whole_;
}

}  // namespace collscale
