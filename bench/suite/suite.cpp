// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "bench/suite/algorithms.hpp"
#include "bench/suite/hosting.hpp"
#include "bench/suite/interrupt.hpp"
#include "bench/suite/progress.hpp"
#include "bench/suite/resume.hpp"
#include "bench/suite/table.hpp"
#include "cli/output.hpp"
#include "measure/clock.hpp"
#include "measure/make_record.hpp"
#include "measure/verdict.hpp"
#include "record_io/results_file.hpp"
#include "units/quantity.hpp"

namespace collscale {

namespace {

/// Roots are told apart where there are several.
std::string shown_name(const BenchOptions& options, const Scenario& scenario) {
  return options.every_root ? full_benchmark_name(scenario) : benchmark_name(scenario);
}

const char* describe(SyncPolicy policy) {
  switch (policy) {
    case SyncPolicy::barrier:
      return "maximum over ranks, barrier before each";
    case SyncPolicy::back_to_back:
      return "maximum over ranks, back to back";
    case SyncPolicy::window:
      return "maximum over ranks, from an agreed time on";
  }
  return "";
}

/// What a run gathers.
class Run {
 public:
  Run(const BenchOptions& options, const BenchBackend& backend, std::vector<double> sizes_bytes)
      : options_(options),
        backend_(backend),
        table_(options.json_path == "-" ? stderr : stdout),
        view_(backend.reports ? watched_streams(options.progress) : Watched{}),
        progress_(progress_stream(view_, table_), std::move(sizes_bytes),
                  options.sampling.fixed_samples ? 0 : options.sampling.time_budget_s) {
    results_.context = context_of_run(options, backend, describe(options.sampling.sync));
    if (backend.watchdog != nullptr) {
      backend.watchdog->before_abort([this] { return last_words(); });
    }
  }
  ~Run() {
    if (backend_.watchdog != nullptr) {
      backend_.watchdog->at("");
      backend_.watchdog->before_abort({});
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void print(const std::string& text) const {
    if (backend_.reports) {
      progress_.clear();
      std::fputs(text.c_str(), table_);  // does not throw; with_output_written looks at the end
      std::fflush(table_);
    }
  }
  void note(const std::string& text) const {
    if (backend_.reports) {
      progress_.clear();
      fmt::print(stderr, "note: {}\n", text);
    }
  }

  /// What an earlier run left of the places, and the context of its file.
  void keep(const std::vector<BenchPoint>& points,
            const std::vector<std::optional<Record>>& earlier, const Context& context) {
    for (std::size_t place = 0; place < earlier.size(); ++place) {
      if (earlier[place]) {
        backend_.keep(points[place % points.size()], *earlier[place], context);
        take(place, *earlier[place]);
      }
    }
    if (!results_.records.empty()) {
      results_.context = resumed_context(results_.context, context);
    }
  }

  std::optional<double> measure(const BenchPoint& point, std::size_t place) {
    place_ = place;
    current_.reset();
    about_ = point.about;
    // A launcher may signal one rank alone, and not the one that reports.
    if (backend_.any(InterruptWatch::interrupted())) {
      stopped_ = true;
      return std::nullopt;
    }
    if (backend_.watchdog != nullptr) {
      backend_.watchdog->at(benchmark_name(point.scenario));
    }
    progress_.begin(benchmark_name(point.scenario));
    const std::optional<double> best_s = measure_again_if_noisy(point);
    progress_.end();
    return best_s;
  }

  std::optional<double> measure_again_if_noisy(const BenchPoint& point) {
    std::optional<double> best_s = measure_once(point);
    for (std::int64_t retry = 1; best_s && retry <= options_.retry_noisy; ++retry) {
      // One process decides, and a signal at any of them ends the retries.
      const bool again = worth_retrying(*current_->record->quality);
      if (backend_.agree(again ? 1 : 0) == 0 || backend_.any(InterruptWatch::interrupted())) {
        break;
      }
      const TableRow before = *current_;
      best_s = measure_once(point);
      if (best_s && is_better(*before.record->quality, *current_->record->quality)) {
        current_ = before;
        best_s = before.record->time_s;
      }
      if (best_s) {
        current_->record->quality->attempts = retry + 1;
      }
    }
    return best_s;
  }

  std::optional<double> measure_once(const BenchPoint& point) {
    const PointResult result = backend_.measure(point);
    current_ = TableRow{point.scenario, point.layout, std::nullopt, result.samples.batch,
                        result.mismatch ? std::optional(result.mismatch->wrong) : std::nullopt};
    if (result.wrong()) {
      wrong_ = true;
      progress_.clear();
      const std::int64_t all = received_by_all(point.scenario, point.layout) * point.groups;
      report_error({fmt::format("{}: wrong result: {}", benchmark_name(point.scenario),
                                describe(*result.mismatch, all))},
                   backend_.reports);
      return std::nullopt;
    }
    current_->record = make_record(point.scenario, backend_.engine, result.samples);
    current_->record->quality = assess(result.samples, result.conditions, options_.buffers);
    current_->record->estimate_s = result.estimate_s;
    backend_.judge(*current_->record, result.samples.batch);
    return current_->record->time_s;
  }

  void report() {
    if (!current_) {
      return;
    }
    const Collective collective = current_->scenario.collective;
    if (!last_ || *last_ != collective) {
      print(table_header(options_, collective, !last_));
      last_ = collective;
    }
    if (about_ != about_printed_) {
      print("# " + about_ + "\n");
      about_printed_ = about_;
    }
    print(coloured(table_row(options_, *current_)));
    if (current_->record) {
      const std::lock_guard lock(results_mutex_);
      take(place_, *current_->record);
      changed_ = true;
      write(false);
    }
  }

  /// What a failure of the library is told as: the points that are finished are kept first.
  std::string failed(const std::string& sentence) {
    progress_.clear();
    if (!backend_.reports || options_.json_path.empty() || !written_ || results_.records.empty()) {
      return sentence;
    }
    write(true);
    return fmt::format("{}; {}", sentence,
                       finished_points(results_.records.size(), options_.json_path));
  }

  ExitCode finish() {
    const Context closing = backend_.closing();
    for (const auto& [key, sentence] : closing) {
      results_.context[key] = sentence;
      note(sentence);
    }
    progress_.clear();
    write(true);
    Best best;
    for (const Record& record : results_.records) {
      const Record*& so_far = best[{record.scenario.collective, record.scenario.layout}];
      if (so_far == nullptr || record.busbw_Bps > so_far->busbw_Bps) {
        so_far = &record;
      }
    }
    for (const auto& [what, record] : best) {
      if (!has_bus_bandwidth(record->scenario)) {
        continue;
      }
      print(fmt::format("# best bus bandwidth: {} {} at {}\n", described(what),
                        format_bandwidth(record->busbw_Bps),
                        format_size(record->scenario.size_bytes)));
    }
    note_noisy();
    if (wrong_ || !written_) {
      return ExitCode::failed;
    }
    if (stopped_) {
      note(fmt::format("interrupted; {} points are kept", results_.records.size()));
      return ExitCode::interrupted;
    }
    return gate(best);
  }

 private:
  /// Of each collective, and of each layout that it ran on.
  using Best = std::map<std::pair<Collective, std::string>, const Record*>;

  /// Yellow what is not good, red what is wrong; for people who watch.
  std::string coloured(std::string row) const {
    if (!view_.colour || !view_.out || table_ != stdout || options_.nccl_table) {
      return row;
    }
    const bool good = current_->record && current_->record->quality->verdict == name(Verdict::good);
    if (good || row.empty()) {
      return row;
    }
    row.pop_back();  // the line's end stays outside
    return (current_->record ? "\033[33m" : "\033[31m") + row + "\033[0m\n";
  }

  /// On the watchdog's thread, while this one hangs: what of the run is not lost.
  std::string last_words() {
    // Held by the other thread where it is the writing that hangs.
    const std::unique_lock lock(results_mutex_, std::try_to_lock);
    if (!lock || options_.json_path.empty() || !written_) {
      return "";
    }
    write(true);
    return finished_points(results_.records.size(), options_.json_path);
  }

  void take(std::size_t place, Record record) {
    if (record.quality && record.quality->verdict != name(Verdict::good)) {
      ++noisy_[record.quality->verdict];
    }
    const std::size_t at = ordered_.put(place, std::move(record));
    if (backend_.reports && !options_.json_path.empty()) {
      file_.insert(at, results_.records[at]);
    }
    results_.context["contended_points"] = fmt::format(
        "{} of {}", noisy_["contended"] + noisy_["oversubscribed"], results_.records.size());
  }

  void note_noisy() const {
    std::vector<std::string> parts;
    int all = 0;
    for (const auto& [verdict, count] : noisy_) {
      if (count > 0) {
        parts.push_back(fmt::format("{} {}", count, verdict));
        all += count;
      }
    }
    if (all > 0) {
      note(fmt::format(
          "{} of {} points are not good ({}): their times are the machine's as much as the "
          "network's; stop other work, give each rank a core (mpirun --bind-to core), and measure "
          "them again (--retry-noisy)",
          all, results_.records.size(), fmt::join(parts, ", ")));
    }
  }

  // A file after each point, but no more often than every fifth of a second, as replacing a file
  // takes longer than a short point; and flushed seldom: all ranks wait for a busy disk. A run that
  // is killed loses that fifth, a machine that crashes the last seconds. Standard output gets one
  // whole document, at the end.
  void write(bool last) {
    constexpr double kWriteEvery_s = 0.2;
    constexpr double kFlushEvery_s = 10;
    const bool to_file = options_.json_path != "-";
    // A file that lacks nothing stays as it is, and none is made for nothing.
    if (!backend_.reports || options_.json_path.empty() || (!last && !to_file) ||
        (!changed_ && (to_file || options_.resume))) {
      return;
    }
    const double now_s = steady_now_s();
    if (!last && now_s - written_at_s_ < kWriteEvery_s) {
      return;
    }
    written_at_s_ = now_s;
    for (auto& [key, value] : backend_.so_far()) {
      results_.context[key] = value;
    }
    const bool flush = last || now_s - flushed_at_s_ >= kFlushEvery_s;
    if (flush) {
      flushed_at_s_ = now_s;
    }
    const auto done = file_.write(options_.json_path, results_.context,
                                  flush ? Durability::flushed : Durability::buffered);
    if (!done && written_) {
      written_ = false;  // said once; the table goes on
      report_error(done.error(), true);
    }
  }

  /// "all_reduce", "all_reduce on layout node".
  static std::string described(const std::pair<Collective, std::string>& what) {
    std::string text(name(what.first));
    if (!what.second.empty()) text.append(" on layout ").append(what.second);
    return text;
  }

  ExitCode gate(const Best& best) const {
    ExitCode code = ExitCode::ok;
    for (const auto& [what, record] : best) {
      if (options_.min_busbw_Bps && has_bus_bandwidth(record->scenario) &&
          record->busbw_Bps < *options_.min_busbw_Bps) {
        code = report_error({fmt::format("--min-busbw: {} reached {}, expected at least {}",
                                         described(what), format_bandwidth(record->busbw_Bps),
                                         format_bandwidth(*options_.min_busbw_Bps)),
                             ExitCode::gate_failed},
                            backend_.reports);
      }
    }
    return code;
  }

  const BenchOptions& options_;
  const BenchBackend& backend_;
  std::FILE* table_;
  Watched view_;
  mutable RunProgress progress_;
  std::mutex results_mutex_;  // the watchdog's thread reads the results before it aborts
  Results results_;
  OrderedRecords ordered_{results_.records};
  GrowingResults file_;    // of the same records
  std::size_t place_ = 0;  // of what is being measured
  bool changed_ = false;   // the file lacks something
  std::optional<TableRow> current_;
  std::optional<Collective> last_;
  std::string about_, about_printed_;
  std::map<std::string, int> noisy_;
  bool wrong_ = false;
  bool stopped_ = false;
  bool written_ = true;
  double written_at_s_ = 0;
  double flushed_at_s_ = steady_now_s();
};

/// One place for every point of a repetition, behind those that there are.
void append_places(const std::vector<BenchPoint>& points, std::vector<RecordPlace>& places) {
  std::map<std::string, std::size_t> units;
  for (const BenchPoint& point : points) {
    const std::size_t unit =
        units.try_emplace(turn_key(point.scenario), places.size()).first->second;
    places.push_back({full_benchmark_name(point.scenario), unit});
  }
}

/// What there is of an earlier run.
struct Earlier {
  std::vector<std::optional<Record>> placed;
  Context context;
};

/// Fails where the file cannot be written, or cannot be gone on with.
Expected<Earlier> read_earlier(const BenchOptions& options, const BenchBackend& backend,
                               const std::vector<RecordPlace>& places) {
  if (auto writable = check_writable(options.json_path); !writable) {
    return tl::unexpected(writable.error());
  }
  Earlier earlier;
  if (!options.resume) {
    return earlier;
  }
  auto found = read_for_resume(options.json_path,
                               context_of_run(options, backend, describe(options.sampling.sync)));
  if (!found) {
    return tl::unexpected(found.error());
  }
  auto placed = place_records(options.json_path, std::move(found->records), places);
  if (!placed) {
    return tl::unexpected(placed.error());
  }
  return Earlier{std::move(*placed), std::move(found->context)};
}

}  // namespace

Context context_of_run(const BenchOptions& options, const BenchBackend& backend,
                       std::string_view sample) {
  Context context = make_context(backend.engine == Engine::nccl ? "bench_nccl" : "bench_mpi");
  context["sample"] = sample;
  context["google_benchmark_version"] = COLLSCALE_BENCHMARK_VERSION;
  if (!options.topology.empty()) {
    context["topology"] = options.topology;
  }
  for (const auto* extra : {&backend.context, &options.benchmark.context}) {
    for (const auto& [key, value] : *extra) {
      context[key] = value;
    }
  }
  context.try_emplace("ranks", fmt::format("{}", backend.ranks));
  context.try_emplace("nodes", fmt::format("{}", backend.nodes));
  context.try_emplace("buffers", name(options.buffers));
  add_conditions(options, backend.engine, context);
  return context;
}

ExitCode report_error(const Error& error, bool reports) {
  if (reports) {
    std::fflush(stdout);
    fmt::print(stderr, "error: {}\n", error.message);
  }
  return error.code;
}

ExitCode with_output_written(ExitCode code, bool reports) {
  const auto written = finish_output();
  if (written || !reports) return code;
  report_error(written.error(), true);
  return code == ExitCode::ok ? written.error().code : code;
}

ExitCode run_suite(const BenchOptions& options, const BenchBackend& backend,
                   const PointList& list) {
  if (options.benchmark.list) {
    for (const BenchPoint& point : list.points) {
      if (backend.reports) {
        print_result(shown_name(options, point.scenario) + "\n");
      }
    }
    return ExitCode::ok;
  }
  std::vector<RecordPlace> places;
  Earlier earlier;
  Error unusable{"", ExitCode::ok};
  for (int repetition = 0; repetition < options.benchmark.repetitions; ++repetition) {
    append_places(list.points, places);
  }
  if (backend.reports && !options.json_path.empty()) {
    auto found = read_earlier(options, backend, places);
    if (found) {
      earlier = std::move(*found);
    } else {
      unusable = found.error();
      report_error(unusable, true);
    }
  }
  if (const auto code = backend.agree(static_cast<std::int64_t>(unusable.code)); code != 0) {
    return static_cast<ExitCode>(code);
  }
  std::vector<bool> has(places.size());
  for (std::size_t place = 0; place < earlier.placed.size(); ++place) {
    has[place] = earlier.placed[place].has_value();
  }
  if (options.resume) {
    has = agree_on_flags(has, backend.agree);
  }

  std::vector<double> sizes_bytes;  // of what is still to be measured
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (!has[place]) {
      sizes_bytes.push_back(list.points[place % list.points.size()].scenario.size_bytes);
    }
  }
  Run run(options, backend, std::move(sizes_bytes));
  for (const std::string& line : backend.about) {
    run.print("# " + line + "\n");
  }
  if (backend.ranks == 1) {
    run.note(
        "one rank alone: nothing crosses a link, so there is no bus bandwidth (shown as -); start "
        "more ranks, as with mpirun -np 2");
  }
  if (!list.left_out.empty()) {
    run.note(fmt::format("left out, less than one element per rank: {}",
                         fmt::join(list.left_out, ", ")));
  }
  for (const std::string& operation : list.unavailable) run.note("left out, " + operation);
  run.keep(list.points, earlier.placed, earlier.context);
  if (const auto kept = static_cast<std::size_t>(std::count(has.begin(), has.end(), true));
      kept > 0) {
    run.note(kept_points(kept, has.size(), options.json_path));
  }
  try {
    const InterruptWatch watch;
    // Repetitions go over the whole list, so that a row appears as soon as it is measured.
    for (std::size_t first = 0; first < places.size(); first += list.points.size()) {
      std::vector<HostedBenchmark> benchmarks;
      for (std::size_t i = 0; i < list.points.size(); ++i) {
        if (!has[first + i]) {
          benchmarks.push_back({shown_name(options, list.points[i].scenario),
                                [&run, &point = list.points[i], place = first + i] {
                                  return run.measure(point, place);
                                }});
        }
      }
      run_hosted(benchmarks, [&run] { run.report(); });
    }
  } catch (const std::exception& failure) {
    throw std::runtime_error(run.failed(failure.what()));
  }
  return run.finish();
}

}  // namespace collscale
