// SPDX-License-Identifier: Apache-2.0
#include "sim/event/kernels.hpp"

#include <algorithm>
#include <array>

#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

/// Row: float, or 32-bit integers, to which delays are rounded.
template <class Row>
void fill(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
          std::int64_t ranks, const StepKeys& keys, int first_pair, int pairs, Row* rows,
          std::int64_t stride) {
  for (int p = 0; p < pairs; ++p) {
    for (std::int64_t r = 0; r < ranks; ++r) {
      const auto [first, second] =
          delay_pair(law, std::uint64_t{key_high[r]} << 32U | key_low[r], keys, first_pair + p);
      put_delay(rows[2 * p * stride + r], first);
      put_delay(rows[(2 * p + 1) * stride + r], second);
    }
  }
}

void fill_ticks(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
                std::int64_t ranks, const StepKeys& keys, int pairs, std::int32_t* rows,
                std::int64_t stride) {
  fill(law, key_low, key_high, ranks, keys, 0, pairs, rows, stride);
}

template <class Clock>
Clock later(Clock a, Clock b) {
  return a > b ? a : b;
}

template <class Clock, class Cost, class Row>
void sweep(Clock* t, const Cost* own, const Cost* edge, std::int64_t places, const Row* rows,
           std::int64_t stride, int steps, Clock* carry) {
  for (int k = 0; k < steps; ++k) {
    Clock left = carry[k];
    for (std::int64_t r = 0; r < places; ++r) {
      const Clock clock = t[r];
      const Clock next = later(clock + own[r], left + edge[r]);
      t[r] = rows ? next + static_cast<Clock>(rows[k * stride + r]) : next;
      left = clock;
    }
    carry[k] = left;
  }
}

std::int32_t sweep_ticks(std::int32_t* t, const std::int32_t* own, const std::int32_t* edge,
                         std::int64_t places, const std::int32_t* rows, std::int64_t stride,
                         int steps, std::int32_t* carry) {
  sweep(t, own, edge, places, rows, stride, steps, carry);
  return *std::max_element(t, t + places);
}

void exchange(double* to, const double* from, const double* own, const double* edge,
              std::int64_t ranks, std::int64_t mask, const float* row) {
  for (std::int64_t r = 0; r < ranks; ++r) {
    const double next = later(from[r] + own[r], from[r ^ mask] + edge[r]);
    to[r] = row ? next + static_cast<double>(row[r]) : next;
  }
}

bool come_near(const double* t, std::int64_t places, double within, double* base,
               std::int32_t* near) {
  const auto [first, last] = std::minmax_element(t, t + places);
  if (*last - *first >= within) return false;
  *base = *first;
  for (std::int64_t i = 0; i < places; ++i) near[i] = static_cast<std::int32_t>(t[i] - *base);
  return true;
}

void leave(double* t, std::int64_t places, const double* base, const std::int32_t* near) {
  for (std::int64_t i = 0; i < places; ++i) t[i] = *base + near[i];
}

constexpr Kernels kPortable{
    InstructionSet::portable,
    "portable",
    1,
    fill<float>,
    sweep<double, double, float>,
    {1, fill_ticks, sweep_ticks, sweep<double, std::int32_t, std::int32_t>, come_near, leave},
    exchange};

}  // namespace

const Kernels* portable_kernels() { return &kPortable; }

namespace {

struct Available {
  std::array<const Kernels*, 4> list{};
  std::size_t count = 0;
  Available() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
      list[count++] = avx512_kernels();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      list[count++] = avx2_kernels();
    list[count++] = sse2_kernels();
#endif
    list[count++] = portable_kernels();
  }
};

}  // namespace

std::span<const Kernels* const> available_kernels() {
  static const Available available;
  return {available.list.data(), available.count};
}

}  // namespace collscale
