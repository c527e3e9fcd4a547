// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/predict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "cli/output.hpp"
#include "cli/predict_records.hpp"
#include "cli/table.hpp"
#include "collective/algorithms.hpp"
#include "record_io/results_file.hpp"
#include "scenario/candidates.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

/// What `-a` asks for on so many ranks; with `all`, each algorithm that can serve them and be
/// priced.
std::vector<std::string> asked_for(const PredictOptions& options, const System& system,
                                   std::int64_t ranks) {
  if (options.selector || options.algorithm != "all") return {options.algorithm};
  auto names = candidate_names(system, options.collective, shape_of(system, ranks));
  if (names.empty()) names.emplace_back("auto");  // which says why there is none
  return names;
}

/// The library's choice, of what of it the profile's times are those of, unless NCCL_ALGO or
/// NCCL_PROTO say otherwise.
std::optional<Selector> selector_with(const std::optional<Selector>& asked,
                                      const std::optional<Selector>& library) {
  std::optional<Selector> selector = asked;
  auto* const nccl = selector ? std::get_if<NcclSelector>(&*selector) : nullptr;
  if (nccl == nullptr || !library) return selector;
  const NcclSelector& seen = std::get<NcclSelector>(*library);
  if (!nccl->environment.algorithms.empty() || !nccl->environment.protocols.empty())
    return selector;
  nccl->environment = seen.environment;
  nccl->pieces = seen.pieces;
  return selector;
}

/// What prices an algorithm on so many ranks; none: the system's own figures alone.
using LibraryFunction = std::function<std::optional<Selector>(std::int64_t ranks)>;

/// One record per size and rank count; with `-a all` one per algorithm, fastest first within each
/// (ranks, size).
Expected<std::vector<Record>> records_for(const PredictOptions& options,
                                          const SystemFunction& system_at,
                                          const std::vector<std::int64_t>& rank_counts,
                                          const LibraryFunction& library_at,
                                          const std::vector<FigureAtBest>& at_best,
                                          const Terminal& terminal) {
  const auto event = event_options(options.event, options.engine);
  if (!event) return tl::unexpected(event.error());
  std::vector<std::vector<std::string>> algorithms;
  std::size_t questions = 0;
  for (const std::int64_t ranks : rank_counts) {
    algorithms.push_back(asked_for(options, system_at(ranks), ranks));
    questions += algorithms.back().size();
  }
  Progress progress(terminal, questions);
  std::vector<Record> records;
  for (std::size_t r = 0; r < rank_counts.size(); ++r) {
    const std::int64_t ranks = rank_counts[r];
    const System system = system_at(ranks);
    const auto flow = flow_options(options.flow, system, options.seed);
    if (!flow) return tl::unexpected(flow.error());
    std::vector<std::vector<Record>> by_size(options.sizes_bytes.size());
    const auto library = library_at(ranks);
    for (const std::string& algorithm : algorithms[r]) {
      progress.next(fmt::format("{} {} on {} ranks", name(options.collective), algorithm,
                                format_count(ranks)));
      auto answers = predict_records(
          {options.topology, options.collective, algorithm, options.engine, options.seed,
           options.price, selector_with(options.selector, library), *flow, options.flow.trials,
           options.flow.threads, *event, library, at_best},
          system, ranks, options.sizes_bytes);
      if (!answers) return tl::unexpected(answers.error());
      std::size_t at = 0;  // with a selector some sizes may have no answer
      for (Record& answer : *answers) {
        while (options.sizes_bytes[at] != answer.scenario.size_bytes) ++at;
        by_size[at].push_back(std::move(answer));
      }
    }
    for (std::vector<Record>& group : by_size) {
      std::stable_sort(group.begin(), group.end(),
                       [](const Record& a, const Record& b) { return a.time_s < b.time_s; });
      std::move(group.begin(), group.end(), std::back_inserter(records));
    }
  }
  return records;
}

double quantile_s(const Record& record, std::string_view which) {
  for (const Quantile& quantile : record.quantiles)
    if (quantile.which == which) return quantile.value_s;
  return record.time_s;
}

std::string interval_of(const Record& record) {
  for (const Interval& interval : record.intervals)
    if (interval.level > 0.9)
      return fmt::format("{} .. {}", format_time(interval.low_s), format_time(interval.high_s));
  return "unknown";
}

