// SPDX-License-Identifier: Apache-2.0
// What a library would run for one collective, size and number of ranks: the answer of a selector
// (nccl/, openmpi/), in our registry's names, so that an engine can price it.
#pragma once

#include <cstdint>
#include <string>

namespace collscale {

struct Selection {
  /// Name in our registry (collective/algorithms.hpp); "" where the registry has nothing like it.
  std::string algorithm;
  std::string library_algorithm;  ///< as the library calls it: "NVLSTree", "segmented_ring"
  std::string protocol;           ///< "LL", "LL128", "Simple"; "" where the library has none
  std::int64_t channels = 1;      ///< rings or trees side by side
  std::int64_t threads = 0;       ///< per channel (NCCL); 0: not applicable
  double segment_bytes = 0;       ///< of a pipeline; 0: not cut
  std::int64_t radix = 0;         ///< k of a k-nomial tree, or of Bruck; 0: not applicable
  double estimate_s = -1;         ///< the library's own estimate of the time; negative: it has none
};

}  // namespace collscale
