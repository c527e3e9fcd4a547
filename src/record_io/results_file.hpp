// SPDX-License-Identifier: Apache-2.0
// Result files: Google Benchmark's JSON shape with our fields added, so that its compare.py reads
// them. The fields: docs/results-format.md and results/schema/record.schema.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

/// full: every field of every record. compact: not those that are empty or have their default, in
/// about half of the room; readers cannot tell the two apart.
enum class Detail { full, compact };

/// The file's text, one record per line. Doubles are written with the shortest digits that read
/// back the same. A record that check_record refuses gives a text that from_json refuses.
std::string to_json(const Results& results, Detail detail = Detail::full);

/// Refuses, in one sentence with the file, the record and the field: what is not JSON, a newer
/// major schema version, a missing or unknown field, a wrong type, a number out of range, and a
/// name or a bandwidth that contradicts the record's own scenario and time.
Expected<Results> from_json(std::string_view text, std::string_view file_name);

/// The seconds that Google Benchmark's time_unit stands for: ns, us, ms, s; 0 for anything else.
double benchmark_time_unit_s(std::string_view unit);

Expected<Results> read_results(const std::string& path);

/// The whole file, whatever it holds. Fails with its name: it does not exist, it is a directory.
Expected<std::string> read_text_file(const std::string& path);

/// Refuses what JSON cannot hold (NaN, infinities) and what is no answer (a negative time, no
/// ranks).
Expected<void> check_record(const Record& record);

/// flushed: on the disk when the call returns, whatever happens to the machine then. buffered: in
/// the kernel's hands, which survives the end of the program; a disk that is busy holds nobody up.
enum class Durability { buffered, flushed };

/// Writes through a temporary file beside `path` and renames it: a reader never sees half a file.
/// "-" is stdout. A device or a pipe is written in place. Checks every record before it writes.
Expected<void> write_results(const std::string& path, const Results& results,
                             Detail detail = Detail::full);

/// A results file that is written again and again while its records become more: each of them is
/// put into words once.
class GrowingResults {
 public:
  /// Behind the first `at` of those before.
  void insert(std::size_t at, const Record& record);
  /// As write_results.
  Expected<void> write(const std::string& path, const Context& context,
                       Durability durability) const;

 private:
  friend std::string to_json(const Results& results, Detail detail);
  [[nodiscard]] std::string to_json(const Context& context) const;
  std::vector<std::string> lines_;
  Expected<void> state_;  // what check_record said of the first bad one
};

/// Fails now rather than after the measurement: checks that `path` can be written, creating nothing
/// that stays.
Expected<void> check_writable(const std::string& path);

/// Writes any text with the same guarantees as write_results; for the other files we make.
Expected<void> write_text_file(const std::string& path, std::string_view text,
                               Durability durability = Durability::flushed);

/// What is the same for every file this machine writes: schema version, host, date, cores, our
/// version and build, compiler.
Context make_context(std::string_view program);

}  // namespace collscale
