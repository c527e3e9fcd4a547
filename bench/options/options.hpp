// SPDX-License-Identifier: Apache-2.0
// The command line of bench_mpi and bench_nccl: nccl-tests' flags with their meaning there, Google
// Benchmark's, and our own. One validated value; nothing else reads arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/options/benchmark_flags.hpp"
#include "bench/options/nccl_options.hpp"
#include "bench/options/progress_policy.hpp"
#include "measure/buffers.hpp"
#include "measure/host_buffer.hpp"
#include "measure/sampling_plan.hpp"
#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

struct BenchOptions {
  std::vector<Collective> collectives{Collective::all_reduce, Collective::all_gather};
  std::vector<double> sizes_bytes;
  std::vector<std::string> algorithms{"auto"};  ///< -a: names, auto, all
  std::vector<DataType> dtypes{DataType::float32};
  std::vector<ReduceOp> ops{ReduceOp::sum};
  std::int64_t root = 0;
  bool every_root = false;  ///< -r all: each rank in turn, from 0 on
  bool in_place = false;
  double skew = 1;  ///< of all_gather_v and all_to_all_v: the largest block over the smallest
  bool verify = true;
  BufferPolicy buffers = BufferPolicy::rotate;
  PagePolicy pages = PagePolicy::system;  ///< of host memory
  SamplingPlan sampling;
  std::int64_t retry_noisy = 0;  ///< measure rows that are not good again, so often at most
  std::int64_t per_group = 1;    ///< -m: operations per sample (mpi), per ncclGroup (nccl)
  int gpus = 1;                  ///< -g times -t: of one process
  double timeout_s = 60;  ///< --timeout: without progress for so long, the run is aborted; 0: never
  std::string topology;
  std::string json_path;  ///< "" none, "-" stdout
  bool resume = false;    ///< --resume: keep what the file holds and measure the rest
  bool nccl_table = false;
  bool ceiling = true;  ///< without a topology: measure what messages and copies allow
  ProgressPolicy progress = ProgressPolicy::detect;  ///< --progress: what is left, while it runs
  std::optional<double> min_busbw_Bps;
  std::vector<std::string> layouts;  ///< --layout; empty: one communicator of all ranks
  bool matrix = false;               ///< --matrix: every pair of ranks, instead of collectives
  bool groups_in_turn = false;       ///< --groups: one group after another, not all at once
  std::optional<std::int64_t> ranks_per_node;  ///< --ranks-per-node, instead of what MPI says
  NcclOptions nccl;                            ///< what bench_nccl alone knows
  BenchmarkFlags benchmark;                    ///< filter, list, repetitions, context
};

/// "float, double"
template <class Value>
std::string names_of(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) {
    text.append(text.empty() ? "" : ", ").append(name(value));
  }
  return text;
}

/// The command line, or the text that --help or --version asks for.
struct ParsedCommandLine {
  BenchOptions options;
  std::optional<std::string> text;
};

/// `engine` is mpi or nccl: -g belongs to nccl, and the sampling defaults differ.
Expected<ParsedCommandLine> parse_command_line(Engine engine, std::vector<std::string> arguments,
                                               const Environment& environment);

}  // namespace collscale
