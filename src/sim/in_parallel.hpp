// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace collscale {

/// Calls work(worker) for 0 <= worker < threads, each on a thread of its own; the first is this
/// one.
template <class Work>
void on_threads(std::int64_t threads, const Work& work) {
  std::vector<std::thread> others;
  for (std::int64_t worker = 1; worker < threads; ++worker)
    others.emplace_back([&work, worker] { work(worker); });
  work(std::int64_t{0});
  for (std::thread& other : others) other.join();
}

/// Calls work(i, worker) for 0 <= i < count, each exactly once, over threads. A worker is one of
/// 0 to threads − 1, and takes its i in rising order.
template <class Work>
void in_parallel(std::int64_t count, std::int64_t threads, const Work& work) {
  std::atomic<std::int64_t> next{0};
  on_threads(std::min(threads, count), [&](std::int64_t worker) {
    for (std::int64_t i = next++; i < count; i = next++) work(i, worker);
  });
}

}  // namespace collscale
