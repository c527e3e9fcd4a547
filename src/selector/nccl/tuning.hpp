// SPDX-License-Identifier: Apache-2.0
// NCCL's cost model: latency and bandwidth of each (algorithm, protocol) for one communicator and
// collective, as NCCL computes them once at the start; from these it chooses at every call.
//
// It ranks algorithms, it does not predict time: it knows no hops, no oversubscription, no
// collisions. NCCL computes in single precision, this in double; a logged estimate agrees to 1e-7.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "collective/collective.hpp"
#include "selector/nccl/communicator.hpp"
#include "selector/nccl/environment.hpp"
#include "selector/nccl/tables.hpp"
#include "units/error.hpp"

namespace collscale {

/// What is reduced; NVLS cannot do everything.
struct NcclOperation {
  DataType type = DataType::float32;
  ReduceOp op = ReduceOp::sum;
};

struct NcclTuning {
  NcclVersion version{};
  Collective collective = Collective::all_reduce;
  NcclComm comm{};
  /// [NcclAlgorithm][NcclProtocol], at 0 bytes.
  std::array<std::array<double, kNcclProtocols>, kNcclAlgorithms> latency_s{};
  /// Size / time for large sizes (nccl-tests' algbw); 0: not available.
  std::array<std::array<double, kNcclProtocols>, kNcclAlgorithms> bandwidth_Bps{};
  /// Why not available, a few words for a table; "" where it is, or where there is no such pair.
  std::array<std::array<std::string_view, kNcclProtocols>, kNcclAlgorithms> unavailable{};
  /// Built from sends and receives (all_to_all, gather, scatter, send_recv): no table.
  bool point_to_point = false;
  /// To 2.23: NCCL_ALGO and NCCL_PROTO left nothing, and NCCL takes Ring (Ring and Tree, where the
  /// list is of what it cannot have) without a word.
  bool fell_back = false;
  double nvls_all_reduce_Bps = 0;  ///< that NCCL sets the chunks of NVLS by
  /// Of the bandwidth that an algorithm has with protocol Simple, what it has with each; whether or
  /// not the variables leave these. 1 where there is no such pair.
  std::array<std::array<double, kNcclProtocols>, kNcclAlgorithms> protocol_share{};
};

/// Fails with one sentence where NCCL would stop: the variables leave nothing for the collective;
/// and on barrier, which NCCL does not have.
Expected<NcclTuning> tune_nccl(NcclVersion version, const NcclComm& comm, Collective collective,
                               const NcclEnvironment& environment = {},
                               NcclOperation operation = {});

/// NCCL's estimate of the time; negative where not available. `operations`: collectives of a group
/// per channel, 1 outside groups.
double estimate_s(const NcclTuning& tuning, NcclAlgorithm algorithm, NcclProtocol protocol,
                  double size_bytes, std::int64_t operations = 1);

}  // namespace collscale
