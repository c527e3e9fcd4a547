// SPDX-License-Identifier: Apache-2.0
// Loads of the links of a torus or mesh under dimension-order routing (topology/torus_routes.hpp).
// A message loads one stretch of one ring in each dimension: both ends of the stretch are noted,
// and the loads between them are running sums. All pairs are a product for each ring: of the nodes
// that enter it at a position (all those that share the later coordinates) and of those that it is
// left for (all that share the earlier ones).
//
// Time and memory are those of the nodes, not of the ranks or messages.
#pragma once

#include <vector>

#include "model/direct_loads.hpp"
#include "topology/divisor.hpp"

namespace collscale {

class TorusLoads : public DirectLoads {
 public:
  TorusLoads(const System& system, const Torus& torus, std::int64_t ranks);

  void clear() override;
  LevelCounts add(const LoadEntry& entry, const LoadSamples& samples,
                  std::size_t counted_turns) override;
  int add_all_pairs(Partners partners, double bytes) override;
  [[nodiscard]] PerTier busiest(LoadSamples::Directions directions) override;
  /// Backwards a message takes the dimensions in the same order, and so another way.
  [[nodiscard]] bool reverses_alike() const override { return false; }

 private:
  struct Axis {
    Divisor size;
    std::int64_t stride = 1;  ///< nodes before the next position
    bool ring = true;
    /// By line and position: load of the link from there in plus and in minus direction, less that
    /// of the link before.
    std::vector<double> plus, minus;
    double all_pairs = 0;  ///< of the busiest link
  };
  using Coordinates = std::array<std::int64_t, Torus::kMaxDimensions>;
  [[nodiscard]] Coordinates coordinates(std::int64_t node) const;
  /// Links of the way.
  int send(std::int64_t from, std::int64_t to, double bytes);
  /// Of node-by-node pairs, the busiest link of a dimension: ranks of the two nodes multiplied.
  [[nodiscard]] double all_pairs_on(const Axis& axis) const;
  [[nodiscard]] double ranks_on(std::int64_t node) const;

  std::vector<Axis> axes_;
  std::int64_t per_node_;
  std::int64_t ranks_;
};

}  // namespace collscale
