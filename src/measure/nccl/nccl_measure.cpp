// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_measure.hpp"

namespace collscale {

Mismatch verify_on_devices(NcclDeviceGroup& gpus, const Scenario& scenario,
                           const BufferLayout& layout) {
  using Pool = NcclDeviceGroup::Pool;
  const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks);
  const std::int64_t element = element_bytes(scenario.dtype);
  std::vector<std::byte> host(static_cast<std::size_t>(layout.size_bytes));
  const std::span<std::byte> send(host.data(),
                                  static_cast<std::size_t>(layout.send_elements * element));
  const std::span<std::byte> receive(host.data(),
                                     static_cast<std::size_t>(layout.receive_elements * element));
  for (int gpu = 0; gpu < gpus.gpus(); ++gpu) {
    fill_send(scenario, layout, pattern, gpus.rank(gpu), send);
    gpus.fill(gpu, Pool::receive, 0, layout.size_bytes, 0xff);
    if (scenario.in_place) {
      gpus.upload(gpu, Pool::receive, in_place_offset(scenario, layout, gpus.rank(gpu)) * element,
                  send);
    } else {
      gpus.upload(gpu, Pool::send, 0, send);
    }
  }
  gpus.enqueue(scenario, layout, 0);
  gpus.synchronise();

  Mismatch found;
  for (int gpu = 0; gpu < gpus.gpus(); ++gpu) {
    const int rank = gpus.rank(gpu);
    // NCCL leaves the result of an in-place reduce_scatter at the rank's own block.
    const bool own_block = scenario.in_place && scenario.collective == Collective::reduce_scatter;
    gpus.download(gpu, Pool::receive, own_block ? rank * layout.count * element : 0, receive);
    const Mismatch mine = check_receive(scenario, layout, pattern, rank, receive);
    if (mine.wrong > 0 && found.wrong == 0) {
      found = {0, mine.rank, mine.index, mine.got, mine.want};
    }
    found.wrong += mine.wrong;
  }
  return found;
}

}  // namespace collscale
