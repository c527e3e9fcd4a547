// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_measure.hpp"

#include "measure/nccl/device_verify.hpp"

namespace collscale {

Mismatch verify_on_devices(NcclDeviceGroup& gpus, const Scenario& scenario,
                           const BufferLayout& layout) {
  DeviceVerifier verifier(gpus);
  std::vector<int> taking_part;
  for (int gpu = 0; gpu < gpus.gpus(); ++gpu) {
    if (gpus.rank(gpu) >= 0) taking_part.push_back(gpu);
  }
  Mismatch found;
  for (int round = 0; round < 2; ++round) {
    const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks, round);
    for (const int gpu : taking_part) {
      if (round == 0) {  // the second finds what the first left
        gpus.fill(gpu, NcclDeviceGroup::Pool::receive, 0, layout.size_bytes + kGuardBytes,
                  std::to_integer<int>(kUntouched));
      }
      verifier.fill(gpu, scenario, layout, pattern);
    }
    gpus.enqueue(scenario, layout, 0);
    gpus.synchronise();

    for (const int gpu : taking_part) {
      verifier.start_check(gpu, scenario, layout, pattern);
    }
    std::vector<Mismatch> of_round;
    for (const int gpu : taking_part) {
      of_round.push_back(verifier.finish_check(gpu, scenario, layout, pattern));
    }
    if (found.wrong == 0) {
      found = sum_of_mismatches(of_round);
    }
  }
  return found;
}

}  // namespace collscale
