// SPDX-License-Identifier: Apache-2.0
// Inputs whose result is known exactly, whatever the order of summation: small integers, so small
// that every partial result is a whole number the data type holds. (nccl-tests crafts its inputs to
// the same end.) What arrives can then be compared bit by bit.
//
// Results differ by index, so that an element in the wrong place shows; every rank decides some of
// them, so that a missing contribution shows; and each `round` has other results at every index, so
// that a result left over from the operation before shows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "collective/collective.hpp"

namespace collscale {

class Pattern {
 public:
  /// Values repeat after so many indices, so that large buffers are copied and compared rather than
  /// computed. A prime: what goes astray by a whole number of blocks does not meet its like.
  static constexpr std::int64_t kCycle = 16381;
  /// Of the hash behind the keys.
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;

  /// `op` matters only where the collective reduces. Of avg, reduced() is the sum: what the library
  /// makes of it, it may have rounded twice (check_receive).
  Pattern(Collective collective, DataType type, ReduceOp op, std::int64_t ranks, int round = 0);

  /// What `rank` sends at `index` of its send buffer.
  [[nodiscard]] int sent(std::int64_t rank, std::int64_t index) const {
    return reducing_ ? contribution(rank, key(index % kCycle))
                     : static_cast<int>(key(index % kCycle + rank * kRankStride));
  }
  /// What makes a key of an index i: with h = (i mod kCycle + shift) × kStep in 64 bits, (h / 2^32)
  /// × period / 2^32 + round, rounded down, modulo period.
  struct Keys {
    std::uint32_t period = 1;
    std::uint32_t round = 0;
    std::int64_t shift = 0;
  };
  /// Many values, looked up rather than computed: for filling and checking whole buffers. The value
  /// at an index is by_key[key], or the key itself where that is empty. `keys` writes those of
  /// `first` and the indices that follow.
  class Row {
   public:
    void keys(std::int64_t first, std::span<std::uint32_t> keys) const;
    /// For those who compute the keys themselves.
    [[nodiscard]] Keys key_parameters() const;
    std::vector<int> by_key;

   private:
    friend class Pattern;
    const Pattern* pattern_ = nullptr;
    std::int64_t shift_ = 0;
  };
  /// What one rank sends. The pattern must outlive it.
  [[nodiscard]] Row row(std::int64_t rank) const;
  /// What reduced() gives. The pattern must outlive it.
  [[nodiscard]] Row reduced_row() const;
  /// The reduction over all ranks of what they send at `index`.
  [[nodiscard]] int reduced(std::int64_t index) const { return reduced_[key(index % kCycle)]; }

 private:
  static constexpr std::int64_t kRankStride = 0x2545f491;  // odd, spreads ranks over the hash

  // A multiplicative hash scaled to [0, period), and then `round` further: no division, so filling
  // runs at memory speed. Neighbouring keys have different results.
  [[nodiscard]] std::uint32_t key(std::int64_t index) const {
    const auto wide = static_cast<std::uint64_t>(index) * kStep;
    const std::uint64_t at = (((wide >> 32U) * period_) >> 32U) + round_;
    return static_cast<std::uint32_t>(at >= period_ ? at - period_ : at);
  }
  [[nodiscard]] int contribution(std::int64_t rank, std::uint32_t key) const;
  void plan_sum(std::int64_t limit);
  void plan_product();
  void plan_extreme(std::int64_t limit);
  void plan_average(std::int64_t limit);

  bool reducing_;
  ReduceOp op_;
  std::int64_t ranks_;
  std::uint64_t period_ = 1;
  std::uint64_t round_ = 0;
  int largest_ = 1;           // sum, avg: what one rank may send; min, max: the end of the range
  std::int64_t stride_ = 1;   // sum: one rank in so many sends more than 0; prod: shift per key
  std::vector<int> reduced_;  // by key
  std::vector<std::uint32_t> order_;  // sum: the column of values behind a key
};

/// The largest n such that the type holds every integer from 0 to n.
std::int64_t largest_exact_integer(DataType type);

}  // namespace collscale
