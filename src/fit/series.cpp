// SPDX-License-Identifier: Apache-2.0
#include "fit/series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "fit/lone_row.hpp"
#include "fit/node_rates.hpp"
#include "fit/unhealthy_run.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

constexpr std::array<std::pair<Growth, std::string_view>, 4> kGrowthNames = {{
    {Growth::ring, "ring"},
    {Growth::tree, "tree"},
    {Growth::chain, "chain"},
    {Growth::library, "library"},
}};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string label(const Scenario& scenario) {
  return fmt::format("{}/{}, {} on {} ranks", name(scenario.collective), scenario.algorithm,
                     format_size(scenario.size_bytes), scenario.ranks);
}

// "github:owner/name" of a source that reads "github:owner/name@commit file [data set]"; of another
// all but what stands in brackets.
std::string page_of(const std::string& source) {
  return source.substr(0, is_published(source) ? source.find_first_of("@ [")
                                               : std::min(source.find('@'), source.find(" [")));
}

// Where it was measured: the topology, or, of other people's data, the repository or page of the
// source (its data sets are runs).
std::string system_of(const Record& record) {
  if (!record.scenario.topology.empty()) return record.scenario.topology;
  const std::string page = page_of(record.source);
  return page.empty() ? "our own measurements" : page;
}

// How messages call the one system of the records: by its name, or by the sources.
std::string in_messages(std::span<const Record> records) {
  const auto differs = [&](const Record& record) {
    return system_of(record) != system_of(records.front());
  };
  if (std::none_of(records.begin(), records.end(), differs)) return system_of(records.front());
  std::vector<std::string> pages;
  for (const Record& record : records) {
    const std::string page = record.source.empty() ? system_of(record) : page_of(record.source);
    if (std::find(pages.begin(), pages.end(), page) == pages.end()) pages.push_back(page);
  }
  return fmt::format("{}", fmt::join(pages, " and "));
}

// `measured_on`: the system of the records that name none; "": each of its source.
Expected<void> check_system(const Record& record, const Record& first,
                            const std::string& measured_on) {
  const auto of = [&](const Record& one) {
    return one.scenario.topology.empty() && !measured_on.empty() ? measured_on : system_of(one);
  };
  if (of(record) == of(first)) return {};
  const bool may_be_one =
      measured_on.empty() && (record.scenario.topology.empty() || first.scenario.topology.empty());
  return fail(fmt::format(
      "the records are of two systems, \"{}\" and \"{}\": calibrate each by itself{}", of(first),
      of(record),
      may_be_one ? ", or say --same-system where -t names the one machine of both" : ""));
}

Expected<void> check_record(const Record& record, const Record& first,
                            const std::string& measured_on) {
  const Scenario& s = record.scenario;
  if (record.trust != Trust::measured) {
    return fail(
        fmt::format("the record {} is {}, by the {} engine: only measured records can be "
                    "calibrated on",
                    benchmark_name(s), name(record.trust), name(record.engine)));
  }
  if (s.size_bytes == 0.0) {
    return fail(
        fmt::format("the record {} moves no bytes: only collectives that move some can be "
                    "fitted, and one can be chosen (--collective)",
                    benchmark_name(s)));
  }
  if (!(record.time_s > 0.0) || !std::isfinite(record.time_s) || !(s.size_bytes > 0.0) ||
      !std::isfinite(s.size_bytes) || s.ranks < 1) {
    return fail(
        fmt::format("the record {} has time_s {}, size_bytes {} and ranks {}: all must be positive "
                    "to be fitted",
                    benchmark_name(s), record.time_s, s.size_bytes, s.ranks));
  }
  if (auto same = check_system(record, first, measured_on); !same) return same;
  if (record.engine != first.engine) {
    return fail(fmt::format("the records are of two engines, {} and {}: calibrate each by itself",
                            name(first.engine), name(record.engine)));
  }
  if (s.failures != first.scenario.failures || s.layout != first.scenario.layout) {
    return fail(fmt::format(
        "the record {} has another layout or other failures than the first record: calibrate each "
        "by itself",
        benchmark_name(s)));
  }
  return {};
}

