// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "measure/buffers.hpp"
#include "measure/make_record.hpp"
#include "record_io/results_file.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr int kMostInMatrix = 16;  // ranks whose matrix fits a terminal
constexpr std::size_t kListed = 10;

std::string in_microseconds(double time_s) {
  return time_s > 0 ? fmt::format("{:.3g}", time_s * 1e6) : "-";
}
std::string in_gigabytes(double size_bytes, double time_s) {
  return time_s > 0 ? fmt::format("{:.3g}", size_bytes / time_s / 1e9) : "-";
}

}  // namespace

Expected<void> check_matrix(const BenchOptions& options, std::int64_t ranks) {
  if (ranks < 2) return fail("--matrix: one rank has no pairs; start more ranks");
  if (options.sizes_bytes.back() > 2147483647.0)
    return fail(fmt::format("-e: a message of {} in --matrix, at most 2147483647 bytes can be sent",
                            format_size(options.sizes_bytes.back())));
  return {};
}

PairMatrix::PairMatrix(const BenchOptions& options, const BenchBackend& backend,
                       std::vector<int> node_of)
    : options_(options),
      backend_(backend),
      node_of_(std::move(node_of)),
      sizes_bytes_{options.sizes_bytes.front()} {
  if (options.sizes_bytes.back() != sizes_bytes_.front())
    sizes_bytes_.push_back(options.sizes_bytes.back());
  const auto ranks = static_cast<int>(backend.ranks);
  if (ranks > 1) rounds_ = options.groups_in_turn ? pairs_in_turn(ranks) : pair_rounds(ranks);
  std::size_t pairs = 0;
  for (const auto& round : rounds_) {
    pairs_before_.push_back(pairs);
    pairs += round.size();
  }
  time_s_.assign(sizes_bytes_.size(), std::vector<double>(pairs, 0.0));
  done_.assign(sizes_bytes_.size() * rounds_.size(), false);
  results_.context =
      context_of_run(options, backend, "half a round trip of a message between two ranks");
  if (backend.watchdog != nullptr) backend.watchdog->before_abort([this] { return last_words(); });
}

PairMatrix::~PairMatrix() {
  if (backend_.watchdog != nullptr) {
    backend_.watchdog->at("");
    backend_.watchdog->before_abort({});
  }
}

Expected<void> PairMatrix::prepare() {
  if (auto can = check_matrix(options_, backend_.ranks); !can) return can;
  const double memory = machine_memory_bytes();
  const auto pairs = static_cast<double>(pair_count(static_cast<int>(backend_.ranks)));
  const double needed = pairs * 2 * 2000;  // a record with its samples, in memory
  if (memory > 0 && needed > memory / 4)
    return fail(
        fmt::format("--matrix: the samples of the {:.0f} pairs of {} ranks need {}, but "
                    "this node has {}; measure fewer ranks at once",
                    pairs, backend_.ranks, format_size(needed), format_size(memory)));
  if (auto ready = prepare_file(); !ready) return ready;
  std::vector<double> to_do;
  for (std::size_t i = 0; i < done_.size(); ++i)
    if (!done_[i]) to_do.push_back(sizes_bytes_[i / rounds_.size()]);
  std::FILE* const out = options_.json_path == "-" ? stderr : stdout;
  progress_.emplace(progress_stream(watched_streams(options_.progress), out), std::move(to_do),
                    options_.sampling.time_budget_s);
  return {};
}

Expected<void> PairMatrix::prepare_file() {
  if (options_.json_path.empty()) return {};
  if (auto writable = check_writable(options_.json_path); !writable || !options_.resume)
    return writable;
  auto found = read_for_resume(options_.json_path, results_.context);
  if (!found) return tl::unexpected(found.error());
  std::vector<RecordPlace> places;
  for (std::size_t size = 0; size < sizes_bytes_.size(); ++size)
    for (std::size_t r = 0; r < rounds_.size(); ++r)
      for (const RankPair& pair : rounds_[r])
        places.push_back({full_benchmark_name(scenario_of(sizes_bytes_[size], pair)),
                          size * rounds_.size() + r});
  auto placed = place_records(options_.json_path, std::move(found->records), places);
  if (!placed) return tl::unexpected(placed.error());
  std::size_t place = 0;
  for (std::size_t size = 0; size < sizes_bytes_.size(); ++size) {
    for (std::size_t r = 0; r < rounds_.size(); ++r) {
      for (const RankPair& pair : rounds_[r]) {
        done_[size * rounds_.size() + r] = (*placed)[place].has_value();
        if (auto& record = (*placed)[place]) take(size, pair, place, std::move(*record));
        ++place;
      }
    }
  }
  if (const std::size_t kept = results_.records.size(); kept > 0) {
    results_.context = resumed_context(results_.context, found->context);
    fmt::print(stderr, "note: {}\n", kept_points(kept, place, options_.json_path));
  }
  return {};
}

