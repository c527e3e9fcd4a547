// SPDX-License-Identifier: Apache-2.0
// A sweep: the product of systems, collectives, algorithms and ranks, each for all sizes, answered
// by one engine. collscale_sweep.cpp spreads its tasks over processes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/predict_records.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct SweepOptions {
  std::vector<std::string> topologies;
  std::vector<Collective> collectives;
  std::vector<std::string> algorithms{"all"};  ///< names, "auto", or "all": each by itself
  std::vector<double> sizes_bytes;
  std::vector<std::int64_t> ranks;  ///< empty: all that a system has
  std::vector<Engine> engines{Engine::analytic};
  std::uint64_t seed = 1;
  std::int64_t trials = 0;  ///< hash seeds of engine flow from `seed` on; 0: one
  std::string output;
  bool resume = false;
  std::int64_t die_at = -1;  ///< for tests: the process that gets this task is killed
};

/// The options, or the text that --help or --version asks for.
struct ParsedSweep {
  SweepOptions options;
  std::optional<std::string> text;
};
Expected<ParsedSweep> parse_sweep(std::vector<std::string> arguments);

/// What one process answers at a time: one algorithm on so many ranks, all sizes.
struct SweepTask {
  std::size_t system = 0;
  Collective collective = Collective::all_reduce;
  std::string algorithm;
  std::int64_t ranks = 0;
  Engine engine = Engine::analytic;
};

class Sweep {
 public:
  /// Loads the systems and lists the tasks, in the order of the file. Fails on a system that cannot
  /// be loaded, and on ranks that one of them does not have.
  static Expected<Sweep> make(const SweepOptions& options);

  [[nodiscard]] std::size_t size() const { return tasks_.size(); }
  /// The records of a task, one per size; none where the algorithm cannot serve the system or the
  /// ranks.
  [[nodiscard]] std::vector<Record> answer(std::size_t task) const;
  /// "colossus-100k: all_reduce ring on 4,096 ranks, flow".
  [[nodiscard]] std::string describe(std::size_t task) const;
  /// The question in one line: two sweeps with the same may share a file.
  [[nodiscard]] const std::string& question() const { return question_; }

 private:
  SweepOptions options_;
  std::vector<System> systems_;
  std::vector<SweepTask> tasks_;
  std::string question_;
};

/// The file of a sweep: always the records of the first tasks, in order, whoever answers first.
class SweepFile {
 public:
  /// With `resume` what is there is kept: the question must be the same. Fails where the path
  /// cannot be written.
  static Expected<SweepFile> open(const Sweep& sweep, const std::string& path, bool resume);

  [[nodiscard]] std::size_t done() const { return done_; }  ///< tasks in the file, or to be
  /// Takes a task's records, in any order of tasks, and writes when that has cost little of the
  /// time so far.
  Expected<void> take(std::size_t task, std::vector<Record> records);
  Expected<void> write();

 private:
  std::string path_;
  Results results_;
  std::size_t done_ = 0;
  std::map<std::size_t, std::vector<Record>> waiting_;
  double last_write_s_ = 0;
  double write_cost_s_ = 0;
};

}  // namespace collscale
