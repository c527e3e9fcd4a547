// SPDX-License-Identifier: Apache-2.0
// How long a library needs to set a communicator of all ranks up, and what it keeps in memory.
#pragma once

#include <array>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

enum class StartupLibrary { nccl, ncclx };

struct StartupOptions {
  StartupLibrary library = StartupLibrary::nccl;
  int nccl_version = 22703;  ///< as NCCL_VERSION_CODE: 2.28.9 is 22809
  double roots = 1;          ///< unique ids given to ncclCommInitRankScalable
};

/// One part of the time. The parts sum to the total.
struct StartupPart {
  std::string_view name;
  double time_s = 0;
};

struct Startup {
  double total_s = 0;
  double low_s = 0;  ///< total ∓ 35 %: how far apart two publications on the same library are
  double high_s = 0;
  std::array<StartupPart, 6> parts{};  ///< NCCLX: only the first has a time
  double metadata_bytes = 0;           ///< per rank, a lower estimate
  double memory_bytes = 0;             ///< per rank, device memory for communication in all
  bool is_extrapolated = false;        ///< outside kStartupRanksMin to kStartupRanksMax
  bool is_derived = false;  ///< a version or number of roots that nothing published measures
};

/// The scales of the published curve, 8K to 96K [S].
inline constexpr double kStartupRanksMin = 8192;
inline constexpr double kStartupRanksMax = 98304;

/// From ncclCommInitRank to its end, on all ranks; ranks ≥ 1.
///
/// NCCL: the quadratic through the published 14.5, 55.71 and 265.0 s at 8K, 32K and 96K ranks
/// (arXiv 2510.20171v4, figure 21 [S]), 5.281 + 1.0111 n + 0.017649 n² s with n = ranks / 1024 [D],
/// told apart [D] by what the source does (github.com/NVIDIA/nccl, line numbers at v2.28.9-1):
///   root         every rank calls on its root, 7,000 a second (src/bootstrap.cc:627) [P];
///   from 2.23
///                `roots` share them
///   gathers      three ring all_gathers over sockets (src/bootstrap.cc:595, src/init.cc:890,
///   :1093)
///                of ranks − 1 steps, ⌈ranks / 2⌉ from 2.28.7 on (src/bootstrap.cc:1033; 2.28.3 has
///                not) [P]; they are given the rest of the linear term
///   ring check   a search for every rank in every ring (ncclBuildRings), 26 s at 96K (NVIDIA/nccl
///                pull 1789 [A]); gone from 2.28.7 on (src/graph/rings.cc:28) [P]
///   pairs        loops over pairs of ranks (initTransportsRank), 11 s at 48K (pull 1789 [A]); one
///   is
///                left (src/init.cc:939) [P], so the term stays
///   other loops  the rest of the quadratic term, which nothing published explains
///   fixed        the constant
/// The curve is taken for versions to 2.28.3; the publication does not name its version.
///
/// NCCLX: 3.97, 11.89 and 24.0 s at the same scales [S], power laws between and beyond them [D].
///
/// Memory: metadata of 1 GB per rank at 100,000 ranks, in proportion to ranks; at 64K ranks 10 GB
/// in all, 4.2 GB where channels are allocated when first used (NCCLX) (arXiv 2510.20171v4, table 4
/// [S]); what is not metadata is taken as the same at every scale [D].
///
/// Errors: roots < 1 or more than ranks; several roots before 2.23.
Expected<Startup> communicator_startup(double ranks, const StartupOptions& options);

/// "2.28.9" -> 22809. "2.28" is its last release: 22899.
Expected<int> parse_bootstrap_version(std::string_view text);

}  // namespace collscale
