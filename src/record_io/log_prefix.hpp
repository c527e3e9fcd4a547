// SPDX-License-Identifier: Apache-2.0
// What launchers and log collectors put before each line of a program's output.
#pragma once

#include <string_view>

namespace collscale {

/// The line behind mpirun's tags ("[1,0]<stdout>:", "[prterun-n1-77@1,0]<stderr>: "), times of day
/// ("2026-02-03T04:05:06.789Z", "2026-02-03 04:05:06,789", "[04:05:06]"), a container's stream
/// ("stdout F "), a pod ("[pod/nccl-0/main] "), srun's rank ("12: ") and a host ("node01: "). A
/// line that merely begins alike stays as it is: a rank and a host go only before a figure or a
/// '#'.
std::string_view without_prefixes(std::string_view line);

}  // namespace collscale
