// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "fit/profile.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

const char* tier_name(bool network) { return network ? "network" : "node"; }

Json error_to_json(const HoldOutError& error) {
  return {{"points", error.points},
          {"median_error", error.median_error},
          {"line_error", error.line_error},
          {"coverage_95", error.coverage},
          {"median_width_95", error.median_width}};
}

Json hold_out_to_json(const HoldOut& hold_out) {
  Json errors = Json::object();
  for (std::size_t r = 0; r < kRegimes; ++r) {
    errors[kRegimeNames[r]] = error_to_json(hold_out.regimes[r]);
  }
  errors["all"] = error_to_json(hold_out.all);
  return {{"trained_to_ranks", hold_out.trained_to_ranks},
          {"held_out_ranks", hold_out.held_out_ranks},
          {"distance", hold_out.distance},
          {"errors", std::move(errors)}};
}

Json branch_to_json(const Branch& branch) {
  Json parameters = Json::array();
  for (const Parameter& parameter : branch.parameters) {
    parameters.push_back({{"name", parameter.name},
                          {"unit", parameter.unit},
                          {"value", parameter.value},
                          {"low", parameter.low},
                          {"high", parameter.high},
                          {"meaning", parameter.meaning}});
  }
  Json hold_outs = Json::array();
  for (const HoldOut& hold_out : branch.hold_outs) {
    hold_outs.push_back(hold_out_to_json(hold_out));
  }
  Json line_shares = Json::array();  // empty where there is no line
  if (branch.own.line_shares != OwnRecord{}.line_shares) line_shares = branch.own.line_shares;
  return {{"tier", tier_name(branch.network)},
          {"growth", name(branch.growth)},
          {"scales", branch.scales},
          {"parameters", std::move(parameters)},
          {"median_residual", branch.median_residual},
          {"width_factor", branch.own.width_factor},
          {"line_shares", std::move(line_shares)},
          {"hold_outs", std::move(hold_outs)}};
}

Json series_to_json(const SeriesFit& fit) {
  Json branches = Json::array();
  for (const Branch& branch : fit.branches) {
    branches.push_back(branch_to_json(branch));
  }
  Json cells = Json::array();
  for (const Cell& cell : fit.series.cells) {
    cells.push_back({{"ranks", cell.ranks},
                     {"nodes", cell.nodes},
                     {"size_bytes", cell.size_bytes},
                     {"time_s", cell.time_s},
                     {"run", cell.run}});
  }
  const Series& series = fit.series;
  Json json = {{"collective", name(series.collective)},
               {"algorithm", series.algorithm},
               {"protocol", series.protocol},
               {"engine", name(series.engine)},
               {"trust", name(series.trust)},
               {"growth", name(series.growth)},
               {"torus_dimensions", series.torus_dimensions},
               {"summary", fit.summary},
               {"validated_to_ranks", fit.validated_to_ranks},
               {"branches", std::move(branches)},
               {"cells", std::move(cells)}};
  if (!series.node_rates.empty()) json["node_rates"] = series.node_rates;
  if (!fit.mixture.text.empty())
    json["mixture"] = {{"apart", fit.mixture.apart}, {"text", fit.mixture.text}};
  return json;
}

Json regimes_to_json(const RegimeErrors& errors) {
  Json json = Json::object();
  for (std::size_t r = 0; r < kRegimes; ++r)
    json[kRegimeNames[r]] = {{"points", errors[r].points},
                             {"median_error", errors[r].median_error},
                             {"quantiles", errors[r].quantiles}};
  return json;
}

