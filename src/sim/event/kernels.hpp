// SPDX-License-Identifier: Apache-2.0
// The inner loops of the event engine, once per instruction set; all give the same bits.
#pragma once

#include <cstdint>
#include <span>

#include "sim/event/delay.hpp"

namespace collscale {

enum class InstructionSet { portable, sse2, avx2, avx512 };

/// Arrays passed to kernels have lengths that are multiples of this (their last elements may be
/// anything), so that no vector length needs a remainder.
inline constexpr std::int64_t kKernelGrain = 64;

/// Most steps of a sweep; so many are done with clocks in registers.
inline constexpr int kSweepSteps = kDelaySteps;
inline constexpr std::int64_t kMostLanes = 16;

/// Exponential delays and clocks in ticks.
struct TickKernels {
  std::int64_t lanes = 1;  ///< clocks in a vector of 32-bit integers, at most kMostLanes

  /// As Kernels::fill_delays from the first pair on, rounded to whole ticks.
  void (*fill)(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
               std::int64_t ranks, const StepKeys& keys, int pairs, std::int32_t* rows,
               std::int64_t stride) = nullptr;

  /// As Kernels::sweep. Returns the latest of the new clocks.
  std::int32_t (*sweep)(std::int32_t* t, const std::int32_t* own, const std::int32_t* edge,
                        std::int64_t places, const std::int32_t* rows, std::int64_t stride,
                        int steps, std::int32_t* carry) = nullptr;

  /// The same for clocks that 32 bits do not hold.
  void (*sweep_wide)(double* t, const std::int32_t* own, const std::int32_t* edge,
                     std::int64_t places, const std::int32_t* rows, std::int64_t stride, int steps,
                     double* carry) = nullptr;

  /// near[i] = t[i] − base of its lane, the lane's earliest clock. False, and nothing done, where
  /// clocks of a lane lie `within` or more apart.
  bool (*come_near)(const double* t, std::int64_t places, double within, double* base,
                    std::int32_t* near) = nullptr;
  /// And back.
  void (*leave)(double* t, std::int64_t places, const double* base,
                const std::int32_t* near) = nullptr;
};

struct Kernels {
  InstructionSet set = InstructionSet::portable;
  const char* name = "";
  std::int64_t lanes = 1;  ///< clocks in a vector, at most kMostLanes

  /// rows[2p][r], rows[2p+1][r] (stride apart): the delays of rank r in the steps of pair
  /// first_pair + p of a block.
  /// The ranks' keys come in halves, the low 32 bits and the high ones.
  void (*fill_delays)(const DelayLaw& law, const std::uint32_t* key_low,
                      const std::uint32_t* key_high, std::int64_t ranks, const StepKeys& keys,
                      int first_pair, int pairs, float* rows, std::int64_t stride);

  /// `steps` (up to kSweepSteps) steps of `lanes` chains of ranks side by side, in place: rank r of
  /// chain l stands at place r · lanes + l.
  ///   t'[r] = max(t[r] + own[r], t[r−1] + edge[r]) + row[step][r]
  /// carry[step · lanes + l]: in, the clock of the rank before the first, before that step; out,
  /// that of the last. rows may be null: no delays.
  void (*sweep)(double* t, const double* own, const double* edge, std::int64_t places,
                const float* rows, std::int64_t stride, int steps, double* carry);

  /// The same with clocks that are whole numbers of ticks (sim/event/ticks.hpp).
  TickKernels ticks;

  /// A step with partners r ^ mask: to[r] = max(from[r] + own[r], from[r ^ mask] + edge[r]) + row.
  void (*exchange)(double* to, const double* from, const double* own, const double* edge,
                   std::int64_t ranks, std::int64_t mask, const float* row);
};

/// Those that this processor has, the fastest first. Never empty.
std::span<const Kernels* const> available_kernels();

}  // namespace collscale
