// SPDX-License-Identifier: Apache-2.0
// `predict --table`: NCCL's matrix of algorithms and protocols as NCCL computes it, its choice, and
// what every entry costs on the fabric, which NCCL's model does not know.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands/predict.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "model/selected.hpp"
#include "selector/nccl/selector.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

struct Entry {
  NcclAlgorithm algorithm = NcclAlgorithm::ring;
  NcclProtocol protocol = NcclProtocol::simple;
  double latency_s = 0;
  double bandwidth_Bps = 0;
  double estimate_s = -1;
  std::string_view unavailable{};
  std::optional<double> fabric_s{};
  bool chosen = false;
};

/// One point of the sweep.
struct Point {
  std::int64_t ranks = 0;
  double size_bytes = 0;
  std::vector<Entry> entries;
  Selection selection;
  std::optional<Prediction> fabric;
  std::string not_priced;  ///< why, where the choice has no cost on the fabric
};

Point make_point(const NcclTuning& tuning, SelectedCosts& costs, std::int64_t ranks,
                 double size_bytes) {
  Point point{ranks, size_bytes, {}, choose(tuning, size_bytes), {}, {}};
  const NcclChoice choice = choose_nccl(tuning, size_bytes);
  for (std::size_t a = 0; a < kNcclAlgorithms; ++a) {
    for (std::size_t p = 0; p < kNcclProtocols; ++p) {
      const auto algorithm = static_cast<NcclAlgorithm>(a);
      const auto protocol = static_cast<NcclProtocol>(p);
      Entry entry{algorithm, protocol};
      entry.unavailable = tuning.unavailable[a][p];
      entry.latency_s = tuning.latency_s[a][p];
      entry.bandwidth_Bps = tuning.bandwidth_Bps[a][p];
      if (entry.bandwidth_Bps <= 0 && entry.unavailable.empty()) continue;  // no such pair
      entry.estimate_s = estimate_s(tuning, algorithm, protocol, size_bytes);
      entry.chosen =
          !tuning.point_to_point && choice.algorithm == algorithm && choice.protocol == protocol;
      if (entry.bandwidth_Bps > 0)
        if (const auto fabric =
                costs.predict(forced(tuning, algorithm, protocol, size_bytes), size_bytes))
          entry.fabric_s = fabric->time_s;
      point.entries.push_back(entry);
    }
  }
  const auto fabric = costs.predict(point.selection, size_bytes);
  if (fabric)
    point.fabric = *fabric;
  else
    point.not_priced = fabric.error().message;
  return point;
}

std::string choice_text(const Point& point) {
  const Selection& s = point.selection;
  std::string text = fmt::format("{} {}, {} channel{}", s.library_algorithm, s.protocol, s.channels,
                                 s.channels == 1 ? "" : "s");
  if (s.threads > 0) text += fmt::format(" of {} threads", s.threads);
  if (s.segment_bytes > 0) text += fmt::format(", chunks of {}", format_size(s.segment_bytes));
  return text;
}

std::string text_of(const Point& point, bool colour) {
  std::string out =
      fmt::format("{} on {} ranks\n\n", format_size(point.size_bytes), format_count(point.ranks));
  if (!point.entries.empty()) {
    Table table({{"algorithm", Align::left},
                 {"protocol", Align::left},
                 {"latency"},
                 {"algbw\nGB/s"},
                 {"NCCL's\nestimate"},
                 {"on the\nfabric"},
                 {"", Align::left}});
    for (const Entry& entry : point.entries) {
      const bool available = entry.bandwidth_Bps > 0;
      table.add({std::string(name(entry.algorithm)), std::string(name(entry.protocol)),
                 available ? format_time(entry.latency_s) : "",
                 available ? format_gigabytes(entry.bandwidth_Bps) : "",
                 available ? format_time(entry.estimate_s) : "",
                 entry.fabric_s ? format_time(*entry.fabric_s) : "",
                 entry.chosen ? "chosen" : std::string(entry.unavailable)});
    }
    out += table.text(colour) + "\n";
  }
  out += "choice        " + choice_text(point) + "\n";
  if (point.selection.estimate_s >= 0)
    out += fmt::format("NCCL's model  {}\n", format_time(point.selection.estimate_s));
  out += point.fabric ? fmt::format("on the fabric {} ({}), limited by {}\n",
                                    format_time(point.fabric->time_s), point.fabric->algorithm,
                                    point.fabric->bottleneck)
                      : fmt::format("on the fabric not priced: {}\n", point.not_priced);
  return out;
}

