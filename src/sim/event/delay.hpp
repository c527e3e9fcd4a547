// SPDX-License-Identifier: Apache-2.0
// Random delays by counter: the delay of (seed, stream, rank, step) is a function of these alone,
// so that it does not matter which thread, tile or vector computes it, nor when.
//
// The generator is a Feistel network of 32 × 32 → 64 bit products, the round of Philox2x32 (J.
// Salmon, M. Moraes, R. Dror, D. Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Philox needs 7 rounds because it turns counters into noise. Here both inputs are random already:
// the rank's 64 bits and the keys of kDelaySteps steps come out of SplitMix64, kMixingRounds rounds
// mix the two, and every further round, with a key of its own, gives the word of one step more.
//
// A word is 32 bits. Below 2^16 it is continued by another 32, so that the tail is right: without
// them the largest of 1e9 draws would be one of a few multiples of 2^-32.
//
// Values are floats, good to 1.5e-6 of the mean (exponential) or better, with errors of either
// sign. Logarithm, exponential, sine and cosine are polynomials evaluated by fused multiply-adds in
// a fixed order: every instruction set gives the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "scenario/noise.hpp"

namespace collscale {

/// Steps that share their keys.
inline constexpr int kDelaySteps = 16;
inline constexpr int kMixingRounds = 4;
inline constexpr int kDelayRounds = kMixingRounds + kDelaySteps - 1;
inline constexpr std::uint32_t kDelayMultiplier = 0xD256D193U;  ///< PHILOX_M2x32_0 of SC 2011
/// Words below are continued by a second word.
inline constexpr std::uint32_t kDelayTail = std::uint32_t{1} << 16U;

/// ln 2 (m−1) − ln m on [1, 2] to 1.3e-6, 2^f on [−1/2, 1/2] to 8e-8, sin x / x and cos x in x² on
/// [−π/4, π/4] to 3e-8: minimax fits by iterated weights, ascending powers [D].
inline constexpr std::array<double, 7> kLogPolynomial{
    1.4140482408767476,  -3.5440362552229723, 3.7027851540442964, -2.2780484410198554,
    0.87816092890054476, -0.1907186136563616, 0.0178077068034459};
inline constexpr std::array<float, 6> kExp2Polynomial{1.000000075490143F,   0.69314722540879414F,
                                                      0.24022107371379104F, 0.055502972976395074F,
                                                      0.00967603650449709F, 0.0013410005385938472F};
inline constexpr std::array<float, 4> kSinePolynomial{
    0.99999999692641328F, -0.16666650699263319F, 0.0083320368761383712F, -0.00019504021999389859F};
inline constexpr std::array<float, 4> kCosinePolynomial{
    0.99999997242395677F, -0.49999856696396894F, 0.041655026893148345F, -0.0013585908510378442F};

/// A distribution, with the constants of its evaluation.
struct DelayLaw {
  enum class Kind { none, exponential, normal, lognormal, pareto, detour, samples };
  Kind kind = Kind::none;
  /// −ln u of a word, times `log_scale`: log_slope · (bits below those of 2^32) + polynomial.
  float log_slope = 0;
  std::array<float, 7> log_polynomial{};
  double mean_s = 0;  ///< exponential
  /// lognormal: scale · 2^(normal · exponent_slope + exponent_offset); pareto: scale · 2^(the log).
  float exponent_slope = 0;
  float exponent_offset = 0;
  float scale = 0;
  std::uint32_t threshold = 0;       ///< detour: words below meet one ...
  std::uint32_t threshold_tail = 0;  ///< ... and of those equal, whose second word is below
  bool always = false;               ///< detour of probability 1
  float length = 0;
  std::vector<float> samples;

  DelayLaw() = default;
  explicit DelayLaw(const Noise& noise);
  /// Draws from measured values, each with the same probability.
  explicit DelayLaw(std::span<const double> values);
};

/// What kDelaySteps successive steps of a stream contribute.
struct StepKeys {
  std::uint32_t first = 0;
  std::array<std::uint32_t, kDelayRounds> round{};
  std::uint64_t tail = 0;
};
/// Of steps kDelaySteps · block and on.
StepKeys step_keys(std::uint64_t seed, std::uint64_t stream, std::uint64_t block);

/// What a rank contributes: 64 random bits.
std::uint64_t rank_key(std::uint64_t seed, std::uint64_t rank);

/// The words of steps 2 · pair and 2 · pair + 1 of a block.
std::pair<std::uint32_t, std::uint32_t> delay_words(std::uint64_t rank_key, const StepKeys& keys,
                                                    int pair);
/// What continues the word of a step of a block.
std::uint32_t delay_tail(std::uint64_t rank_key, const StepKeys& keys, int step);
/// 2^32 times the uniform variable that a word and its continuation stand for, in (0, 2^32].
float delay_uniform(std::uint32_t word, std::uint64_t rank_key, const StepKeys& keys, int step);

/// The delays of a rank in both steps: the scalar definition that the vector code must match.
std::pair<float, float> delay_pair(const DelayLaw& law, std::uint64_t rank_key,
                                   const StepKeys& keys, int pair);
/// The same of words that are known.
std::pair<float, float> delay_pair(const DelayLaw& law, std::uint64_t rank_key,
                                   const StepKeys& keys, int pair,
                                   std::pair<std::uint32_t, std::uint32_t> words);
/// Rounded to the nearest whole number, ties to even.
std::int32_t whole(float delay);
/// Into a row of delays, or of whole ones.
inline void put_delay(float& to, float delay) { to = delay; }
inline void put_delay(std::int32_t& to, float delay) { to = whole(delay); }
/// Of one step of a block.
float delay_of(const DelayLaw& law, std::uint64_t rank_key, const StepKeys& keys, int step);

}  // namespace collscale
