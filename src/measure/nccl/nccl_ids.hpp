// SPDX-License-Identifier: Apache-2.0
// What communicators start from: unique ids, made by some processes and given to all.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "measure/coordinator.hpp"

namespace collscale {

/// Each nccl_id_bytes() long.
using NcclIds = std::vector<std::vector<char>>;

std::vector<char> make_nccl_id();
std::size_t nccl_id_bytes();

/// Collective: `count` ids, at least one, made by processes evenly spread; no more than processes.
template <Coordinator C>
NcclIds share_nccl_ids(C& processes, int count) {
  const int ids = std::clamp(count, 1, processes.size());
  const std::size_t bytes = nccl_id_bytes();
  // One maximum carries all: each maker fills its own part and leaves zeros elsewhere.
  std::vector<double> all(bytes * static_cast<std::size_t>(ids), 0.0);
  for (int i = 0; i < ids; ++i) {
    if (i * processes.size() / ids != processes.rank()) continue;
    const std::vector<char> mine = make_nccl_id();
    std::transform(mine.begin(), mine.end(), all.begin() + i * static_cast<std::ptrdiff_t>(bytes),
                   [](char byte) { return static_cast<double>(static_cast<unsigned char>(byte)); });
  }
  processes.all_max(all);
  NcclIds shared(static_cast<std::size_t>(ids));
  for (std::size_t i = 0; i < shared.size(); ++i) {
    for (std::size_t at = 0; at < bytes; ++at) {
      shared[i].push_back(static_cast<char>(static_cast<unsigned char>(all[i * bytes + at])));
    }
  }
  return shared;
}

}  // namespace collscale
