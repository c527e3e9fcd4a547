// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/extrapolate_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "cli/table.hpp"
#include "fit/series.hpp"
#include "fit/target_model.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr std::size_t kMostLines = 3;

/// The first few, a line each, and how many there are besides.
std::string first_of(const std::vector<std::string>& sentences) {
  std::string text;
  for (std::size_t i = 0; i < std::min(sentences.size(), kMostLines); ++i)
    text += sentences[i] + "\n";
  if (sentences.size() > kMostLines)
    text += fmt::format("and {} more\n", sentences.size() - kMostLines);
  return text;
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

bool has_several_algorithms(const std::vector<Extrapolation>& answers) {
  return std::any_of(answers.begin(), answers.end(), [&](const Extrapolation& answer) {
    return name_of(answer.record.scenario) != name_of(answers.front().record.scenario);
  });
}

/// "1 GiB on 1,024 ranks", of several algorithms "1 GiB on 1,024 ranks by ring/LL128".
std::string place_of(const Extrapolation& answer, bool several) {
  const Record& record = answer.record;
  return fmt::format("{} on {} ranks{}", format_size(record.scenario.size_bytes),
                     format_count(record.scenario.ranks),
                     several ? " by " + name_of(record.scenario) : "");
}

std::string distance_note(const std::vector<Extrapolation>& answers) {
  double farthest = 1;
  std::int64_t measured_to = 0;  // of the farthest: inside a node less may have been measured
  for (const Extrapolation& answer : answers) {
    const double distance = distance_of(answer.record);
    if (distance <= farthest) continue;
    farthest = distance;
    measured_to = answer.record.validated_to_ranks.value_or(0);
  }
  if (farthest <= 1) return "";
  return fmt::format("extrapolated {} beyond {} ranks, the largest measured scale\n",
                     format_distance(farthest), format_count(measured_to));
}

std::string model_note(const std::vector<Extrapolation>& answers, const System& system) {
  std::vector<std::string> algorithms;
  for (const Extrapolation& answer : answers) {
    const std::string& algorithm = answer.model.algorithm;
    if (!algorithm.empty() &&
        std::find(algorithms.begin(), algorithms.end(), algorithm) == algorithms.end())
      algorithms.push_back(algorithm);
  }
  int figures = 0;
  for_each_figure(system, [&figures](std::string_view, const Figure&) { ++figures; });
  const std::string assumed = fmt::format("{} of {} figures of it are assumed or recalled",
                                          unsourced_figures(system), figures);
  if (algorithms.empty()) return fmt::format("bounds are those of {}: {}\n", system.name, assumed);
  return fmt::format("dominated by: the analytic engine's breakdown on {} with {}; {}\n",
                     system.name, fmt::join(algorithms, ", "), assumed);
}

/// "+3 to +12 %"
std::string span_of(double low, double high) {
  const auto percent = [](double log_time) {
    return fmt::format("{:+.0f}", 100 * std::expm1(log_time));
  };
  return percent(low) == percent(high) ? percent(low) + " %"
                                       : percent(low) + " to " + percent(high) + " %";
}

std::string range_notes(const std::vector<Extrapolation>& answers) {
  std::map<std::int64_t, std::vector<std::pair<std::string, std::pair<double, double>>>> by_ranks;
  for (const Extrapolation& answer : answers) {
    for (const ScenarioEffect& effect : answer.range.effects) {
      auto& effects = by_ranks[answer.record.scenario.ranks];
      const auto known = std::find_if(effects.begin(), effects.end(),
                                      [&](const auto& one) { return one.first == effect.what; });
      if (known == effects.end()) {
        effects.push_back({effect.what, {effect.log_time, effect.log_time}});
      } else {
        auto& [low, high] = known->second;
        low = std::min(low, effect.log_time);
        high = std::max(high, effect.log_time);
      }
    }
  }
  std::string notes;
  for (const auto& [ranks, effects] : by_ranks) {
    std::vector<std::string> parts;
    for (const auto& [what, span] : effects)
      parts.push_back(what + " " + span_of(span.first, span.second));
    notes += fmt::format("intervals at {} ranks allow for what was not measured: {}\n",
                         format_count(ranks), fmt::join(parts, ", "));
  }
  return notes;
}

/// Sizes that were not measured: of what lies between, little is known.
std::string size_notes(const std::vector<Extrapolation>& answers) {
  std::vector<std::string> notes;
  std::set<std::string> said;
  for (const Extrapolation& answer : answers)
    if (!answer.beyond_sizes.empty() && said.insert(answer.beyond_sizes).second)
      notes.push_back(fmt::format("{} is {}: measure nearer sizes for a narrower interval",
                                  format_size(answer.record.scenario.size_bytes),
                                  answer.beyond_sizes));
  return first_of(notes);
}

/// What the answers say of themselves, with their places.
std::string own_notes(const std::vector<Extrapolation>& answers,
                      std::string Extrapolation::*sentence) {
  const bool several = has_several_algorithms(answers);
  std::vector<std::string> notes;
  for (const Extrapolation& answer : answers)
    if (!(answer.*sentence).empty())
      notes.push_back(fmt::format("{}: {}", place_of(answer, several), answer.*sentence));
  return first_of(notes);
}

/// Answers that the bound holds up: nothing near their sizes was measured, or the data are from a
/// faster machine than the target, or in a wrong unit.
std::string bound_notes(const std::vector<Extrapolation>& answers, const System& system) {
  std::size_t far_size = 0;
  std::size_t held = 0;
  for (const Extrapolation& answer : answers) {
    const Record& record = answer.record;
    if (!record.bound_s || record.time_s > *record.bound_s) continue;
    ++(answer.beyond_sizes.empty() ? held : far_size);
  }
  std::string notes;
  if (far_size > 0)
    notes += fmt::format(
        "{} of {} answers are the lower bound of {}, as sizes so far from theirs say no more\n",
        far_size, answers.size(), system.name);
  if (held > 0)
    notes += fmt::format(
        "{} of {} answers are the lower bound of {}, as the measurements say less: they are of a "
        "faster machine or in a wrong unit, or its figures are too slow\n",
        held, answers.size(), system.name);
  return notes;
}

/// Answers far above what the analytic engine makes of the target: data in a wrong unit, likely.
std::string slow_notes(const std::vector<Extrapolation>& answers, const System& system) {
  std::vector<double> ratios;
  for (const Extrapolation& answer : answers)
    if (answer.model.time_s > 0) ratios.push_back(answer.record.time_s / answer.model.time_s);
  const auto middle = ratios.begin() + std::ssize(ratios) / 2;
  std::nth_element(ratios.begin(), middle, ratios.end());
  if (middle == ratios.end() || *middle < kFarSlower) return "";
  return fmt::format(
      "the answers are {:.0f} times (median) what the analytic engine makes of {}: are the "
      "measurements in a wrong unit, or of a far slower network?\n",
      *middle, system.name);
}

std::string normal_form_notes(const std::vector<Extrapolation>& answers) {
  using Verdict = NormalFormCheck::Verdict;
  const bool several = has_several_algorithms(answers);
  std::size_t checked = 0;
  std::size_t without = 0;
  int most_scales = 0;
  std::vector<std::string> disagree;
  for (const Extrapolation& answer : answers) {
    const NormalFormCheck& check = answer.normal_form;
    if (check.verdict == Verdict::not_beyond) continue;
    if (check.verdict == Verdict::few_scales) {
      ++without;
      most_scales = std::max(most_scales, check.scales);
      continue;
    }
    ++checked;
    if (const std::string text = disagreement(check); !text.empty())
      disagree.push_back(fmt::format("{}: {}", place_of(answer, several), text));
  }
  std::string notes;
  if (checked > 0)
    notes += fmt::format("normal form (Extra-P) beside it: inside the 95 % interval at {} of {}\n",
                         checked - disagree.size(), checked);
  notes += first_of(disagree);
  if (without > 0)
    notes += fmt::format(
        "no normal form (Extra-P) beside {} of them: it takes {} measured scales with the size, "
        "and there {}\n",
        without, kNormalFormScales,
        most_scales == 0
            ? "is none"
            : fmt::format("{} {}", most_scales == 1 ? "is" : "are at most", most_scales));
  return notes;
}

/// What a library chose against the algorithms that the data name.
std::string choice_notes(const std::vector<Extrapolation>& answers) {
  const bool several = has_several_algorithms(answers);
  std::vector<std::string> notes;
  for (const Extrapolation& answer : answers)
    if (const std::string text = contradiction(answer.choice); !text.empty())
      notes.push_back(fmt::format("{}: {}", place_of(answer, several), text));
  return first_of(notes);
}

std::string mixture_notes(const std::vector<Extrapolation>& answers) {
  std::string notes;
  std::set<std::string> said;
  for (const Extrapolation& answer : answers)
    if (!answer.mixture.empty() && said.insert(answer.mixture).second)
      notes += answer.mixture + "\n";
  return notes;
}

}  // namespace