// The measured system's ranks per node: what the records on several nodes agree on, or the most
// ranks seen on one.
Expected<std::int64_t> node_size(std::span<const Record> records, const System& system) {
  std::int64_t per_node = 0;
  std::int64_t most_on_one = 1;
  for (const Record& record : records) {
    const Scenario& s = record.scenario;
    if (s.nodes == 0) {
      per_node = std::max(per_node, ranks_per_node(system));
    } else if (s.nodes == 1) {
      most_on_one = std::max(most_on_one, s.ranks);
    }
  }
  for (const Record& record : records) {
    const Scenario& s = record.scenario;
    if (s.nodes < 2) {
      continue;
    }
    if (s.ranks % s.nodes != 0) {
      return fail(fmt::format(
          "{} are on {} nodes: a series to fit needs the same number of ranks on every node",
          label(s), s.nodes));
    }
    const std::int64_t here = s.ranks / s.nodes;
    if (per_node != 0 && per_node != here) {
      return fail(fmt::format(
          "the records have {} and {} ranks per node, the latter {} on {} nodes: calibrate each by "
          "itself",
          per_node, here, label(s), s.nodes));
    }
    per_node = here;
  }
  if (per_node != 0 && most_on_one > per_node) {
    return fail(fmt::format(
        "the records have {} ranks on one node and {} per node on several: calibrate each by "
        "itself",
        most_on_one, per_node));
  }
  return per_node == 0 ? most_on_one : per_node;
}

// Dimensions that messages travel along; those of two or three nodes are but a step.
int torus_dimensions(const System& system) {
  const auto* torus = std::get_if<Torus>(&system.fabric);
  if (torus == nullptr) return 0;
  return static_cast<int>(
      std::count_if(torus->dimensions.begin(), torus->dimensions.end(),
                    [](const Dimension& dimension) { return dimension.size.value > 3; }));
}

Expected<void> check_agreement(const Series& series) {
  std::size_t repeated = 0;
  std::size_t torn = 0;
  const Cell* worst = nullptr;
  double worst_ratio = 0;
  for (const Cell& cell : series.cells) {
    if (cell.time_s.size() < 2) {
      continue;
    }
    ++repeated;
    const auto [low, high] = std::minmax_element(cell.time_s.begin(), cell.time_s.end());
    const double ratio = *high / *low;
    torn += ratio > 3.0 ? 1 : 0;
    if (ratio > worst_ratio) {
      worst_ratio = ratio;
      worst = &cell;
    }
  }
  if (repeated >= 4 && 2 * torn > repeated) {
    const auto [low, high] = std::minmax_element(worst->time_s.begin(), worst->time_s.end());
    return fail(fmt::format(
        "the records contradict each other: {} of {} repeated points of {} differ by more than a "
        "factor 3, {} on {} ranks from {} to {}; are they of one system and one setting?",
        torn, repeated, name(series.collective), format_size(worst->size_bytes), worst->ranks,
        format_time(*low), format_time(*high)));
  }
  return {};
}

using CellKey = std::pair<std::int64_t, double>;  // ranks, size

struct Draft {
  Series series;
  std::map<CellKey, Cell> cells;
  std::map<std::int64_t, std::map<std::string, std::int32_t>> runs;  // of each scale
  std::map<std::int64_t, std::set<std::string>> sources;
  std::map<std::tuple<std::int64_t, double, std::string>, int> seen;
  std::map<CellKey, std::map<Chosen, int>> chosen;
};

std::optional<Chosen> majority(const std::map<Chosen, int>& votes) {
  int all = 0;
  for (const auto& [chosen, count] : votes) all += count;
  for (const auto& [chosen, count] : votes)
    if (2 * count > all) return chosen;
  return std::nullopt;
}

