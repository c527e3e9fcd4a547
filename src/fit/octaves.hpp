// SPDX-License-Identifier: Apache-2.0
// Tables over message size, one entry per octave from 1 B to 2^47 B (128 TiB).
#pragma once

#include <algorithm>
#include <cstddef>
#include <numbers>

namespace collscale {

inline constexpr std::size_t kOctaves = 48;
inline constexpr double kOctave = std::numbers::ln2;
inline constexpr double kLogTableEnd = static_cast<double>(kOctaves - 1) * kOctave;

/// `value(entry)` between the two entries next to ln of the size; the ends hold beyond the table.
template <class Table, class F>
double over_octaves(const Table& table, double log_size, const F& value) {
  const double position = std::clamp(log_size, 0.0, kLogTableEnd) / kOctave;
  const std::size_t below = std::min(static_cast<std::size_t>(position), kOctaves - 1);
  const std::size_t above = std::min(below + 1, kOctaves - 1);
  const double share = position - static_cast<double>(below);
  return (1.0 - share) * value(table[below]) + share * value(table[above]);
}

/// Of a table of numbers.
template <class Table>
double over_octaves(const Table& table, double log_size) {
  return over_octaves(table, log_size, [](double value) { return value; });
}

}  // namespace collscale
