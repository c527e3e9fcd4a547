// SPDX-License-Identifier: Apache-2.0
#include "topology/job_box.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {
namespace {

class Boxes {
 public:
  Boxes(std::vector<std::int64_t> most, std::int64_t nodes)
      : most_(std::move(most)), nodes_(nodes), sides_(most_.size(), 1), best_(most_) {
    for (const std::int64_t side : most_) {
      best_sum_ += side;
      best_volume_ *= side;
    }
  }
  std::vector<std::int64_t> best() {
    try_sides(0, 0, 1);
    return best_;
  }

 private:
  void try_sides(std::size_t d, std::int64_t sum, std::int64_t volume) {
    const auto left = static_cast<std::int64_t>(most_.size() - d) - 1;  // sides of at least 1
    const std::int64_t needed = (nodes_ + volume - 1) / volume;
    if (left < 0) {
      const bool better = sum < best_sum_ || (sum == best_sum_ && volume < best_volume_);
      if (needed > 1 || !better) return;
      best_ = sides_;
      best_sum_ = sum;
      best_volume_ = volume;
      return;
    }
    // Longest first, so that of equals the one that is longer in earlier dimensions is found first.
    const std::int64_t shortest = left == 0 ? needed : 1;
    for (std::int64_t side = std::min(most_[d], needed); side >= shortest; --side) {
      if (sum + side + left > best_sum_) continue;
      sides_[d] = side;
      try_sides(d + 1, sum + side, volume * side);
    }
  }

  std::vector<std::int64_t> most_;
  std::int64_t nodes_;
  std::vector<std::int64_t> sides_;
  std::vector<std::int64_t> best_;
  std::int64_t best_sum_ = 0;
  std::int64_t best_volume_ = 1;
};

}  // namespace

std::vector<std::int64_t> job_box(const Torus& torus, std::int64_t nodes) {
  std::vector<std::int64_t> most;
  for (const Dimension& dimension : torus.dimensions)
    most.push_back(std::llround(dimension.size.value));
  return Boxes(std::move(most), std::max<std::int64_t>(1, nodes)).best();
}

System job_system(const System& system, std::int64_t ranks) {
  System job = system;
  auto* const torus = std::get_if<Torus>(&job.fabric);
  if (torus == nullptr || ranks > max_ranks(system)) return job;
  const std::int64_t per_node = ranks_per_node(system);
  const std::vector<std::int64_t> box = job_box(*torus, (ranks + per_node - 1) / per_node);
  std::int64_t nodes = 1;
  for (std::size_t d = 0; d < box.size(); ++d) {
    Dimension& dimension = torus->dimensions[d];
    nodes *= box[d];
    if (box[d] == std::llround(dimension.size.value)) continue;
    dimension.size.value = static_cast<double>(box[d]);
    dimension.wrap = Wrap::mesh;
  }
  job.nodes.value = std::min(job.nodes.value, static_cast<double>(nodes));
  return job;
}

}  // namespace collscale
