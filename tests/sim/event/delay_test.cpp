// SPDX-License-Identifier: Apache-2.0
// Distributions of the event engine's delays, and that nothing ties them together.
#include "sim/event/delay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <tuple>
#include <vector>

#include "sim/event/ring.hpp"

namespace collscale {
namespace {

constexpr int kPairs = kDelaySteps / 2;

/// Calls f(value) for `pairs` pairs of `ranks` ranks.
template <class F>
void draw(const DelayLaw& law, std::int64_t ranks, int pairs, std::uint64_t seed, F&& f) {
  const RankKeys keys = rank_keys(seed, ranks);
  std::vector<float> rows(static_cast<std::size_t>(2 * ranks));
  for (int p = 0; p < pairs; ++p) {
    const StepKeys steps = step_keys(seed, 0, static_cast<std::uint64_t>(p / kPairs));
    available_kernels().front()->fill_delays(law, keys.low.data(), keys.high.data(), ranks, steps,
                                             p % kPairs, 1, rows.data(), ranks);
    for (const float value : rows) f(static_cast<double>(value));
  }
}

struct Sample {
  double mean = 0, variance = 0, most = 0;
};
Sample sample(const char* noise) {
  const DelayLaw law(*parse_noise(noise));
  double n = 0;
  double sum = 0;
  double squares = 0;
  double most = 0;
  draw(law, 4096, 250, 1, [&](double x) {
    ++n;
    sum += x;
    squares += x * x;
    most = std::max(most, x);
  });
  return {sum / n, squares / n - sum / n * (sum / n), most};
}

TEST(EventDelay, HasTheMeanAndVarianceOfItsDistribution) {
  // 2 million draws: five standard errors of each.
  const Sample exponential = sample("exponential:1us");
  EXPECT_NEAR(exponential.mean, 1e-6, 5 * 1e-6 / 1431);
  EXPECT_NEAR(exponential.variance, 1e-12, 5 * 1e-12 * std::sqrt(8) / 1431);
  const Sample normal = sample("normal:200ns");
  EXPECT_NEAR(normal.mean, 0, 5 * 200e-9 / 1431);
  EXPECT_NEAR(normal.variance, 4e-14, 5 * 4e-14 * std::sqrt(2) / 1431);
  const Sample lognormal = sample("lognormal:1us:0.5");
  const double spread = std::expm1(0.25);
  EXPECT_NEAR(lognormal.mean, 1e-6, 5 * 1e-6 * std::sqrt(spread) / 1431);
  EXPECT_NEAR(lognormal.variance, spread * 1e-12, 0.03 * spread * 1e-12);
  const Sample pareto = sample("pareto:1us:3");
  EXPECT_NEAR(pareto.mean, 1e-6, 5 * 1e-6 * std::sqrt(1.0 / 3) / 1431);
  const Sample detour = sample("detour:0.001:100us");
  EXPECT_NEAR(detour.mean, 1e-7, 5 * 1e-4 * std::sqrt(0.001) / 1431);
  EXPECT_FLOAT_EQ(static_cast<float>(detour.most), 1e-4F);
}

TEST(EventDelay, DrawsMeasuredValuesAlikeOften) {
  const std::vector<double> values{1e-6, 2e-6, 5e-6};
  const DelayLaw law{std::span<const double>(values)};
  std::vector<int> seen(3);
  draw(law, 1024, 100, 1, [&](double x) {
    for (std::size_t i = 0; i < 3; ++i)
      seen[i] += x == static_cast<double>(static_cast<float>(values[i]));
  });
  const int all = 2 * 1024 * 100;
  for (const int count : seen) EXPECT_NEAR(count, all / 3.0, 5 * std::sqrt(all * 2.0 / 9));
}

/// The largest of ranks × 2 · pairs delays; 8 ranks side by side, so that 1e9 take seconds.
float largest(const DelayLaw& law, std::int64_t ranks, int pairs, std::uint64_t seed) {
  const RankKeys keys = rank_keys(seed, ranks);
  std::vector<float> rows(static_cast<std::size_t>(kDelaySteps * ranks));
  std::array<float, 8> most{};
  for (int p = 0; p < pairs; p += kPairs) {
    available_kernels().front()->fill_delays(
        law, keys.low.data(), keys.high.data(), ranks,
        step_keys(seed, 0, static_cast<std::uint64_t>(p / kPairs)), 0, kPairs, rows.data(), ranks);
    for (std::size_t r = 0; r < rows.size(); r += most.size())
      for (std::size_t i = 0; i < most.size(); ++i) most[i] = std::max(most[i], rows[r + i]);
  }
  return *std::max_element(most.begin(), most.end());
}

/// P(max of n exponentials of mean 1 ≤ x) = (1 − e^−x)^n, at the maximum of each block of draws:
/// uniform if the tail is right. Returns Kolmogorov and Smirnov's distance times √blocks.
double tail_distance(int blocks, int pairs, std::int64_t ranks) {
  const DelayLaw law(*parse_noise("exponential:1s"));
  std::vector<double> at;
  for (int block = 0; block < blocks; ++block) {
    const double most = largest(law, ranks, pairs, static_cast<std::uint64_t>(1000 + block));
    at.push_back(std::exp(-2.0 * static_cast<double>(ranks) * pairs * std::exp(-most)));
  }
  std::sort(at.begin(), at.end());
  double distance = 0;
  for (int i = 0; i < blocks; ++i) {
    const auto k = static_cast<std::size_t>(i);
    distance =
        std::max({distance, (i + 1.0) / blocks - at[k], at[k] - i / static_cast<double>(blocks)});
  }
  return distance * std::sqrt(blocks);
}

TEST(EventDelay, MaximaFollowTheExtremeValueLaw) {
  // 100 maxima of 2^18 draws each, and 64 of 2^24, 1.07e9 draws: words of 23 bits would end at
  // ln 2^23 = 15.9, where half of these maxima lie above 17.
  EXPECT_LT(tail_distance(100, 32, 4096), 1.63);  // exceeded once in a hundred seeds
  EXPECT_LT(tail_distance(64, 2048, 4096), 1.63);
}

TEST(EventDelay, WordsBelowTheTailAreContinuedEvenly) {
  // A continued word is uniform within its 2^-32: where the second word falls says nothing.
  std::vector<int> quarters(4);
  int continued = 0;
  for (std::uint64_t p = 0; continued < 500; ++p) {
    const StepKeys keys = step_keys(1, 0, p);
    for (std::uint64_t r = 0; r < 65536 && continued < 500; ++r) {
      const std::uint64_t key = rank_key(1, r);
      for (int pair = 0; pair < kPairs; ++pair) {
        if (delay_words(key, keys, pair).first >= kDelayTail) continue;
        ++continued;
        ++quarters[delay_tail(key, keys, 2 * pair) >> 30U];
      }
    }
  }
  for (const int count : quarters)
    EXPECT_NEAR(count, continued / 4.0, 5 * std::sqrt(continued * 3.0 / 16));
}

TEST(EventDelay, NeighbouringRanksAndStepsAreNotTied) {
  constexpr std::int64_t kRanks = 4096;
  constexpr std::size_t kSteps = 128;
  std::vector<std::vector<std::uint32_t>> words(kSteps, std::vector<std::uint32_t>(kRanks));
  for (std::size_t p = 0; p < kSteps / 2; ++p) {
    const StepKeys keys = step_keys(1, 0, p / kPairs);
    for (std::size_t r = 0; r < kRanks; ++r)
      std::tie(words[2 * p][r], words[2 * p + 1][r]) =
          delay_words(rank_key(1, r), keys, static_cast<int>(p % kPairs));
  }
  const auto centred = [&](std::size_t s, std::size_t r) {
    return static_cast<double>(words[s][r]) * 0x1p-32 - 0.5;
  };
  const double n = kSteps * kRanks;
  // Correlation of u(r, s) with u(r+i, s+j), and of the corners of rectangles, which is what a
  // function of two keys would betray first: 5 / √n.
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      if (i + j == 0) continue;
      double together = 0;
      double corners = 0;
      double bits = 0;
      for (std::size_t s = 0; s < kSteps; ++s) {
        for (std::size_t r = 0; r < kRanks; ++r) {
          const std::size_t s2 = (s + j) % (kSteps);
          const std::size_t r2 = (r + i) % kRanks;
          together += centred(s, r) * centred(s2, r2) * 12;
          corners += centred(s, r) * centred(s, r2) * centred(s2, r) * centred(s2, r2) * 144;
          bits += std::popcount(words[s][r] ^ words[s2][r2]) - 16;
        }
      }
      EXPECT_LT(std::abs(together) / std::sqrt(n), 5) << i << " " << j;
      if (i > 0 && j > 0) {
        EXPECT_LT(std::abs(corners) / std::sqrt(n), 5 * 2) << i << " " << j;
      }
      EXPECT_LT(std::abs(bits) / std::sqrt(8 * n), 5) << i << " " << j;
    }
  }
}

