// SPDX-License-Identifier: Apache-2.0
// A seeded permutation of 0 … n−1 that is computed, not stored: a Feistel network of four rounds
// on the next power of four, walked along its cycle until it is back below n (J. Black, P. Rogaway:
// "Ciphers with arbitrary finite domains", CT-RSA 2002). Less than four walks on average.
#pragma once

#include <bit>
#include <cstdint>

#include "topology/divisor.hpp"

namespace collscale {

class Permutation {
 public:
  Permutation() = default;
  Permutation(std::int64_t size, std::uint64_t seed) : size_(size), seed_(seed) {
    const auto bits =
        static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size > 1 ? size - 1 : 1)));
    half_bits_ = (bits + 1) / 2;
  }
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] std::int64_t operator()(std::int64_t index) const {
    auto x = static_cast<std::uint64_t>(index);
    do x = rounds(x);
    while (x >= static_cast<std::uint64_t>(size_));
    return static_cast<std::int64_t>(x);
  }

 private:
  [[nodiscard]] std::uint64_t rounds(std::uint64_t x) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = x >> half_bits_;
    std::uint64_t right = x & mask;
    for (int round = 0; round < 4; ++round) {
      // `pick` mixes: its low half_bits bits below 2^half_bits.
      const auto mixed = static_cast<std::uint64_t>(
          pick(seed_ + right * 0xd1b54a32d192ed03U, round, std::int64_t{1} << half_bits_));
      const std::uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    return (left << half_bits_) | right;
  }
  std::int64_t size_ = 1;
  std::uint64_t seed_ = 0;
  int half_bits_ = 1;
};

}  // namespace collscale
