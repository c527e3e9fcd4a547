// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/table.hpp"
#include "compare/compare.hpp"
#include "compare/read_run.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kVerdicts{Verdict::improved, Verdict::regressed, Verdict::no_change,
                               Verdict::within_noise, Verdict::unjudged};

/// "3 improved, 1 regressed, 12 no change"
std::string summary(const Comparisons& comparisons) {
  std::string out;
  for (const Verdict verdict : kVerdicts) {
    const auto count = std::count_if(comparisons.list.begin(), comparisons.list.end(),
                                     [&](const Comparison& c) { return c.verdict == verdict; });
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, name(verdict));
  }
  return out;
}

bool is_change(const Comparison& one) {
  return one.verdict == Verdict::improved || one.verdict == Verdict::regressed ||
         one.verdict == Verdict::unjudged;
}

std::string format_p(double p) { return p < 1e-3 ? "<0.001" : fmt::format("{:.3f}", p); }

/// Cells of a row, the same in text and Markdown.
std::vector<std::string> cells_of(const Comparison& one) {
  const bool judged = one.verdict != Verdict::unjudged;
  return {one.name,
          format_time(one.a_s),
          format_time(one.b_s),
          fmt::format("{:.3f}", one.ratio),
          judged ? fmt::format("{:.3f} .. {:.3f}", one.low, one.high) : "",
          judged ? fmt::format("{:+.2f}", one.effect) : "",
          judged ? format_p(one.p_corrected) : "",
          std::string(name(one.verdict))};
}

std::vector<const Comparison*> shown(const Comparisons& comparisons, bool only_changed) {
  std::vector<const Comparison*> out;
  for (const Comparison& one : comparisons.list)
    if (!only_changed || is_change(one)) out.push_back(&one);
  return out;
}

std::string text_of(const CompareCommandOptions& options, const Comparisons& comparisons,
                    bool colour) {
  Table table({{"benchmark", Align::left},
               {"A"},
               {"B"},
               {"B / A"},
               {"95 % interval"},
               {"effect"},
               {"p"},
               {"verdict", Align::left}});
  const auto rows = shown(comparisons, options.only_changed);
  for (const Comparison* one : rows) table.add(cells_of(*one));
  return fmt::format("A: {}\nB: {}\n\n{}{}{}\n", options.a, options.b,
                     rows.empty() ? "" : table.text(colour), rows.empty() ? "" : "\n",
                     summary(comparisons));
}

std::string markdown_of(const CompareCommandOptions& options, const Comparisons& comparisons) {
  std::string out = fmt::format(
      "A: `{}`, B: `{}`: {}\n\n| benchmark | A | B | B / A | 95 % interval | effect | p | verdict |"
      "\n|---|--:|--:|--:|--:|--:|--:|---|\n",
      options.a, options.b, summary(comparisons));
  for (const Comparison* one : shown(comparisons, options.only_changed)) {
    std::vector<std::string> cells = cells_of(*one);
    if (one->verdict == Verdict::regressed) cells.back() = "**" + cells.back() + "**";
    out += fmt::format("| {} |\n", fmt::join(cells, " | "));
  }
  return out;
}

std::string json_of(const CompareCommandOptions& options, const Comparisons& comparisons) {
  Json root;
  root["a"] = options.a;
  root["b"] = options.b;
  root["noise_threshold"] = options.noise_threshold;
  root["benchmarks"] = Json::array();
  for (const Comparison* one : shown(comparisons, options.only_changed)) {
    const bool judged = one->verdict != Verdict::unjudged;
    Json row;
    row["name"] = one->name;
    row["a"] = {{"median_s", one->a_s}, {"samples", one->a_samples}};
    row["b"] = {{"median_s", one->b_s}, {"samples", one->b_samples}};
    row["ratio"] = one->ratio;
    row["interval"] =
        judged ? Json{{"level", 0.95}, {"low", one->low}, {"high", one->high}} : Json();
    row["effect"] = judged ? Json(one->effect) : Json();
    row["p"] = judged ? Json(one->p) : Json();
    row["p_corrected"] = judged ? Json(one->p_corrected) : Json();
    row["verdict"] = name(one->verdict);
    root["benchmarks"].push_back(std::move(row));
  }
  root["only_in_a"] = comparisons.only_in_a;
  root["only_in_b"] = comparisons.only_in_b;
  root["context"] = Json::array();
  for (const auto& [key, a, b] : comparisons.context)
    root["context"].push_back({{"key", key}, {"a", a}, {"b", b}});
  return root.dump(1) + "\n";
}

