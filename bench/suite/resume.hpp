// SPDX-License-Identifier: Apache-2.0
// --resume: what an earlier run with the same options has measured is kept, and the rest measured.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/options/options.hpp"
#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

/// How numbers come about, by the names of the options, for a file's context: two files are only
/// comparable where these are the same.
void add_conditions(const BenchOptions& options, Engine engine, Context& context);

/// An entry of a context that may be long: cut where it is, with a fingerprint of the whole.
std::string context_text(std::string text);

/// What the file holds; nothing where there is none. Fails, in one sentence, on a file that cannot
/// be read, one of another program, and one whose context differs from this run's in what may
/// explain a difference; the sentence names the first that does.
Expected<Results> read_for_resume(const std::string& path, const Context& context);

/// The places of a run's records. Those of one `unit` are measured together, so that all of them
/// are kept or none.
struct RecordPlace {
  std::string name;  ///< full_benchmark_name; several have the same where there are repetitions
  std::size_t unit = 0;
};

/// The earlier records where they belong. Fails on a record that belongs nowhere, as the run's own
/// file would not hold it.
Expected<std::vector<std::optional<Record>>> place_records(const std::string& path,
                                                           std::vector<Record> records,
                                                           std::span<const RecordPlace> places);

/// What is said of a file that a run goes on with.
std::string kept_points(std::size_t kept, std::size_t all, const std::string& path);

/// One process's flags on every process. `agree` gives that process's value on every process.
std::vector<bool> agree_on_flags(const std::vector<bool>& mine,
                                 const std::function<std::int64_t(std::int64_t)>& agree);

/// The context of a run that goes on: this run's, begun when the earlier one was, and when it went
/// on.
Context resumed_context(Context now, const Context& earlier);

/// Records in the order of their places, in whichever order they come.
class OrderedRecords {
 public:
  explicit OrderedRecords(std::vector<Record>& records) : records_(records) {}
  /// Gives its index among the records.
  std::size_t put(std::size_t place, Record record);

 private:
  std::vector<Record>& records_;
  std::vector<std::size_t> places_;  ///< of the records
};

}  // namespace collscale
