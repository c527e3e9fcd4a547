// SPDX-License-Identifier: Apache-2.0
// How many elements a rank sends and receives for a size asked for, by nccl-tests' convention: the
// size is the larger of one rank's send and receive buffers. And where the blocks of each rank lie.
#pragma once

#include <cstdint>

#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

/// Of the rank that has most; extents_of() tells what a given rank has.
struct BufferLayout {
  std::int64_t count = 0;  ///< elements per rank and block, the library's count argument
  std::int64_t send_elements = 0;
  std::int64_t receive_elements = 0;
  std::int64_t size_bytes = 0;  ///< what is really run; may be less than what was asked for
};

/// True for the collectives that bench_nccl measures. bench_mpi measures all.
bool is_measured_on_gpus(Collective collective);

/// all_reduce, broadcast, reduce, send_recv: `size_bytes` rounded down to whole elements. The
/// others: the size is the total over ranks, and a rank's block is size/ranks rounded down to a
/// multiple of 16 bytes, as nccl-tests does; where that would leave nothing, to whole elements
/// (nccl-tests runs a size of 0 there). The total of unequal blocks is that of equal ones. A size
/// that leaves not one element per rank has count 0: there is nothing to measure. barrier has no
/// size and is 0 throughout.
BufferLayout buffer_layout(Collective collective, DataType type, double size_bytes,
                           std::int64_t ranks);

/// What one rank's buffers hold, in elements: 0 where it has nothing to send or to receive, as the
/// ranks other than the root of a scatter or a reduce.
struct BufferExtents {
  std::int64_t send = 0;
  std::int64_t receive = 0;
};
BufferExtents extents_of(const Scenario& scenario, const BufferLayout& layout, std::int64_t rank);

/// Elements that all ranks together receive.
std::int64_t received_by_all(const Scenario& scenario, const BufferLayout& layout);

/// Where the receive buffer of an in-place operation holds the rank's input, and how much of it.
/// elements is 0 where the rank has no input there: it has none at all, or MPI and NCCL take it
/// from the send buffer even so (the ranks other than the root of reduce and gather).
struct InPlaceInput {
  std::int64_t at = 0;
  std::int64_t elements = 0;
};
InPlaceInput in_place_input(const Scenario& scenario, const BufferLayout& layout,
                            std::int64_t rank);

/// A run of elements.
struct Block {
  std::int64_t begin = 0;
  std::int64_t elements = 0;
};

/// Block `index` of a buffer of one block per rank, one after the other: equal, or of all_gather_v
/// rising linearly from the smallest (index 0) to `skew` times it, rounded to whole elements so
/// that they fill the total. Small totals leave the first blocks empty.
Block block_of(const Scenario& scenario, const BufferLayout& layout, std::int64_t index);

/// Of all_to_all and all_to_all_v: the block that `rank` exchanges with `peer`, in its send buffer
/// and in its receive buffer alike. Of all_to_all_v it has the size of block (rank + peer) mod n of
/// the ramp: as much goes to a peer as comes from it (MPI asks for that in place), and every rank
/// sends and receives the same total.
Block exchanged_block(const Scenario& scenario, const BufferLayout& layout, std::int64_t rank,
                      std::int64_t peer);

}  // namespace collscale
