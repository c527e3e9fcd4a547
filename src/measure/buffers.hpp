// SPDX-License-Identifier: Apache-2.0
// The policy of buffers: hot (every operation on the same memory, as OSU does), rotating (each on
// the next slot of a pool, as nccl-tests does), or cold (a pool that no cache holds), since they
// differ by far for sizes that fit a cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "measure/buffer_layout.hpp"
#include "units/error.hpp"

namespace collscale {

enum class BufferPolicy { rotate, hot, cold };

std::string_view name(BufferPolicy policy);
Expected<BufferPolicy> parse_buffer_policy(std::string_view text);

/// Slots of equal size in a pool. Slot s begins at s × stride_bytes, a multiple of 256.
struct SlotPlan {
  std::int64_t stride_bytes = 0;
  std::int64_t slots = 1;
  /// From one operation to the next. Coprime to `slots`, so that all are visited; cold: far, so
  /// that no prefetcher guesses the next.
  std::int64_t step = 1;
  [[nodiscard]] std::int64_t pool_bytes() const { return stride_bytes * slots; }
};

/// As many slots as fit `pool_bytes`, each for the larger of the send and the receive buffer of
/// `layout`. Rotate: at least 1 and at most 64; hot: 1; cold: at least 2.
SlotPlan plan_slots(BufferPolicy policy, const BufferLayout& layout, std::int64_t pool_bytes);

/// Where each next operation's buffers begin.
class SlotWalk {
 public:
  explicit SlotWalk(const SlotPlan& plan) : plan_(plan) {}
  std::int64_t next_bytes() {
    const std::int64_t at = slot_ * plan_.stride_bytes;
    slot_ += plan_.step;
    slot_ -= slot_ >= plan_.slots ? plan_.slots : 0;
    return at;
  }

 private:
  SlotPlan plan_;
  std::int64_t slot_ = 0;
};

/// The pool that rotation is spread over where the buffers are smaller.
inline constexpr std::int64_t kRotationPoolBytes = std::int64_t{32} << 20;

/// The pool for a policy: 32 MiB, and for cold buffers twice the last cache.
std::int64_t pool_bytes_for(BufferPolicy policy, std::int64_t last_cache_bytes);

/// The largest cache of processor 0 that the system knows of (sysconf); 64 MiB where it knows none.
std::int64_t last_cache_bytes();

/// The machine's memory in bytes (sysconf); 0 or less where the system does not say.
double machine_memory_bytes();

}  // namespace collscale
