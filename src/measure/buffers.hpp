// SPDX-License-Identifier: Apache-2.0
// The policy of buffers: hot (every operation on the same memory, as OSU does) or rotating (each on
// the next slot of a pool, as nccl-tests does), since the two differ by far for sizes that fit a
// cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "measure/buffer_layout.hpp"

namespace collscale {

enum class BufferPolicy { rotate, hot };

/// Slots of equal size in a pool. Slot s begins at s × stride_bytes, a multiple of 256.
struct SlotPlan {
  std::int64_t stride_bytes = 0;
  std::int64_t slots = 1;
  [[nodiscard]] std::int64_t pool_bytes() const { return stride_bytes * slots; }
};

/// As many slots as fit `pool_bytes`, at least 1 and at most 64 (hot: 1), each for the larger of
/// the send and the receive buffer of `layout`.
SlotPlan plan_slots(BufferPolicy policy, const BufferLayout& layout, std::int64_t pool_bytes);

/// The pool that rotation is spread over where the buffers are smaller.
inline constexpr std::int64_t kRotationPoolBytes = std::int64_t{32} << 20;

/// Page-aligned host memory whose pages have all been written: memory never touched reads from one
/// shared page of zeros, which is quicker than any real buffer.
class HostBuffer {
 public:
  HostBuffer() = default;
  explicit HostBuffer(std::int64_t bytes);
  [[nodiscard]] std::span<std::byte> bytes() const { return {data_.get(), size_}; }
  [[nodiscard]] std::byte* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace collscale
