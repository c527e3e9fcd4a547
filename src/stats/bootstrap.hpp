// SPDX-License-Identifier: Apache-2.0
// The bootstrap (Efron 1979). Replicate r draws from its own random stream, so the result is the
// same bits for any number of threads and any order of execution.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "stats/quantiles.hpp"
#include "stats/random.hpp"

namespace collscale {

struct BootstrapOptions {
  int replicates = 1000;
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: as many as the machine has
};

/// Calls `replicate(Random&, index)` once per replicate, in parallel, and returns the values in the
/// order of the index. The function is called from several threads at once: it may read shared data
/// and must write none, and must not throw.
template <class F>
auto bootstrap_replicates(const BootstrapOptions& options, const F& replicate) {
  using Value = decltype(replicate(std::declval<Random&>(), std::size_t{}));
  static_assert(!std::is_same_v<Value, bool>,
                "vector<bool> cannot be written from several threads");
  const auto count = static_cast<std::size_t>(std::max(options.replicates, 0));
  std::vector<Value> values(count);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t r = next++; r < count; r = next++) {
      Random random(options.seed, r);
      values[r] = replicate(random, r);
    }
  };
  const unsigned hardware = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t wanted =
      options.threads > 0 ? static_cast<std::size_t>(options.threads) : hardware;
  const std::size_t threads = std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(count, 1));
  {
    std::vector<std::jthread> pool;
    for (std::size_t i = 1; i < threads; ++i) {
      pool.emplace_back(work);
    }
    work();
  }  // joined here
  return values;
}

/// As many values as `values` has, drawn with replacement.
std::vector<double> resample(std::span<const double> values, Random& random);

struct PercentileInterval {
  double low = 0;
  double high = 0;
};

/// The central `level` of the replicates (Efron's percentile interval); NaN without replicates.
PercentileInterval percentile_interval(std::span<const double> replicates, double level);

/// Percentile interval of `statistic(span)` over values drawn with replacement.
template <class Statistic>
PercentileInterval bootstrap_interval(std::span<const double> values, const Statistic& statistic,
                                      double level, const BootstrapOptions& options) {
  const std::vector<double> replicates =
      bootstrap_replicates(options, [&](Random& random, std::size_t) -> double {
        const std::vector<double> drawn = resample(values, random);
        return statistic(std::span<const double>(drawn));
      });
  return percentile_interval(replicates, level);
}

}  // namespace collscale
