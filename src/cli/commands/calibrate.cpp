// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/calibrate.hpp"

#include <fmt/format.h>

#include <utility>

#include "cli/measurements.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "fit/calibrate.hpp"
#include "fit/profile.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// "12.3 us" for a time, "4.12 ps/B" for a time per byte.
std::string format_parameter(double value, const std::string& unit) {
  if (value == 0) return "0";
  if (unit == "s") return format_time(value);
  return value < 1e-9 ? fmt::format("{:.3g} p{}", value * 1e12, unit)
                      : fmt::format("{:.3g} n{}", value * 1e9, unit);
}

std::string scales_of(const Branch& branch) {
  if (branch.scales.empty()) return "no scale";
  return branch.scales.size() == 1
             ? fmt::format("{} ranks", format_count(branch.scales.front()))
             : fmt::format("{} to {} ranks", format_count(branch.scales.front()),
                           format_count(branch.scales.back()));
}

std::string text_of(const SeriesFit& fit, bool colour) {
  const Series& series = fit.series;
  std::string out =
      fmt::format("{}, algorithm {}{}{}: {}\n", name(series.collective), series.algorithm,
                  series.protocol.empty() ? "" : ", protocol ", series.protocol, fit.summary);
  for (const Branch& branch : fit.branches) {
    out += fmt::format("\n{}, {}, law \"{}\", median residual {}\n",
                       branch.network ? "across nodes" : "inside a node", scales_of(branch),
                       name(branch.growth), format_percent(branch.median_residual));
    Table table(
        {{"parameter", Align::left}, {"value"}, {"95 % interval"}, {"meaning", Align::left}});
    for (const Parameter& parameter : branch.parameters) {
      table.add({parameter.name, format_parameter(parameter.value, parameter.unit),
                 fmt::format("{} .. {}", format_parameter(parameter.low, parameter.unit),
                             format_parameter(parameter.high, parameter.unit)),
                 parameter.meaning});
    }
    out += table.text(colour);
    if (branch.hold_outs.empty()) continue;
    Table held({{"fitted up to\nranks"},
                {"held out\nranks"},
                {"points"},
                {"median\nerror"},
                {"straight\nline"},
                {"inside the\n95 % interval"}});
    for (const HoldOut& hold_out : branch.hold_outs) {
      held.add({format_count(hold_out.trained_to_ranks), format_count(hold_out.held_out_ranks),
                format_count(hold_out.all.points), format_percent(hold_out.all.median_error),
                format_percent(hold_out.all.line_error), format_percent(hold_out.all.coverage)});
    }
    out += fmt::format("\n{}", held.text(colour));
  }
  return out;
}

}  // namespace

Expected<void> run(const CalibrateCommandOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--output", options.output); !writable) return writable;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  const auto records = read_measurements(options.results, options.collective);
  if (!records) return tl::unexpected(records.error());
  CalibrateOptions fit_options;
  fit_options.seed = options.seed;
  const auto profile = calibrate(*records, *system, fit_options);
  if (!profile) return tl::unexpected(profile.error());

  if (!takes_stdout(options.output)) {
    std::string out = fmt::format("{} measurements of {}\n", format_count(std::ssize(*records)),
                                  profile->data_system);
    for (const SeriesFit& fit : profile->series)
      out += fmt::format("\n{}", text_of(fit, terminal.colour_stdout));
    print_result(out);
  }
  for (const std::string& note : profile->notes) print_note(fmt::format("note: {}", note));
  return write_text(options.output, profile_to_json(*profile) + "\n");
}

}  // namespace collscale
