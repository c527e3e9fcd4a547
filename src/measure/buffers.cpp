// SPDX-License-Identifier: Apache-2.0
#include "measure/buffers.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace collscale {

namespace {
constexpr std::align_val_t kPage{4096};
constexpr std::int64_t kSlotAlignment = 256;
constexpr std::int64_t kMostSlots = 64;
}  // namespace

SlotPlan plan_slots(BufferPolicy policy, const BufferLayout& layout, std::int64_t pool_bytes) {
  SlotPlan plan;
  const std::int64_t size = std::max<std::int64_t>(layout.size_bytes, 1);
  plan.stride_bytes = (size + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment;
  if (policy == BufferPolicy::rotate) {
    plan.slots = std::clamp<std::int64_t>(pool_bytes / plan.stride_bytes, 1, kMostSlots);
  }
  return plan;
}

HostBuffer::HostBuffer(std::int64_t bytes)
    : data_(static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), kPage))),
      size_(static_cast<std::size_t>(bytes)) {
  std::memset(data_.get(), 1, size_);
}

void HostBuffer::Free::operator()(std::byte* data) const { ::operator delete(data, kPage); }

}  // namespace collscale