// The draft that a scenario belongs to; a new one, from `empty`, where there is none yet.
Draft& draft_of(const Scenario& s, const Series& empty, std::vector<Draft>& drafts) {
  for (Draft& draft : drafts) {
    if (draft.series.collective == s.collective && draft.series.algorithm == s.algorithm &&
        draft.series.protocol == s.protocol) {
      return draft;
    }
  }
  Draft draft;
  draft.series = empty;
  draft.series.collective = s.collective;
  draft.series.algorithm = s.algorithm;
  draft.series.protocol = s.protocol;
  draft.series.growth = growth_of(s.collective, s.algorithm, empty.engine);
  drafts.push_back(std::move(draft));
  return drafts.back();
}

// "github:owner/name@commit file [data set] [OSU]" is of "data set".
std::string data_set_of(const std::string& source) {
  const std::size_t open = source.find('[');
  const std::size_t close = source.find(']', open);
  if (open == std::string::npos || close == std::string::npos) return source;
  return source.substr(open + 1, close - open - 1);
}

void add_record(const Record& record, Draft& draft) {
  const Scenario& s = record.scenario;
  const std::int64_t per_node = draft.series.ranks_per_node;
  // A run is one data set; where a scale has but one, in and out of place count as two.
  std::string run = record.source;
  if (draft.sources[s.ranks].size() == 1 && s.in_place) {
    run += "#in_place";
  }
  const int again = draft.seen[{s.ranks, s.size_bytes, run + (s.in_place ? "#i" : "#o")}]++;
  run += fmt::format("#{}", again);
  auto& runs = draft.runs[s.ranks];
  const auto number = static_cast<std::int32_t>(runs.size());
  const auto [found, is_new] = runs.emplace(run, number);
  const std::int32_t index = found->second;
  if (is_new) draft.series.data_sets[s.ranks].push_back(data_set_of(record.source));
  Cell& cell = draft.cells[{s.ranks, s.size_bytes}];
  cell.ranks = s.ranks;
  cell.nodes = s.nodes != 0 ? s.nodes : (s.ranks + per_node - 1) / per_node;
  cell.size_bytes = s.size_bytes;
  cell.time_s.push_back(record.time_s);
  cell.run.push_back(index);
  if (record.chosen) ++draft.chosen[{s.ranks, s.size_bytes}][*record.chosen];
}

}  // namespace

bool is_published(std::string_view source) {
  const std::size_t end = source.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  if (end == std::string_view::npos || end < 2 || source[end] != ':') return false;
  return end + 1 < source.size() && source[end + 1] != ' ';  // "lab: the second run"
}

std::string_view name(Growth growth) {
  for (const auto& [value, text] : kGrowthNames) {
    if (value == growth) {
      return text;
    }
  }
  return "library";
}

Expected<Growth> parse_growth(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [value, known] : kGrowthNames) {
    if (known == text) {
      return value;
    }
    names.emplace_back(known);
  }
  return fail(fmt::format("unknown growth \"{}\"{}", text, suggestion(text, names)));
}

Growth growth_of(Collective collective, std::string_view algorithm, Engine engine) {
  if (contains(algorithm, "tree") || contains(algorithm, "recursive") ||
      contains(algorithm, "halving") || contains(algorithm, "doubling") ||
      contains(algorithm, "bruck") || contains(algorithm, "binomial") ||
      contains(algorithm, "collnet") || contains(algorithm, "nvls") ||
      contains(algorithm, "rabenseifner") || collective == Collective::barrier) {
    return Growth::tree;
  }
  const bool rooted = collective == Collective::broadcast || collective == Collective::reduce;
  if (contains(algorithm, "ring") || contains(algorithm, "chain") ||
      contains(algorithm, "pipeline")) {
    return rooted ? Growth::chain : Growth::ring;
  }
  if (contains(algorithm, "pairwise") || contains(algorithm, "linear") ||
      contains(algorithm, "spread")) {
    return Growth::ring;
  }
  if (collective == Collective::send_recv) {
    return Growth::tree;
  }
  if (engine == Engine::nccl) {  // NCCL's defaults over several nodes
    if (rooted) {
      return Growth::chain;
    }
    return collective == Collective::all_reduce ? Growth::library : Growth::ring;
  }
  return rooted ? Growth::tree : Growth::library;
}

