// SPDX-License-Identifier: Apache-2.0
// Communicators that several tests ask about.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

#include "selector/nccl/selector.hpp"

namespace collscale {

inline constexpr NcclVersion kNccl228{28};
/// The graphs of vectors.hpp between nodes.
inline constexpr std::string_view kH100Graphs = "ring=8x45/45:same,tree=8x45/45,nvls=8x40/45";

inline NcclComm comm_of(const NcclNode& node, NcclVersion version, std::int64_t nodes,
                        std::int64_t ranks_per_node, std::string_view graphs = "") {
  const auto comm =
      make_comm(node, version, nodes * ranks_per_node, ranks_per_node, std::string_view(graphs));
  EXPECT_TRUE(comm) << comm.error().message;
  return comm ? *comm : NcclComm{};
}

/// Nodes of eight H100 with eight 400 Gb/s NICs; between nodes with the graphs of vectors.hpp.
inline NcclComm h100(NcclVersion version, std::int64_t nodes, std::int64_t ranks_per_node = 8) {
  return comm_of(NcclNode{}, version, nodes, ranks_per_node,
                 nodes > 1 && ranks_per_node == 8 ? kH100Graphs : "");
}

inline NcclTuning tuned(NcclVersion version, const NcclComm& comm, Collective collective,
                        const NcclEnvironment& environment = {}, NcclOperation operation = {}) {
  const auto tuning = tune_nccl(version, comm, collective, environment, operation);
  EXPECT_TRUE(tuning) << tuning.error().message;
  return tuning ? *tuning : NcclTuning{};
}

inline double latency_us(const NcclTuning& tuning, NcclAlgorithm a,
                         NcclProtocol p = NcclProtocol::simple) {
  return tuning.latency_s[index(a)][index(p)] * 1e6;
}
inline double bandwidth_GBps(const NcclTuning& tuning, NcclAlgorithm a,
                             NcclProtocol p = NcclProtocol::simple) {
  return tuning.bandwidth_Bps[index(a)][index(p)] / 1e9;
}
inline std::string_view unavailable(const NcclTuning& tuning, NcclAlgorithm a,
                                    NcclProtocol p = NcclProtocol::simple) {
  return tuning.unavailable[index(a)][index(p)];
}

inline constexpr double kKiB = 1024;
inline constexpr double kMiB = 1024 * kKiB;
inline constexpr double kGiB = 1024 * kMiB;

}  // namespace collscale