TEST(EventDelay, ThreeWordsInSuccessionFillACubeEvenly) {
  // Two words are the generator's whole state: what follows them is where a poor one shows.
  constexpr std::size_t kSide = 16;
  std::vector<double> cells(kSide * kSide * kSide);
  double n = 0;
  for (std::uint64_t block = 0; block < 40; ++block) {
    const StepKeys keys = step_keys(2, 1, block);
    for (std::uint64_t r = 0; r < 4096; ++r) {
      std::array<std::size_t, kDelaySteps> words;
      for (int pair = 0; pair < kPairs; ++pair) {
        const auto [even, odd] = delay_words(rank_key(2, r), keys, pair);
        words[static_cast<std::size_t>(2 * pair)] = even >> 28U;
        words[static_cast<std::size_t>(2 * pair + 1)] = odd >> 28U;
      }
      for (std::size_t i = 0; i + 2 < words.size(); ++i, ++n)
        ++cells[(words[i] * kSide + words[i + 1]) * kSide + words[i + 2]];
    }
  }
  const double expected = n / static_cast<double>(cells.size());
  double chi_squared = 0;
  for (const double count : cells)
    chi_squared += (count - expected) * (count - expected) / expected;
  const auto freedom = static_cast<double>(cells.size() - 1);
  EXPECT_NEAR(chi_squared, freedom, 5 * std::sqrt(2 * freedom));
}

TEST(EventDelay, EveryBitIsSetHalfTheTime) {
  std::vector<int> first(32);
  std::vector<int> second(32);
  constexpr int kDraws = 1 << 20;
  for (std::uint64_t p = 0; p < kDraws / 4096; ++p) {
    const StepKeys keys = step_keys(9, 2, p);
    for (std::uint64_t r = 0; r < 4096; ++r) {
      const auto [w0, w1] = delay_words(rank_key(9, r), keys, static_cast<int>(p % kPairs));
      for (std::size_t b = 0; b < 32; ++b) {
        first[b] += static_cast<int>(w0 >> b & 1U);
        second[b] += static_cast<int>(w1 >> b & 1U);
      }
    }
  }
  for (std::size_t b = 0; b < 32; ++b) {
    EXPECT_NEAR(first[b], kDraws / 2, 5 * 512) << b;
    EXPECT_NEAR(second[b], kDraws / 2, 5 * 512) << b;
  }
}

}  // namespace
}  // namespace collscale