/// `beyond`: of each record, what lies outside of what was measured; empty without a profile.
std::string table_of(const std::vector<Record>& records, const std::vector<std::string>& beyond,
                     bool colour) {
  const bool has_protocol = std::any_of(records.begin(), records.end(), [](const Record& record) {
    return !record.scenario.protocol.empty();
  });
  const bool is_judged = !beyond.empty();
  const bool has_trials = !records.front().quantiles.empty();
  const bool moves = records.front().scenario.collective != Collective::barrier;
  std::vector<Column> columns = {{"size"}, {"ranks"}, {"algorithm", Align::left}};
  if (has_protocol) columns.push_back({"protocol", Align::left});
  columns.push_back({has_trials ? "time\nmedian" : "time"});
  if (has_trials) columns.insert(columns.end(), {{"time\np5"}, {"time\np95"}, {"time\nmax"}});
  columns.insert(columns.end(),
                 {{"algbw\nGB/s"}, {"busbw\nGB/s"}, {"of\nbound"}, {"bottleneck", Align::left}});
  if (is_judged) columns.insert(columns.end(), {{"95 % interval"}, {"beyond\ndata"}});
  Table table(std::move(columns));
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const Scenario& scenario = record.scenario;
    std::vector<std::string> cells = {format_size(scenario.size_bytes),
                                      format_count(scenario.ranks), scenario.algorithm};
    if (has_protocol) cells.push_back(scenario.protocol);
    cells.push_back(format_time(record.time_s));
    if (has_trials)
      for (const std::string_view which : {"p5", "p95", "max"})
        cells.push_back(format_time(quantile_s(record, which)));
    cells.insert(cells.end(), {moves ? format_gigabytes(record.algbw_Bps) : "",
                               moves ? format_gigabytes(record.busbw_Bps) : "",
                               format_percent(record.utilisation.value_or(0)), record.bottleneck});
    if (is_judged) {
      cells.push_back(interval_of(record));
      cells.push_back(beyond[i]);
    }
    table.add(std::move(cells));
  }
  return table.text(colour);
}

std::string breakdown_of(const Record& record, bool titled, bool colour) {
  Table table({{"term", Align::left}, {"tier", Align::left}, {"exposed time"}, {"share"}});
  for (const BreakdownTerm& part : record.breakdown) {
    table.add({part.term, part.tier, format_time(part.exposed_s),
               format_percent(part.exposed_s / record.time_s)});
  }
  table.add({"total", "", format_time(record.time_s), ""});
  std::string out = "\n";
  if (titled) {
    out += fmt::format("{} on {} ranks, {}:\n", format_size(record.scenario.size_bytes),
                       format_count(record.scenario.ranks), record.scenario.algorithm);
  }
  return out + table.text(colour);
}

/// Intervals; of each record what lies outside of what the profile, where there is one, was
/// measured on. `library_at`: whose constants the answers without a selector are by.
std::vector<std::string> judged_by(const std::optional<UsedProfile>& profile,
                                   const LibraryFunction& library_at, const PredictOptions& options,
                                   const SystemFunction& system_at, std::vector<Record>& records) {
  const bool named = !options.selector && options.algorithm != "auto";
  std::map<std::int64_t, std::optional<Chooser>> libraries;  // by ranks
  std::vector<std::string> beyond;
  for (Record& record : records) {
    const Scenario& scenario = record.scenario;
    const System system = system_at(scenario.ranks);
    Judged judged = options.selector || named ? Judged::as_chosen : Judged::as_fastest;
    if (options.engine == Engine::event) judged = Judged::not_at_all;  // other latencies
    if (!options.selector) {
      const auto [library, is_new] = libraries.try_emplace(scenario.ranks);
      if (is_new)
        if (const auto selector = library_at(scenario.ranks))
          if (auto made = Chooser::make(*selector, system, options.collective, scenario.ranks))
            library->second = *std::move(made);
      if (library->second && !library->second->has(scenario.algorithm, scenario.size_bytes))
        judged = Judged::not_at_all;
    }
    std::vector<std::string> outside;
    if (profile) outside = judge_by(profile->applied, ranks_per_node(system), judged, record);
    const bool by_nccl = options.selector ? std::holds_alternative<NcclSelector>(*options.selector)
                                          : libraries[scenario.ranks].has_value();
    if (record.intervals.empty() && by_nccl && judged != Judged::not_at_all)
      outside = judge_unmeasured(profile ? &profile->applied : nullptr, system, record);
    beyond.push_back(outside.empty() ? "-" : fmt::format("{}", fmt::join(outside, ", ")));
    if (!outside.empty())
      record.source =
          profile ? fmt::format("beyond what {} was measured on: {}", profile->path, beyond.back())
                  : fmt::format("not measured: {}", beyond.back());
  }
  const bool says_nothing =
      !profile && std::all_of(records.begin(), records.end(),
                              [](const Record& record) { return record.intervals.empty(); });
  if (says_nothing) beyond.clear();
  return beyond;
}

}  // namespace