std::string answers_table(const std::vector<Extrapolation>& answers, bool colour) {
  const bool several = has_several_algorithms(answers);
  std::vector<Column> columns = {{"ranks"}, {"size"}};
  if (several) columns.push_back({"algorithm", Align::left});
  columns.insert(columns.end(), {{"time"},
                                 {"busbw\nGB/s"},
                                 {"50 % interval"},
                                 {"95 % interval"},
                                 {"dominated by\n(analytic)"},
                                 {"beyond\ndata"}});
  Table table(std::move(columns));
  for (const Extrapolation& answer : answers) {
    const Record& record = answer.record;
    const double distance = distance_of(record);
    const std::string dominated = bottleneck_share(answer.model);
    std::vector<std::string> cells = {format_count(record.scenario.ranks),
                                      format_size(record.scenario.size_bytes)};
    if (several) cells.push_back(name_of(record.scenario));
    cells.insert(cells.end(), {format_time(record.time_s), format_gigabytes(record.busbw_Bps),
                               interval_of(record, 0.5), interval_of(record, 0.95),
                               dominated.empty() ? "-" : dominated,
                               distance > 1 ? format_distance(distance) : "-"});
    table.add(std::move(cells));
  }
  return table.text(colour);
}

std::string answers_notes(const std::vector<Extrapolation>& answers, const System& system) {
  return distance_note(answers) + size_notes(answers) +
         own_notes(answers, &Extrapolation::below_measured) +
         own_notes(answers, &Extrapolation::channels) + bound_notes(answers, system) +
         slow_notes(answers, system) + model_note(answers, system) + range_notes(answers) +
         normal_form_notes(answers) + choice_notes(answers) + mixture_notes(answers);
}

