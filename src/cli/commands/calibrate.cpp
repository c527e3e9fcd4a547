// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/calibrate.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "cli/figure_text.hpp"
#include "cli/library_choice.hpp"
#include "cli/measurements.hpp"
#include "cli/output.hpp"
#include "cli/profiles.hpp"
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

/// "figures inside a node, from 2 to 8 ranks: ..., one line each.
std::string text_of(const FigureTier& tier) {
  const std::string scales = tier.scales.size() == 1
                                 ? fmt::format("{} ranks", format_count(tier.scales.front()))
                                 : fmt::format("{} to {} ranks", format_count(tier.scales.front()),
                                               format_count(tier.scales.back()));
  std::string out =
      fmt::format("figures {}, from {} points on {}: median error {}, {} with the topology's own",
                  tier.network ? "across nodes" : "inside a node", format_count(tier.points),
                  scales, format_percent(tier.median_error), format_percent(tier.prior_error));
  const std::string held_out = hold_out_sentence(tier);
  out += held_out.empty() ? "; one scale, so none could be held out\n"
                          : fmt::format("; {}\n", held_out);
  for (const FittedFigure& figure : tier.figures) {
    const Quantity quantity = quantity_of(figure.path);
    out += fmt::format("  {} {} -> {} ({} .. {})\n", figure.path,
                       quantity_text(quantity, figure.prior), quantity_text(quantity, figure.value),
                       quantity_text(quantity, figure.low), quantity_text(quantity, figure.high));
  }
  return out;
}

/// Growth laws and figures; either may be all that the records allow.
Expected<Profile> fit_all(std::span<const Record> records, const System& system,
                          const CalibrateCommandOptions& options) {
  CalibrateOptions fit_options;
  fit_options.seed = options.seed;
  fit_options.same_system = options.same_system;
  auto profile = calibrate(records, system, fit_options);
  const auto series = make_series(records, system, options.same_system);
  if (!series) return tl::unexpected(series.error());
  const auto selector = selector_of(common_context(options.results), series->front().engine);
  FigureFitOptions figure_options;
  figure_options.seed = options.seed;
  figure_options.libraries = libraries_of(selector, system);
  // The ready ones are of NCCL: a launch of its kernels is none of MPI's.
  ProfileChoice choice = options.profile;
  if (choice.profile.empty() && series->front().engine == Engine::mpi) choice.profile = "none";
  const auto node = node_figures(choice, system);
  if (!node) return tl::unexpected(node.error());
  figure_options.node = *node;
  auto figures = fit_figures(*series, system, figure_options);
  if (!profile && !figures)
    return fail(fmt::format("{}; {}", profile.error().message, figures.error().message));
  if (!profile) {
    const std::string why = profile.error().message;
    profile = Profile{};
    profile->data_system = series->front().system;
    profile->ranks_per_node = series->front().ranks_per_node;
    profile->topology = system.name;
    profile->same_system = options.same_system;
    profile->seed = options.seed;
    profile->replicates = fit_options.replicates;
    profile->notes.push_back(why);
  }
  if (!figures) {
    profile->notes.push_back("no figures of the topology were fitted: " + figures.error().message);
    return profile;
  }
  profile->figures = std::move(figures->tiers);
  profile->notes.insert(profile->notes.end(), figures->notes.begin(), figures->notes.end());
  return profile;
}

/// Without the collectives whose records cannot be one series (of two node sizes, or contradicting
/// each other), with a note; all of them where no others are left.
std::vector<Record> without_unfit(std::vector<Record> records, const System& system,
                                  bool same_system) {
  if (make_series(records, system, same_system)) return records;
  std::map<Collective, std::vector<Record>> by_collective;
  for (const Record& record : records) by_collective[record.scenario.collective].push_back(record);
  std::vector<Record> kept;
  std::vector<std::string> notes;
  for (const auto& [collective, group] : by_collective) {
    const auto series = make_series(group, system, same_system);
    if (series)
      kept.insert(kept.end(), group.begin(), group.end());
    else
      notes.push_back(
          fmt::format("note: without {}: {}", name(collective), series.error().message));
  }
  if (!make_series(kept, system, same_system)) return records;
  for (const std::string& note : notes) print_note(note);
  return kept;
}

}  // namespace

Expected<void> run(const CalibrateCommandOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--output", options.output); !writable) return writable;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  auto records = read_measurements(options.results, options.collective);
  if (!records) return tl::unexpected(records.error());
  records = called_by_name(*std::move(records), options.topology, *system);
  records = counted_by_nodes_of(*system, *std::move(records), options.same_system);
  if (options.same_system) records = of_full_nodes(*system, *std::move(records));
  records = without_unfit(*std::move(records), *system, options.same_system);
  const auto profile = fit_all(*records, *system, options);
  if (!profile) return tl::unexpected(profile.error());

  if (!takes_stdout(options.output)) {
    std::string out = fmt::format("{} measurements of {}\n", format_count(std::ssize(*records)),
                                  profile->data_system);
    for (const SeriesFit& fit : profile->series)
      out += fmt::format("\n{}", text_of(fit, terminal.colour_stdout));
    for (const FigureTier& tier : profile->figures) out += fmt::format("\n{}", text_of(tier));
    print_result(out);
  }
  for (const std::string& note : profile->notes) print_note(fmt::format("note: {}", note));
  return write_text(options.output, profile_to_json(*profile) + "\n");
}

}  // namespace collscale
