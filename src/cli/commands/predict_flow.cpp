// SPDX-License-Identifier: Apache-2.0
// What stands behind an answer of the flow engine: `predict --explain` and `predict --trace`.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/commands/predict.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "sim/explain.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

/// Steps of a span up to which a trace shows each.
constexpr std::size_t kMostStepsShown = 32;
/// A trace has no more events than some ten thousand, a few megabytes.
constexpr std::size_t kMostStepEvents = 10'000;

std::string examples_of(const BusyLink& link) {
  std::string text;
  for (const BusyLink::Pair& pair : link.examples)
    text += fmt::format("{}{} -> {}", text.empty() ? "" : ", ", pair.source, pair.destination);
  return text;
}

std::string text_of(const FlowExplanation& e, bool colour) {
  std::string out = "\n";
  Table stages({{"stage", Align::left},
                {"time"},
                {"share"},
                {"limited by", Align::left},
                {"busiest tier", Align::left}});
  for (std::size_t i = 0; i < e.spans.size(); ++i) {
    const StageSpan& span = e.spans[i];
    const auto most = std::max_element(span.utilisation.begin(), span.utilisation.end());
    const auto resource = static_cast<std::size_t>(most - span.utilisation.begin());
    stages.add(
        {std::string(static_cast<std::size_t>(2 * span.row), ' ') + span.name,
         format_time(span.duration_s),
         span.row == 0 ? format_percent(span.duration_s / e.time_s) : "", span.bottleneck,
         *most > 0 ? fmt::format("{} {}", e.resources[resource], format_percent(*most)) : ""});
  }
  out += stages.text(colour);
  if (e.spans.empty()) return out;
  out += fmt::format("\nThe longest: {}\n\n", e.spans[e.longest].name);

  Table tiers({{"tier", Align::left},
               {"links"},
               {"in use"},
               {"fullest"},
               {"10 %"},
               {"20 %"},
               {"30 %"},
               {"40 %"},
               {"50 %"},
               {"60 %"},
               {"70 %"},
               {"80 %"},
               {"90 %"}});
  for (const TierUse& tier : e.tiers) {
    std::vector<std::string> cells = {tier.name, format_count(tier.links), format_count(tier.used),
                                      format_percent(tier.utilisation)};
    for (const double decile : tier.deciles)
      cells.push_back(tier.used > 0 ? fmt::format("{:.2f}", decile) : "");
    tiers.add(std::move(cells));
  }
  out += tiers.text(colour);
  out +=
      "(so many of the links in use are at most so full, relative to the fullest of the tier)\n\n";

  Table links({{"busiest links", Align::left},
               {"bytes"},
               {"of\ncapacity"},
               {"flows"},
               {"from rank to rank, two of them", Align::left}});
  for (const BusyLink& link : e.links)
    links.add({link.name, format_size(link.bytes), format_percent(link.utilisation),
               format_count(std::llround(link.flows)), examples_of(link)});
  return out + links.text(colour);
}

Json by_resource(const FlowExplanation& e, const PerResource& values) {
  Json object = Json::object();
  for (std::size_t r = 0; r < e.resources.size(); ++r)
    if (values[r] > 0) object[e.resources[r]] = values[r];
  return object;
}

Json json_of(const FlowExplanation& e, const Record& record) {
  Json stages = Json::array();
  for (const StageSpan& span : e.spans)
    stages.push_back({{"name", span.name},
                      {"row", span.row},
                      {"start_s", span.start_s},
                      {"duration_s", span.duration_s},
                      {"steps", span.steps},
                      {"bottleneck", span.bottleneck},
                      {"utilisation", by_resource(e, span.utilisation)}});
  Json tiers = Json::array();
  for (const TierUse& tier : e.tiers)
    tiers.push_back({{"tier", tier.name},
                     {"links", tier.links},
                     {"used", tier.used},
                     {"utilisation", tier.utilisation},
                     {"deciles", tier.used > 0 ? Json(tier.deciles) : Json(nullptr)}});
  Json links = Json::array();
  for (const BusyLink& link : e.links) {
    Json examples = Json::array();
    for (const BusyLink::Pair& pair : link.examples)
      examples.push_back({{"source", pair.source}, {"destination", pair.destination}});
    links.push_back({{"link", link.name},
                     {"bytes", link.bytes},
                     {"utilisation", link.utilisation},
                     {"flows", link.flows},
                     {"examples", std::move(examples)}});
  }
  return {{"topology", record.scenario.topology},
          {"collective", name(record.scenario.collective)},
          {"algorithm", e.algorithm},
          {"ranks", record.scenario.ranks},
          {"size_bytes", record.scenario.size_bytes},
          {"placement", record.scenario.placement},
          {"failures", record.scenario.failures},
          {"time_s", e.time_s},
          {"stages", std::move(stages)},
          {"longest", e.longest},
          {"tiers", std::move(tiers)},
          {"links", std::move(links)}};
}