std::string alternatives_table(const std::vector<WithAlternatives>& all, bool colour) {
  Table table({{"ranks"},
               {"size"},
               {"alternative", Align::left},
               {"time"},
               {"busbw\nGB/s"},
               {"95 % interval"},
               {"x time"}});
  std::vector<std::string> errors;
  double scattered = 1;
  for (const auto& [answer, alternatives] : all) {
    const auto add = [&](const Record& record, const std::string& what, const std::string& ratio) {
      table.add({format_count(record.scenario.ranks), format_size(record.scenario.size_bytes), what,
                 format_time(record.time_s), format_gigabytes(record.busbw_Bps),
                 interval_of(record, 0.95), ratio});
    };
    add(answer->record,
        fmt::format("{} (the answer{}{})", name_of(answer->record.scenario),
                    answer->model.algorithm.empty() ? "" : ", as ", answer->model.algorithm),
        "1");
    for (const Alternative& alternative : alternatives) {
      scattered = std::max(scattered, alternative.scattered);
      if (alternative.error.empty()) {
        add(alternative.record, alternative.name, fmt::format("{:.2f}", alternative.ratio));
        continue;
      }
      std::string error = fmt::format("no {}: {}", alternative.name, alternative.error);
      if (std::find(errors.begin(), errors.end(), error) == errors.end())
        errors.push_back(std::move(error));
    }
  }
  std::string text =
      "alternatives, not measured: the answer x the analytic engine's ratio to the algorithm that "
      "stands for it,\nwith intervals as wide as such ratios were wrong\n\n";
  text += table.text(colour);
  if (scattered > 1)
    text += fmt::format(
        "tapers are priced for ranks in order, node by node; scattered over the switches they may "
        "take up to x{:.1f}, which the intervals allow for and `collscale predict --engine flow "
        "--placement random` simulates\n",
        scattered);
  for (const std::string& error : errors) text += error + "\n";
  if (std::all_of(all.begin(), all.end(),
                  [](const WithAlternatives& one) { return one.alternatives.empty(); }))
    text += "none is known here\n";
  return text;
}

}  // namespace collscale
