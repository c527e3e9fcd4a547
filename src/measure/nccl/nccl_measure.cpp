// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_measure.hpp"

#include <algorithm>

namespace collscale {

namespace {

using Pool = NcclDeviceGroup::Pool;

/// Elements of the receive buffer that the operation may write.
std::int64_t writable_elements(const Scenario& scenario, const BufferLayout& layout) {
  return scenario.in_place ? std::max(layout.send_elements, layout.receive_elements)
                           : layout.receive_elements;
}

Mismatch check_device(NcclDeviceGroup& gpus, int gpu, const Scenario& scenario,
                      const BufferLayout& layout, const Pattern& pattern,
                      std::span<std::byte> host) {
  const std::int64_t element = element_bytes(scenario.dtype);
  const int rank = gpus.rank(gpu);
  // NCCL leaves the result of an in-place reduce_scatter at the rank's own block.
  const bool own_block = scenario.in_place && scenario.collective == Collective::reduce_scatter;
  const auto receive = host.first(static_cast<std::size_t>(layout.receive_elements * element));
  gpus.download(gpu, Pool::receive, own_block ? rank * layout.count * element : 0, receive);
  Mismatch found = check_receive(scenario, layout, pattern, rank, receive);
  const std::int64_t writable = writable_elements(scenario, layout);
  std::vector<std::byte> guard(static_cast<std::size_t>(kGuardBytes));
  gpus.download(gpu, Pool::receive, writable * element, guard);
  check_guard(scenario.dtype, guard, writable, found);
  found.rank = gpus.world_rank(gpu);
  return found;
}

}  // namespace

Mismatch verify_on_devices(NcclDeviceGroup& gpus, const Scenario& scenario,
                           const BufferLayout& layout) {
  const std::int64_t element = element_bytes(scenario.dtype);
  std::vector<std::byte> host(static_cast<std::size_t>(layout.size_bytes));
  Mismatch found;
  for (int round = 0; round < 2; ++round) {
    const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks, round);
    for (int gpu = 0; gpu < gpus.gpus(); ++gpu) {
      const int rank = gpus.rank(gpu);
      if (rank < 0) {
        continue;
      }
      const auto send = std::span(host).first(
          static_cast<std::size_t>(extents_of(scenario, layout, rank).send * element));
      fill_send(scenario, layout, pattern, rank, send);
      if (round == 0) {  // the second finds what the first left
        gpus.fill(gpu, Pool::receive, 0, layout.size_bytes + kGuardBytes, 0xff);
      }
      if (scenario.in_place) {
        gpus.upload(gpu, Pool::receive, in_place_input(scenario, layout, rank).at * element, send);
      } else {
        gpus.upload(gpu, Pool::send, 0, send);
      }
    }
    gpus.enqueue(scenario, layout, 0);
    gpus.synchronise();

    Mismatch of_round;
    for (int gpu = 0; gpu < gpus.gpus(); ++gpu) {
      if (gpus.rank(gpu) < 0) {
        continue;
      }
      const Mismatch mine = check_device(gpus, gpu, scenario, layout, pattern, host);
      const std::int64_t wrong = of_round.wrong + mine.wrong;
      if (of_round.wrong == 0) {
        of_round = mine;
      }
      of_round.wrong = wrong;
    }
    if (found.wrong == 0) {
      found = of_round;
    }
  }
  return found;
}

}  // namespace collscale
