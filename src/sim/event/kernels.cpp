// SPDX-License-Identifier: Apache-2.0
#include "sim/event/kernels.hpp"

#include <algorithm>
#include <array>

#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

void fill_delays(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
                 std::int64_t ranks, const StepKeys& keys, int first_pair, int pairs, float* rows,
                 std::int64_t stride) {
  for (int p = 0; p < pairs; ++p) {
    for (std::int64_t r = 0; r < ranks; ++r) {
      const auto [first, second] =
          delay_pair(law, std::uint64_t{key_high[r]} << 32U | key_low[r], keys, first_pair + p);
      rows[2 * p * stride + r] = first;
      rows[(2 * p + 1) * stride + r] = second;
    }
  }
}

double later(double a, double b) { return a > b ? a : b; }

void sweep(double* t, const double* own, const double* edge, std::int64_t ranks, const float* rows,
           std::int64_t stride, int steps, double* carry) {
  for (int k = 0; k < steps; ++k) {
    double left = carry[k];
    for (std::int64_t r = 0; r < ranks; ++r) {
      const double clock = t[r];
      const double next = later(clock + own[r], left + edge[r]);
      t[r] = rows ? next + static_cast<double>(rows[k * stride + r]) : next;
      left = clock;
    }
    carry[k] = left;
  }
}

void exchange(double* to, const double* from, const double* own, const double* edge,
              std::int64_t ranks, std::int64_t mask, const float* row) {
  for (std::int64_t r = 0; r < ranks; ++r) {
    const double next = later(from[r] + own[r], from[r ^ mask] + edge[r]);
    to[r] = row ? next + static_cast<double>(row[r]) : next;
  }
}

void fill_ticks(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
                std::int64_t ranks, const StepKeys& keys, int pairs, std::int32_t* rows,
                std::int64_t stride) {
  for (int p = 0; p < pairs; ++p) {
    for (std::int64_t r = 0; r < ranks; ++r) {
      const auto [first, second] =
          delay_pair(law, std::uint64_t{key_high[r]} << 32U | key_low[r], keys, p);
      rows[2 * p * stride + r] = whole(first);
      rows[(2 * p + 1) * stride + r] = whole(second);
    }
  }
}

template <class Clock>
Clock sweep_ticks(Clock* t, const std::int32_t* own, const std::int32_t* edge, std::int64_t places,
                  const std::int32_t* rows, std::int64_t stride, int steps, Clock* carry) {
  for (int k = 0; k < steps; ++k) {
    Clock left = carry[k];
    for (std::int64_t r = 0; r < places; ++r) {
      const Clock clock = t[r];
      t[r] = std::max(clock + own[r], left + edge[r]) + rows[k * stride + r];
      left = clock;
    }
    carry[k] = left;
  }
  return *std::max_element(t, t + places);
}

void sweep_wide_ticks(double* t, const std::int32_t* own, const std::int32_t* edge,
                      std::int64_t places, const std::int32_t* rows, std::int64_t stride, int steps,
                      double* carry) {
  sweep_ticks(t, own, edge, places, rows, stride, steps, carry);
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
    fill_delays,
    sweep,
    {1, fill_ticks, sweep_ticks<std::int32_t>, sweep_wide_ticks, come_near, leave},
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
