// SPDX-License-Identifier: Apache-2.0
#include "sim/event/delay.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace collscale {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;

/// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32U); }

void set_log(DelayLaw& law, double scale) {
  law.log_slope = static_cast<float>(scale * std::numbers::ln2 * 0x1p-23);
  for (std::size_t i = 0; i < law.log_polynomial.size(); ++i)
    law.log_polynomial[i] = static_cast<float>(scale * kLogPolynomial[i]);
}

/// scale · −ln(uniform / 2^32).
float log_of(const DelayLaw& law, float uniform) {
  const auto bits = std::bit_cast<std::uint32_t>(uniform);
  const auto below = static_cast<float>(static_cast<std::int32_t>(0x4f800000U - bits));
  const float m = std::bit_cast<float>((bits & 0x7fffffU) | 0x3f800000U);
  float p = law.log_polynomial[6];
  for (std::size_t i = 6; i-- > 0;) p = std::fma(p, m, law.log_polynomial[i]);
  return std::fma(below, law.log_slope, p);
}

float exp2_of(float y) {
  constexpr float kRound = 0x1.8p23F;
  const float moved = y + kRound;
  const float f = y - (moved - kRound);
  float p = kExp2Polynomial[5];
  for (std::size_t i = 5; i-- > 0;) p = std::fma(p, f, kExp2Polynomial[i]);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) +
                              (std::bit_cast<std::uint32_t>(moved) << 23U));
}

/// radius · (cos, sin) of the angle that is word / 2^32 of a turn.
std::pair<float, float> on_circle(float radius, std::uint32_t word) {
  const std::uint32_t quarter = (word + 0x20000000U) >> 30U;
  const auto rest = static_cast<std::int32_t>(word - (quarter << 30U));
  const float x = static_cast<float>(rest) * static_cast<float>(std::numbers::pi / 2 * 0x1p-30);
  const float z = x * x;
  float s = kSinePolynomial[3];
  float c = kCosinePolynomial[3];
  for (std::size_t i = 3; i-- > 0;) {
    s = std::fma(s, z, kSinePolynomial[i]);
    c = std::fma(c, z, kCosinePolynomial[i]);
  }
  s = s * x;
  if (quarter & 1U) std::swap(s, c);
  const auto flip = [](float value, std::uint32_t sign) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ sign);
  };
  return {radius * flip(c, ((quarter + 1) & 2U) << 30U), radius * flip(s, (quarter & 2U) << 30U)};
}

}  // namespace

DelayLaw::DelayLaw(const Noise& noise) {
  switch (noise.kind) {
    case NoiseKind::none:
      return;
    case NoiseKind::exponential:
      kind = Kind::exponential;
      set_log(*this, noise.mean_s);
      mean_s = noise.mean_s;
      return;
    case NoiseKind::normal:
      kind = Kind::normal;
      set_log(*this, 2 * noise.sigma_s * noise.sigma_s);
      return;
    case NoiseKind::lognormal:
      kind = Kind::lognormal;
      set_log(*this, 2);
      exponent_slope = static_cast<float>(noise.sigma * std::numbers::log2e);
      exponent_offset = static_cast<float>(-noise.sigma * noise.sigma / 2 * std::numbers::log2e);
      scale = static_cast<float>(noise.mean_s);
      return;
    case NoiseKind::pareto:
      kind = Kind::pareto;
      set_log(*this, std::numbers::log2e / noise.shape);
      scale = static_cast<float>(noise.mean_s * (noise.shape - 1) / noise.shape);
      return;
    case NoiseKind::detour: {
      kind = Kind::detour;
      const double words = noise.probability * 0x1p32;
      always = words >= 0x1p32;
      threshold = always ? 0 : static_cast<std::uint32_t>(words);
      threshold_tail =
          always ? 0 : static_cast<std::uint32_t>((words - std::floor(words)) * 0x1p32);
      length = static_cast<float>(noise.length_s);
      return;
    }
  }
}

DelayLaw::DelayLaw(std::span<const double> values)
    : kind(values.empty() ? Kind::none : Kind::samples) {
  samples.reserve(values.size());
  for (const double value : values) samples.push_back(static_cast<float>(value));
}

std::int32_t whole(float delay) { return static_cast<std::int32_t>(std::lrint(delay)); }

