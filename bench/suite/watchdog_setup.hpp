// SPDX-License-Identifier: Apache-2.0
// Processes that measure together get a watchdog each, which know one another.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "bench/suite/watchdog.hpp"
#include "measure/coordinator.hpp"

namespace collscale {

/// Collective. Nothing where the timeout is 0 (off). `heartbeat` outlives the watchdog; `abort`,
/// `gpus` and `unfinished` as in WatchdogPlan.
template <Coordinator C>
std::unique_ptr<Watchdog> start_watchdog(C& processes, double timeout_s, const Heartbeat& heartbeat,
                                         std::function<void()> abort, int gpus = 1,
                                         std::function<std::uint64_t()> unfinished = {}) {
  if (timeout_s <= 0) {
    return nullptr;
  }
  auto socket = std::make_unique<WatchdogSocket>();
  // One maximum gathers all addresses: each process fills its own part and leaves zeros elsewhere.
  constexpr std::size_t kFields = WatchdogAddress::kHosts + 1;
  const auto size = static_cast<std::size_t>(processes.size());
  std::vector<double> fields(size * kFields, 0.0);
  const auto mine =
      std::span(fields).subspan(static_cast<std::size_t>(processes.rank()) * kFields, kFields);
  for (std::size_t i = 0; i < WatchdogAddress::kHosts; ++i) {
    mine[i] = socket->address().hosts[i];
  }
  mine[WatchdogAddress::kHosts] = socket->address().port;
  processes.all_max(fields);
  WatchdogPlan plan;
  plan.timeout_s = timeout_s;
  plan.rank = processes.rank();
  plan.peers.resize(size);
  for (std::size_t rank = 0; rank < size; ++rank) {
    const double* const from = &fields[rank * kFields];
    for (std::size_t i = 0; i < WatchdogAddress::kHosts; ++i) {
      plan.peers[rank].hosts[i] = static_cast<std::uint32_t>(from[i]);
    }
    plan.peers[rank].port = static_cast<std::uint16_t>(from[WatchdogAddress::kHosts]);
  }
  std::random_device random;
  plan.token = static_cast<std::uint64_t>(processes.agree(
      static_cast<std::int64_t>((static_cast<std::uint64_t>(random()) << 32U) | random())));
  plan.abort = std::move(abort);
  plan.gpus = gpus;
  plan.unfinished = std::move(unfinished);
  return std::make_unique<Watchdog>(std::move(plan), std::move(socket), heartbeat);
}

}  // namespace collscale
