// SPDX-License-Identifier: Apache-2.0
// --matrix: every pair of ranks by itself. What is here knows neither MPI nor NCCL.
#pragma once

#include <string>
#include <vector>

#include "bench/process_setup.hpp"
#include "bench/suite.hpp"
#include "measure/clock.hpp"
#include "measure/pairs.hpp"

namespace collscale {

/// What the pairs gave, for the process that reports: the table, the sentences, the records.
class PairMatrix {
 public:
  PairMatrix(const BenchOptions& options, const BenchBackend& backend, std::vector<int> node_of);

  /// Fails where the file cannot be written, or where the samples of so many pairs, two sizes and
  /// at most 50 samples each, would take more than a quarter of this machine's memory.
  [[nodiscard]] Expected<void> check() const;
  void add(double size_bytes, const std::vector<RankPair>& round, const RoundSamples& samples);
  /// Writes what there is, but not more often than every two seconds.
  void checkpoint();
  /// Prints the matrix and what is slow, and writes the file.
  ExitCode finish();

 private:
  [[nodiscard]] std::string table() const;
  [[nodiscard]] double median_s(std::size_t size, int a, int b) const;
  ExitCode write();

  const BenchOptions& options_;
  const BenchBackend& backend_;
  std::vector<int> node_of_;
  std::vector<std::vector<double>> time_s_;  ///< by size, by pair; 0 not yet measured
  Results results_;
  double written_at_s_ = 0;
};

/// The sizes of the matrix: -b for latency, -e for bandwidth; once where they are the same.
std::vector<double> matrix_sizes(const BenchOptions& options);

/// `make_ping_pong(size_bytes)` gives what measure_round takes. Collective.
template <Coordinator C, class MakePingPong>
ExitCode run_matrix(const BenchOptions& options, const BenchBackend& backend, C& processes,
                    const std::vector<int>& node_of, MakePingPong&& make_ping_pong) {
  PairMatrix matrix(options, backend, node_of);
  if (const ExitCode code =
          agree_on_failure(processes, backend.reports ? matrix.check() : Expected<void>{});
      code != ExitCode::ok) {
    return code;
  }
  for (const double size_bytes : matrix_sizes(options)) {
    auto&& ping_pong = make_ping_pong(static_cast<std::int64_t>(size_bytes));
    for (const std::vector<RankPair>& round : pair_rounds(processes.size())) {
      const RoundSamples samples =
          measure_round(processes, round, options.sampling, ping_pong, steady_now_s);
      if (backend.reports) {
        matrix.add(size_bytes, round, samples);
        matrix.checkpoint();
      }
    }
  }
  ExitCode code = backend.reports ? matrix.finish() : ExitCode::ok;
  return static_cast<ExitCode>(processes.agree(static_cast<std::int64_t>(code)));
}

}  // namespace collscale