Expected<PredictOptions> checked(PredictOptions options) {
  if (options.sizes_bytes.empty()) {
    if (options.collective != Collective::barrier)
      return fail(
          "collscale predict needs -s, --sizes SIZES, for example: collscale predict -t "
          "colossus-100k -c all_reduce -s 1GiB");
    options.sizes_bytes = {0};
  }
  std::vector<std::string> names = algorithm_names(options.collective);
  names.insert(names.end(), {"auto", "all"});
  if (std::find(names.begin(), names.end(), options.algorithm) == names.end())
    return fail(fmt::format("--algorithm: no {} algorithm \"{}\"{}", name(options.collective),
                            options.algorithm, suggestion(options.algorithm, names)));
  const auto ring = ring_step_s(options.price.noise, 1e6);
  if (!ring && options.engine != Engine::event)
    return fail(fmt::format("--noise: {}", ring.error().message));
  if (options.flow.trace == "-") return fail("--trace: expected a file, found -");
  if (options.selector && options.algorithm != "auto")
    return fail(fmt::format("--selector {} chooses itself: leave out --algorithm {}",
                            selector_name(*options.selector), options.algorithm));
  if (options.selector && options.engine != Engine::analytic)
    return fail(fmt::format("--selector is for the analytic engine: leave out --engine {}",
                            name(options.engine)));
  if (auto event = event_options(options.event, options.engine); !event)
    return tl::unexpected(event.error());
  if (auto ok = check_flow_arguments(options.flow, options.engine); !ok)
    return tl::unexpected(ok.error());
  const bool single = options.sizes_bytes.size() == 1 && options.ranks.size() < 2;
  for (const auto& [flag, is_given] : {std::pair{"--explain", options.flow.explain},
                                       std::pair{"--trace", !options.flow.trace.empty()}})
    if (is_given && (!single || options.map))
      return fail(fmt::format("{} is of one answer: one size and one number of ranks", flag));
  NcclSelector* const nccl =
      options.selector ? std::get_if<NcclSelector>(&*options.selector) : nullptr;
  if (options.table && nccl == nullptr)
    return fail("--table prints NCCL's matrix: it needs --selector nccl, or nccl:2.28");
  if (!options.nccl_graphs.empty() && nccl == nullptr)
    return fail("--nccl-graph is what NCCL prints: it needs --selector nccl, or nccl:2.28");
  if (options.table && options.map) return fail("--table and --map: one of them");
  if (nccl != nullptr) nccl->graphs = options.nccl_graphs;
  if (!options.concurrent.empty() || options.background > 0 || !options.layout.empty()) {
    if (options.engine != Engine::flow)
      return fail("--concurrent, --background and --layout are for --engine flow");
    if (options.sizes_bytes.size() != 1 || options.ranks.size() > 1 || options.algorithm == "all" ||
        options.map)
      return fail(
          "--concurrent, --background and --layout answer for one size, one number of "
          "ranks and one algorithm (or auto), without --map");
    if (options.flow.trials > 0 || options.flow.explain || !options.flow.trace.empty())
      return fail(
          "--trials, --explain and --trace are of one communicator: leave out --concurrent");
  }
  return options;
}

namespace {

void print_answers(const PredictOptions& options, const std::vector<Record>& records,
                   const std::vector<std::string>& beyond, const Terminal& terminal) {
  const bool colour = terminal.colour_stdout;
  std::string out = fmt::format(
      "{} on {}, {} by the {} engine{}\n\n", name(options.collective), options.topology,
      name(records.front().trust), name(options.engine),
      options.selector ? fmt::format(", algorithms as {} chooses", selector_name(*options.selector))
                       : "");
  out += options.map ? map_of(records, colour) : table_of(records, beyond, colour);
  const bool single = options.sizes_bytes.size() == 1 && options.ranks.size() <= 1;
  if (single && !options.breakdown && !options.map)
    out += breakdown_of(records.front(), records.size() > 1, colour);
  if (options.breakdown)
    for (const Record& record : records) out += breakdown_of(record, records.size() > 1, colour);
  print_result(out);
}

/// What stands behind the answers: the library's rules, assumed figures, the profile.
void print_notes(const PredictOptions& options, const System& system,
                 const std::optional<UsedProfile>& profile, const std::optional<Selector>& library,
                 std::size_t answered) {
  const std::size_t points =
      options.sizes_bytes.size() * std::max<std::size_t>(1, options.ranks.size());
  if (options.selector && answered < points)
    print_note(
        fmt::format("{} of {} points are left out: no algorithm here is like the one that "
                    "{} takes there",
                    points - answered, points, selector_name(*options.selector)));
  if (options.selector)
    for (const std::string& note : selector_notes(*options.selector)) print_note(note);
  int figures = 0;
  for_each_figure(system, [&figures](std::string_view, const Figure&) { ++figures; });
  print_note(
      fmt::format("{} of {} figures of {} are assumed or recalled: `collscale topo show {}` "
                  "lists them; {}",
                  unsourced_figures(system), figures, system.name, options.topology,
                  profile ? profile_sentence(*profile)
                  : !options.selector && library
                      ? fmt::format("not calibrated on measurements: {}'s own constants stand",
                                    selector_name(*library))
                      : "not calibrated on measurements"));
  if (profile)
    for (const std::string& note : profile->applied.notes) print_note(note);
}

Expected<System> asked_system(const PredictOptions& asked) {
  auto system = load_system(asked.topology);
  if (!system || asked.ranks_per_node <= 0) return system;
  system = with_ranks_per_node(std::move(*system), asked.ranks_per_node);
  if (!system) return fail("--ranks-per-node: " + system.error().message);
  return system;
}

Expected<void> write_records(const PredictOptions& options, const std::vector<Record>& records,
                             const std::optional<UsedProfile>& profile) {
  Results results{make_context("collscale predict"), records};
  results.context["topology"] = options.topology;
  results.context["engine"] = std::string(name(options.engine));
  results.context["seed"] = fmt::format("{}", options.seed);
  if (profile) add_profile(*profile, results.context);
  return write_results(options.json, results);
}

}  // namespace

