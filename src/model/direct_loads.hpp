// SPDX-License-Identifier: Apache-2.0
// What the links between the routers of a dragonfly or the nodes of a torus carry, in closed form:
// messages are counted between routers by arithmetic on boxes (collective/flow_boxes.hpp), and what
// a count means for links follows from the routing. Where a hash decides (which of several cables,
// which third group), the loads are expected ones; no flow is looked at.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/load_samples.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/fabric.hpp"
#include "topology/system.hpp"

namespace collscale {

class DirectLoads {
 public:
  virtual ~DirectLoads() = default;

  virtual void clear() = 0;
  /// Adds the messages of an entry that leave their nodes; says at which levels those of its first
  /// `counted_turns` turns turn round (expected counts).
  virtual LevelCounts add(const LoadEntry& entry, const LoadSamples& samples,
                          std::size_t counted_turns) = 0;
  /// Every rank sends `bytes` to every other of the same local rank (`alike`), or of any; nodes are
  /// left. Returns the farthest level.
  enum class Partners : std::uint8_t { any, alike };
  virtual int add_all_pairs(Partners partners, double bytes) = 0;

  /// Bytes on the busiest link of a tier: expected, and of those alike the one that hashing hits
  /// most.
  struct Busiest {
    double even = 0;
    double hashed = 0;
  };
  using PerTier = std::array<Busiest, Torus::kMaxDimensions>;
  /// there_and_back: with every message backwards as well.
  [[nodiscard]] virtual PerTier busiest(LoadSamples::Directions directions) = 0;
  /// Messages that run backwards load links alike.
  [[nodiscard]] virtual bool reverses_alike() const { return true; }
};

/// Nothing for a clos. `system` and `fabric` must live on.
std::unique_ptr<DirectLoads> make_direct_loads(const System& system, const Fabric& fabric,
                                               std::int64_t ranks);

/// Merges what is expected of less than half a message into the next nearer level.
void drop_unlikely(LevelCounts& counts);

/// f(source block, destination block, progression) for the messages of a box that lie between two
/// aligned blocks of `block` ranks, of `ranks` in all.
template <class F>
void for_each_between_blocks(const FlowBox& box, std::int64_t block, std::int64_t ranks, F&& f) {
  const BoxEnd sources(box, End::source, block);
  const Divisor blocks(block);
  for (std::int64_t low = 0; low < ranks; low += block) {
    if (sources.misses(low, low + block)) continue;
    sources.for_each(low, low + block, [&](const Progression& p) {
      const Hop hop(p.destination_hop);
      for (std::int64_t k = 0; k < p.count;) {
        const std::int64_t to = blocks.quotient(p.destination + k * p.destination_hop);
        const Range inside = hop.within(p.destination, p.count, to * block, (to + 1) * block);
        f(low / block, to, p.part(inside.first, inside.size()));
        k = inside.last;
      }
    });
  }
}

}  // namespace collscale
