// SPDX-License-Identifier: Apache-2.0
// A Coordinator over all processes, whose GPUs form groups that measure at the same time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "measure/coordinator.hpp"
#include "measure/nccl/nccl_device_group.hpp"
#include "stats/quantiles.hpp"

namespace collscale {

/// What is agreed on is agreed on by all processes, so a sample is the maximum over all groups.
/// Beside it, it keeps what each group took, where every process has GPUs of one group only: a
/// process's time is of all its GPUs together.
template <Coordinator C>
class NcclGroups {
 public:
  /// The groups that `gpus` has in use, `groups` of them.
  NcclGroups(C& all, const NcclDeviceGroup& gpus, std::size_t groups) : all_(all), groups_(groups) {
    for (int gpu = 0; gpu < gpus.gpus(); ++gpu) {
      const int group = gpus.group(gpu);
      if (group < 0) continue;
      mixed_ = mixed_ || (group_ >= 0 && group_ != group);
      group_ = group;
    }
  }

  [[nodiscard]] int rank() const { return all_.rank(); }
  [[nodiscard]] int size() const { return all_.size(); }
  void barrier() const { all_.barrier(); }
  void all_max(std::span<double> values) const { all_.all_max(values); }
  [[nodiscard]] std::int64_t agree(std::int64_t value) const { return all_.agree(value); }
  void send(int process, double value) const requires ClockPeers<C> { all_.send(process, value); }
  [[nodiscard]] double receive(int process) const requires ClockPeers<C> {
    return all_.receive(process);
  }

  /// Keeps what this process took for each of a round's samples (sampler.hpp calls it).
  void note_samples(std::span<const double> sample_s) {
    samples_s_.insert(samples_s_.end(), sample_s.begin(), sample_s.end());
  }
  void forget_samples() { samples_s_.clear(); }
  /// The median over samples of each group's sample, a group's being its slowest process's. Empty
  /// where there is one group, or a process with several. Collective.
  std::vector<double> group_medians_s() {
    const std::size_t groups = groups_;
    double mixed = mixed_ ? 1 : 0;
    all_.all_max(std::span<double>(&mixed, 1));
    if (groups < 2 || mixed > 0 || samples_s_.empty()) return {};
    const std::size_t count = samples_s_.size();
    std::vector<double> all(groups * count, std::numeric_limits<double>::lowest());
    if (group_ >= 0) {
      std::copy(samples_s_.begin(), samples_s_.end(),
                all.begin() + static_cast<std::ptrdiff_t>(count) * group_);
    }
    all_.all_max(all);
    std::vector<double> medians;
    for (std::size_t g = 0; g < groups; ++g) {
      medians.push_back(
          median(std::vector<double>(all.begin() + static_cast<std::ptrdiff_t>(g * count),
                                     all.begin() + static_cast<std::ptrdiff_t>((g + 1) * count))));
    }
    return medians;
  }

 private:
  C& all_;
  std::size_t groups_;
  int group_ = -1;
  bool mixed_ = false;
  std::vector<double> samples_s_;
};

}  // namespace collscale
