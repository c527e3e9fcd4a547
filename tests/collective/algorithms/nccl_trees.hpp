// SPDX-License-Identifier: Apache-2.0
// The parents and children of NCCL's trees, from the lowest set bit of the rank, as in NVIDIA/nccl
// v2.28.9-1, src/graph/trees.cc (ncclGetBtree, ncclGetDtree). Independent of the algebra.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace collscale::testing {

inline constexpr std::int64_t kNobody = -1;

inline std::int64_t btree_parent(std::int64_t n, std::int64_t rank) {
  if (rank == 0) return kNobody;
  const std::int64_t bit = rank & -rank;
  const std::int64_t up = (rank ^ bit) | (bit << 1);
  return up >= n ? rank ^ bit : up;
}

inline std::vector<std::int64_t> btree_children(std::int64_t n, std::int64_t rank) {
  if (rank == 0) {
    std::int64_t bit = 1;
    while (bit < n) bit <<= 1;
    return n > 1 ? std::vector<std::int64_t>{bit >> 1} : std::vector<std::int64_t>{};
  }
  std::int64_t low = (rank & -rank) >> 1;
  if (low == 0) return {};
  std::vector<std::int64_t> children{rank - low};
  while (low > 0 && rank + low >= n) low >>= 1;
  if (low > 0) children.push_back(rank + low);
  return children;
}

/// Of tree 0 or 1 of the double tree.
inline std::int64_t dtree_parent(std::int64_t n, int tree, std::int64_t rank) {
  if (tree == 0) return btree_parent(n, rank);
  if (n % 2 == 0) {
    const std::int64_t up = btree_parent(n, n - 1 - rank);
    return up == kNobody ? kNobody : n - 1 - up;
  }
  const std::int64_t up = btree_parent(n, (rank - 1 + n) % n);
  return up == kNobody ? kNobody : (up + 1) % n;
}

inline std::vector<std::int64_t> dtree_children(std::int64_t n, int tree, std::int64_t rank) {
  if (tree == 0) return btree_children(n, rank);
  const bool mirrored = n % 2 == 0;
  std::vector<std::int64_t> children =
      btree_children(n, mirrored ? n - 1 - rank : (rank - 1 + n) % n);
  for (std::int64_t& child : children) child = mirrored ? n - 1 - child : (child + 1) % n;
  return children;
}

/// Edges from the root to the deepest leaf.
inline std::int64_t btree_height(std::int64_t n) {
  std::int64_t height = 0;
  for (std::int64_t rank = 0; rank < n; ++rank) {
    std::int64_t depth = 0;
    for (std::int64_t at = btree_parent(n, rank); at != kNobody; at = btree_parent(n, at)) ++depth;
    height = std::max(height, depth);
  }
  return height;
}

}  // namespace collscale::testing
