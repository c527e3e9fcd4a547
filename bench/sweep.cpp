// SPDX-License-Identifier: Apache-2.0
#include "bench/sweep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <filesystem>
#include <utility>

#include "collective/algorithms.hpp"
#include "measure/clock.hpp"
#include "record_io/results_file.hpp"
#include "scenario/candidates.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {

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
  return sweep;
}

std::string Sweep::describe(std::size_t number) const {
  const SweepTask& task = tasks_[number];
  return fmt::format("{}: {} {} on {} ranks, {}", options_.topologies[task.system],
                     name(task.collective), task.algorithm, format_count(task.ranks),
                     name(task.engine));
}

std::vector<Record> Sweep::answer(std::size_t number) const {
  const SweepTask& task = tasks_[number];
  PredictQuery query{options_.topologies[task.system], task.collective, task.algorithm, task.engine,
                     options_.seed};
  query.flow.seed = options_.seed;
  if (task.engine == Engine::flow) query.trials = options_.trials;
  query.threads = 1;  // the other cores have processes of their own
  auto records = predict_records(query, systems_[task.system], task.ranks, options_.sizes_bytes);
  if (!records) return {};
  return *std::move(records);
}

Expected<SweepFile> SweepFile::open(const Sweep& sweep, const std::string& path, bool resume) {
  if (auto writable = check_writable(path); !writable) return tl::unexpected(writable.error());
  SweepFile file;
  file.path_ = path;
  if (resume && std::filesystem::exists(path)) {
    auto found = read_results(path);
    if (!found) return tl::unexpected(found.error());
    const auto& context = found->context;
    const auto question = context.find("sweep");
    const auto done = context.find("tasks_done");
    if (question == context.end() || done == context.end())
      return fail(fmt::format("--resume: {} is not a file of collscale-sweep", path));
    if (question->second != sweep.question())
      return fail(fmt::format("--resume: {} holds another sweep: {}", path, question->second));
    const std::string& text = done->second;
    const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), file.done_);
    if (status != std::errc{} || rest != text.data() + text.size() || file.done_ > sweep.size())
      return fail(fmt::format("--resume: {}: tasks_done is \"{}\", at most {} is expected", path,
                              text, sweep.size()));
    file.results_ = *std::move(found);
    return file;
  }
  file.results_.context = make_context("collscale-sweep");
  // The same bytes whenever and wherever it runs, on how many processes it may be.
  for (const char* key : {"date", "host_name", "os", "cpu_model", "num_cpus"})
    file.results_.context.erase(key);
  file.results_.context["sweep"] = sweep.question();
  file.results_.context["tasks_done"] = "0";
  return file;
}

Expected<void> SweepFile::take(std::size_t task, std::vector<Record> records) {
  waiting_.emplace(task, std::move(records));
  for (auto next = waiting_.find(done_); next != waiting_.end(); next = waiting_.find(done_)) {
    for (Record& record : next->second) results_.records.push_back(std::move(record));
    waiting_.erase(next);
    ++done_;
  }
  if (steady_now_s() - last_write_s_ < 20 * write_cost_s_) return {};
  return write();
}

Expected<void> SweepFile::write() {
  const double start_s = steady_now_s();
  results_.context["tasks_done"] = fmt::format("{}", done_);
  auto written = write_results(path_, results_);
  last_write_s_ = steady_now_s();
  write_cost_s_ = last_write_s_ - start_s;
  return written;
}

}  // namespace collscale