/// Trace Event Format, as chrome://tracing and Perfetto read it: times in microseconds.
Json trace_of(const FlowExplanation& e, const Record& record) {
  constexpr double kMicroseconds = 1e6;
  Json events = Json::array();
  const auto named = [&](const char* what, int thread, const std::string& text) {
    events.push_back(
        {{"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", thread}, {"args", {{"name", text}}}});
  };
  named("process_name", 0,
        fmt::format("{}/{} of {} on {} ranks of {}", name(record.scenario.collective), e.algorithm,
                    format_size(record.scenario.size_bytes), format_count(record.scenario.ranks),
                    record.scenario.topology));
  int rows = 0;
  std::size_t step_events = 0;
  for (const StageSpan& span : e.spans) {
    rows = std::max(rows, span.row + 1);
    const double start = span.start_s * kMicroseconds;
    const double duration = span.duration_s * kMicroseconds;
    const double step = duration / span.steps;
    events.push_back({{"name", span.name},
                      {"cat", "stage"},
                      {"ph", "X"},
                      {"pid", 1},
                      {"tid", span.row},
                      {"ts", start},
                      {"dur", duration},
                      {"args",
                       {{"steps", span.steps},
                        {"step_us", step},
                        {"bottleneck", span.bottleneck},
                        {"utilisation", by_resource(e, span.utilisation)}}}});
    const bool shown = span.steps > 1 && span.steps <= static_cast<double>(kMostStepsShown) &&
                       span.steps == std::floor(span.steps) &&
                       step_events + kMostStepsShown <= kMostStepEvents;
    for (double i = 0; shown && i < span.steps; ++i, ++step_events)
      events.push_back({{"name", fmt::format("step {:.0f}", i)},
                        {"cat", "step"},
                        {"ph", "X"},
                        {"pid", 1},
                        {"tid", span.row},
                        {"ts", start + i * step},
                        {"dur", step}});
    if (span.row > 0) continue;
    Json shares = Json::object();
    for (std::size_t r = 0; r < e.resources.size(); ++r)
      shares[e.resources[r]] = span.utilisation[r];
    events.push_back({{"name", "busiest link of each tier, share of its capacity"},
                      {"ph", "C"},
                      {"pid", 1},
                      {"ts", start},
                      {"args", std::move(shares)}});
  }
  for (int row = 0; row < rows; ++row)
    named("thread_name", row, row == 0 ? "stages" : fmt::format("part {}", row));
  return {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
}

}  // namespace

Expected<void> run_explain(const PredictOptions& options, const FlowOptions& flow,
                           const System& system, const Record& record, const Terminal& terminal) {
  // Of several trials the one whose time is the answer.
  std::uint64_t seed = flow.seed;
  const auto& samples = record.samples_s;
  const auto trial = std::find(samples.begin(), samples.end(), record.time_s);
  if (trial != samples.end()) seed += static_cast<std::uint64_t>(trial - samples.begin());
  // Of several protocols the fastest, which is the answer's.
  std::optional<FlowExplanation> explanation;
  PriceOptions price = options.price;
  price.protocols.clear();
  for (std::size_t p = 0; p == 0 || p < options.price.protocols.size(); ++p) {
    if (!options.price.protocols.empty()) price.protocol = options.price.protocols[p];
    auto one = explain_flow(system, record.scenario.collective, record.scenario.algorithm,
                            record.scenario.ranks, record.scenario.size_bytes, flow, seed, price);
    if (!one) return tl::unexpected(one.error());
    if (!explanation || one->time_s < explanation->time_s) explanation = *std::move(one);
  }
  if (options.flow.explain) {
    if (takes_stdout(options.json))
      print_result(json_of(*explanation, record).dump(2) + "\n");
    else
      print_result(text_of(*explanation, terminal.colour_stdout));
    if (!options.json.empty() && !takes_stdout(options.json))
      if (auto written = write_text(options.json, json_of(*explanation, record).dump(2) + "\n");
          !written)
        return written;
  }
  return write_text(options.flow.trace, trace_of(*explanation, record).dump() + "\n");
}

}  // namespace collscale
