// SPDX-License-Identifier: Apache-2.0
// What NCCL writes of its own choice for a collective, with NCCL_DEBUG=INFO and
// NCCL_DEBUG_SUBSYS=TUNING, from rank 0 of each communicator. NVIDIA/nccl, src/enqueue.cc:
//   2.20 to 2.22  "1024 Bytes -> Algo 1 proto 2 time 20.5"
//   2.23          "AllReduce: 1024 Bytes -> Algo 1 proto 2 time 20.5"
//   2.24 on       "AllReduce: 1024 Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..15}"
// and, of a kernel on symmetric memory (src/scheduler/symmetric_sched.cc; from 2.27)
//   "AllReduce [Symmetric]: 1024 Bytes -> Kernel AllReduce_AGxLL_R nchannels 8 nthreads 512 …"
// The bytes are those of the larger of a rank's two buffers to 2.23, then those of the count that
// the call was given: of all_gather and reduce_scatter one rank's part.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/record.hpp"

namespace collscale {

struct NcclChoiceLine {
  std::optional<Collective> collective;  ///< nothing where the line does not name it
  double bytes = 0;                      ///< as written
  bool of_count = false;                 ///< the bytes are those of the call's count
  Chosen chosen;  ///< algorithm "symmetric" of the kernels on symmetric memory
};

/// Anything may stand before it, such as the host and the front of a row.
std::optional<NcclChoiceLine> read_nccl_choice(std::string_view line);

/// The choices that a log tells while one table is printed: by size, since messages of the library
/// and rows do not come in each other's order.
class NcclChoices {
 public:
  void add(const NcclChoiceLine& line) {
    ++told_[{line.collective, line.bytes, line.of_count}][line.chosen];
  }
  void clear() { told_.clear(); }

  struct Answer {
    std::optional<Chosen> chosen;  ///< what more than half of the lines say
    bool is_disputed = false;      ///< they do not all say the same
  };
  /// `size_bytes` as a scenario's.
  [[nodiscard]] Answer of(Collective collective, double size_bytes, std::int64_t ranks) const;

 private:
  struct Key {
    std::optional<Collective> collective;
    double bytes = 0;
    bool of_count = false;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, std::map<Chosen, std::int64_t>> told_;
};

}  // namespace collscale
