// SPDX-License-Identifier: Apache-2.0
// The reference executor: runs the schedule OBJECT, message by message, on cells of data, and
// judges the result. It knows no algorithm and follows the definitions of docs/schedules.md
// literally: for some thousand ranks.
//
// A cell is what one rank holds of one interval of one block (or of one origin–destination pair).
// It carries a count of contributions and the sum of a random 64-bit token per contribution, so
// that a lost, doubled or foreign contribution shows whatever the data; and, when given, the data
// itself.
//
// Phases cannot deadlock: every rank takes part in the steps in the one order of the term, so the
// relation "waits for" has no cycle; `depth` is its longest chain. A List may: it is scheduled,
// each message when both its ends have come to it, and where none can start the error names the
// ranks that wait for each other.
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

/// Fails (ExitCode::failed) where a rank sends what it does not hold, overwrites what it holds,
/// waits for ever, or ends with less, more or other than the collective demands; the sentence says
/// rank, block and step. At the end of
///   all_reduce, all_gather, broadcast, barrier: every rank holds every block, summed;
///   reduce_scatter, scatter: every rank its own block, and no other; reduce, gather: only the
///   root; all_to_all: block (o, t) is at t alone; with Schedule::spread at every destination, and
///   right copies may be left on the way; with `combines` the sum of all destinations at o alone;
///   send_recv: every rank holds the block of the rank before it, and may keep its own.
/// Messages through a switch count twice (up and down), bytes only where ranks send them. Fails
/// (ExitCode other than failed) where more than 1.5 GB of memory would be needed.
Expected<ExecutionReport> execute(const Schedule& schedule, const ExecuteOptions& options = {});

template <class T>
struct Execution {
  ExecutionReport report;
  std::vector<std::vector<T>> output;  ///< per rank, what the collective leaves there
};

/// The same with real arrays; the reduction is the sum. `elements` is the length of the larger of a
/// rank's buffers; of n blocks the first (elements mod n) have one element more. A rank's input and
/// output are the blocks it brings and those it must hold, in the order of their numbers:
///   all_reduce: elements in, elements out; reduce_scatter: elements in, its block out;
///   all_gather: its block in, elements out; gather: its block in, elements out at the root;
///   broadcast: elements in at the root, elements out; reduce: elements in, elements out at the
///   root; scatter: elements in at the root, its block out; all_to_all: elements in by destination,
///   pieces out by origin. With spread (σ destinations a block) the blocks divide elements / Π σ,
///   pieces out by origin and first destination; `combines` takes those in and gives elements / Π σ
///   out, sums by destination; send_recv: elements in, elements out; barrier: nothing.
/// T: std::int64_t, double, float or std::uint8_t.
template <class T>
Expected<Execution<T>> execute_on(const Schedule& schedule, std::int64_t elements,
                                  const std::vector<std::vector<T>>& input,
                                  const ExecuteOptions& options = {});

/// Elements of block `block` of `blocks`, and where it starts.
std::int64_t block_elements(std::int64_t elements, std::int64_t blocks, std::int64_t block);
std::int64_t block_start(std::int64_t elements, std::int64_t blocks, std::int64_t block);

}  // namespace collscale
