// SPDX-License-Identifier: Apache-2.0
#include "bench/matrix.hpp"

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

std::vector<double> matrix_sizes(const BenchOptions& options) {
  std::vector<double> sizes{options.sizes_bytes.front()};
  if (options.sizes_bytes.back() != sizes.front()) sizes.push_back(options.sizes_bytes.back());
  return sizes;
}

PairMatrix::PairMatrix(const BenchOptions& options, const BenchBackend& backend,
                       std::vector<int> node_of)
    : options_(options), backend_(backend), node_of_(std::move(node_of)) {
  const std::size_t pairs = backend.ranks > 1 ? pair_count(static_cast<int>(backend.ranks)) : 0;
  time_s_.assign(matrix_sizes(options).size(), std::vector<double>(pairs, 0.0));
  results_.context =
      context_of_run(options, backend, "half a round trip of a message between two ranks");
}

Expected<void> PairMatrix::check() const {
  if (backend_.ranks < 2) return fail("--matrix: one rank has no pairs; start more ranks");
  if (matrix_sizes(options_).back() > 2147483647.0)
    return fail(fmt::format("-e: a message of {} in --matrix, at most 2147483647 bytes can be sent",
                            format_size(matrix_sizes(options_).back())));
  const double memory = machine_memory_bytes();
  const auto pairs = static_cast<double>(pair_count(static_cast<int>(backend_.ranks)));
  const double needed = pairs * 2 * 2000;  // a record with its samples, in memory
  if (memory > 0 && needed > memory / 4)
    return fail(
        fmt::format("--matrix: the samples of the {:.0f} pairs of {} ranks need {}, but "
                    "this node has {}; measure fewer ranks at once",
                    pairs, backend_.ranks, format_size(needed), format_size(memory)));
  return options_.json_path.empty() ? Expected<void>{} : check_writable(options_.json_path);
}

void PairMatrix::add(double size_bytes, const std::vector<RankPair>& round,
                     const RoundSamples& samples) {
  const auto sizes = matrix_sizes(options_);
  const auto size =
      static_cast<std::size_t>(std::find(sizes.begin(), sizes.end(), size_bytes) - sizes.begin());
  for (std::size_t p = 0; p < round.size(); ++p) {
    const auto [a, b] = round[p];
    Scenario scenario;
    scenario.topology = options_.topology;
    scenario.collective = Collective::send_recv;
    scenario.algorithm = "ping_pong";
    scenario.dtype = DataType::uint8;
    scenario.size_bytes = size_bytes;
    scenario.ranks = 2;
    scenario.nodes =
        node_of_[static_cast<std::size_t>(a)] == node_of_[static_cast<std::size_t>(b)] ? 1 : 2;
    scenario.layout = fmt::format("pair:{}-{}", a, b);
    const Record record =
        make_record(scenario, backend_.engine, {samples.time_s[p], samples.batch});
    time_s_[size][pair_index(round[p], static_cast<int>(backend_.ranks))] = record.time_s;
    results_.records.push_back(record);
  }
}

void PairMatrix::checkpoint() {
  if (options_.json_path.empty() || options_.json_path == "-") return;
  if (steady_now_s() - written_at_s_ < 2) return;
  static_cast<void>(write_results(options_.json_path, results_));  // finish() says what is wrong
  written_at_s_ = steady_now_s();
}

double PairMatrix::median_s(std::size_t size, int a, int b) const {
  const RankPair pair = std::minmax(a, b);
  return time_s_[size][pair_index(pair, static_cast<int>(backend_.ranks))];
}

std::string PairMatrix::table() const {
  const auto sizes = matrix_sizes(options_);
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
  for (std::size_t size = 0; size < sizes.size(); ++size) {
    std::vector<RankPair> pairs;
    for (int a = 0; a < ranks; ++a)
      for (int b = a + 1; b < ranks; ++b) pairs.emplace_back(a, b);
    const std::size_t shown = std::min(kListed, pairs.size());
    const std::vector<double>& times = time_s_[size];
    std::partial_sort(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(shown),
                      pairs.end(), [&](const RankPair& x, const RankPair& y) {
                        return times[pair_index(x, ranks)] > times[pair_index(y, ranks)];
                      });
    text += fmt::format(
        "# {}: {} pairs, quickest {}, median {}; the {} slowest:\n{:>12} {:>12} {:>12}\n",
        format_size(sizes[size]), pairs.size(),
        format_time(*std::min_element(times.begin(), times.end())), format_time(median(times)),
        shown, "pair", "time", "bandwidth");
    for (std::size_t p = 0; p < shown; ++p) {
      const double time_s = times[pair_index(pairs[p], ranks)];
      text += fmt::format("{:>12} {:>12} {:>12}\n",
                          fmt::format("{}-{}", pairs[p].first, pairs[p].second),
                          format_time(time_s), format_bandwidth(sizes[size] / time_s));
    }
  }
  return text;
}

ExitCode PairMatrix::finish() {
  std::FILE* const out = options_.json_path == "-" ? stderr : stdout;
  for (const std::string& line : backend_.about) fmt::print(out, "# {}\n", line);
  fmt::print(out, "{}", table());
  const auto sizes = matrix_sizes(options_);
  constexpr std::size_t kNamed = 3;
  for (std::size_t size = 0; size < sizes.size(); ++size) {
    const auto slow = find_slow(time_s_[size], node_of_);
    std::string all;
    for (std::size_t i = 0; i < std::min(slow.size(), kNamed); ++i) {
      all += (i > 0 ? "; " : "") + describe(slow[i], node_of_);
    }
    if (slow.size() > kNamed) all += fmt::format("; and {} more", slow.size() - kNamed);
    if (slow.empty())
      all = backend_.ranks > 2 ? "no rank, node or link is slower than the rest"
                               : "with one pair there is nothing to hold it against";
    const std::string text = fmt::format("{}: {}", format_size(sizes[size]), all);
    fmt::print(out, "# {}\n", text);
    results_.context[fmt::format("slow/bytes:{:.0f}", sizes[size])] = all;
  }
  std::fflush(out);
  return write();
}

ExitCode PairMatrix::write() {
  if (options_.json_path.empty()) return ExitCode::ok;
  if (auto done = write_results(options_.json_path, results_); !done)
    return report_error(done.error(), true);
  return ExitCode::ok;
}

}  // namespace collscale
