// SPDX-License-Identifier: Apache-2.0
// A scenario: the question every engine answers. Plain values; the engines resolve names
// themselves.
#pragma once

#include <cstdint>
#include <string>

#include "collective/collective.hpp"

namespace collscale {

struct Scenario {
  std::string topology;  ///< a name, a file or a family with parameters; "" when measured without
  Collective collective = Collective::all_reduce;
  std::string algorithm = "auto";  ///< "auto": the library or the selector chooses
  std::string protocol;            ///< "LL", "LL128", "Simple"; "" where unknown or not applicable
  std::string selector;            ///< "nccl:2.28"; "" without
  DataType dtype = DataType::float32;
  ReduceOp op = ReduceOp::sum;
  std::int64_t root = 0;
  bool in_place = false;
  double size_bytes = 0;  ///< the larger of one rank's send and receive buffers
  std::int64_t ranks = 0;
  /// Of all_gather_v and all_to_all_v: the largest block over the smallest, 1 or more; block sizes
  /// rise linearly between them and their total is that of equal blocks. 1 elsewhere.
  double skew = 1;
  std::int64_t nodes = 0;  ///< 0 where unknown
  std::string layout;      ///< "" = all ranks in one communicator
  std::string placement = "packed";
  std::string failures;  ///< "" = none
};

/// COLLECTIVE/ALGORITHM/DTYPE/bytes:N/ranks:N[/skew:S][/op:O][/layout:L], the benchmark name,
/// exactly so. O is there for reductions other than sum. Only the collectives of unequal blocks
/// have a skew in their name.
std::string benchmark_name(const Scenario& scenario);

}  // namespace collscale
