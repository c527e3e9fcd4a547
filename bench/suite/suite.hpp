// SPDX-License-Identifier: Apache-2.0
// What bench_mpi and bench_nccl share: the run that measures the points, prints and writes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/options/options.hpp"
#include "bench/suite/points.hpp"
#include "bench/suite/watchdog.hpp"
#include "measure/point_result.hpp"
#include "record/record.hpp"

namespace collscale {

/// What the suite needs of a backend.
struct BenchBackend {
  Engine engine = Engine::mpi;
  bool reports = true;  ///< this process prints and writes; one does
  std::int64_t ranks = 1;
  std::int64_t nodes = 1;
  std::vector<std::string> about;  ///< lines over the table, without '#'
  Context context;                 ///< added to the file's
  /// Collective; the same result on every process.
  std::function<PointResult(const BenchPoint&)> measure;
  /// Says what the record is held against, `batch` operations having been timed together.
  std::function<void(Record&, std::int64_t batch)> judge = [](Record&, std::int64_t) {};
  /// The reporting process's value, on every process.
  std::function<std::int64_t(std::int64_t)> agree = [](std::int64_t value) { return value; };
  Watchdog* watchdog = nullptr;  ///< is told what is being measured; none: nothing watches
  /// True on every process when one of them says so.
  std::function<bool(bool)> any = [](bool mine) { return mine; };
  /// What can be said when all is measured: noted, and added to the file's context.
  std::function<Context()> closing = [] { return Context{}; };
  /// What is known of the points so far and not in their records, for the file's context.
  std::function<Context()> so_far = [] { return Context{}; };
  /// Of --resume: a point that is not measured, its record, and the context of the file it is from.
  std::function<void(const BenchPoint&, const Record&, const Context&)> keep =
      [](const BenchPoint&, const Record&, const Context&) {};
};

/// Checks the output path, then measures all points, printing and rewriting the file after each.
/// All processes call it and end with the same code.
ExitCode run_suite(const BenchOptions& options, const BenchBackend& backend, const PointList& list);

/// What heads the file of a run: the machine, the backend, what the user added, and in "sample"
/// what a sample is.
Context context_of_run(const BenchOptions& options, const BenchBackend& backend,
                       std::string_view sample);

/// `code`; where this process reports and what it printed to stdout did not arrive, that is said
/// and a run that went well has failed.
ExitCode with_output_written(ExitCode code, bool reports);

/// `error: MESSAGE` on stderr, where this process reports; gives the code back.
ExitCode report_error(const Error& error, bool reports);

}  // namespace collscale
