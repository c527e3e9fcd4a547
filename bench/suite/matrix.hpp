// SPDX-License-Identifier: Apache-2.0
// --matrix: every pair of ranks by itself. What is here knows neither MPI nor NCCL.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bench/suite/interrupt.hpp"
#include "bench/suite/process_setup.hpp"
#include "bench/suite/progress.hpp"
#include "bench/suite/resume.hpp"
#include "bench/suite/suite.hpp"
#include "measure/clock.hpp"
#include "measure/pairs.hpp"

namespace collscale {

/// Fails where there is no pair, and where messages are longer than MPI's int counts.
Expected<void> check_matrix(const BenchOptions& options, std::int64_t ranks);

/// What the pairs gave, for the process that reports: the table, the sentences, the records. The
/// other processes know the rounds from it.
class PairMatrix {
 public:
  PairMatrix(const BenchOptions& options, const BenchBackend& backend, std::vector<int> node_of);
  ~PairMatrix();
  PairMatrix(const PairMatrix&) = delete;
  PairMatrix& operator=(const PairMatrix&) = delete;

  /// -b for latency, -e for bandwidth; once where they are the same.
  [[nodiscard]] const std::vector<double>& sizes_bytes() const { return sizes_bytes_; }
  /// With --groups in-turn every pair is a round.
  [[nodiscard]] const std::vector<std::vector<RankPair>>& rounds() const { return rounds_; }

  /// Fails where the file cannot be written or gone on with, and where the samples of so many
  /// pairs, two sizes and at most 50 samples each, would take more than a quarter of this machine's
  /// memory. Takes what there is of an earlier run.
  Expected<void> prepare();
  /// By size, and of each by round: an earlier run has measured it.
  [[nodiscard]] const std::vector<bool>& done() const { return done_; }

  /// Tells the watchdog where the run is.
  void begin(std::size_t size, std::size_t round);
  /// `mismatches` is empty where nothing was verified. Pairs with wrong data have no record.
  void add(std::size_t size, std::size_t round, const RoundSamples& samples,
           const std::vector<Mismatch>& mismatches);
  /// Writes what there is, but not more often than every two seconds, and for a small part of the
  /// time.
  void checkpoint();
  /// Prints the matrix and what is slow, and writes the file.
  ExitCode finish(bool interrupted);

 private:
  [[nodiscard]] std::string table() const;
  [[nodiscard]] std::string list(std::size_t size) const;
  [[nodiscard]] double median_s(std::size_t size, int a, int b) const;
  [[nodiscard]] Scenario scenario_of(double size_bytes, const RankPair& pair) const;
  void take(std::size_t size, const RankPair& pair, std::size_t place, Record record);
  /// Checks the output path, and takes from the file what --resume keeps.
  Expected<void> prepare_file();
  std::string last_words();
  ExitCode write();

  const BenchOptions& options_;
  const BenchBackend& backend_;
  std::vector<int> node_of_;
  std::vector<double> sizes_bytes_;
  std::vector<std::vector<RankPair>> rounds_;
  std::vector<std::size_t> pairs_before_;    ///< a round
  std::vector<std::vector<double>> time_s_;  ///< by size, by pair; 0 not yet measured
  std::vector<bool> done_;
  std::optional<RunProgress> progress_;  ///< where this process reports
  std::mutex results_mutex_;             ///< the watchdog's thread writes them before it aborts
  Results results_;
  OrderedRecords ordered_{results_.records};
  bool changed_ = false;
  bool wrong_ = false;
  double written_at_s_ = 0;
  double write_cost_s_ = 0;
};

/// `make_ping_pong(size_bytes)` gives what measure_round and verify_round take. Collective.
template <Coordinator C, class MakePingPong>
ExitCode run_matrix(const BenchOptions& options, const BenchBackend& backend, C& processes,
                    const std::vector<int>& node_of, MakePingPong&& make_ping_pong) {
  PairMatrix matrix(options, backend, node_of);
  if (const ExitCode code =
          agree_on_failure(processes, backend.reports ? matrix.prepare() : Expected<void>{});
      code != ExitCode::ok) {
    return code;
  }
  const std::size_t rounds = matrix.rounds().size();
  std::vector<bool> done = matrix.done();
  if (options.resume) {
    done =
        agree_on_flags(done, [&processes](std::int64_t value) { return processes.agree(value); });
  }
  const InterruptWatch watch;
  bool interrupted = false;
  for (std::size_t size = 0; size < matrix.sizes_bytes().size() && !interrupted; ++size) {
    const auto size_bytes = static_cast<std::int64_t>(matrix.sizes_bytes()[size]);
    auto&& ping_pong = make_ping_pong(size_bytes);
    for (std::size_t r = 0; r < rounds && !interrupted; ++r) {
      if (done[size * rounds + r]) continue;
      // A launcher may signal one rank alone, and not the one that reports.
      interrupted = any_process(processes, InterruptWatch::interrupted());
      if (interrupted) continue;
      matrix.begin(size, r);
      const std::vector<RankPair>& round = matrix.rounds()[r];
      std::vector<Mismatch> mismatches;
      if (options.verify) mismatches = verify_round(processes, round, size_bytes, ping_pong);
      const RoundSamples samples =
          measure_round(processes, round, options.sampling, ping_pong, steady_now_s);
      if (backend.reports) {
        matrix.add(size, r, samples, mismatches);
        matrix.checkpoint();
      }
    }
  }
  ExitCode code = backend.reports ? matrix.finish(interrupted) : ExitCode::ok;
  return static_cast<ExitCode>(processes.agree(static_cast<std::int64_t>(code)));
}

}  // namespace collscale
