// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "measure/fingerprint.hpp"
#include "record/context.hpp"
#include "record_io/results_file.hpp"
#include "units/quantity.hpp"

namespace collscale {

namespace {

std::string value_of(const Context& context, const std::string& key) {
  const auto found = context.find(key);
  return found == context.end() ? std::string() : found->second;
}

std::string quoted(const std::string& value) {
  return value.empty() ? std::string("none") : fmt::format("\"{}\"", value);
}

}  // namespace

void add_conditions(const BenchOptions& options, Engine engine, Context& context) {
  const SamplingPlan& plan = options.sampling;
  const auto number = [](const std::optional<std::int64_t>& value) {
    return value ? fmt::format("{}", *value) : std::string("adaptive");
  };
  const auto add = [&context](const char* key, std::string value) {
    context.try_emplace(key, std::move(value));
  };
  add("check", options.verify ? "1" : "0");
  add("iters", number(plan.fixed_samples));
  add("warmup_iters", number(plan.fixed_warmup));
  add("agg_iters", number(plan.fixed_batch));
  if (!plan.fixed_samples) {
    add("precision", fmt::format("{:g}%", 100 * plan.precision));
    add("time_per_point", format_time(plan.time_budget_s));
    add("min_samples", fmt::format("{}, {} before it stops for precision", plan.min_samples,
                                   plan.enough_from_samples));
    add("max_samples", fmt::format("{}", plan.max_samples));
  }
  add("retry_noisy", fmt::format("{}", options.retry_noisy));
  if (engine == Engine::nccl) {
    add("gpus_per_process", fmt::format("{}", options.gpus));
  }
}

std::string context_text(std::string text) {
  constexpr std::size_t kMost = 400;
  if (text.size() > kMost) {
    const auto whole = fingerprint_of(text);
    text = fmt::format("{}... ({:08x})", text.substr(0, kMost), whole);
  }
  return text;
}

Expected<Results> read_for_resume(const std::string& path, const Context& context) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) {
    return Results{};
  }
  if (!std::filesystem::is_regular_file(path, none)) {
    return fail(fmt::format("--resume: {} is no file that could be gone on with", path));
  }
  auto found = read_results(path);
  if (!found) {
    return fail(fmt::format("--resume: {}", found.error().message), found.error().code);
  }
  std::vector<ContextDifference> differences;
  // Whose file it is decides what else it could say, and how many ranks there were, too.
  for (const std::string key : {"executable", "library_build_type", "ranks_per_node"}) {
    if (value_of(found->context, key) != value_of(context, key)) {
      differences.push_back({key, value_of(found->context, key), value_of(context, key)});
    }
  }
  const auto others = context_differences(found->context, context);
  differences.insert(differences.end(), others.begin(), others.end());
  if (!differences.empty()) {
    const ContextDifference& first = differences.front();
    return fail(
        fmt::format("--resume: {} was measured otherwise: its {} is {}, but this run's is {}", path,
                    first.key, quoted(first.a), quoted(first.b)));
  }
  return std::move(*found);
}

Expected<std::vector<std::optional<Record>>> place_records(const std::string& path,
                                                           std::vector<Record> records,
                                                           std::span<const RecordPlace> places) {
  std::map<std::string_view, std::queue<std::size_t>> open;
  for (std::size_t place = 0; place < places.size(); ++place) {
    open[places[place].name].push(place);
  }
  std::vector<std::optional<Record>> placed(places.size());
  for (Record& record : records) {
    const std::string name = full_benchmark_name(record.scenario);
    const auto found = open.find(name);
    if (found == open.end()) {
      return fail(fmt::format(
          "--resume: {} holds {}, which this run does not measure: it would be lost", path, name));
    }
    if (found->second.empty()) {
      return fail(
          fmt::format("--resume: {} holds {} more often than this run measures it", path, name));
    }
    placed[found->second.front()] = std::move(record);
    found->second.pop();
  }
  std::set<std::size_t> unfinished;
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (!placed[place]) unfinished.insert(places[place].unit);
  }
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (unfinished.contains(places[place].unit)) placed[place].reset();
  }
  return placed;
}

std::string kept_points(std::size_t kept, std::size_t all, const std::string& path) {
  return fmt::format("--resume: {} of {} points are kept from {}{}", kept, all, path,
                     kept == all ? "; nothing is left to measure" : "");
}

std::vector<bool> agree_on_flags(const std::vector<bool>& mine,
                                 const std::function<std::int64_t(std::int64_t)>& agree) {
  constexpr std::size_t kBits = 62;
  std::vector<bool> agreed(mine.size());
  for (std::size_t first = 0; first < mine.size(); first += kBits) {
    const std::size_t count = std::min(kBits, mine.size() - first);
    std::int64_t bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      bits |= static_cast<std::int64_t>(mine[first + i]) << i;
    }
    bits = agree(bits);
    for (std::size_t i = 0; i < count; ++i) {
      agreed[first + i] = ((bits >> i) & 1) != 0;
    }
  }
  return agreed;
}

Context resumed_context(Context now, const Context& earlier) {
  const std::string before = value_of(earlier, "resumed");
  now["resumed"] = before.empty() ? now["date"] : fmt::format("{}, {}", before, now["date"]);
  now["date"] = value_of(earlier, "date");
  return now;
}

std::size_t OrderedRecords::put(std::size_t place, Record record) {
  const auto at = std::upper_bound(places_.begin(), places_.end(), place) - places_.begin();
  places_.insert(places_.begin() + at, place);
  records_.insert(records_.begin() + at, std::move(record));
  return static_cast<std::size_t>(at);
}

}  // namespace collscale
