// SPDX-License-Identifier: Apache-2.0
// Inputs of a collective, and its result worked out from its definition, without any schedule.
#pragma once

#include <vector>

#include "collective/executor.hpp"

namespace collscale::testing {

/// Distinct small whole numbers, so that sums are exact in doubles too.
template <class T>
std::vector<std::vector<T>> inputs(const Schedule& s, std::int64_t elements) {
  std::vector<std::vector<T>> all;
  for (std::int64_t rank = 0; rank < s.ranks; ++rank) {
    const std::int64_t length =
        s.collective == Collective::all_gather ? block_elements(elements, s.ranks, rank) : elements;
    std::vector<T> data;
    for (std::int64_t i = 0; i < length; ++i)
      data.push_back(static_cast<T>((rank + 3) * 1009 + i * i % 7919));
    all.push_back(std::move(data));
  }
  return all;
}

/// What the collective's definition gives, worked out directly.
template <class T>
std::vector<std::vector<T>> expected_output(const Schedule& s, std::int64_t elements,
                                            const std::vector<std::vector<T>>& input) {
  const auto n = static_cast<std::size_t>(s.ranks);
  std::vector<std::vector<T>> out(n);
  std::vector<T> whole;
  if (s.collective == Collective::all_gather) {
    for (const auto& part : input) whole.insert(whole.end(), part.begin(), part.end());
  } else {
    whole.assign(static_cast<std::size_t>(elements), T{});
    for (const auto& part : input)
      for (std::size_t i = 0; i < whole.size(); ++i) whole[i] += part[i];
  }
  for (std::size_t rank = 0; rank < n; ++rank) {
    const auto r = static_cast<std::int64_t>(rank);
    const auto start = block_start(elements, s.ranks, r);
    const auto length = block_elements(elements, s.ranks, r);
    if (s.collective == Collective::reduce_scatter) {
      out[rank].assign(whole.begin() + start, whole.begin() + start + length);
    } else if (s.collective == Collective::all_to_all) {
      for (const auto& from : input)
        out[rank].insert(out[rank].end(), from.begin() + start, from.begin() + start + length);
    } else {
      out[rank] = whole;
    }
  }
  return out;
}

}  // namespace collscale::testing
