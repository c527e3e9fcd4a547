// SPDX-License-Identifier: Apache-2.0
// Division by a number known when a fabric is built: one multiplication, where the machine's
// integer division takes some 20 to 90 cycles.
#pragma once

#include <cstdint>

namespace collscale {

class Divisor {
 public:
  Divisor() = default;
  /// `value` is at least 1.
  explicit Divisor(std::int64_t value)
      : value_(value), reciprocal_((1.0 / static_cast<double>(value)) * (1.0 + 0x1p-50)) {}

  [[nodiscard]] std::int64_t value() const { return value_; }

  /// floor(n / value), exact for 0 <= n < 2^47.
  /// The reciprocal is too large by a relative 2^-50 ± 2^-52, and rounding the product adds ±
  /// 2^-53: the product is never below n/value, and exceeds it by less than 2^-49·n/value <
  /// 1/value, while a quotient that is not whole misses the next whole number by 1/value or more.
  [[nodiscard]] std::int64_t quotient(std::int64_t n) const {
    return static_cast<std::int64_t>(static_cast<double>(n) * reciprocal_);
  }

 private:
  std::int64_t value_ = 1;
  double reciprocal_ = 1.0 + 0x1p-50;
};

/// One of `count` equal-cost links at a tier, from a hash: even for any hashes, independent between
/// tiers. The mixing is the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014), as published
/// by S. Vigna.
[[nodiscard]] inline std::int64_t pick(std::uint64_t hash, int tier, std::int64_t count) {
  std::uint64_t x = hash + static_cast<std::uint64_t>(tier + 1) * 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  x ^= x >> 31U;
  // The upper 32 bits, scaled: no division. The bias is below count · 2^-32.
  return static_cast<std::int64_t>(((x >> 32U) * static_cast<std::uint64_t>(count)) >> 32U);
}

}  // namespace collscale
