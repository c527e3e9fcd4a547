// SPDX-License-Identifier: Apache-2.0
// Sweeps larger than a machine: process 0 hands blocks to those that are free and writes the file;
// alone it answers them itself, on all cores. Built without MPI it is one process.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/sweep/sweep.hpp"
#include "cli/terminal.hpp"
#include "record_io/results_file.hpp"
#include "sim/in_parallel.hpp"

#ifdef COLLSCALE_HAVE_MPI
#include <mpi.h>

#include "measure/mpi/mpi_communicator.hpp"
#endif

namespace collscale {
namespace {

bool dies_at(const SweepOptions& options, std::size_t block) {
  return static_cast<std::int64_t>(block) == options.die_at;
}

/// Over threads: blocks in order, each to whoever is free.
Expected<void> alone(const Sweep& sweep, const SweepOptions& options, SweepFile& file) {
  std::mutex busy;  // of all that follows, but for the answers themselves
  Progress progress(Terminal::detect(), file.missing());
  Expected<void> outcome;
  std::size_t next = 0;
  const std::int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  on_threads(options.threads > 0 ? options.threads : cores, [&](std::int64_t) {
    std::unique_lock lock(busy);
    while (true) {
      while (next < sweep.blocks() && file.has(next)) ++next;
      if (next == sweep.blocks() || !outcome) return;
      const std::size_t block = next++;
      progress.next(sweep.describe(block));
      if (dies_at(options, block)) {
        outcome = file.write();
        std::raise(SIGKILL);
      }
      lock.unlock();
      std::vector<Record> records = sweep.answer(block);
      lock.lock();
      if (auto taken = file.take(block, std::move(records)); !taken) outcome = taken;
    }
  });
  if (!outcome) return outcome;
  return file.write();
}

#ifdef COLLSCALE_HAVE_MPI

constexpr int kAnswer =
    1;                    ///< block number as text, a newline, records as a result file; or nothing
constexpr int kTask = 2;  ///< block number; −1: no more

struct Received {
  int source = 0;
  std::string bytes;
};

Received receive() {
  MPI_Status status;
  MPI_Probe(MPI_ANY_SOURCE, kAnswer, MPI_COMM_WORLD, &status);
  int length = 0;
  MPI_Get_count(&status, MPI_CHAR, &length);
  Received message{status.MPI_SOURCE, std::string(static_cast<std::size_t>(length), ' ')};
  MPI_Recv(message.bytes.data(), length, MPI_CHAR, message.source, kAnswer, MPI_COMM_WORLD,
           MPI_STATUS_IGNORE);
  return message;
}

/// Until every other process has been told that there is no more.
Expected<void> hand_out(const Sweep& sweep, int others, SweepFile& file) {
  std::size_t next = 0;
  Progress progress(Terminal::detect(), file.missing());
  Expected<void> outcome;
  while (others > 0) {
    const Received message = receive();
    if (!message.bytes.empty() && outcome) {
      const auto line = message.bytes.find('\n');
      auto results = from_json(std::string_view(message.bytes).substr(line + 1), "an answer");
      outcome = results ? file.take(std::stoull(message.bytes.substr(0, line)),
                                    std::move(results->records))
                        : tl::unexpected(results.error());
    }
    while (next < sweep.blocks() && file.has(next)) ++next;
    const bool more = outcome && next < sweep.blocks();
    if (more) progress.next(sweep.describe(next));
    const auto block = more ? static_cast<std::int64_t>(next++) : std::int64_t{-1};
    if (!more) --others;
    MPI_Send(&block, 1, MPI_INT64_T, message.source, kTask, MPI_COMM_WORLD);
  }
  if (!outcome) return outcome;
  return file.write();
}

void work(const Sweep& sweep, const SweepOptions& options) {
  std::string reply;  // the first says only that this process is free
  while (true) {
    MPI_Send(reply.data(), static_cast<int>(reply.size()), MPI_CHAR, 0, kAnswer, MPI_COMM_WORLD);
    std::int64_t block = -1;
    MPI_Recv(&block, 1, MPI_INT64_T, 0, kTask, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (block < 0) return;
    const auto number = static_cast<std::size_t>(block);
    if (dies_at(options, number)) std::raise(SIGKILL);
    Results results{make_context("collscale-sweep"), sweep.answer(number)};
    reply = fmt::format("{}\n{}", number, to_json(results));
  }
}

#endif

int report(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return static_cast<int>(error.code);
}

Expected<void> run(const SweepOptions& options, int rank, int size) {
  const auto sweep = Sweep::make(options);
  if (!sweep) return rank == 0 ? tl::unexpected(sweep.error()) : Expected<void>();
#ifdef COLLSCALE_HAVE_MPI
  // Whether process 0 can write is told to all before any waits for it.
  Expected<SweepFile> file = SweepFile();
  if (rank == 0) file = SweepFile::open(*sweep, options.output, options.resume);
  int good = file ? 1 : 0;
  MPI_Bcast(&good, 1, MPI_INT, 0, MPI_COMM_WORLD);
  if (good == 0) return rank == 0 ? tl::unexpected(file.error()) : Expected<void>();
  if (size > 1 && rank == 0) return hand_out(*sweep, size - 1, *file);
  if (size > 1) {
    work(*sweep, options);
    return {};
  }
  return alone(*sweep, options, *file);
#else
  static_cast<void>(rank);
  static_cast<void>(size);
  auto file = SweepFile::open(*sweep, options.output, options.resume);
  if (!file) return tl::unexpected(file.error());
  return alone(*sweep, options, *file);
#endif
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  using namespace collscale;
  int rank = 0;
  int size = 1;
#ifdef COLLSCALE_HAVE_MPI
  const MpiSession session(argc, argv);
  const MpiCommunicator all;
  rank = all.rank();
  size = all.size();
#endif
  const auto parsed = parse_sweep({argv + 1, argv + argc});
  if (!parsed) return rank == 0 ? report(parsed.error()) : static_cast<int>(parsed.error().code);
  if (parsed->text) {
    if (rank == 0) fmt::print("{}", *parsed->text);
    return 0;
  }
  if (auto done = run(parsed->options, rank, size); !done) return report(done.error());
  return 0;
}
