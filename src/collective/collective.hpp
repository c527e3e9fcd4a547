// SPDX-License-Identifier: Apache-2.0
// The operations, their data types, and the definitions of their bandwidths.
// Source of the definitions: NVIDIA nccl-tests, doc/PERFORMANCE.md. GB/s = 1e9 B/s.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

enum class Collective {
  all_reduce,
  all_gather,
  reduce_scatter,
  broadcast,
  reduce,
  all_to_all,
  gather,
  scatter,
  send_recv,
  barrier,
  all_gather_v,  ///< blocks of unequal size: measured only, no schedule
  all_to_all_v,
};

enum class DataType {
  int8,
  uint8,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  bfloat16,
  float32,
  float64,
  float8_e4m3,  ///< 4 exponent and 3 mantissa bits, no infinity
  float8_e5m2,
};
enum class ReduceOp { sum, prod, min, max, avg };

/// The name in files and on the command line ("all_reduce"; "float" for float32, "half" for
/// float16, "double" for float64, "f8e4m3", "f8e5m2", as in nccl-tests).
std::string_view name(Collective collective);
std::string_view name(DataType type);
std::string_view name(ReduceOp op);

/// Also takes the spellings of others: allreduce, allgather, alltoall, all-reduce, sendrecv.
Expected<Collective> parse_collective(std::string_view text);
Expected<DataType> parse_data_type(std::string_view text);
Expected<ReduceOp> parse_reduce_op(std::string_view text);
std::vector<std::string> collective_names();

/// Bytes of one element.
int element_bytes(DataType type);

/// True for all_reduce, reduce_scatter and reduce.
bool reduces(Collective collective);

/// True for broadcast, reduce, gather and scatter: one rank is the root.
bool is_rooted(Collective collective);

/// Whether what a rank sends on depends on what it got, so that a message's latency is paid more
/// than once. Where it does not (all_to_all, gather, scatter, send_recv), all messages may be under
/// way at once.
bool passes_on(Collective collective);

/// True for all_gather_v and all_to_all_v, whose blocks differ in size (Scenario::skew).
bool has_unequal_blocks(Collective collective);

/// busbw = algbw × this: 2(n−1)/n for all_reduce; (n−1)/n for all_gather, reduce_scatter,
/// all_to_all, gather, scatter; 1 for broadcast, reduce, send_recv; 0 for barrier (moves nothing).
/// all_gather_v and all_to_all_v have the factor of equal blocks, which is what crosses the link of
/// the mean rank, so that rows of different skew compare.
double bus_bandwidth_factor(Collective collective, std::int64_t ranks);

/// algbw = size / time, in B/s. `size_bytes` is the larger of one rank's send and receive buffers.
double algorithm_bandwidth_Bps(double size_bytes, double time_s);
double bus_bandwidth_Bps(Collective collective, std::int64_t ranks, double size_bytes,
                         double time_s);

}  // namespace collscale
