// SPDX-License-Identifier: Apache-2.0
#include "cli/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "units/quantity.hpp"

namespace collscale {
namespace {

std::string key_of(std::string name) {
  for (char& c : name)
    if (c == ' ' || c == '-') c = '_';
  return name;
}

}  // namespace

Quantity quantity_of(std::string_view path) {
  const std::string_view field = path.substr(path.rfind('.') + 1);
  System system;
  for (const OptionalFigure& optional : optional_figures(system))
    if (optional.path == path) return optional.quantity;
  constexpr std::array<std::string_view, 5> kBandwidths = {"bandwidth", "link", "local_link",
                                                           "uplink", "global_link"};
  if (std::find(kBandwidths.begin(), kBandwidths.end(), field) != kBandwidths.end())
    return Quantity::bandwidth;
  if (field == "latency" || field == "hop_latency" || field == "global_latency")
    return Quantity::time;
  if (field == "efficiency") return Quantity::share;
  if (field == "oversubscription" || field == "links") return Quantity::ratio;
  return Quantity::count;
}

std::string_view unit_name(Quantity quantity) {
  switch (quantity) {
    case Quantity::bandwidth:
      return "B/s";
    case Quantity::time:
      return "s";
    case Quantity::size:
      return "B";
    case Quantity::share:
    case Quantity::ratio:
    case Quantity::count:
      break;
  }
  return "1";
}

std::string quantity_text(Quantity quantity, double value) {
  switch (quantity) {
    case Quantity::bandwidth:
      return format_bandwidth(value);
    case Quantity::time:
      return format_time(value);
    case Quantity::size:
      return format_size(value);
    case Quantity::share:
      return fmt::format("{:.4g} %", 100 * value);
    case Quantity::ratio:
      return fmt::format("{:.4g}", value);
    case Quantity::count:
      break;
  }
  return format_count(std::llround(value));
}

nlohmann::ordered_json quantities_json(const System& system) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const DerivedQuantity& one : derived_quantities(system))
    json[key_of(one.name)] = {{"value", one.value}, {"unit", unit_name(one.quantity)}};
  return json;
}

nlohmann::ordered_json labels_json(const System& system) {
  const LabelCounts counts = label_counts(system);
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < counts.of.size(); ++i)
    json[std::string(name(static_cast<Label>(i)))] = counts.of[i];
  return json;
}

}  // namespace collscale
