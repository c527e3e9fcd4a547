// SPDX-License-Identifier: Apache-2.0
// A sweep: the product of systems, collectives, algorithms and ranks, each for all sizes, answered
// by one engine. collscale_sweep.cpp spreads it over processes and threads.
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
  std::int64_t threads = 0;  ///< of a process that is alone; 0: as many as there are cores
  std::int64_t die_at = -1;  ///< for tests: the process that gets this block is killed
};

/// The options, or the text that --help or --version asks for.
struct ParsedSweep {
  SweepOptions options;
  std::optional<std::string> text;
};
Expected<ParsedSweep> parse_sweep(std::vector<std::string> arguments);

/// One algorithm on so many ranks, all sizes.
struct SweepTask {
  std::size_t system = 0;
  Collective collective = Collective::all_reduce;
  std::string algorithm;
  std::int64_t ranks = 0;
  Engine engine = Engine::analytic;
};

/// What one process answers at a time: a task, or some of its trials.
struct SweepBlock {
  std::size_t task = 0;
  std::int64_t first_trial = 0;
  std::int64_t trials = 0;  ///< 0: the task has none
};

class Sweep {
 public:
  /// Loads the systems and lists the tasks, in the order of the file. Fails on a system that cannot
  /// be loaded, and on ranks that one of them does not have.
  static Expected<Sweep> make(const SweepOptions& options);

  [[nodiscard]] std::size_t tasks() const { return tasks_.size(); }
  [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
  [[nodiscard]] std::size_t task_of(std::size_t block) const { return blocks_[block].task; }
  /// Of a task, or of the one after the last.
  [[nodiscard]] std::size_t first_block(std::size_t task) const { return first_block_[task]; }

  /// The records of a block: one per size, or one per trial, algorithm and size; none where the
  /// algorithm cannot serve the system or the ranks. Several threads may ask at once.
  [[nodiscard]] std::vector<Record> answer(std::size_t block) const;
  /// The records of all blocks of a task, one after another, to those of the file: one per size,
  /// with trials as its samples.
  [[nodiscard]] std::vector<Record> finish(std::size_t task, std::vector<Record> records) const;
  /// "colossus-100k: all_reduce ring on 4,096 ranks, flow, trials 8 to 15".
  [[nodiscard]] std::string describe(std::size_t block) const;
  /// The question in one line: two sweeps with the same may share a file.
  [[nodiscard]] const std::string& question() const { return question_; }

 private:
  void cut_into_blocks();

  SweepOptions options_;
  std::vector<System> systems_;
  std::vector<SweepTask> tasks_;
  std::vector<SweepBlock> blocks_;
  std::vector<std::size_t> first_block_;
  std::string question_;
};

/// The file of a sweep: always the records of the first tasks, in order, whoever answers first.
/// What has been answered beyond them waits in a file beside it, PATH.part, until its turn comes.
class SweepFile {
 public:
  /// With `resume` what is there is kept: the question must be the same. Fails where the path
  /// cannot be written. `sweep` has to outlive it.
  static Expected<SweepFile> open(const Sweep& sweep, const std::string& path, bool resume);

  /// Has been answered, by this run or the one before.
  [[nodiscard]] bool has(std::size_t block) const;
  [[nodiscard]] std::size_t missing() const;  ///< blocks without an answer
  /// Takes a block's records, in any order of blocks, and writes when that has cost little of the
  /// time so far.
  Expected<void> take(std::size_t block, std::vector<Record> records);
  Expected<void> write();

 private:
  void read_part();
  [[nodiscard]] Expected<void> write_part() const;
  void move_finished();

  const Sweep* sweep_ = nullptr;
  std::string path_;
  Results results_;
  std::size_t done_ = 0;                                ///< tasks in the file, or to be
  std::map<std::size_t, std::vector<Record>> waiting_;  ///< by block
  double last_write_s_ = 0;
  double write_cost_s_ = 0;
};

}  // namespace collscale
