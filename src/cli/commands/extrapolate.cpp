// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/extrapolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "cli/measurements.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "fit/calibrate.hpp"
#include "fit/extrapolate.hpp"
#include "fit/profile.hpp"
#include "record_io/results_file.hpp"
#include "topology/system.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

Expected<Profile> read_profile(const std::string& path) {
  return read_text_file(path).and_then(
      [&path](const std::string& text) { return profile_from_json(text, path); });
}

Expected<Profile> profile_of(const ExtrapolateCommandOptions& options, const System& system) {
  if (!options.profile.empty()) {
    return read_profile(options.profile);
  }
  const auto records = read_measurements(options.results, options.collective);
  if (!records) {
    for (const std::string& file : options.results) {
      if (read_profile(file))
        return fail(
            fmt::format("{}: is a profile, expected measurements: give it with --profile", file));
    }
    return tl::unexpected(records.error());
  }
  CalibrateOptions fit_options;
  fit_options.seed = options.seed;
  return calibrate(*records, system, fit_options);
}

std::string interval_of(const Record& record, double level) {
  for (const Interval& interval : record.intervals) {
    if (std::abs(interval.level - level) < 1e-9)
      return fmt::format("{} .. {}", format_time(interval.low_s), format_time(interval.high_s));
  }
  return "";
}

/// How many times the largest measured scale a record lies beyond it; 1 where it is not beyond.
double distance_of(const Record& record) {
  if (!record.validated_to_ranks || *record.validated_to_ranks < 1) return 1;
  return std::max(1.0, static_cast<double>(record.scenario.ranks) /
                           static_cast<double>(*record.validated_to_ranks));
}

std::string format_distance(double distance) {
  return fmt::format("x{:.{}f}", distance, distance < 9.95 ? 1 : 0);
}

std::string table_of(const std::vector<Record>& records, bool colour) {
  Table table({{"ranks"},
               {"size"},
               {"time"},
               {"busbw\nGB/s"},
               {"50 % interval"},
               {"95 % interval"},
               {"beyond\ndata"}});
  double farthest = 1;
  std::int64_t measured_to = 0;  // of the farthest: inside a node less may have been measured
  for (const Record& record : records) {
    const double distance = distance_of(record);
    if (distance > farthest) {
      farthest = distance;
      measured_to = record.validated_to_ranks.value_or(0);
    }
    table.add({format_count(record.scenario.ranks), format_size(record.scenario.size_bytes),
               format_time(record.time_s), format_gigabytes(record.busbw_Bps),
               interval_of(record, 0.5), interval_of(record, 0.95),
               distance > 1 ? format_distance(distance) : "-"});
  }
  std::string out = table.text(colour);
  if (farthest > 1) {
    out += fmt::format("\nextrapolated {} beyond {} ranks, the largest measured scale\n",
                       format_distance(farthest), format_count(measured_to));
  }
  return out;
}

/// How well the series that the record comes from predicted a scale that was left out.
std::string hold_out_of(const Profile& profile, const Record& record) {
  for (const SeriesFit& fit : profile.series) {
    if (fit.series.collective == record.scenario.collective &&
        fit.series.algorithm == record.scenario.algorithm)
      return fmt::format("algorithm {}, {}\n", fit.series.algorithm, fit.summary);
  }
  return "";
}

}  // namespace

Expected<void> check(const ExtrapolateCommandOptions& options) {
  if (options.results.empty() != options.profile.empty()) return {};
  return fail(options.results.empty()
                  ? "collscale extrapolate needs RESULTS or --profile, for example: collscale "
                    "extrapolate results.json -t colossus-100k -c all_reduce -s 1GiB -n 4096"
                  : "--profile: a profile stands for its measurements; give either it or RESULTS");
}

Expected<void> run(const ExtrapolateCommandOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  const auto profile = profile_of(options, *system);
  if (!profile) return tl::unexpected(profile.error());
  ExtrapolateOptions fit_options;
  fit_options.algorithm = options.algorithm;
  fit_options.matched_system = options.same_system;
  fit_options.seed = options.seed;
  auto records = extrapolate(*profile, *system, options.collective, options.sizes_bytes,
                             options.ranks, fit_options);
  if (!records) return tl::unexpected(records.error());
  for (Record& record : *records) record.scenario.topology = options.topology;

  if (!takes_stdout(options.json)) {
    print_result(fmt::format("{} on {}, extrapolated from measurements of {}\n\n{}{}",
                             name(options.collective), options.topology, profile->data_system,
                             table_of(*records, terminal.colour_stdout),
                             hold_out_of(*profile, records->front())));
  }
  if (!options.json.empty()) {
    Results results{make_context("collscale extrapolate"), *records};
    results.context["topology"] = options.topology;
    results.context["seed"] = fmt::format("{}", options.seed);
    if (auto written = write_results(options.json, results); !written) return written;
  }
  for (const std::string& note : profile->notes) print_note(fmt::format("note: {}", note));
  return {};
}

}  // namespace collscale