/// "a, b and 3 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  const std::vector<std::string> first(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  return fmt::format(
      "{}{}", fmt::join(first, ", "),
      names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

void print_notes(const CompareCommandOptions& options, const Comparisons& comparisons) {
  const auto missing = [](const std::vector<std::string>& names, const std::string& file) {
    if (!names.empty()) print_note(fmt::format("only in {}: {}", file, some_of(names)));
  };
  missing(comparisons.only_in_a, options.a);
  missing(comparisons.only_in_b, options.b);
  for (const auto& [key, a, b] : comparisons.context)
    print_note(fmt::format("{}: {} in A, {} in B", key, a.empty() ? "nothing" : a,
                           b.empty() ? "nothing" : b));
  const auto unjudged =
      std::count_if(comparisons.list.begin(), comparisons.list.end(),
                    [](const Comparison& c) { return c.verdict == Verdict::unjudged; });
  if (unjudged > 0)
    print_note(fmt::format(
        "{} of {} not judged: a difference between so few samples (fewer than 4 on each side) says "
        "nothing; measure again with samples or repetitions",
        unjudged, comparisons.list.size()));
}

Expected<void> gate(const CompareCommandOptions& options, const Comparisons& comparisons) {
  if (!options.fail_above) return {};
  const auto slower = slower_than(comparisons, *options.fail_above);
  if (slower.empty()) return {};
  const auto worst = *std::max_element(
      slower.begin(), slower.end(),
      [](const Comparison* a, const Comparison* b) { return a->ratio < b->ratio; });
  return tl::unexpected(Error{
      fmt::format("--fail-above {}: {} of {} benchmarks are slower by more; the worst, {}, by {}",
                  format_percent(*options.fail_above), slower.size(), comparisons.list.size(),
                  worst->name, format_percent(worst->ratio - 1)),
      ExitCode::gate_failed});
}

}  // namespace

Expected<void> run(const CompareCommandOptions& options, const Terminal& terminal) {
  for (const auto& [flag, path] :
       {std::pair<std::string_view, const std::string&>{"--json", options.json},
        {"--markdown", options.markdown}})
    if (auto writable = check_output(flag, path); !writable) return writable;
  if (takes_stdout(options.json) && takes_stdout(options.markdown))
    return fail("--json and --markdown both ask for stdout: give one of them a file");
  const auto a = read_run(options.a, options.ranks);
  if (!a) return tl::unexpected(a.error());
  const auto b = read_run(options.b, options.ranks);
  if (!b) return tl::unexpected(b.error());
  const Comparisons comparisons = compare(
      a->timings, b->timings, {.noise_threshold = options.noise_threshold, .seed = options.seed});
  if (comparisons.list.empty()) {
    std::vector<std::string> names;
    for (const Timing& timing : b->timings.list) names.push_back(timing.name);
    const std::string& first = a->timings.list.front().name;
    return fail(fmt::format("{} and {} have no benchmark in common: {} is only in the first{}",
                            options.a, options.b, first, suggestion(first, names)));
  }
  if (!takes_stdout(options.json) && !takes_stdout(options.markdown))
    print_result(text_of(options, comparisons, terminal.colour_stdout));
  if (auto written = write_text(options.json, json_of(options, comparisons)); !written)
    return written;
  if (auto written = write_text(options.markdown, markdown_of(options, comparisons)); !written)
    return written;
  for (const RunFile* file : {&*a, &*b})
    for (const std::string& warning : file->warnings) print_note("warning: " + warning);
  print_notes(options, comparisons);
  return gate(options, comparisons);
}

}  // namespace collscale
