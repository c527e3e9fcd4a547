// SPDX-License-Identifier: Apache-2.0
// What tells flows apart that take one of several equal-cost ways.
#pragma once

#include <cstdint>

namespace collscale {

/// By its ends.
[[nodiscard]] inline std::uint64_t pair_hash(std::int64_t source, std::int64_t destination) {
  return static_cast<std::uint64_t>(source) * 0x9E3779B97F4A7C15ULL ^
         static_cast<std::uint64_t>(destination);
}

/// By the seed of a simulation and the lane (channel): of the seed the 16 lower bits stand at the
/// top, above those of the lane.
[[nodiscard]] inline std::uint64_t lane_salt(std::uint64_t seed, std::uint64_t lane) {
  return (((seed << 8U) + lane) << 40U) + (seed >> 16U) * 0xA24BAED4963EE407ULL;
}

/// By the part of a message (queue pair) that it is.
[[nodiscard]] inline std::uint64_t part_hash(std::int64_t part) {
  return static_cast<std::uint64_t>(part) * 0xD1B54A32D192ED03ULL;
}

/// By all of these but the part.
[[nodiscard]] inline std::uint64_t flow_hash(std::int64_t source, std::int64_t destination,
                                             std::uint64_t seed, std::uint64_t lane) {
  return pair_hash(source, destination) + lane_salt(seed, lane);
}

}  // namespace collscale
