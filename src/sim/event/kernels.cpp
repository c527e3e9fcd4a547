// SPDX-License-Identifier: Apache-2.0
#include "sim/event/kernels.hpp"

#include <array>

#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

void fill_delays(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
                 std::int64_t ranks, const StepKeys* keys, int pairs, float* rows,
                 std::int64_t stride) {
  for (int p = 0; p < pairs; ++p) {
    for (std::int64_t r = 0; r < ranks; ++r) {
      const auto [first, second] =
          delay_pair(law, std::uint64_t{key_high[r]} << 32U | key_low[r], keys[p]);
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

constexpr Kernels kPortable{InstructionSet::portable, "portable", 1, fill_delays, sweep, exchange};

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