Json figure_tier_to_json(const FigureTier& tier) {
  Json figures = Json::array();
  for (const FittedFigure& figure : tier.figures)
    figures.push_back({{"path", figure.path},
                       {"label", name(Label::calibrated)},
                       {"prior", figure.prior},
                       {"value", figure.value},
                       {"low", figure.low},
                       {"high", figure.high}});
  Json measured = Json::array();
  for (const MeasuredSizes& one : tier.measured)
    measured.push_back({{"collective", name(one.collective)},
                        {"smallest_bytes", one.smallest_bytes},
                        {"largest_bytes", one.largest_bytes}});
  Json pieces = Json::array();
  for (const SizePiece& piece : tier.library.pieces)
    pieces.push_back({{"collective", name(piece.collective)},
                      {"from_bytes", piece.from_bytes},
                      {"algorithm", piece.algorithm},
                      {"protocol", piece.protocol}});
  Json hold_outs = Json::array();
  for (const HeldOutScales& held : tier.hold_outs)
    hold_outs.push_back({{"trained_to_ranks", held.trained_to_ranks},
                         {"ranks", held.ranks},
                         {"distance", held.distance},
                         {"points", held.points},
                         {"median_error", held.median_error},
                         {"prior_error", held.prior_error},
                         {"coverage_50", held.coverage_50},
                         {"coverage_95", held.coverage_95}});
  Json json = {{"tier", tier_name(tier.network)},
               {"data_system", tier.data_system},
               {"topology", tier.topology},
               {"node_design", tier.node_design},
               {"nic_Bps", tier.nic_Bps},
               {"scales", tier.scales},
               {"measured", std::move(measured)},
               {"points", tier.points},
               {"library",
                {{"name", tier.library.name},
                 {"algorithms", tier.library.algorithms},
                 {"protocols", tier.library.protocols},
                 {"pieces", std::move(pieces)},
                 {"inferred", tier.is_inferred},
                 {"told_error", tier.told_error}}},
               {"prior_error", tier.prior_error},
               {"median_error", tier.median_error},
               {"prior_fastest", tier.prior_fastest},
               {"median_fastest", tier.median_fastest},
               {"source", tier.source},
               {"figures", std::move(figures)},
               {"errors",
                {{"as_chosen", regimes_to_json(tier.as_chosen)},
                 {"fastest", regimes_to_json(tier.fastest)}}},
               {"hold_outs", std::move(hold_outs)}};
  return json;
}

/// Reads fields of objects and keeps the first error; after an error every read gives a default.
class Reader {
 public:
  explicit Reader(std::string_view file_name) : file_(file_name) {}

