// SPDX-License-Identifier: Apache-2.0
#include "sim/event/ring.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <limits>
#include <new>
#include <thread>

namespace collscale {
namespace {

/// Delays of so many ranks for the steps of a sweep stay in the first-level cache with the clocks.
constexpr std::int64_t kStripRanks = 256;
/// A tile's clocks, costs and keys, 32 bytes a rank, stay in the second-level cache.
constexpr std::int64_t kTileRanks = 8192;
constexpr std::int64_t kBlockSteps = 256;

constexpr std::int64_t padded(std::int64_t n) {
  return (n + kKernelGrain - 1) / kKernelGrain * kKernelGrain;
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

/// One worker's copy of a tile.
class Tile {
 public:
  Tile(const RingWork& work, const Kernels& kernels, std::int64_t ranks)
      : work_(work),
        kernels_(kernels),
        t_(static_cast<std::size_t>(ranks)),
        own_(t_.size()),
        edge_(t_.size()),
        low_(t_.size()),
        high_(t_.size()),
        rows_(static_cast<std::size_t>(kSweepSteps * kStripRanks)) {}

  /// Takes the ranks of `group` from `first` on to the left edge's `halo`, all modulo the ring;
  /// goes through `steps` steps from `step` on; puts `count` ranks from `first` into `to`.
  void run(const double* from, double* to, std::int64_t group, std::int64_t first,
           std::int64_t count, std::int64_t step, std::int64_t steps) {
    const std::int64_t length = count + steps;
    load(from, group, first - steps, length);
    const std::int64_t ranks = padded(length);
    for (std::int64_t done = 0; done < steps;) {
      const int here = steps - done >= kSweepSteps ? kSweepSteps : 1;
      if (work_.law == nullptr)
        sweep(ranks, here);
      else
        sweep_with_delays(ranks, step + done, here);
      done += here;
    }
    std::copy_n(t_.begin() + steps, count, to + group * work_.size + first);
  }

 private:
  void load(const double* from, std::int64_t group, std::int64_t first, std::int64_t length) {
    const std::int64_t base = group * work_.size;
    std::int64_t at = ((first % work_.size) + work_.size) % work_.size;
    for (std::int64_t done = 0; done < length;) {
      const std::int64_t here = std::min(length - done, work_.size - at);
      std::copy_n(from + base + at, here, t_.begin() + done);
      std::copy_n(work_.own + base + at, here, own_.begin() + done);
      std::copy_n(work_.edge + base + at, here, edge_.begin() + done);
      if (work_.law != nullptr) {
        std::copy_n(work_.key_low + base + at, here, low_.begin() + done);
        std::copy_n(work_.key_high + base + at, here, high_.begin() + done);
      }
      done += here;
      at = 0;
    }
  }

  /// Nothing is known of what is left of the halo. What follows from that reaches one rank more in
  /// every step, and so no rank that is kept.
  static std::array<double, kSweepSteps> unknown() {
    std::array<double, kSweepSteps> carry{};
    carry.fill(-std::numeric_limits<double>::infinity());
    return carry;
  }

  void sweep(std::int64_t ranks, int steps) {
    auto carry = unknown();
    kernels_.sweep(t_.data(), own_.data(), edge_.data(), ranks, nullptr, 0, steps, carry.data());
  }

  void sweep_with_delays(std::int64_t ranks, std::int64_t step, int steps) {
    auto carry = unknown();
    std::array<StepKeys, kSweepSteps / 2> keys;
    const std::int64_t first_pair = step / 2;
    const auto pairs = static_cast<int>((step + steps + 1) / 2 - first_pair);
    for (int p = 0; p < pairs; ++p)
      keys[static_cast<std::size_t>(p)] =
          step_keys(work_.seed, work_.stream, static_cast<std::uint64_t>(first_pair + p));
    for (std::int64_t r = 0; r < ranks; r += kStripRanks) {
      const std::int64_t here = std::min(kStripRanks, ranks - r);
      const auto at = static_cast<std::size_t>(r);
      kernels_.fill_delays(*work_.law, &low_[at], &high_[at], here, keys.data(), pairs,
                           rows_.data(), kStripRanks);
      kernels_.sweep(&t_[at], &own_[at], &edge_[at], here, rows_.data() + step % 2 * kStripRanks,
                     kStripRanks, steps, carry.data());
    }
  }

  const RingWork& work_;
  const Kernels& kernels_;
  AlignedVector<double> t_;
  AlignedVector<double> own_;
  AlignedVector<double> edge_;
  AlignedVector<std::uint32_t> low_;
  AlignedVector<std::uint32_t> high_;
  AlignedVector<float> rows_;
};

std::int64_t chosen_block(const RingWork& work) {
  // A block is done with clocks in registers, kSweepSteps at a time, and starts at an even step.
  // The halo is work done twice: a sixteenth of a ring, at most.
  std::int64_t block =
      work.block_steps > 0 ? work.block_steps : std::min(kBlockSteps, work.size / 16);
  block = std::max<std::int64_t>(block / kSweepSteps * kSweepSteps, kSweepSteps);
  return std::min(block, work.steps);
}

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
  const Kernels& kernels = work.kernels ? *work.kernels : *available_kernels().front();
  const std::int64_t block = chosen_block(work);
  const std::int64_t threads = std::max(1, work.threads);
  // As many tiles per ring as the cache asks for, and enough for all threads.
  const std::int64_t wanted = work.tile_ranks > 0 ? work.tile_ranks : kTileRanks;
  std::int64_t tiles = (work.size + wanted - 1) / wanted;
  if (work.tile_ranks == 0 && work.size >= 16 * block)
    tiles = std::max(tiles, (threads + work.groups - 1) / work.groups);
  if (work.tile_ranks == 0 && tiles > 1 && work.groups == 1)
    tiles = (tiles + threads - 1) / threads * threads;
  const std::int64_t tile = (work.size + tiles - 1) / tiles;
  const std::int64_t jobs = work.groups * tiles;

  const auto all = static_cast<std::size_t>(work.size * work.groups);
  std::vector<double> other(all);
  const std::int64_t workers = std::min(threads, jobs);
  std::barrier meet(workers);
  const auto run = [&](std::int64_t worker) {
    Tile mine(work, kernels, padded(tile + block));
    double* from = work.clocks;
    double* to = other.data();
    for (std::int64_t step = 0; step < work.steps; step += block) {
      const std::int64_t steps = std::min(block, work.steps - step);
      for (std::int64_t job = worker * jobs / workers; job < (worker + 1) * jobs / workers; ++job) {
        const std::int64_t first = job % tiles * tile;
        mine.run(from, to, job / tiles, first, std::min(tile, work.size - first), step, steps);
      }
      std::swap(from, to);
      if (workers > 1) meet.arrive_and_wait();
    }
  };
  std::vector<std::thread> crew;
  for (std::int64_t worker = 1; worker < workers; ++worker) crew.emplace_back(run, worker);
  run(0);
  for (std::thread& one : crew) one.join();
  const std::int64_t blocks = (work.steps + block - 1) / block;
  if (blocks % 2 == 1) std::copy(other.begin(), other.end(), work.clocks);
}

}  // namespace collscale
