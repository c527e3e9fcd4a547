// SPDX-License-Identifier: Apache-2.0
// NCCL's choice for one size: algorithm, protocol, channels, threads, size of chunks.
//
//   const NcclVersion version = *parse_nccl_version("nccl:2.28");
//   const auto comm = make_comm(NcclNode{}, version, 100000, 8);
//   const auto tuning = tune_nccl(version, *comm, Collective::all_reduce);  // once
//   const Selection selection = choose(*tuning, size_bytes);                // for every size
#pragma once

#include <cstdint>

#include "selector/nccl/tuning.hpp"
#include "selector/selection.hpp"

namespace collscale {

/// The choice before it is translated: no allocation.
struct NcclChoice {
  NcclAlgorithm algorithm = NcclAlgorithm::ring;  ///< not of point-to-point collectives
  NcclProtocol protocol = NcclProtocol::simple;
  std::int64_t channels = 1;  ///< of point-to-point collectives: for each peer
  std::int64_t threads = 0;   ///< per channel; 0: not modelled
  double chunk_bytes = 0;     ///< of a channel's data, sent at once
  double estimate_s = -1;     ///< NCCL's own; negative: it has none
};

/// `size_bytes`: the larger of a rank's send and receive buffers. `operations`: see estimate_s.
NcclChoice choose_nccl(const NcclTuning& tuning, double size_bytes, std::int64_t operations = 1);

/// The same in our registry's names; "" where the registry has nothing like it (NVLS between
/// nodes, CollNetDirect's all_gather).
Selection choose(const NcclTuning& tuning, double size_bytes, std::int64_t operations = 1);

/// What NCCL would run if NCCL_ALGO and NCCL_PROTO left it only this pair: channels, threads and
/// chunks as it sets them. Not of point-to-point collectives.
Selection forced(const NcclTuning& tuning, NcclAlgorithm algorithm, NcclProtocol protocol,
                 double size_bytes);

/// Our registry's name of an algorithm.
std::string_view registry_name(const NcclTuning& tuning, NcclAlgorithm algorithm);

}  // namespace collscale