Json json_of(const Point& point) {
  Json entries = Json::array();
  for (const Entry& entry : point.entries) {
    Json one = {{"algorithm", name(entry.algorithm)}, {"protocol", name(entry.protocol)}};
    const bool available = entry.bandwidth_Bps > 0;
    one["available"] = available;
    if (!available) one["reason"] = entry.unavailable;
    if (available) {
      one["latency_s"] = entry.latency_s;
      one["algbw_Bps"] = entry.bandwidth_Bps;
      one["estimate_s"] = entry.estimate_s;
    }
    if (entry.fabric_s) one["fabric_s"] = *entry.fabric_s;
    one["chosen"] = entry.chosen;
    entries.push_back(std::move(one));
  }
  const Selection& s = point.selection;
  Json choice = {{"library_algorithm", s.library_algorithm},
                 {"algorithm", s.algorithm},
                 {"protocol", s.protocol},
                 {"channels", s.channels},
                 {"threads", s.threads},
                 {"chunk_bytes", s.segment_bytes}};
  if (s.estimate_s >= 0) choice["estimate_s"] = s.estimate_s;
  Json out = {{"ranks", point.ranks},
              {"size_bytes", point.size_bytes},
              {"matrix", std::move(entries)},
              {"choice", std::move(choice)}};
  if (point.fabric) {
    Json breakdown = Json::array();
    for (const ExposedTime& part : point.fabric->breakdown)
      breakdown.push_back(
          {{"term", part.term}, {"tier", part.tier}, {"exposed_s", part.exposed_s}});
    out["fabric"] = {{"time_s", point.fabric->time_s},
                     {"bottleneck", point.fabric->bottleneck},
                     {"breakdown", std::move(breakdown)}};
  }
  return out;
}

}  // namespace

Expected<void> run_table(const PredictOptions& options, const SystemFunction& system_at,
                         const std::vector<std::int64_t>& rank_counts, const Terminal& terminal) {
  const NcclSelector& selector = std::get<NcclSelector>(*options.selector);
  std::string out = fmt::format("{} on {} as {} computes it\n", name(options.collective),
                                options.topology, selector_name(*options.selector));
  Json points = Json::array();
  std::string graphs;
  bool fell_back = false;
  for (const std::int64_t ranks : rank_counts) {
    const System system = system_at(ranks);
    const auto tuning = nccl_tuning(selector, system, options.collective, ranks);
    if (!tuning) return tl::unexpected(tuning.error());
    graphs = format_graphs(tuning->comm.graphs);
    fell_back = fell_back || tuning->fell_back;
    SelectedCosts costs(system, options.collective, ranks, options.price);
    for (const double size_bytes : options.sizes_bytes) {
      const Point point = make_point(*tuning, costs, ranks, size_bytes);
      out += "\n" + text_of(point, terminal.colour_stdout);
      points.push_back(json_of(point));
    }
  }
  if (!takes_stdout(options.json)) print_result(out);
  if (!options.json.empty()) {
    const Json document = {{"selector", selector_name(*options.selector)},
                           {"topology", options.topology},
                           {"collective", name(options.collective)},
                           {"graphs", graphs},
                           {"points", std::move(points)}};
    if (auto written = write_text(options.json, document.dump(2) + "\n"); !written) return written;
  }
  print_note(fmt::format("graphs {}: {}",
                         selector.graphs.empty() ? "as NCCL's search would find" : "as given",
                         graphs));
  if (fell_back)
    print_note(
        "NCCL_ALGO and NCCL_PROTO leave nothing here: this version takes Ring without a word");
  for (const std::string& note : selector_notes(*options.selector)) print_note(note);
  return {};
}

}  // namespace collscale