std::string name_of(const Scenario& scenario) {
  return scenario.protocol.empty() ? scenario.algorithm
                                   : fmt::format("{}/{}", scenario.algorithm, scenario.protocol);
}

std::string name_of(const Series& series) {
  Scenario scenario;
  scenario.algorithm = series.algorithm;
  scenario.protocol = series.protocol;
  return name_of(scenario);
}

std::vector<std::int64_t> Series::scales() const {
  std::set<std::int64_t> found;
  for (const Cell& cell : cells) {
    found.insert(cell.ranks);
  }
  return {found.begin(), found.end()};
}

std::vector<std::int64_t> Series::scales(bool network) const {
  std::set<std::int64_t> found;
  for (const Cell& cell : cells) {
    if ((cell.nodes > 1) == network) {
      found.insert(cell.ranks);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<double> Series::sizes(bool network) const {
  std::set<double> found;
  for (const Cell& cell : cells) {
    if ((cell.nodes > 1) == network) {
      found.insert(cell.size_bytes);
    }
  }
  return {found.begin(), found.end()};
}

Expected<std::vector<Series>> make_series(std::span<const Record> records, const System& system,
                                          bool same_system) {
  if (records.empty()) {
    return fail("there are no records to calibrate on");
  }
  const Record& first = records.front();
  const std::string measured_on = same_system ? system.name : "";
  for (const Record& record : records) {
    if (auto checked = check_record(record, first, measured_on); !checked) {
      return tl::make_unexpected(checked.error());
    }
  }
  const auto per_node = node_size(records, system);
  if (!per_node) {
    return tl::make_unexpected(per_node.error());
  }

  Series empty;
  empty.engine = first.engine;
  empty.trust = first.trust;
  empty.system = in_messages(records);
  empty.ranks_per_node = *per_node;
  const bool is_its_file = same_system || system_of(first) == system.name;
  if (is_its_file) empty.torus_dimensions = torus_dimensions(system);
  std::vector<Draft> drafts;
  for (const Record& record : records) {
    draft_of(record.scenario, empty, drafts).sources[record.scenario.ranks].insert(record.source);
  }
  for (const Record& record : records) {
    if (record.scenario.ranks > 1) {  // one rank communicates with nobody
      add_record(record, draft_of(record.scenario, empty, drafts));
    }
  }
  std::vector<Series> series;
  for (Draft& draft : drafts) {
    for (auto& [key, cell] : draft.cells) {
      cell.chosen = majority(draft.chosen[key]);
      draft.series.cells.push_back(std::move(cell));
    }
    if (draft.series.cells.empty()) {
      continue;
    }
    if (is_its_file) draft.series.node_rates = node_rates(system, draft.series);
    for (const std::string& text :
         {take_out_unhealthy_run(draft.series), take_out_lone_rows(draft.series)})
      if (!text.empty()) draft.series.taken_out.push_back(text);
    if (auto agreed = check_agreement(draft.series); !agreed) {
      return tl::make_unexpected(agreed.error());
    }
    series.push_back(std::move(draft.series));
  }
  if (series.empty()) {
    return fail("every record is of one rank: at least two ranks are needed to calibrate");
  }
  return series;
}

std::vector<double> cell_medians(const Series& series) {
  std::vector<double> medians;
  medians.reserve(series.cells.size());
  for (const Cell& cell : series.cells) {
    medians.push_back(median(cell.time_s));
  }
  return medians;
}

}  // namespace collscale
