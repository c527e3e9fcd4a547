// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/extrapolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "cli/commands/extrapolate_text.hpp"
#include "cli/library_choice.hpp"
#include "cli/measurements.hpp"
#include "cli/output.hpp"
#include "fit/calibrate.hpp"
#include "fit/extrapolate.hpp"
#include "fit/priors.hpp"
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
  auto records = read_measurements(options.results, options.collective);
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
  fit_options.same_system = options.same_system;
  if (!options.priors.empty()) {
    const auto priors = read_text_file(options.priors).and_then([&](const std::string& text) {
      return priors_from_json(text, options.priors);
    });
    if (!priors) return tl::unexpected(priors.error());
    fit_options.priors = *priors;
  }
  records = called_by_name(*std::move(records), options.topology, system);
  records = counted_by_nodes_of(system, *std::move(records), options.same_system);
  if (options.same_system) records = of_full_nodes(system, *std::move(records));
  return calibrate(*records, system, fit_options);
}

/// How well the series that the record comes from predicted a scale that was left out.
std::string hold_out_of(const Profile& profile, const Record& record) {
  for (const SeriesFit& fit : profile.series) {
    if (fit.series.collective == record.scenario.collective &&
        name_of(fit.series) == name_of(record.scenario))
      return fmt::format("algorithm {}, {}\n", name_of(fit.series), fit.summary);
  }
  return "";
}

/// Channels as NCCL would take them to a peer on `system`; nothing where it does not say what GPU
/// it has.
ChannelFunction nccl_channels(const System& system) {
  return [offers = offers_of(NcclSelector{}, system)](
             double size_bytes, std::int64_t ranks) -> std::optional<std::int64_t> {
    const std::vector<Selection> offered = offers(Collective::send_recv, ranks, size_bytes);
    if (offered.empty()) return std::nullopt;
    return offered.front().channels;
  };
}

/// With "all" every measured algorithm of the collective, one after the other; why one has no
/// answer becomes a note, unless none has.
Expected<std::vector<Extrapolation>> answers_of(const ExtrapolateCommandOptions& options,
                                                const Profile& profile, const System& system,
                                                std::vector<std::string>& notes) {
  ExtrapolateOptions fit_options;
  fit_options.matched_system = options.same_system;
  fit_options.channels = nccl_channels(system);
  fit_options.seed = options.seed;
  std::vector<std::string> algorithms;
  if (options.algorithm == "all") {
    for (const SeriesFit& fit : profile.series)
      if (fit.series.collective == options.collective) algorithms.push_back(name_of(fit.series));
  }
  if (algorithms.empty()) algorithms = {options.algorithm == "all" ? "" : options.algorithm};
  std::vector<Extrapolation> all;
  std::optional<Error> first_error;
  for (const std::string& algorithm : algorithms) {
    fit_options.algorithm = algorithm;
    auto answers = extrapolate_in_full(profile, system, options.collective, options.sizes_bytes,
                                       options.ranks, fit_options);
    if (!answers) {
      if (algorithms.size() == 1) return tl::unexpected(answers.error());
      notes.push_back(fmt::format("without {}: {}", algorithm, answers.error().message));
      first_error = first_error ? first_error : answers.error();
      continue;
    }
    std::move(answers->begin(), answers->end(), std::back_inserter(all));
  }
  if (all.empty() && first_error) return tl::unexpected(*first_error);
  for (Extrapolation& answer : all) answer.record.scenario.topology = options.topology;
  return all;
}

/// The algorithms in the answers, each once, with what is known of their fits.
std::string hold_outs_of(const Profile& profile, const std::vector<Extrapolation>& answers) {
  std::string lines;
  std::string last;
  for (const Extrapolation& answer : answers) {
    const std::string line = hold_out_of(profile, answer.record);
    if (line != last) lines += line;
    last = line;
  }
  return lines;
}

/// The notes of a profile, but those of other collectives: "all_gather/ring: ...".
std::vector<std::string> notes_of(const Profile& profile, Collective collective) {
  std::vector<std::string> notes;
  for (const std::string& note : profile.notes) {
    const bool of_another =
        std::any_of(profile.series.begin(), profile.series.end(), [&](const SeriesFit& fit) {
          return fit.series.collective != collective &&
                 note.starts_with(fmt::format("{}/", name(fit.series.collective)));
        });
    if (!of_another) notes.push_back(note);
  }
  return notes;
}

/// What is said of the answers themselves need not be said again.
bool stands_below_table(const std::string& note, const std::vector<Extrapolation>& answers) {
  return std::any_of(answers.begin(), answers.end(), [&](const Extrapolation& answer) {
    return !answer.mixture.empty() && note.ends_with(answer.mixture);
  });
}

}  // namespace

Expected<void> check(const ExtrapolateCommandOptions& options) {
  if (!options.priors.empty() && !options.profile.empty())
    return fail("--priors: a profile was made with priors already; give them with RESULTS");
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
  std::vector<std::string> notes = notes_of(*profile, options.collective);
  const auto answers = answers_of(options, *profile, *system, notes);
  if (!answers) return tl::unexpected(answers.error());
  std::vector<WithAlternatives> others;
  if (options.alternatives)
    for (const Extrapolation& answer : *answers)
      others.push_back({&answer, alternatives(answer, *system)});

  if (!takes_stdout(options.json)) {
    const bool colour = terminal.colour_stdout;
    std::string out = fmt::format("{} on {}, extrapolated from measurements of {}\n\n{}\n{}{}",
                                  name(options.collective), options.topology, profile->data_system,
                                  answers_table(*answers, colour), answers_notes(*answers, *system),
                                  hold_outs_of(*profile, *answers));
    if (!others.empty()) out += "\n" + alternatives_table(others, colour);
    print_result(out);
  }
  if (!options.json.empty()) {
    Results results{make_context("collscale extrapolate"), {}};
    for (const Extrapolation& answer : *answers) results.records.push_back(answer.record);
    for (const WithAlternatives& of_answer : others)
      for (const Alternative& alternative : of_answer.alternatives)
        if (alternative.error.empty()) results.records.push_back(alternative.record);
    results.context["topology"] = options.topology;
    results.context["seed"] = fmt::format("{}", options.seed);
    if (!notes.empty()) results.context["notes"] = fmt::format("{}", fmt::join(notes, "; "));
    if (auto written = write_results(options.json, results); !written) return written;
  }
  for (const std::string& note : notes)
    if (takes_stdout(options.json) || !stands_below_table(note, *answers))
      print_note(fmt::format("note: {}", note));
  return {};
}

}  // namespace collscale
