// SPDX-License-Identifier: Apache-2.0
#include "measure/buffers.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "measure/policy_name.hpp"

namespace collscale {

namespace {
constexpr std::int64_t kSlotAlignment = 256;
constexpr std::int64_t kMostSlots = 64;
constexpr std::array<std::string_view, 3> kPolicies{"rotate", "hot", "cold"};

/// Near the golden section of `slots`, which spreads successive visits, and coprime to it.
std::int64_t far_step(std::int64_t slots) {
  auto step = static_cast<std::int64_t>(0.618 * static_cast<double>(slots));
  while (step > 1 && std::gcd(step, slots) != 1) {
    --step;
  }
  return std::max<std::int64_t>(1, step);
}

}  // namespace

std::string_view name(BufferPolicy policy) { return kPolicies[static_cast<std::size_t>(policy)]; }

Expected<BufferPolicy> parse_buffer_policy(std::string_view text) {
  return parse_policy<BufferPolicy>("buffer policy", text, kPolicies);
}

std::int64_t pool_bytes_for(BufferPolicy policy, std::int64_t last_cache_bytes) {
  return policy == BufferPolicy::cold ? 2 * last_cache_bytes : kRotationPoolBytes;
}

double machine_memory_bytes() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::int64_t last_cache_bytes() {
  std::int64_t largest = 0;
#ifdef _SC_LEVEL4_CACHE_SIZE
  for (const int level : {_SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL4_CACHE_SIZE}) {
    largest = std::max<std::int64_t>(largest, sysconf(level));
  }
#endif
  return largest > 0 ? largest : std::int64_t{64} << 20;
}

SlotPlan plan_slots(BufferPolicy policy, const BufferLayout& layout, std::int64_t pool_bytes) {
  SlotPlan plan;
  const std::int64_t size = std::max<std::int64_t>(layout.size_bytes, 1);
  plan.stride_bytes = (size + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment;
  if (policy == BufferPolicy::rotate) {
    plan.slots = std::clamp<std::int64_t>(pool_bytes / plan.stride_bytes, 1, kMostSlots);
  }
  if (policy == BufferPolicy::cold) {
    plan.slots =
        std::max<std::int64_t>(2, (pool_bytes + plan.stride_bytes - 1) / plan.stride_bytes);
    plan.step = far_step(plan.slots);
  }
  return plan;
}

}  // namespace collscale
