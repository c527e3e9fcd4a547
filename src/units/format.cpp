// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Three significant figures of a value below 1000.
std::string three_figures(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

struct Scale {
  double factor;
  std::string_view unit;
};

/// The largest unit in which the value is at least 1, after rounding to three figures; below the
/// smallest unit as many digits as three figures take.
template <std::size_t N>
std::string format_scaled(double value, const std::array<Scale, N>& ascending) {
  if (value == 0 || !std::isfinite(value))
    return fmt::format("{} {}", value, ascending.back().unit);
  const double magnitude = std::abs(value);
  const char* const sign = value < 0 ? "-" : "";
  const Scale* chosen = &ascending.front();
  for (const Scale& scale : ascending) {
    if (magnitude >= 0.9995 * scale.factor) chosen = &scale;
  }
  const double scaled = magnitude / chosen->factor;
  if (scaled < 0.9995) return fmt::format("{}{:.3g} {}", sign, scaled, chosen->unit);
  return fmt::format("{}{} {}", sign, three_figures(scaled), chosen->unit);
}

}  // namespace

std::string format_size(double size_bytes) {
  static constexpr std::array<std::string_view, 7> kUnits{"B",   "KiB", "MiB", "GiB",
                                                          "TiB", "PiB", "EiB"};
  if (!std::isfinite(size_bytes)) return fmt::format("{} B", size_bytes);
  const char* const sign = size_bytes < 0 ? "-" : "";
  double value = std::abs(size_bytes);
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const bool whole = value == std::round(value);
  if (whole || value >= 999.5) return fmt::format("{}{:.0f} {}", sign, value, kUnits[unit]);
  return fmt::format("{}{:.3g} {}", sign, value, kUnits[unit]);
}

std::string format_bandwidth(double bandwidth_Bps) {
  static constexpr std::array<Scale, 5> kScales{
      {{1, "B/s"}, {1e3, "kB/s"}, {1e6, "MB/s"}, {1e9, "GB/s"}, {1e12, "TB/s"}}};
  if (bandwidth_Bps == 0) return "0 B/s";
  return format_scaled(bandwidth_Bps, kScales);
}

std::string format_time(double time_s) {
  static constexpr std::array<Scale, 4> kScales{
      {{1e-9, "ns"}, {1e-6, "us"}, {1e-3, "ms"}, {1, "s"}}};
  return format_scaled(time_s, kScales);
}

std::string format_count(long long count) {
  const std::string digits = fmt::format("{}", count);
  std::string grouped;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const bool after_digit = at > 0 && digits[at - 1] != '-';
    if (after_digit && (digits.size() - at) % 3 == 0) grouped += ',';
    grouped += digits[at];
  }
  return grouped;
}

}  // namespace collscale
