// SPDX-License-Identifier: Apache-2.0
// NCCL_ALGO and NCCL_PROTO, in the syntax of each version.
//
// To 2.23: one list for every function, "Ring,Tree", "^NVLS" for all but these. From 2.24 also by
// function: "ring;allreduce:tree,ring;broadcast:ring", where a list without a function comes
// first. Names are case-blind. A "^" stands once, before the whole list. [P] NVIDIA/nccl
// v2.28.9-1 tuning.cc:35-131, v2.23.4-1 tuning.cc:34-52.
#pragma once

#include <array>
#include <string>

#include "collective/collective.hpp"
#include "selector/nccl/tables.hpp"
#include "selector/nccl/version.hpp"
#include "units/error.hpp"

namespace collscale {

/// The variables' texts; "" where not set.
struct NcclEnvironment {
  std::string algorithms{};  ///< NCCL_ALGO
  std::string protocols{};   ///< NCCL_PROTO
};

/// What they leave of one collective, before it is known what the communicator can do.
struct NcclAllowed {
  enum class Protocol : unsigned char { no, yes, where_safe };  ///< where_safe: LL128 by default
  std::array<bool, kNcclAlgorithms> algorithms{true, true, true, true, true, true, true};
  std::array<Protocol, kNcclProtocols> protocols{Protocol::yes, Protocol::where_safe,
                                                 Protocol::yes};
};

/// Fails with one sentence on a name that NCCL does not know (versions to 2.23 ignore it without a
/// word, which nobody wants), and on a list by function before 2.24. Collectives that NCCL builds
/// from send and receive are not concerned by either variable.
Expected<NcclAllowed> parse_nccl_environment(const NcclEnvironment& environment,
                                             NcclVersion version, Collective collective);

}  // namespace collscale