Scenario PairMatrix::scenario_of(double size_bytes, const RankPair& pair) const {
  const auto [a, b] = pair;
  Scenario scenario = pair_message(size_bytes);
  scenario.topology = options_.topology;
  scenario.nodes =
      node_of_[static_cast<std::size_t>(a)] == node_of_[static_cast<std::size_t>(b)] ? 1 : 2;
  scenario.layout = fmt::format("pair:{}-{}", a, b);
  return scenario;
}

void PairMatrix::begin(std::size_t size, std::size_t round) {
  if (backend_.watchdog == nullptr && !progress_) return;
  std::string place = benchmark_name(scenario_of(sizes_bytes_[size], rounds_[round].front()));
  if (const std::size_t others = rounds_[round].size() - 1; others > 0)
    place += fmt::format(" and {} other pair{}", others, others == 1 ? "" : "s");
  if (progress_) progress_->begin(place);
  if (backend_.watchdog != nullptr) backend_.watchdog->at(std::move(place));
}

void PairMatrix::take(std::size_t size, const RankPair& pair, std::size_t place, Record record) {
  time_s_[size][pair_index(pair, static_cast<int>(backend_.ranks))] = record.time_s;
  ordered_.put(place, std::move(record));
}

void PairMatrix::add(std::size_t size, std::size_t round, const RoundSamples& samples,
                     const std::vector<Mismatch>& mismatches) {
  progress_->end();
  const std::lock_guard lock(results_mutex_);
  for (std::size_t p = 0; p < rounds_[round].size(); ++p) {
    const RankPair& pair = rounds_[round][p];
    const Scenario scenario = scenario_of(sizes_bytes_[size], pair);
    if (!mismatches.empty() && mismatches[p].wrong > 0) {
      wrong_ = true;
      progress_->clear();
      report_error(
          {fmt::format("{}: wrong result: {}", benchmark_name(scenario),
                       describe(mismatches[p], 2 * static_cast<std::int64_t>(sizes_bytes_[size])))},
          true);
      continue;
    }
    const std::size_t place = size * time_s_[size].size() + pairs_before_[round] + p;
    take(size, pair, place,
         make_record(scenario, backend_.engine, {samples.time_s[p], samples.batch}));
  }
  changed_ = true;
}

void PairMatrix::checkpoint() {
  if (options_.json_path.empty() || options_.json_path == "-") return;
  const double start_s = steady_now_s();
  if (start_s - written_at_s_ < std::max(2.0, 20 * write_cost_s_)) return;
  static_cast<void>(write_results(options_.json_path, results_));  // finish() says what is wrong
  written_at_s_ = steady_now_s();
  write_cost_s_ = written_at_s_ - start_s;
}

/// On the watchdog's thread, while the other one hangs.
std::string PairMatrix::last_words() {
  const std::unique_lock lock(results_mutex_, std::try_to_lock);
  if (!lock || !backend_.reports || options_.json_path.empty() || write() != ExitCode::ok)
    return "";
  return finished_points(results_.records.size(), options_.json_path);
}

double PairMatrix::median_s(std::size_t size, int a, int b) const {
  const RankPair pair = std::minmax(a, b);
  return time_s_[size][pair_index(pair, static_cast<int>(backend_.ranks))];
}

