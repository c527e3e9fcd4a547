// SPDX-License-Identifier: Apache-2.0
// Inputs of a collective, and its result worked out from its definition, without any schedule.
#pragma once

#include <algorithm>
#include <vector>

#include "collective/executor.hpp"

namespace collscale::testing {

/// The ranks a block goes to, ascending: more than the first where destinations are spread.
inline std::vector<std::int64_t> destinations_of(const Schedule& s, std::int64_t first) {
  std::vector<std::int64_t> ranks{0};
  std::int64_t weight = 1;
  for (std::size_t d = 0; d < s.radix.size(); ++d) {
    const std::int64_t own = first / weight % s.radix[d];
    std::vector<std::int64_t> longer;
    for (const std::int64_t rank : ranks)
      for (std::int64_t k = 0; k < (s.spread.empty() ? 1 : s.spread[d]); ++k)
        longer.push_back(rank + (own + k) % s.radix[d] * weight);
    ranks = longer;
    weight *= s.radix[d];
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

/// Elements of the smaller buffer of an all_to_all with spread destinations.
inline std::int64_t spread_length(const Schedule& s, std::int64_t elements) {
  for (const std::int64_t k : s.spread) elements /= k;
  return elements;
}

inline std::int64_t input_length(const Schedule& s, std::int64_t rank, std::int64_t elements) {
  switch (s.collective) {
    case Collective::all_gather:
    case Collective::gather:
      return block_elements(elements, s.ranks, rank);
    case Collective::broadcast:
    case Collective::scatter:
      return rank == s.root ? elements : 0;
    case Collective::barrier:
      return 0;
    case Collective::all_to_all: {
      const std::int64_t length = spread_length(s, elements);
      if (!s.combines) return length;
      std::int64_t brought = 0;
      for (std::int64_t first = 0; first < s.ranks; ++first)
        for (const std::int64_t to : destinations_of(s, first))
          if (to == rank) brought += s.ranks * block_elements(length, s.ranks, first);
      return brought;
    }
    default:
      return elements;
  }
}

/// Distinct small whole numbers, so that sums are exact in doubles too.
template <class T>
std::vector<std::vector<T>> inputs(const Schedule& s, std::int64_t elements) {
  std::vector<std::vector<T>> all;
  for (std::int64_t rank = 0; rank < s.ranks; ++rank) {
    std::vector<T> data;
    for (std::int64_t i = 0; i < input_length(s, rank, elements); ++i)
      data.push_back(static_cast<T>((rank + 3) * 1009 + i * i % 7919));
    all.push_back(std::move(data));
  }
  return all;
}

template <class T>
using Arrays = std::vector<std::vector<T>>;

template <class T>
std::vector<T> sum_of(const Arrays<T>& input, std::int64_t elements) {
  std::vector<T> sum(static_cast<std::size_t>(elements), T{});
  for (const auto& part : input)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = static_cast<T>(sum[i] + part[i]);
  return sum;
}

template <class T>
std::vector<T> slice_of(const std::vector<T>& whole, std::int64_t blocks, std::int64_t block) {
  const auto elements = static_cast<std::int64_t>(whole.size());
  const auto first = whole.begin() + block_start(elements, blocks, block);
  return {first, first + block_elements(elements, blocks, block)};
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Every destination has worked on what it was sent; the origin adds the pieces up.
template <class T>
Arrays<T> combined(const Schedule& s, std::int64_t elements, const Arrays<T>& input) {
  const std::int64_t length = spread_length(s, elements);
  Arrays<T> out(static_cast<std::size_t>(s.ranks),
                std::vector<T>(static_cast<std::size_t>(length), T{}));
  std::vector<std::size_t> read(static_cast<std::size_t>(s.ranks), 0);
  for (std::int64_t origin = 0; origin < s.ranks; ++origin)
    for (std::int64_t first = 0; first < s.ranks; ++first)
      for (const std::int64_t to : destinations_of(s, first))
        for (std::int64_t i = 0; i < block_elements(length, s.ranks, first); ++i) {
          T& into = out[static_cast<std::size_t>(origin)]
                       [static_cast<std::size_t>(block_start(length, s.ranks, first) + i)];
          const auto r = static_cast<std::size_t>(to);
          into = static_cast<T>(into + input[r][read[r]++]);
        }
  return out;
}

/// What the collective's definition gives, worked out directly.
template <class T>
Arrays<T> expected_output(const Schedule& s, std::int64_t elements, const Arrays<T>& input) {
  const auto n = static_cast<std::size_t>(s.ranks);
  const auto root = static_cast<std::size_t>(s.root);
  Arrays<T> out(n);
  std::vector<T> all;
  for (const auto& part : input) append(all, part);
  if (s.combines) return combined(s, elements, input);
  for (std::size_t rank = 0; rank < n; ++rank) {
    const auto r = static_cast<std::int64_t>(rank);
    switch (s.collective) {
      case Collective::all_reduce:
        out[rank] = sum_of(input, elements);
        break;
      case Collective::all_gather:
        out[rank] = all;
        break;
      case Collective::reduce_scatter:
        out[rank] = slice_of(sum_of(input, elements), s.ranks, r);
        break;
      case Collective::broadcast:
        out[rank] = input[root];
        break;
      case Collective::reduce:
        if (rank == root) out[rank] = sum_of(input, elements);
        break;
      case Collective::gather:
        if (rank == root) out[rank] = all;
        break;
      case Collective::scatter:
        out[rank] = slice_of(input[root], s.ranks, r);
        break;
      case Collective::send_recv:
        out[rank] = input[(rank + n - 1) % n];
        break;
      case Collective::barrier:
      case Collective::all_gather_v:  // no schedule has these two
      case Collective::all_to_all_v:
        break;
      case Collective::all_to_all:
        for (std::int64_t origin = 0; origin < s.ranks; ++origin)
          for (std::int64_t first = 0; first < s.ranks; ++first)
            for (const std::int64_t to : destinations_of(s, first))
              if (to == r)
                append(out[rank],
                       slice_of(input[static_cast<std::size_t>(origin)], s.ranks, first));
        break;
    }
  }
  return out;
}

}  // namespace collscale::testing