Expected<void> run(const PredictOptions& asked, const Terminal& terminal) {
  if (auto writable = check_output("--json", asked.json); !writable) return writable;
  if (auto writable = check_output("--trace", asked.flow.trace); !writable) return writable;
  auto system = asked_system(asked);
  if (!system) return tl::unexpected(system.error());
  ProfileChoice choice = asked.profile;
  // The ready ones are of NCCL: a launch of its kernels is none of MPI's.
  if (choice.profile.empty() && asked.selector &&
      std::holds_alternative<OpenMpiSelector>(*asked.selector))
    choice.profile = "none";
  const auto profile = use_profile(choice, *system);
  if (!profile) return tl::unexpected(profile.error());
  PredictOptions options = asked;
  if (*profile) options.price.protocol_factors = (*profile)->applied.factors;
  const std::vector<std::int64_t> rank_counts =
      options.ranks.empty() ? std::vector<std::int64_t>{max_ranks(*system)} : options.ranks;
  // Who says how many ranks of each, or which nodes, has said it.
  const bool free =
      asked.ranks_per_node == 0 && options.flow.placement.kind == PlacementSpec::Kind::packed;
  const SystemFunction system_at = [&](std::int64_t ranks) {
    return free ? with_shared_racks(*system, ranks) : *system;
  };
  const System first = system_at(rank_counts.front());
  if (options.table) return run_table(options, system_at, rank_counts, terminal);

  const auto flow = flow_options(options.flow, first, options.seed);
  if (!flow) return tl::unexpected(flow.error());
  if (!options.concurrent.empty() || options.background > 0 || !options.layout.empty())
    return run_concurrent(options, *flow, first, rank_counts.front(), terminal);

  // A profile that is left out leaves out the library, too: the schedules on the file's figures.
  const LibraryFunction library_at = [&](std::int64_t ranks) -> std::optional<Selector> {
    if (*profile) return profile_library(**profile, system_at(ranks), options.collective, ranks);
    if (asked.profile.profile == "none") return {};
    return usual_library(system_at(ranks), options.collective, ranks);
  };
  const std::vector<FigureAtBest> at_best =
      *profile ? (*profile)->applied.at_best : std::vector<FigureAtBest>{};
  auto records = records_for(options, system_at, rank_counts, library_at, at_best, terminal);
  if (!records) return tl::unexpected(records.error());
  std::vector<std::string> beyond;
  if (*profile || choice.profile.empty())
    beyond = judged_by(*profile, library_at, options, system_at, *records);

  if (!takes_stdout(options.json)) print_answers(options, *records, beyond, terminal);
  const std::optional<Selector> library = library_at(rank_counts.front());
  if (options.flow.explain || !options.flow.trace.empty()) {
    if (library)
      options.price.protocols =
          library_protocols(*library, first, options.collective, rank_counts.front(),
                            records->front().scenario.algorithm);
    if (auto told = run_explain(options, *flow, first, records->front(), terminal); !told)
      return told;
  }
  if (!options.json.empty() && !options.flow.explain)
    if (auto written = write_records(options, *records, *profile); !written) return written;

  print_notes(options, *system, *profile, library, records->size());
  return {};
}

}  // namespace collscale