std::string PairMatrix::table() const {
  const auto& sizes = sizes_bytes_;
  const auto ranks = static_cast<int>(backend_.ranks);
  const std::size_t large = sizes.size() - 1;
  if (ranks <= kMostInMatrix) {
    std::string text = fmt::format(
        "# upper right: latency of {} in us; lower left: bandwidth of {} in GB/s\n{:>6}",
        format_size(sizes.front()), format_size(sizes.back()), "rank");
    for (int b = 0; b < ranks; ++b) text += fmt::format(" {:>8}", b);
    text += '\n';
    for (int a = 0; a < ranks; ++a) {
      text += fmt::format("{:>6}", a);
      for (int b = 0; b < ranks; ++b) {
        std::string cell = ".";
        if (b > a) cell = in_microseconds(median_s(0, a, b));
        if (b < a) cell = in_gigabytes(sizes[large], median_s(large, a, b));
        text += fmt::format(" {:>8}", cell);
      }
      text += '\n';
    }
    return text;
  }
  std::string text;
  for (std::size_t size = 0; size < sizes.size(); ++size) text += list(size);
  return text;
}

std::string PairMatrix::list(std::size_t size) const {
  const auto ranks = static_cast<int>(backend_.ranks);
  std::vector<RankPair> pairs;
  std::vector<double> times;
  for (int a = 0; a < ranks; ++a) {
    for (int b = a + 1; b < ranks; ++b) {
      if (!(median_s(size, a, b) > 0)) continue;
      pairs.emplace_back(a, b);
      times.push_back(median_s(size, a, b));
    }
  }
  if (pairs.empty()) return "";
  const std::size_t shown = std::min(kListed, pairs.size());
  std::partial_sort(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(shown), pairs.end(),
                    [&](const RankPair& x, const RankPair& y) {
                      return median_s(size, x.first, x.second) > median_s(size, y.first, y.second);
                    });
  std::string text =
      fmt::format("# {}: {} pairs, quickest {}, median {}; the {} slowest:\n{:>12} {:>12} {:>12}\n",
                  format_size(sizes_bytes_[size]), pairs.size(),
                  format_time(*std::min_element(times.begin(), times.end())),
                  format_time(median(times)), shown, "pair", "time", "bandwidth");
  for (std::size_t p = 0; p < shown; ++p) {
    const double time_s = median_s(size, pairs[p].first, pairs[p].second);
    text +=
        fmt::format("{:>12} {:>12} {:>12}\n", fmt::format("{}-{}", pairs[p].first, pairs[p].second),
                    format_time(time_s), format_bandwidth(sizes_bytes_[size] / time_s));
  }
  return text;
}

ExitCode PairMatrix::finish(bool interrupted) {
  progress_->clear();
  std::FILE* const out = options_.json_path == "-" ? stderr : stdout;
  for (const std::string& line : backend_.about)
    std::fputs(fmt::format("# {}\n", line).c_str(), out);
  std::fputs(table().c_str(), out);
  const auto& sizes = sizes_bytes_;
  constexpr std::size_t kNamed = 3;
  for (std::size_t size = 0; size < sizes.size(); ++size) {
    const auto slow = find_slow(time_s_[size], node_of_);
    std::string all;
    for (std::size_t i = 0; i < std::min(slow.size(), kNamed); ++i) {
      all += (i > 0 ? "; " : "") + describe(slow[i], node_of_);
    }
    if (slow.size() > kNamed) all += fmt::format("; and {} more", slow.size() - kNamed);
    const auto measured = std::count_if(time_s_[size].begin(), time_s_[size].end(),
                                        [](double time_s) { return time_s > 0; });
    if (measured == 0) continue;
    if (slow.empty())
      all = backend_.ranks > 2 ? "no rank, node or link is slower than the rest"
                               : "with one pair there is nothing to hold it against";
    const std::string text = fmt::format("{}: {}", format_size(sizes[size]), all);
    std::fputs(fmt::format("# {}\n", text).c_str(), out);
    results_.context[fmt::format("slow/bytes:{:.0f}", sizes[size])] = all;
  }
  std::fflush(out);
  const bool written = (options_.resume && !changed_) || write() == ExitCode::ok;
  if (!written || wrong_) return ExitCode::failed;
  if (interrupted) {
    fmt::print(stderr, "note: interrupted; {} of {} points are kept\n", results_.records.size(),
               sizes.size() * time_s_.front().size());
    return ExitCode::interrupted;
  }
  return ExitCode::ok;
}

ExitCode PairMatrix::write() {
  if (options_.json_path.empty()) return ExitCode::ok;
  if (auto done = write_results(options_.json_path, results_); !done)
    return report_error(done.error(), true);
  return ExitCode::ok;
}

}  // namespace collscale