  const Json& child(const Json& object, const std::string& key, const std::string& place,
                    bool array) {
    const Json& value = find(object, key, place);
    if (!error_.empty() || (array ? value.is_array() : value.is_object())) {
      return value;
    }
    refuse(place + "." + key, value, array ? "an array" : "an object");
    return null_;
  }
  std::string text(const Json& object, const std::string& key, const std::string& place) {
    const Json& value = find(object, key, place);
    if (error_.empty() && !value.is_string()) {
      refuse(place + "." + key, value, "text");
    }
    return error_.empty() ? value.get<std::string>() : std::string();
  }
  double number(const Json& object, const std::string& key, const std::string& place,
                double low = 0.0) {
    return as_number(find(object, key, place), place + "." + key, low);
  }
  bool truth(const Json& object, const std::string& key, const std::string& place) {
    const Json& value = find(object, key, place);
    if (error_.empty() && !value.is_boolean()) refuse(place + "." + key, value, "true or false");
    return error_.empty() && value.get<bool>();
  }
  std::int64_t integer(const Json& object, const std::string& key, const std::string& place,
                       std::int64_t low) {
    return as_integer(find(object, key, place), place + "." + key, low);
  }
  std::uint64_t unsigned_integer(const Json& object, const std::string& key,
                                 const std::string& place) {
    const Json& value = find(object, key, place);
    if (error_.empty() && !value.is_number_unsigned()) {
      refuse(place + "." + key, value, "a whole number of at least 0");
    }
    return error_.empty() ? value.get<std::uint64_t>() : 0;
  }
  double as_number(const Json& value, const std::string& place, double low) {
    if (error_.empty() && (!value.is_number() || value.get<double>() < low)) {
      refuse(place, value, fmt::format("a number of at least {}", low));
    }
    return error_.empty() ? value.get<double>() : 1.0;
  }
  std::int64_t as_integer(const Json& value, const std::string& place, std::int64_t low) {
    const bool good = value.is_number_integer() && value.get<std::int64_t>() >= low;
    if (error_.empty() && !good) {
      refuse(place, value, fmt::format("a whole number of at least {}", low));
    }
    return error_.empty() ? value.get<std::int64_t>() : low;
  }
  template <class T>
  T parsed(const Expected<T>& value, const std::string& place) {
    if (error_.empty() && !value) {
      error_ = fmt::format("{}: {}: {}", file_, place, value.error().message);
    }
    return value.value_or(T{});
  }
  void require(bool condition, const std::string& place, std::string_view expected) {
    if (error_.empty() && !condition) {
      error_ = fmt::format("{}: {}: expected {}", file_, place, expected);
    }
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  const Json& find(const Json& object, const std::string& key, const std::string& place) {
    if (!error_.empty()) {
      return null_;
    }
    if (!object.is_object() || !object.contains(key)) {
      error_ = fmt::format("{}: {} has no field \"{}\"", file_, place, key);
      return null_;
    }
    return object.at(key);
  }
  void refuse(const std::string& place, const Json& value, const std::string& expected) {
    error_ = fmt::format("{}: {}: found {}, expected {}", file_, place, value.dump().substr(0, 40),
                         expected);
  }
  std::string file_;
  std::string error_;
  Json null_;
};

HoldOutError read_error(Reader& reader, const Json& errors, const std::string& key,
                        const std::string& place) {
  const Json& json = reader.child(errors, key, place, false);
  const std::string here = place + "." + key;
  return {static_cast<int>(reader.integer(json, "points", here, 0)),
          reader.number(json, "median_error", here), reader.number(json, "line_error", here),
          reader.number(json, "coverage_95", here), reader.number(json, "median_width_95", here)};
}

Branch read_branch(Reader& reader, const Json& json, const std::string& place) {
  Branch branch;
  const std::string tier = reader.text(json, "tier", place);
  reader.require(tier == "network" || tier == "node", place + ".tier", "\"network\" or \"node\"");
  branch.network = tier == "network";
  branch.growth =
      reader.parsed(parse_growth(reader.text(json, "growth", place)), place + ".growth");
  for (const Json& scale : reader.child(json, "scales", place, true)) {
    branch.scales.push_back(reader.as_integer(scale, place + ".scales", 1));
  }
  for (const Json& item : reader.child(json, "parameters", place, true)) {
    const std::string here = place + ".parameters";
    branch.parameters.push_back(
        {reader.text(item, "name", here), reader.text(item, "unit", here),
         reader.number(item, "value", here), reader.number(item, "low", here),
         reader.number(item, "high", here), reader.text(item, "meaning", here)});
  }
  branch.median_residual = reader.number(json, "median_residual", place);
  branch.own.width_factor = reader.number(json, "width_factor", place);
  const Json& shares = reader.child(json, "line_shares", place, true);
  const std::string line_shares = place + ".line_shares";
  reader.require(shares.empty() || shares.size() == kOctaves, line_shares,
                 fmt::format("none, or one for each of {} octaves", kOctaves));
  for (std::size_t g = 0; g < std::min(shares.size(), kOctaves); ++g) {
    branch.own.line_shares[g] = reader.as_number(shares[g], line_shares, 0.0);
    reader.require(branch.own.line_shares[g] <= 1.0, line_shares, "shares of 0 to 1");
  }
  for (const Json& item : reader.child(json, "hold_outs", place, true)) {
    const std::string here = place + ".hold_outs";
    HoldOut hold_out;
    hold_out.trained_to_ranks = reader.integer(item, "trained_to_ranks", here, 1);
    hold_out.held_out_ranks = reader.integer(item, "held_out_ranks", here, 1);
    hold_out.distance = reader.number(item, "distance", here);
    const Json& errors = reader.child(item, "errors", here, false);
    for (std::size_t r = 0; r < kRegimes; ++r) {
      hold_out.regimes[r] = read_error(reader, errors, kRegimeNames[r], here + ".errors");
    }
    hold_out.all = read_error(reader, errors, "all", here + ".errors");
    branch.hold_outs.push_back(hold_out);
  }
  return branch;
}

Cell read_cell(Reader& reader, const Json& json, const std::string& place) {
  Cell cell;
  cell.ranks = reader.integer(json, "ranks", place, 2);
  cell.nodes = reader.integer(json, "nodes", place, 1);
  cell.size_bytes = reader.number(json, "size_bytes", place);
  for (const Json& time : reader.child(json, "time_s", place, true)) {
    cell.time_s.push_back(reader.as_number(time, place + ".time_s", 0.0));
    reader.require(cell.time_s.back() > 0.0, place + ".time_s", "positive times");
  }
  for (const Json& run : reader.child(json, "run", place, true)) {
    cell.run.push_back(static_cast<std::int32_t>(reader.as_integer(run, place + ".run", 0)));
    reader.require(cell.run.back() < 1000000, place + ".run", "run numbers below 1,000,000");
  }
  reader.require(cell.size_bytes > 0.0, place + ".size_bytes", "a positive size");
  reader.require(!cell.time_s.empty() && cell.time_s.size() == cell.run.size(), place,
                 "as many runs as times, at least one");
  return cell;
}

RegimeErrors read_regimes(Reader& reader, const Json& errors, const std::string& key,
                          const std::string& place) {
  RegimeErrors all;
  const Json& json = reader.child(errors, key, place, false);
  for (std::size_t r = 0; r < kRegimes; ++r) {
    const std::string here = fmt::format("{}.{}.{}", place, key, kRegimeNames[r]);
    const Json& one = reader.child(json, kRegimeNames[r], place + "." + key, false);
    all[r].points = static_cast<int>(reader.integer(one, "points", here, 0));
    all[r].median_error = reader.number(one, "median_error", here);
    const Json& quantiles = reader.child(one, "quantiles", here, true);
    reader.require(quantiles.size() == all[r].quantiles.size(), here + ".quantiles", "4 numbers");
    for (std::size_t q = 0; q < all[r].quantiles.size() && reader.error().empty(); ++q)
      all[r].quantiles[q] = reader.as_number(quantiles[q], here + ".quantiles", -100);
  }
  return all;
}

HeldOutScales read_held_out_scales(Reader& reader, const Json& json, const std::string& place) {
  HeldOutScales held;
  held.trained_to_ranks = reader.integer(json, "trained_to_ranks", place, 2);
  for (const Json& scale : reader.child(json, "ranks", place, true))
    held.ranks.push_back(reader.as_integer(scale, place + ".ranks", 2));
  reader.require(!held.ranks.empty(), place + ".ranks", "at least one number of ranks");
  held.distance = reader.number(json, "distance", place, 1);
  held.points = static_cast<int>(reader.integer(json, "points", place, 1));
  held.median_error = reader.number(json, "median_error", place);
  held.prior_error = reader.number(json, "prior_error", place);
  held.coverage_50 = reader.number(json, "coverage_50", place);
  held.coverage_95 = reader.number(json, "coverage_95", place);
  return held;
}

FigureTier read_figure_tier(Reader& reader, const Json& json, const std::string& place) {
  FigureTier tier;
  const std::string which = reader.text(json, "tier", place);
  reader.require(which == "network" || which == "node", place + ".tier", "\"network\" or \"node\"");
  tier.network = which == "network";
  tier.data_system = reader.text(json, "data_system", place);
  tier.topology = reader.text(json, "topology", place);
  tier.node_design = reader.text(json, "node_design", place);
  tier.nic_Bps = reader.number(json, "nic_Bps", place);
  for (const Json& scale : reader.child(json, "scales", place, true))
    tier.scales.push_back(reader.as_integer(scale, place + ".scales", 2));
  reader.require(!tier.scales.empty(), place + ".scales", "at least one number of ranks");
  for (const Json& item : reader.child(json, "measured", place, true)) {
    const std::string here = place + ".measured";
    tier.measured.push_back(
        {reader.parsed(parse_collective(reader.text(item, "collective", here)), here),
         reader.number(item, "smallest_bytes", here), reader.number(item, "largest_bytes", here)});
    reader.require(tier.measured.back().smallest_bytes > 0, here, "positive sizes");
  }
  tier.points = static_cast<int>(reader.integer(json, "points", place, 1));
  const Json& library = reader.child(json, "library", place, false);
  const std::string of_library = place + ".library";
  tier.library = {reader.text(library, "name", of_library),
                  reader.text(library, "algorithms", of_library),
                  reader.text(library, "protocols", of_library),
                  {}};
  for (const Json& item : reader.child(library, "pieces", of_library, true)) {
    const std::string here = of_library + ".pieces";
    tier.library.pieces.push_back(
        {reader.parsed(parse_collective(reader.text(item, "collective", here)), here),
         reader.number(item, "from_bytes", here), reader.text(item, "algorithm", here),
         reader.text(item, "protocol", here)});
  }
  tier.is_inferred = reader.truth(library, "inferred", of_library);
  tier.told_error = reader.number(library, "told_error", of_library);
  tier.prior_error = reader.number(json, "prior_error", place);
  tier.median_error = reader.number(json, "median_error", place);
  tier.prior_fastest = reader.number(json, "prior_fastest", place);
  tier.median_fastest = reader.number(json, "median_fastest", place);
  tier.source = reader.text(json, "source", place);
  for (const Json& item : reader.child(json, "figures", place, true)) {
    const std::string here = place + ".figures";
    FittedFigure figure{reader.text(item, "path", here), reader.number(item, "prior", here),
                        reader.number(item, "value", here), reader.number(item, "low", here),
                        reader.number(item, "high", here)};
    reader.require(figure.prior > 0 && figure.value > 0, here, "positive figures");
    reader.require(!figure.path.ends_with("efficiency") || figure.value <= 1, here,
                   "an efficiency of at most 1");
    tier.figures.push_back(std::move(figure));
  }
  const Json& errors = reader.child(json, "errors", place, false);
  tier.as_chosen = read_regimes(reader, errors, "as_chosen", place + ".errors");
  tier.fastest = read_regimes(reader, errors, "fastest", place + ".errors");
  for (const Json& item : reader.child(json, "hold_outs", place, true))
    tier.hold_outs.push_back(read_held_out_scales(reader, item, place + ".hold_outs"));
  return tier;
}

SeriesFit read_series(Reader& reader, const Json& json, const Profile& profile,
                      const std::string& place) {
  SeriesFit fit;
  Series& series = fit.series;
  series.collective = reader.parsed(parse_collective(reader.text(json, "collective", place)),
                                    place + ".collective");
  series.algorithm = reader.text(json, "algorithm", place);
  series.protocol = reader.text(json, "protocol", place);
  series.engine =
      reader.parsed(parse_engine(reader.text(json, "engine", place)), place + ".engine");
  series.trust = reader.parsed(parse_trust(reader.text(json, "trust", place)), place + ".trust");
  reader.require(series.trust == Trust::measured, place + ".trust", "\"measured\"");
  series.growth =
      reader.parsed(parse_growth(reader.text(json, "growth", place)), place + ".growth");
  series.system = profile.data_system;
  series.ranks_per_node = profile.ranks_per_node;
  series.torus_dimensions = static_cast<int>(reader.integer(json, "torus_dimensions", place, 0));
  if (json.contains("node_rates"))
    for (const Json& rate : reader.child(json, "node_rates", place, true))
      series.node_rates.push_back(reader.as_number(rate, place + ".node_rates", 0));
  reader.require(std::all_of(series.node_rates.begin(), series.node_rates.end(),
                             [](double rate) { return rate > 0; }),
                 place + ".node_rates", "positive numbers");
  fit.summary = reader.text(json, "summary", place);
  fit.validated_to_ranks = reader.integer(json, "validated_to_ranks", place, 2);
  if (json.contains("mixture")) {
    const std::string here = place + ".mixture";
    const Json& mixture = reader.child(json, "mixture", place, false);
    const Json& apart = reader.child(mixture, "apart", here, true);
    reader.require(apart.size() == kRegimes, here + ".apart", "one number per regime");
    for (std::size_t r = 0; r < kRegimes && reader.error().empty(); ++r)
      fit.mixture.apart[r] = reader.as_number(apart[r], here + ".apart", 0);
    fit.mixture.text = reader.text(mixture, "text", here);
  }
  const Json& branches = reader.child(json, "branches", place, true);
  for (std::size_t i = 0; i < branches.size(); ++i) {
    fit.branches.push_back(
        read_branch(reader, branches[i], fmt::format("{}.branches[{}]", place, i)));
  }
  const Json& cells = reader.child(json, "cells", place, true);
  for (std::size_t i = 0; i < cells.size() && reader.error().empty(); ++i) {
    const std::string here = fmt::format("{}.cells[{}]", place, i);
    Cell cell = read_cell(reader, cells[i], here);
    if (!series.cells.empty()) {
      const Cell& before = series.cells.back();
      const bool ascending = before.ranks < cell.ranks ||
                             (before.ranks == cell.ranks && before.size_bytes < cell.size_bytes);
      reader.require(ascending, here, "cells in ascending order of ranks, then size");
      reader.require(before.ranks != cell.ranks || before.nodes == cell.nodes, here,
                     "one number of nodes per number of ranks");
    }
    series.cells.push_back(std::move(cell));
  }
  reader.require(!series.cells.empty(), place + ".cells", "at least one cell");
  for (const bool network : {false, true}) {
    bool has_branch = false;
    for (const Branch& branch : fit.branches) {
      has_branch |= branch.network == network;
    }
    reader.require(series.scales(network).empty() || has_branch, place + ".branches",
                   "a branch for every tier that has cells");
  }
  return fit;
}

}  // namespace