StepKeys step_keys(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
  std::uint64_t state = mix(mix(mix(seed + kGolden) + stream * kGolden) + block * kGolden);
  const auto next = [&] {
    state += kGolden;
    return mix(state);
  };
  StepKeys keys;
  keys.tail = next();
  keys.first = low(next());
  for (std::size_t i = 0; i < keys.round.size(); i += 2) {
    const std::uint64_t two = next();
    keys.round[i] = low(two);
    if (i + 1 < keys.round.size()) keys.round[i + 1] = high(two);
  }
  return keys;
}

std::uint64_t rank_key(std::uint64_t seed, std::uint64_t rank) {
  return mix(mix(~seed) + (rank + 1) * kGolden);
}

std::pair<std::uint32_t, std::uint32_t> delay_words(std::uint64_t rank_key, const StepKeys& keys,
                                                    int pair) {
  std::uint32_t left = low(rank_key) ^ keys.first;
  std::uint32_t right = high(rank_key);
  std::uint32_t before = 0;
  const auto rounds = static_cast<std::size_t>(kMixingRounds + 2 * pair + 1);
  for (std::size_t i = 0; i < rounds; ++i) {
    before = left;
    const std::uint64_t product = std::uint64_t{left} * kDelayMultiplier;
    left = high(product) ^ right ^ keys.round[i];
    right = low(product);
  }
  return {before, left};
}

std::uint32_t delay_tail(std::uint64_t rank_key, const StepKeys& keys, int step) {
  return high(mix(mix(rank_key + keys.tail) + static_cast<std::uint64_t>(step + 1) * kGolden));
}

float delay_uniform(std::uint32_t word, std::uint64_t rank_key, const StepKeys& keys, int step) {
  if (word >= kDelayTail) return static_cast<float>(word);
  const std::uint64_t both = std::uint64_t{word} << 32U | delay_tail(rank_key, keys, step);
  return static_cast<float>((static_cast<double>(both) + 0.5) * 0x1p-32);
}

std::pair<float, float> delay_pair(const DelayLaw& law, std::uint64_t rank_key,
                                   const StepKeys& keys, int pair) {
  return delay_pair(law, rank_key, keys, pair, delay_words(rank_key, keys, pair));
}

float delay_of(const DelayLaw& law, std::uint64_t rank_key, const StepKeys& keys, int step) {
  const auto [even, odd] = delay_pair(law, rank_key, keys, step / 2);
  return step % 2 == 0 ? even : odd;
}

std::pair<float, float> delay_pair(const DelayLaw& law, std::uint64_t rank_key,
                                   const StepKeys& keys, int pair,
                                   std::pair<std::uint32_t, std::uint32_t> words) {
  const auto [w0, w1] = words;
  const int even = 2 * pair;
  const int odd = even + 1;
  using Kind = DelayLaw::Kind;
  switch (law.kind) {
    case Kind::none:
      return {0.0F, 0.0F};
    case Kind::exponential:
      return {log_of(law, delay_uniform(w0, rank_key, keys, even)),
              log_of(law, delay_uniform(w1, rank_key, keys, odd))};
    case Kind::pareto:
      return {law.scale * exp2_of(log_of(law, delay_uniform(w0, rank_key, keys, even))),
              law.scale * exp2_of(log_of(law, delay_uniform(w1, rank_key, keys, odd)))};
    case Kind::normal:
    case Kind::lognormal: {
      const float squared = log_of(law, delay_uniform(w0, rank_key, keys, even));
      // The polynomial's error makes the logarithm of 1 negative, by a millionth.
      const auto [x, y] = on_circle(std::sqrt(squared > 0 ? squared : 0.0F), w1);
      if (law.kind == Kind::normal) return {x, y};
      const auto power = [&](float z) {
        return law.scale * exp2_of(std::fma(z, law.exponent_slope, law.exponent_offset));
      };
      return {power(x), power(y)};
    }
    case Kind::detour: {
      const auto one = [&](std::uint32_t word, int step) {
        const bool meets =
            law.always || word < law.threshold ||
            (word == law.threshold && delay_tail(rank_key, keys, step) < law.threshold_tail);
        return meets ? law.length : 0.0F;
      };
      return {one(w0, even), one(w1, odd)};
    }
    case Kind::samples: {
      const auto one = [&](std::uint32_t word) {
        return law.samples[high(std::uint64_t{word} * law.samples.size())];
      };
      return {one(w0), one(w1)};
    }
  }
  return {0.0F, 0.0F};
}

}  // namespace collscale
