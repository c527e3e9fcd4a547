// SPDX-License-Identifier: Apache-2.0
// A small seeded generator that gives the same numbers on every machine; the standard library's
// distributions do not. SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) spreads seeds; xoshiro256**
// (Blackman, Vigna, ACM TOMS 47:36, 2021) makes the stream.
#pragma once

#include <array>
#include <cstdint>

namespace collscale {

/// One step of SplitMix64: advances `state` and returns 64 well-mixed bits.
constexpr std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// xoshiro256**. `stream` selects one of 2^64 streams of the same seed: a parallel program gives
/// each piece of work its own and stays bit-identical for any number of threads.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t mixed_stream = stream;
    std::uint64_t state = seed ^ splitmix64(mixed_stream);
    for (std::uint64_t& word : state_) {
      word = splitmix64(state);
    }
  }

  /// 64 random bits.
  constexpr std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  constexpr double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

  /// Uniform in {0, ..., bound-1} without bias; `bound` is at least 1.
  constexpr std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t reject_below = (0 - bound) % bound;  // 2^64 mod bound
    std::uint64_t bits = next();
    while (bits < reject_below) {
      bits = next();
    }
    return bits % bound;
  }

  /// Standard normal (Box, Muller 1958). Uses log and cos, so machines agree to rounding only.
  double normal();

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int bits) {
    return (x << bits) | (x >> (64 - bits));
  }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace collscale
