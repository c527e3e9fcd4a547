// SPDX-License-Identifier: Apache-2.0
#include "bench/sweep/sweep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/flow_options.hpp"
#include "collective/algorithms.hpp"
#include "scenario/candidates.hpp"
#include "sim/flow.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Enough to be worth a message, few enough to go round.
constexpr std::int64_t kTrialsOfBlock = 8;

}  // namespace

Expected<Sweep> Sweep::make(const SweepOptions& options) {
  Sweep sweep;
  sweep.options_ = options;
  std::vector<std::string_view> collectives;
  std::vector<std::string_view> engines;
  for (const Collective collective : options.collectives) collectives.push_back(name(collective));
  for (const Engine engine : options.engines) engines.push_back(name(engine));
  sweep.question_ = fmt::format(
      "topologies {}; collectives {}; algorithms {}; sizes {}; ranks {}; engines {}; seed {}; "
      "trials {}",
      fmt::join(options.topologies, " "), fmt::join(collectives, ","),
      fmt::join(options.algorithms, ","), fmt::join(options.sizes_bytes, ","),
      options.ranks.empty() ? "all" : fmt::format("{}", fmt::join(options.ranks, ",")),
      fmt::join(engines, ","), options.seed, options.trials);
  for (const std::string& topology : options.topologies) {
    auto system = load_system(topology);
    if (!system) return tl::unexpected(system.error());
    const auto ranks =
        options.ranks.empty() ? std::vector<std::int64_t>{max_ranks(*system)} : options.ranks;
    for (const std::int64_t count : ranks)
      if (auto fits = check_ranks(*system, count); !fits) return tl::unexpected(fits.error());
    for (const Engine engine : options.engines) {
      for (const Collective collective : options.collectives) {
        const auto registered = algorithm_names(collective);
        for (const std::string& asked : options.algorithms) {
          const auto names = asked == "all" ? registered : std::vector<std::string>{asked};
          for (const std::string& algorithm : names)
            for (const std::int64_t count : ranks)
              sweep.tasks_.push_back({sweep.systems_.size(), collective, algorithm, count, engine});
        }
      }
    }
    sweep.systems_.push_back(*std::move(system));
  }
  sweep.cut_into_blocks();
  return sweep;
}

void Sweep::cut_into_blocks() {
  for (std::size_t task = 0; task < tasks_.size(); ++task) {
    first_block_.push_back(blocks_.size());
    const System& system = systems_[tasks_[task].system];
    const bool tried = tasks_[task].engine == Engine::flow && options_.trials > 0;
    if (!tried) {
      blocks_.push_back({task, 0, 0});
      continue;
    }
    const std::int64_t trials = hash_matters(system) ? options_.trials : 1;
    for (std::int64_t first = 0; first < trials; first += kTrialsOfBlock)
      blocks_.push_back({task, first, std::min(kTrialsOfBlock, trials - first)});
  }
  first_block_.push_back(blocks_.size());
}

std::string Sweep::describe(std::size_t number) const {
  const SweepBlock& block = blocks_[number];
  const SweepTask& task = tasks_[block.task];
  std::string text = fmt::format("{}: {} {} on {} ranks, {}", options_.topologies[task.system],
                                 name(task.collective), task.algorithm, format_count(task.ranks),
                                 name(task.engine));
  if (block.trials > 0)
    text +=
        fmt::format(", trials {} to {}", block.first_trial, block.first_trial + block.trials - 1);
  return text;
}

std::vector<Record> Sweep::answer(std::size_t number) const {
  const SweepBlock& block = blocks_[number];
  const SweepTask& task = tasks_[block.task];
  const System system = with_shared_racks(systems_[task.system], task.ranks);
  const auto ask = [&](const std::string& algorithm, std::uint64_t seed) {
    PredictQuery query{options_.topologies[task.system], task.collective, algorithm, task.engine,
                       seed};
    query.threads = 1;  // the other cores have blocks of their own
    auto records = predict_records(query, system, task.ranks, options_.sizes_bytes);
    return records ? *std::move(records) : std::vector<Record>();
  };
  if (block.trials == 0) return ask(task.algorithm, options_.seed);
  // Which of several is the fastest is known when all trials are.
  const auto names = task.algorithm == "auto"
                         ? candidate_names(system, task.collective, shape_of(system, task.ranks))
                         : std::vector<std::string>{task.algorithm};
  std::vector<Record> records;
  for (std::int64_t t = block.first_trial; t < block.first_trial + block.trials; ++t)
    for (const std::string& algorithm : names)
      for (Record& record : ask(algorithm, options_.seed + static_cast<std::uint64_t>(t)))
        records.push_back(std::move(record));
  return records;
}

std::vector<Record> Sweep::finish(std::size_t task, std::vector<Record> records) const {
  if (blocks_[first_block_[task]].trials == 0) return records;
  const auto trials = static_cast<std::size_t>(options_.trials);
  std::vector<Record> best;
  for (const double size_bytes : options_.sizes_bytes) {
    std::vector<std::string> names;  // as they come
    std::map<std::string, std::vector<const Record*>> by_name;
    for (const Record& record : records) {
      if (record.scenario.size_bytes != size_bytes) continue;
      auto& found = by_name[record.scenario.algorithm];
      if (found.empty()) names.push_back(record.scenario.algorithm);
      found.push_back(&record);
    }
    const Record* fastest = nullptr;
    for (const std::string& each : names) {
      std::vector<double> samples_s;
      for (const Record* record : by_name[each]) samples_s.push_back(record->time_s);
      const Record* middle = by_name[each][middle_trial(samples_s)];
      if (fastest == nullptr || middle->time_s < fastest->time_s) fastest = middle;
    }
    if (fastest == nullptr) continue;
    const auto& priced = by_name[fastest->scenario.algorithm];
    FlowTrials all;  // those of a seed that does not matter are the same
    for (std::size_t t = 0; t < trials; ++t)
      all.samples_s.push_back(priced[t % priced.size()]->time_s);
    best.push_back(*fastest);
    add_trials(best.back(), all);
  }
  return best;
}

}  // namespace collscale
