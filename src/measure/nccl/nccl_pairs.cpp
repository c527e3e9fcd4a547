// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_pairs.hpp"

#include <algorithm>

namespace collscale {

using Pool = NcclDeviceGroup::Pool;

NcclPingPong::NcclPingPong(NcclDeviceGroup& gpus, int ranks, std::int64_t size_bytes,
                           Heartbeat& heartbeat)
    : gpus_(gpus), ranks_(ranks), size_bytes_(size_bytes), heartbeat_(heartbeat) {
  gpus_.use_groups(nullptr);
  gpus_.use_choice("auto");
}

int NcclPingPong::gpu_of(int rank) const {
  const int gpu = rank - gpus_.world_rank(0);
  return gpu >= 0 && gpu < gpus_.gpus() ? gpu : -1;
}

bool NcclPingPong::takes_part(const std::vector<RankPair>& round) const {
  return std::any_of(round.begin(), round.end(),
                     [this](const RankPair& pair) { return has(pair.first) || has(pair.second); });
}

void NcclPingPong::enqueue(const std::vector<RankPair>& round, std::int64_t round_trips) {
  std::vector<RankPair> back;
  for (const auto& [first, second] : round) back.emplace_back(second, first);
  for (std::int64_t i = 0; i < round_trips; ++i) {
    gpus_.enqueue_messages(round, size_bytes_);
    gpus_.enqueue_messages(back, size_bytes_);
  }
}

void NcclPingPong::run(const std::vector<RankPair>& round, std::int64_t round_trips) {
  // Who rests enters the same steps: the one with the fewest is the one that is waited for.
  heartbeat_.enter();
  if (takes_part(round)) enqueue(round, round_trips);
  gpus_.synchronise();
}

void NcclPingPong::time(const std::vector<RankPair>& round, std::int64_t round_trips,
                        std::span<double> time_s) {
  heartbeat_.enter();
  if (takes_part(round)) {
    enqueue(round, 1);
    gpus_.record_start();
    enqueue(round, round_trips);
    gpus_.record_stop();
  }
  gpus_.synchronise();
  for (std::size_t p = 0; p < round.size(); ++p) {
    if (const int gpu = gpu_of(round[p].first); gpu >= 0) time_s[p] = gpus_.elapsed_s(gpu);
  }
}

std::span<std::byte> NcclPingPong::send(int /*rank*/) {
  staged_.resize(static_cast<std::size_t>(size_bytes_ + kGuardBytes));
  return std::span(staged_).first(static_cast<std::size_t>(size_bytes_));
}

void NcclPingPong::load(int rank) {
  const int gpu = gpu_of(rank);
  gpus_.upload(gpu, Pool::send, 0, std::span(staged_).first(static_cast<std::size_t>(size_bytes_)));
  gpus_.fill(gpu, Pool::receive, 0, size_bytes_ + kGuardBytes, std::to_integer<int>(kUntouched));
}

std::span<const std::byte> NcclPingPong::received(int rank) {
  staged_.resize(static_cast<std::size_t>(size_bytes_ + kGuardBytes));
  gpus_.download(gpu_of(rank), Pool::receive, 0, staged_);
  return staged_;
}

double DeviceCopies::operator()(std::int64_t times) {
  gpus_.record_start();
  for (std::int64_t i = 0; i < times; ++i) {
    heartbeat_.enter();
    gpus_.enqueue_copies(slot_.next_bytes(), size_bytes_);
  }
  gpus_.record_stop();
  gpus_.synchronise();
  return gpus_.elapsed_s();
}

}  // namespace collscale
