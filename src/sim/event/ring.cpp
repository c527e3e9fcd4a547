// SPDX-License-Identifier: Apache-2.0
#include "sim/event/ring.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <limits>
#include <new>
#include <thread>

namespace collscale {
namespace {

/// Delays of so many ranks for the steps of a sweep stay in the first-level cache with the clocks.
constexpr std::int64_t kStripRanks = 256;
/// A tile's clocks, costs and keys, 32 bytes a rank, stay in the second-level cache.
constexpr std::int64_t kTileRanks = 16384;
constexpr std::int64_t kBlockSteps = 128;
/// The halo is work done twice: of a part's length, one in so many at most, where it is long
/// enough.
constexpr std::int64_t kPartPerHalo = 12;
constexpr std::int64_t kLeastPart = 64;

constexpr std::int64_t up_to_multiple(std::int64_t n, std::int64_t of) {
  return (n + of - 1) / of * of;
}

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

Layout layout_of(const RingWork& work, const Kernels& kernels) {
  Layout layout;
  layout.size = work.size;
  layout.lanes = kernels.lanes;
  const bool chosen = work.tile_ranks > 0;
  const std::int64_t longest =
      std::max<std::int64_t>(1, (chosen ? work.tile_ranks : kTileRanks) / layout.lanes);
  std::int64_t parts = (work.size + longest - 1) / longest;
  if (!chosen) {  // as many as fill the lanes of all threads, unless they become too short
    const std::int64_t filling =
        up_to_multiple(parts * work.groups, layout.lanes * std::max(1, work.threads));
    const std::int64_t most = std::max<std::int64_t>(1, work.size / kLeastPart);
    parts = std::max(parts, std::min(most, (filling + work.groups - 1) / work.groups));
  }
  layout.length = (work.size + parts - 1) / parts;
  layout.parts = (work.size + layout.length - 1) / layout.length;
  layout.all = layout.parts * work.groups;
  // A block is done with clocks in registers, kSweepSteps at a time, and starts at an even step.
  const std::int64_t block =
      work.block_steps > 0 ? work.block_steps : std::min(kBlockSteps, layout.length / kPartPerHalo);
  layout.block = std::max<std::int64_t>(block / kSweepSteps * kSweepSteps, kSweepSteps);
  layout.halo = layout.block;
  layout.vectors = up_to_multiple(layout.halo + layout.length, kKernelGrain / layout.lanes);
  return layout;
}

struct Tile {
  AlignedVector<double> t, own, edge;
  AlignedVector<std::uint32_t> low, high;
};

/// All tiles of some rings, and the ways to go on with them. Workers take different tiles.
class Tiles {
 public:
  Tiles(const RingWork& work, const Kernels& kernels)
      : work_(work),
        kernels_(kernels),
        layout_(layout_of(work, kernels)),
        tiles_(static_cast<std::size_t>(layout_.tiles())) {}
  [[nodiscard]] const Layout& layout() const { return layout_; }

  /// Copies the ring's arrays in.
  void begin(std::int64_t number) {
    Tile& tile = at(number);
    const auto places = static_cast<std::size_t>(layout_.vectors * layout_.lanes);
    tile.t.resize(places);
    tile.own.resize(places);
    tile.edge.resize(places);
    if (work_.law != nullptr) {
      tile.low.resize(places);
      tile.high.resize(places);
    }
    for_each_part(number, [&](std::int64_t part, std::int64_t lane) {
      const std::int64_t ring = part / layout_.parts * layout_.size;
      std::int64_t rank = layout_.around(layout_.first(part) - layout_.halo);
      for (std::int64_t v = 0; v < layout_.vectors; ++v) {
        const auto place = static_cast<std::size_t>(v * layout_.lanes + lane);
        tile.t[place] = work_.clocks[ring + rank];
        tile.own[place] = work_.own[ring + rank];
        tile.edge[place] = work_.edge[ring + rank];
        if (work_.law != nullptr) {
          tile.low[place] = work_.key_low[ring + rank];
          tile.high[place] = work_.key_high[ring + rank];
        }
        if (++rank == layout_.size) rank = 0;
      }
    });
  }

  /// Brings the clocks left of each part, as far as `steps` steps look, from where they are kept.
  void look_left(std::int64_t number, std::int64_t steps) {
    Tile& tile = at(number);
    for_each_part(number, [&](std::int64_t part, std::int64_t lane) {
      const std::int64_t ring = part / layout_.parts * layout_.parts;
      std::int64_t rank = layout_.around(layout_.first(part) - steps);
      for (std::int64_t done = 0; done < steps;) {
        const std::int64_t from = ring + rank / layout_.length;
        const std::int64_t offset = rank % layout_.length;
        const std::int64_t here = std::min(steps - done, layout_.count(from) - offset);
        const double* source = at(from / layout_.lanes).t.data() +
                               (layout_.halo + offset) * layout_.lanes + from % layout_.lanes;
        double* to = tile.t.data() + (layout_.halo - steps + done) * layout_.lanes + lane;
        for (std::int64_t i = 0; i < here; ++i) to[i * layout_.lanes] = source[i * layout_.lanes];
        done += here;
        rank += here;
        if (rank == layout_.size) rank = 0;
      }
    });
  }

