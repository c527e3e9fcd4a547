// SPDX-License-Identifier: Apache-2.0
// The rules as data. A function has rows by communicator size, a row has steps by message size.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "selector/openmpi/openmpi.hpp"

namespace collscale {

/// Below this many bytes, this algorithm.
struct OpenMpiStep {
  std::int64_t below_bytes = 0;
  int algorithm = 0;
};

/// Below this many ranks, these steps; `line` is where the row stands in
/// coll_tuned_decision_fixed.c at v4.1.4.
struct OpenMpiRow {
  std::int64_t below_ranks = 0;
  int line = 0;
  std::array<OpenMpiStep, 10> steps{};  ///< up to the one that takes the rest
};

/// What is left: no upper end.
constexpr std::int64_t kRest = std::numeric_limits<std::int64_t>::max();

/// Rows in order; the last one takes the rest. Functions that do not reduce have one table for
/// both.
std::span<const OpenMpiRow> openmpi_rules(OpenMpiFunction function, bool commutative);

}  // namespace collscale
