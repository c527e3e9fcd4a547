// SPDX-License-Identifier: Apache-2.0
// The reference executor: runs the schedule OBJECT, message by message, on cells of data, and
// judges the result. It knows no algorithm. It follows the definitions of docs/schedules.md
// literally and is slow: for a few hundred ranks.
//
// A cell is what one rank holds of one interval of one block (or of one origin–destination pair).
// It carries a count of contributions and the sum of a random 64-bit token per contribution, so
// that a lost, doubled or foreign contribution shows whatever the data; and, when given, the data
// itself.
//
// Waiting cannot deadlock: every rank takes part in the steps in the one order of the term, so the
// relation "waits for" has no cycle; `depth` is its longest chain.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/schedule.hpp"
#include "units/error.hpp"

namespace collscale {

/// One interval of one block. all_to_all: block = origin × ranks + destination; scatter and gather:
/// the block for, or from, that rank; otherwise: the block that this rank owns.
struct CellName {
  std::int64_t block = 0;
  std::int64_t atom = 0;
};

struct ExecutedMessage {
  std::int64_t phase =
      0;  ///< the phases of the term in the order of the walk; copies, chunks counted
  std::int64_t step = 0;    ///< within the phase, in the order of execution
  std::int64_t source = 0;  ///< ranks and beyond: the switch of an in-network phase
  std::int64_t destination = 0;
  double fraction = 0;     ///< of size_bytes
  std::int64_t start = 0;  ///< in durations of a message, each starting when both ends are ready
  Transfer transfer = Transfer::copy;
  std::vector<CellName> cells;
  /// Messages (places in the trace, all earlier) that the source and the destination must have
  /// finished before this one starts.
  std::vector<std::int32_t> source_waits_for;
  std::vector<std::int32_t> destination_waits_for;
};

/// Everything that happened, enough to draw it, to print it and to replay it elsewhere.
struct ExecutionTrace {
  std::vector<ExecutedMessage> messages;  ///< in an order in which they can run
  std::int64_t blocks = 0;
  std::vector<double> atom_edges;  ///< intervals of every block: atom a is [edge a, edge a+1)
  std::int64_t switches = 0;       ///< vertices beyond the ranks
};

struct ExecutionReport {
  std::int64_t messages = 0;
  /// Longest chain of messages of duration one, each starting when sender and receiver are ready.
  std::int64_t depth = 0;
  std::vector<double> sent_fraction;        ///< per rank, of size_bytes, real-valued
  std::vector<std::int64_t> sent_elements;  ///< per rank; zero when run without data
  double redundant_fraction = 0;            ///< copies of what the receiver held already
};

struct ExecuteOptions {
  ExecutionTrace* trace = nullptr;  ///< every message, when set: for small schedules
  bool check_states = true;  ///< false: leave out the invariants of the walk, judge the result only
};

/// Fails (ExitCode::failed) where a rank sends what it does not hold, overwrites what it holds, or
/// ends with less, more or other than the collective demands; the sentence says rank, block and
/// step.
Expected<ExecutionReport> execute(const Schedule& schedule, const ExecuteOptions& options = {});

template <class T>
struct Execution {
  ExecutionReport report;
  std::vector<std::vector<T>> output;  ///< per rank, what the collective leaves there
};

/// The same with real arrays; the reduction is the sum. `elements` is the length of the larger of a
/// rank's buffers; of n blocks the first (elements mod n) have one element more. Input per rank:
/// all_reduce, reduce_scatter, reduce, all_to_all: `elements` values; all_gather: the rank's block;
/// broadcast: `elements` at the root, nothing elsewhere.
/// Output: all_reduce, all_gather, broadcast: `elements`; reduce_scatter: the block; reduce: at the
/// root; all_to_all: the pieces by origin. T: std::int64_t or double.
template <class T>
Expected<Execution<T>> execute_on(const Schedule& schedule, std::int64_t elements,
                                  const std::vector<std::vector<T>>& input,
                                  const ExecuteOptions& options = {});

/// Elements of block `block` of `blocks`, and where it starts.
std::int64_t block_elements(std::int64_t elements, std::int64_t blocks, std::int64_t block);
std::int64_t block_start(std::int64_t elements, std::int64_t blocks, std::int64_t block);

}  // namespace collscale