  /// Takes a tile through `steps` steps from `step` on. `rows` is room for delays.
  void run(std::int64_t number, std::int64_t step, std::int64_t steps, AlignedVector<float>& rows) {
    rows.resize(static_cast<std::size_t>(kSweepSteps * kStripRanks));
    for (std::int64_t done = 0; done < steps;) {
      const int here = steps - done >= kSweepSteps ? kSweepSteps : 1;
      // Of the halo, what is further left has nothing more to tell. What is not known there reaches
      // one rank more in every step, and so no rank that is kept.
      const std::int64_t from =
          (layout_.halo - steps + done) * layout_.lanes / kKernelGrain * kKernelGrain;
      if (work_.law == nullptr)
        sweep(at(number), from, here);
      else
        sweep_with_delays(at(number), from, step + done, here, rows);
      done += here;
    }
  }

  /// Copies the clocks out.
  void end(std::int64_t number) {
    const Tile& tile = at(number);
    for_each_part(number, [&](std::int64_t part, std::int64_t lane) {
      double* to = work_.clocks + part / layout_.parts * layout_.size + layout_.first(part);
      const double* from = tile.t.data() + layout_.halo * layout_.lanes + lane;
      const std::int64_t count = layout_.count(part);
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * layout_.lanes];
    });
  }

 private:
  using Carry = std::array<double, kSweepSteps * kMostLanes>;

  Tile& at(std::int64_t number) { return tiles_[static_cast<std::size_t>(number)]; }

  template <class F>
  void for_each_part(std::int64_t number, F&& f) const {
    const std::int64_t first = number * layout_.lanes;
    for (std::int64_t lane = 0; lane < layout_.lanes && first + lane < layout_.all; ++lane)
      f(first + lane, lane);
  }

  static Carry unknown() {
    Carry carry;
    carry.fill(-std::numeric_limits<double>::infinity());
    return carry;
  }

  void sweep(Tile& tile, std::int64_t from, int steps) const {
    Carry carry = unknown();
    const auto at = static_cast<std::size_t>(from);
    kernels_.sweep(&tile.t[at], &tile.own[at], &tile.edge[at],
                   layout_.vectors * layout_.lanes - from, nullptr, 0, steps, carry.data());
  }

  void sweep_with_delays(Tile& tile, std::int64_t from, std::int64_t step, int steps,
                         AlignedVector<float>& rows) const {
    Carry carry = unknown();
    std::array<StepKeys, kSweepSteps / 2> keys;
    const std::int64_t first_pair = step / 2;
    const auto pairs = static_cast<int>((step + steps + 1) / 2 - first_pair);
    for (int p = 0; p < pairs; ++p)
      keys[static_cast<std::size_t>(p)] =
          step_keys(work_.seed, work_.stream, static_cast<std::uint64_t>(first_pair + p));
    const std::int64_t places = layout_.vectors * layout_.lanes;
    for (std::int64_t place = from; place < places; place += kStripRanks) {
      const std::int64_t here = std::min(kStripRanks, places - place);
      const auto at = static_cast<std::size_t>(place);
      kernels_.fill_delays(*work_.law, &tile.low[at], &tile.high[at], here, keys.data(), pairs,
                           rows.data(), kStripRanks);
      kernels_.sweep(&tile.t[at], &tile.own[at], &tile.edge[at], here,
                     rows.data() + step % 2 * kStripRanks, kStripRanks, steps, carry.data());
    }
  }

  const RingWork& work_;
  const Kernels& kernels_;
  Layout layout_;
  std::vector<Tile> tiles_;
};

}  // namespace

RankKeys rank_keys(std::uint64_t seed, std::int64_t ranks) {
  RankKeys keys;
  keys.low.resize(static_cast<std::size_t>(ranks));
  keys.high.resize(static_cast<std::size_t>(ranks));
  for (std::size_t r = 0; r < keys.low.size(); ++r) {
    const std::uint64_t key = rank_key(seed, r);
    keys.low[r] = static_cast<std::uint32_t>(key);
    keys.high[r] = static_cast<std::uint32_t>(key >> 32U);
  }
  return keys;
}

void run_rings(const RingWork& work) {
  if (work.size < 1 || work.groups < 1 || work.steps < 1) return;
  Tiles tiles(work, work.kernels ? *work.kernels : *available_kernels().front());
  const std::int64_t count = tiles.layout().tiles();
  const std::int64_t block = tiles.layout().block;
  const std::int64_t workers = std::min<std::int64_t>(std::max(1, work.threads), count);
  std::barrier meet(workers);
  const auto run = [&](std::int64_t worker) {
    AlignedVector<float> rows;
    const auto for_mine = [&](auto&& f) {
      for (std::int64_t i = worker * count / workers; i < (worker + 1) * count / workers; ++i) f(i);
      if (workers > 1) meet.arrive_and_wait();
    };
    for_mine([&](std::int64_t i) { tiles.begin(i); });
    for (std::int64_t step = 0; step < work.steps; step += block) {
      const std::int64_t steps = std::min(block, work.steps - step);
      for_mine([&](std::int64_t i) { tiles.look_left(i, steps); });
      for_mine([&](std::int64_t i) { tiles.run(i, step, steps, rows); });
    }
    for_mine([&](std::int64_t i) { tiles.end(i); });
  };
  std::vector<std::thread> crew;
  for (std::int64_t worker = 1; worker < workers; ++worker) crew.emplace_back(run, worker);
  run(0);
  for (std::thread& one : crew) one.join();
}

}  // namespace collscale
