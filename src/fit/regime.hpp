// SPDX-License-Identifier: Apache-2.0
// Message sizes in three parts, which behave differently.
#pragma once

#include <array>
#include <cstddef>
#include <numbers>

namespace collscale {

/// By size: latency below 64 KiB, bandwidth above 64 MiB, middle between.
enum class Regime : std::size_t { latency = 0, middle = 1, bandwidth = 2 };
inline constexpr std::size_t kRegimes = 3;
inline constexpr std::array<const char*, kRegimes> kRegimeNames = {"latency", "middle",
                                                                   "bandwidth"};
/// Of fewer sizes a median says nothing of their regime.
inline constexpr std::size_t kFewestOfRegime = 3;
inline constexpr double kLogLatencyEnd = 16 * std::numbers::ln2;      ///< 64 KiB
inline constexpr double kLogBandwidthBegin = 26 * std::numbers::ln2;  ///< 64 MiB

Regime regime_of(double size_bytes);
/// Of each at ln of a size, in sum 1: widths change over one octave each side of a boundary.
std::array<double, kRegimes> regime_shares(double log_size);

}  // namespace collscale
