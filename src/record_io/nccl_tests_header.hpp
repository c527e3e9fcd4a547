// SPDX-License-Identifier: Apache-2.0
// What the text of nccl-tests says around its tables: the test, its ranks, its library, the
// columns.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "record/record.hpp"
#include "record_io/launch_line.hpp"
#include "record_io/nccl_tests_row.hpp"

namespace collscale {

/// What the lines before a table say; a log may hold several.
struct NcclTestsHeader {
  std::optional<Collective> collective;
  std::map<std::int64_t, std::set<std::int64_t>> ranks;  ///< of each group
  std::map<std::int64_t, std::set<std::string>> hosts;   ///< of each group
  /// Of each rank: of several programs side by side several, however often a line was repeated.
  std::map<std::int64_t, std::set<std::string>> processes;
  Launch launch;                        ///< what the launcher was told
  std::int64_t communicator_ranks = 0;  ///< as NCCL's messages say, of the largest
  std::int64_t own_ranks = 0;           ///< as bench_mpi or bench_nccl says; 0: another program
  std::int64_t own_nodes = 0;           ///< likewise
  Engine engine = Engine::nccl;
  std::int64_t ranks_per_process = 1;  ///< -t times -g
  std::string device;
  std::string library;
  std::int64_t iterations = 1;
  NcclTestsColumns columns;
  bool in_table = false;           ///< the columns' names were seen
  bool error_column = false;       ///< "error" is a deviation, not a number of wrong elements
  std::int64_t out_of_bounds = 0;  ///< values, by all tests' own count

  /// Forgets what was said of the run before.
  void begin_run();
};

/// "# …", also behind a prefix such as "0: " or a time of day; not a shell's prompt "root@host:~#
/// ls". Where an issue's text was read as Markdown a '#' in front is lost: known by the content.
bool is_nccl_tests_header(std::string_view line);

/// Whether a test's output begins or has its table here: no other program's, and no sentence.
bool names_nccl_tests(std::string_view line);

/// "# Collective test starting: …", "# nThread 1 nGpus 8 …" and the names of the columns: the rows
/// before are of a table of their own.
bool begins_nccl_table(std::string_view line);

/// The names of the columns.
bool names_nccl_columns(std::string_view line);

/// The end of such a line that a terminal cut in two: "ng     time   algbw   busbw #wrong".
bool continues_nccl_columns(std::string_view line);

/// "mpirun -np 8 ./build/all_reduce_perf -b 8": a command that runs a test.
bool commands_nccl_test(std::string_view line);

/// Whether the first ranks are listed more often than the last: each job lists its own.
bool lists_two_jobs(const NcclTestsHeader& header);

/// "# Avg bus bandwidth …", or another test: no row goes on behind it.
bool ends_nccl_table(std::string_view line);

/// Reads a line that is_nccl_tests_header.
void read_header_line(std::string_view line, NcclTestsHeader& header);

/// Reads what launchers, shells and the library write between: the command line, the version.
void read_other_line(std::string_view line, NcclTestsHeader& header);

}  // namespace collscale
