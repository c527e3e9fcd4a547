// SPDX-License-Identifier: Apache-2.0
// Inputs whose result is known exactly, whatever the order of summation: small integers, so small
// that every partial result is a whole number the data type holds. (nccl-tests crafts its inputs to
// the same end.) What arrives can then be compared bit by bit.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/collective.hpp"

namespace collscale {

class Pattern {
 public:
  /// `op` matters only where the collective reduces; avg is not among what a pattern can foresee.
  Pattern(Collective collective, DataType type, ReduceOp op, std::int64_t ranks);

  /// What `rank` sends at `index` of its send buffer.
  [[nodiscard]] int sent(std::int64_t rank, std::int64_t index) const {
    return reducing_ ? contribution(rank, key(index))
                     : static_cast<int>(key(index + rank * kRankStride));
  }
  /// The reduction over all ranks of what they send at `index`.
  [[nodiscard]] int reduced(std::int64_t index) const { return reduced_[key(index)]; }

 private:
  static constexpr std::int64_t kRankStride = 0x2545f491;  // odd, spreads ranks over the hash

  // A multiplicative hash scaled to [0, period): no division, so filling runs at memory speed.
  [[nodiscard]] std::uint32_t key(std::int64_t index) const {
    const auto wide = static_cast<std::uint64_t>(index) * 0x9e3779b97f4a7c15U;
    return static_cast<std::uint32_t>(((wide >> 32U) * period_) >> 32U);
  }
  [[nodiscard]] int contribution(std::int64_t rank, std::uint32_t key) const;

  bool reducing_;
  ReduceOp op_;
  std::uint64_t period_ = 1;
  std::int64_t stride_ = 1;
  std::vector<int> reduced_;  // by key
};

/// The largest n such that the type holds every integer from 0 to n.
std::int64_t largest_exact_integer(DataType type);

}  // namespace collscale
