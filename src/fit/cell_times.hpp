// SPDX-License-Identifier: Apache-2.0
// What several runs measured of one point, told apart.
#pragma once

#include <cstdint>
#include <map>
#include <type_traits>
#include <vector>

#include "fit/series.hpp"
#include "stats/quantiles.hpp"

namespace collscale {

/// Median times of a cell by `key_of(run)`: the same key may have measured it several times, in and
/// out of place.
template <class KeyOf>
auto times_by(const Cell& cell, const KeyOf& key_of) {
  using Key = std::remove_cvref_t<decltype(key_of(cell.run.front()))>;
  std::map<Key, std::vector<double>> all;
  for (std::size_t i = 0; i < cell.time_s.size(); ++i)
    all[key_of(cell.run[i])].push_back(cell.time_s[i]);
  std::map<Key, double> times;
  for (const auto& [key, values] : all) times[key] = median(values);
  return times;
}

}  // namespace collscale
