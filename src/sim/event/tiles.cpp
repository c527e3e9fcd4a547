// SPDX-License-Identifier: Apache-2.0
#include "sim/event/tiles.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {
namespace {

/// A tile's clocks, costs and keys, 32 bytes a rank, stay in the second-level cache.
constexpr std::int64_t kTileRanks = 16384;
/// In ticks a step takes so long that they may come from the third, and longer parts need smaller
/// halos.
constexpr std::int64_t kTickTileRanks = 65536;
constexpr std::int64_t kBlockSteps = 128;
/// The halo is work done twice: of a part's length, one in so many at most, where it is long
/// enough.
constexpr std::int64_t kPartPerHalo = 12;
constexpr std::int64_t kLeastPart = 64;

constexpr std::int64_t up_to_multiple(std::int64_t n, std::int64_t of) {
  return (n + of - 1) / of * of;
}

Layout layout_of(const RingWork& work, std::int64_t lanes, std::int64_t tile_ranks) {
  Layout layout;
  layout.size = work.size;
  layout.lanes = lanes;
  const bool chosen = work.tile_ranks > 0;
  const std::int64_t longest =
      std::max<std::int64_t>(1, (chosen ? work.tile_ranks : tile_ranks) / layout.lanes);
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
  // A block is done with clocks in registers, kSweepSteps at a time, which share their keys.
  const std::int64_t block =
      work.block_steps > 0 ? work.block_steps : std::min(kBlockSteps, layout.length / kPartPerHalo);
  layout.block = std::max<std::int64_t>(block / kSweepSteps * kSweepSteps, kSweepSteps);
  layout.halo = layout.block;
  layout.vectors = up_to_multiple(layout.halo + layout.length, kKernelGrain / layout.lanes);
  return layout;
}

}  // namespace

Tiles::Tiles(const RingWork& work, const Kernels& kernels, const std::optional<Ticks>& ticks)
    : work_(work),
      ticks_(ticks),
      layout_(ticks ? layout_of(work, kernels.ticks.lanes, kTickTileRanks)
                    : layout_of(work, kernels.lanes, kTileRanks)),
      tiles_(static_cast<std::size_t>(layout_.tiles())) {}

template <class F>
void Tiles::for_each_part(std::int64_t number, F&& f) const {
  const std::int64_t first = number * layout_.lanes;
  for (std::int64_t lane = 0; lane < layout_.lanes && first + lane < layout_.all; ++lane)
    f(first + lane, lane);
}

void Tiles::begin(std::int64_t number) {
  Tile& tile = at(number);
  const auto places = static_cast<std::size_t>(layout_.places());
  tile.t.resize(places);
  if (ticks_) {
    tile.own_ticks.resize(places);
    tile.edge_ticks.resize(places);
    tile.near.resize(places);
  } else {
    tile.own.resize(places);
    tile.edge.resize(places);
  }
  if (work_.law != nullptr) {
    tile.low.resize(places);
    tile.high.resize(places);
  }
  for_each_part(number, [&](std::int64_t part, std::int64_t lane) {
    const std::int64_t ring = part / layout_.parts * layout_.size;
    std::int64_t rank = layout_.around(layout_.first(part) - layout_.halo);
    for (std::int64_t v = 0; v < layout_.vectors; ++v) {
      const auto place = static_cast<std::size_t>(v * layout_.lanes + lane);
      const std::int64_t from = ring + rank;
      if (ticks_) {
        tile.t[place] = std::rint(work_.clocks[from] / ticks_->tick_s);
        tile.own_ticks[place] = ticks_->count(work_.own[from]);
        tile.edge_ticks[place] = ticks_->count(work_.edge[from]);
      } else {
        tile.t[place] = work_.clocks[from];
        tile.own[place] = work_.own[from];
        tile.edge[place] = work_.edge[from];
      }
      if (work_.law != nullptr) {
        tile.low[place] = work_.key_low[from];
        tile.high[place] = work_.key_high[from];
      }
      if (++rank == layout_.size) rank = 0;
    }
  });
}

void Tiles::look_left(std::int64_t number, std::int64_t steps) {
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

void Tiles::end(std::int64_t number) {
  const Tile& tile = at(number);
  const double unit_s = ticks_ ? ticks_->tick_s : 1;
  for_each_part(number, [&](std::int64_t part, std::int64_t lane) {
    double* to = work_.clocks + part / layout_.parts * layout_.size + layout_.first(part);
    const double* from = tile.t.data() + layout_.halo * layout_.lanes + lane;
    const std::int64_t count = layout_.count(part);
    for (std::int64_t i = 0; i < count; ++i) to[i] = unit_s * from[i * layout_.lanes];
  });
}

}  // namespace collscale