std::string profile_to_json(const Profile& profile) {
  Json series = Json::array();
  for (const SeriesFit& fit : profile.series) {
    series.push_back(series_to_json(fit));
  }
  Json figures = Json::array();
  for (const FigureTier& tier : profile.figures) figures.push_back(figure_tier_to_json(tier));
  const Json json = {{"schema_version", kProfileSchemaVersion},
                     {"data_system", profile.data_system},
                     {"ranks_per_node", profile.ranks_per_node},
                     {"topology", profile.topology},
                     {"same_system", profile.same_system},
                     {"seed", profile.seed},
                     {"replicates", profile.replicates},
                     {"notes", profile.notes},
                     {"series", std::move(series)},
                     {"figures", std::move(figures)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Expected<Profile> profile_from_json(std::string_view text, std::string_view file_name) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return fail(
        fmt::format("{}: this is not JSON, expected a profile made by calibrate", file_name));
  }
  if (json.is_object() && !json.contains("schema_version") && json.contains("benchmarks"))
    return fail(fmt::format(
        "{}: is a file of results, expected a profile, which `collscale calibrate` makes of them",
        file_name));
  Reader reader(file_name);
  const std::string root = "profile";
  const std::int64_t version = reader.integer(json, "schema_version", root, 0);
  if (reader.error().empty() && version != kProfileSchemaVersion) {
    return fail(fmt::format("{}: schema_version {}: this program reads version {}", file_name,
                            version, kProfileSchemaVersion));
  }
  Profile profile;
  profile.data_system = reader.text(json, "data_system", root);
  profile.ranks_per_node = reader.integer(json, "ranks_per_node", root, 1);
  profile.topology = reader.text(json, "topology", root);
  const auto same_system = json.find("same_system");
  reader.require(same_system == json.end() || same_system->is_boolean(), "profile.same_system",
                 "true or false");
  profile.same_system = same_system != json.end() && *same_system == true;
  profile.seed = reader.unsigned_integer(json, "seed", root);
  profile.replicates = static_cast<int>(reader.integer(json, "replicates", root, 0));
  for (const Json& note : reader.child(json, "notes", root, true)) {
    reader.require(note.is_string(), "profile.notes", "text");
    profile.notes.push_back(note.is_string() ? note.get<std::string>() : std::string());
  }
  const Json& series = reader.child(json, "series", root, true);
  const Json none = Json::array();
  const Json& figures = json.contains("figures") ? reader.child(json, "figures", root, true) : none;
  reader.require(!series.empty() || !figures.empty(), "profile.series",
                 "at least one series, or figures");
  for (std::size_t i = 0; i < figures.size() && reader.error().empty(); ++i)
    profile.figures.push_back(
        read_figure_tier(reader, figures[i], fmt::format("profile.figures[{}]", i)));
  for (std::size_t i = 0; i < series.size() && reader.error().empty(); ++i) {
    profile.series.push_back(
        read_series(reader, series[i], profile, fmt::format("profile.series[{}]", i)));
  }
  if (!reader.error().empty()) {
    return fail(reader.error());
  }
  return profile;
}

}  // namespace collscale
