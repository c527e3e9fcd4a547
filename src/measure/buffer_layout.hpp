// SPDX-License-Identifier: Apache-2.0
// How many elements a rank sends and receives for a size asked for, by nccl-tests' convention: the
// size is the larger of one rank's send and receive buffers.
#pragma once

#include <cstdint>

#include "collective/collective.hpp"
#include "units/error.hpp"

namespace collscale {

struct BufferLayout {
  std::int64_t count = 0;  ///< elements per rank and block, the library's count argument
  std::int64_t send_elements = 0;
  std::int64_t receive_elements = 0;
  std::int64_t size_bytes = 0;  ///< what is really run; may be less than what was asked for
};

/// True for the collectives that the benchmark programs measure.
bool is_measured(Collective collective);

/// all_reduce, broadcast, reduce: `size_bytes` rounded down to whole elements. all_gather,
/// reduce_scatter, all_to_all: the size is the total over ranks, and a rank's block is size/ranks
/// rounded down to a multiple of 16 bytes, as nccl-tests does; where that would leave nothing, to
/// whole elements (nccl-tests runs a size of 0 there). A size that leaves not one element has
/// size_bytes 0: there is nothing to measure.
BufferLayout buffer_layout(Collective collective, DataType type, double size_bytes,
                           std::int64_t ranks);

}  // namespace collscale
