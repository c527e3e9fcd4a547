// SPDX-License-Identifier: Apache-2.0
// How the ranks of rings lie in memory while they go through their steps (sim/event/ring).
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
#include <vector>

#include "sim/event/kernels.hpp"
#include "sim/event/ring.hpp"
#include "sim/event/ticks.hpp"

namespace collscale {

/// Memory at the start of a cache line: a vector that straddles two lines takes two loads.
template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  CacheAligned() = default;
  template <class U>
  explicit(false) CacheAligned(const CacheAligned<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kLine); }
  friend bool operator==(const CacheAligned&, const CacheAligned&) { return true; }
};
template <class T>
using AlignedVector = std::vector<T, CacheAligned<T>>;

/// Rings are cut into parts of successive ranks; as many parts as a vector has lanes lie side by
/// side in a tile, so that the left neighbours of a vector of ranks are the vector before. In front
/// of each part is room for its halo.
struct Layout {
  std::int64_t size = 0;     ///< of a ring
  std::int64_t lanes = 1;    ///< parts in a tile
  std::int64_t parts = 1;    ///< of a ring
  std::int64_t length = 0;   ///< of a part; the last one of a ring may be shorter
  std::int64_t all = 0;      ///< parts of all rings
  std::int64_t block = 0;    ///< steps from one look at the neighbours to the next
  std::int64_t halo = 0;     ///< at least a block
  std::int64_t vectors = 0;  ///< of a tile: halo and part

  [[nodiscard]] std::int64_t places() const { return vectors * lanes; }  ///< of a tile
  /// Of the halo, what lies further left than `steps` steps look has nothing more to tell. What is
  /// not known there reaches one rank more in every step, and so no rank that is kept.
  [[nodiscard]] std::int64_t first_place(std::int64_t steps) const {
    return (halo - steps) * lanes / kKernelGrain * kKernelGrain;
  }
  [[nodiscard]] std::int64_t tiles() const { return (all + lanes - 1) / lanes; }
  [[nodiscard]] std::int64_t first(std::int64_t part) const { return part % parts * length; }
  [[nodiscard]] std::int64_t count(std::int64_t part) const {
    return std::min(length, size - first(part));
  }
  /// A rank of the ring, counted from the ring's first; any number stands for one.
  [[nodiscard]] std::int64_t around(std::int64_t rank) const {
    return ((rank % size) + size) % size;
  }
};

/// Delays of so many ranks for the steps of a sweep stay in the first-level cache with the clocks.
inline constexpr std::int64_t kStripRanks = 256;

/// f(place, places) for each strip of [from, end).
template <class F>
void for_each_strip(std::int64_t from, std::int64_t end, F&& f) {
  for (std::int64_t place = from; place < end; place += kStripRanks)
    f(place, std::min(kStripRanks, end - place));
}

struct Tile {
  AlignedVector<double> t;          ///< in ticks, if they are counted
  AlignedVector<double> own, edge;  ///< unless in ticks
  AlignedVector<std::int32_t> own_ticks, edge_ticks;
  AlignedVector<std::int32_t> near;  ///< room for clocks, from where their lane is (ticks.hpp)
  AlignedVector<std::uint32_t> low, high;
};

/// All tiles of some rings. Workers take different tiles.
class Tiles {
 public:
  Tiles(const RingWork& work, const Kernels& kernels, const std::optional<Ticks>& ticks);
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] Tile& at(std::int64_t number) { return tiles_[static_cast<std::size_t>(number)]; }

  /// Copies the ring's arrays in.
  void begin(std::int64_t number);
  /// Brings the clocks left of each part, as far as `steps` steps look, from where they are kept.
  void look_left(std::int64_t number, std::int64_t steps);
  /// Copies the clocks out.
  void end(std::int64_t number);

 private:
  template <class F>
  void for_each_part(std::int64_t number, F&& f) const;

  const RingWork& work_;
  const std::optional<Ticks>& ticks_;
  Layout layout_;
  std::vector<Tile> tiles_;
};

}  // namespace collscale
