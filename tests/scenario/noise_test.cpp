// SPDX-License-Identifier: Apache-2.0
#include "scenario/noise.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "stats/random.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

Noise noise_of(std::string_view text) {
  const Expected<Noise> noise = parse_noise(text);
  EXPECT_TRUE(noise.has_value()) << text;
  return noise.value_or(Noise{});
}

const std::vector<std::string> kAll{"normal:1us",      "lognormal:1us:0.3", "lognormal:1us:1",
                                    "lognormal:1us:2", "exponential:1us",   "pareto:1us:3",
                                    "pareto:1us:8",    "detour:0.01:100us"};

/// P(X ≤ x), from the definitions.
double below(const Noise& noise, double x_s) {
  switch (noise.kind) {
    case NoiseKind::normal:
      return std::erfc(-x_s / noise.sigma_s / std::sqrt(2)) / 2;
    case NoiseKind::lognormal: {
      if (x_s <= 0) return 0;
      const double mu = std::log(noise.mean_s) - noise.sigma * noise.sigma / 2;
      return std::erfc(-(std::log(x_s) - mu) / noise.sigma / std::sqrt(2)) / 2;
    }
    case NoiseKind::exponential:
      return x_s <= 0 ? 0 : -std::expm1(-x_s / noise.mean_s);
    case NoiseKind::pareto: {
      const double least_s = noise.mean_s * (noise.shape - 1) / noise.shape;
      return x_s <= least_s ? 0 : 1 - std::pow(least_s / x_s, noise.shape);
    }
    case NoiseKind::detour:
      return x_s < 0 ? 0 : x_s < noise.length_s ? 1 - noise.probability : 1;
    case NoiseKind::none:
      break;
  }
  return x_s < 0 ? 0 : 1;
}

/// E[max of n] = ∫ (1 − F^n) over x > 0 − ∫ F^n over x < 0, on a grid that widens away from 0.
double integrated_max_s(const Noise& noise, double n) {
  double sum_s = 0;
  const double unit_s = 1e-6;
  constexpr int kPoints = 200000;
  double last_s = 0;
  for (int i = 1; i <= kPoints; ++i) {
    const double x_s = unit_s * std::expm1(i * 24.0 / kPoints);
    const double middle_s = (x_s + last_s) / 2;
    sum_s += (x_s - last_s) * (1 - std::pow(below(noise, middle_s), n));
    sum_s -= (x_s - last_s) * std::pow(below(noise, -middle_s), n);
    last_s = x_s;
  }
  return sum_s;
}

TEST(Noise, ExpectedMaximumIsTheIntegralOfItsDistribution) {
  for (const std::string& text : kAll) {
    const Noise noise = noise_of(text);
    for (const double n : {1.0, 2.0, 3.0, 4.0, 8.0, 17.0, 64.0, 4096.0, 1e5, 1e6}) {
      const double expected_s = integrated_max_s(noise, n);
      EXPECT_NEAR(expected_max_s(noise, n), expected_s, 2e-4 * std::abs(expected_s) + 1e-11)
          << text << ", maximum of " << n;
    }
  }
}

TEST(Noise, ExpectedMaximumOfOneIsTheMean) {
  for (const std::string& text : kAll) {
    const Noise noise = noise_of(text);
    EXPECT_DOUBLE_EQ(expected_max_s(noise, 1), mean_s(noise)) << text;
    // ... and tends to it, so that nothing jumps between one message and a few.
    EXPECT_NEAR(expected_max_s(noise, 1 + 1e-9), mean_s(noise), 2e-11) << text;
  }
}

TEST(Noise, ExponentialMaximumIsTheHarmonicNumber) {
  const Noise noise = noise_of("exponential:1us");
  double harmonic = 0;
  for (int n = 1; n <= 200; ++n) {
    harmonic += 1.0 / n;
    EXPECT_NEAR(expected_max_s(noise, n), harmonic * 1e-6, 1e-15) << n;
  }
}

// The published asymptotics at 100,000 messages: 12.1 means, 4.4 standard deviations.
TEST(Noise, MaximumOfAHundredThousandIsAsTheExtremeValueFormulasSay) {
  EXPECT_NEAR(expected_max_s(noise_of("exponential:1us"), 1e5), 12.1e-6, 0.05e-6);
  EXPECT_NEAR(expected_max_s(noise_of("normal:1us"), 1e5), 4.4e-6, 0.05e-6);
  // Gumbel's form with its two leading terms, for the normal distribution.
  const double n = 1e5;
  const double root = std::sqrt(2 * std::log(n));
  const double gumbel =
      root - (std::log(std::log(n)) + std::log(4 * M_PI) - 2 * 0.5772) / (2 * root);
  EXPECT_NEAR(normal_max(n).first, gumbel, 0.03);
  // Pareto: x_m n^(1/a) Γ(1 − 1/a).
  EXPECT_NEAR(expected_max_s(noise_of("pareto:1us:3"), n),
              2e-6 / 3 * std::cbrt(n) * std::tgamma(2.0 / 3), 1e-9);
}

TEST(Noise, DetoursSaturateAtTheirLength) {
  const Noise noise = noise_of("detour:0.001:100us");
  EXPECT_NEAR(expected_max_s(noise, 3000), 95e-6, 0.1e-6);  // n = 3 / p
  EXPECT_DOUBLE_EQ(expected_max_s(noise, 1e9), 100e-6);
  EXPECT_DOUBLE_EQ(expected_max_s(noise_of("detour:1:100us"), 5), 100e-6);
}

TEST(Noise, NormalMomentsAreThoseOfTheMaximum) {
  // Of two: E = 1/√π, E[z²] = 1, E[z³] = 5/(2√π).
  EXPECT_NEAR(normal_max(2).first, 1 / std::sqrt(M_PI), 1e-6);
  EXPECT_NEAR(normal_max(2).second, 1, 1e-4);
  EXPECT_NEAR(normal_max(2).third, 2.5 / std::sqrt(M_PI), 2e-3);
}

/// Mean growth per step of x(i, s) = max(x(i, s−1), x(i−1, s−1)) + w over the second half.
double simulated_step(int ranks, int steps, const std::function<double(Random&)>& draw) {
  Random random(11);
  std::vector<double> x(static_cast<std::size_t>(ranks), 0.0);
  double half = 0;
  const auto mean = [&] {
    double sum = 0;
    for (const double value : x) sum += value;
    return sum / ranks;
  };
  for (int s = 0; s < steps; ++s) {
    if (s == steps / 2) half = mean();
    double left = x.back();
    for (double& own : x) {
      const double before = own;
      own = std::max(own, left) + draw(random);
      left = before;
    }
  }
  return (mean() - half) / (steps - steps / 2);
}

/// A draw with the quantile function of each kind.
double draw(const Noise& noise, Random& random) {
  const double u = 1 - random.uniform();  // (0, 1]
  switch (noise.kind) {
    case NoiseKind::normal:
      return noise.sigma_s * random.normal();
    case NoiseKind::lognormal:
      return noise.mean_s * std::exp(noise.sigma * random.normal() - noise.sigma * noise.sigma / 2);
    case NoiseKind::exponential:
      return -noise.mean_s * std::log(u);
    case NoiseKind::pareto:
      return noise.mean_s * (noise.shape - 1) / noise.shape * std::pow(u, -1 / noise.shape);
    case NoiseKind::detour:
      return u <= noise.probability ? noise.length_s : 0;
    case NoiseKind::none:
      break;
  }
  return 0;
}

// 512 ranks and 1,200 steps: within 3 % of the constant that longer rings tend to.
TEST(RingNoise, ConstantsAgreeWithASimulationOfTheRing) {
  for (const char* const text :
       {"normal:1us", "lognormal:1us:0.4", "lognormal:1us:0.9", "exponential:1us", "pareto:1us:3",
        "pareto:1us:4.5", "pareto:1us:12", "detour:0.0225:1us", "detour:0.2:1us",
        "detour:0.8:1us"}) {
    const Noise noise = noise_of(text);
    const double simulated_s =
        simulated_step(512, 1200, [&](Random& random) { return draw(noise, random); });
    EXPECT_NEAR(*ring_step_s(noise, 1e5) / simulated_s, 1, 0.03) << text;
  }
}

TEST(RingNoise, ExponentialNoiseCostsTwiceItsMean) {
  EXPECT_DOUBLE_EQ(*ring_step_s(noise_of("exponential:1us"), 1e6), 2e-6);
}

TEST(RingNoise, RareDetoursCostTheRootOfTheirProbability) {
  EXPECT_NEAR(*ring_step_s(noise_of("detour:0.000001:1ms"), 1e6), 1e-6, 0.01e-6);
  EXPECT_DOUBLE_EQ(*ring_step_s(noise_of("detour:0.75:1ms"), 1e6), 1e-3);
}

// Both ranks of a ring of two wait for both, as at a barrier: exact.
TEST(RingNoise, OfTwoRanksIsABarrierInEachStep) {
  const Noise noise = noise_of("exponential:1us");
  EXPECT_NEAR(*ring_step_s(noise, 2), 1.5e-6, 1e-15);
  const double simulated_s =
      simulated_step(2, 200000, [&](Random& random) { return draw(noise, random); });
  EXPECT_NEAR(simulated_s, 1.5e-6, 0.02e-6);
}

TEST(RingNoise, GrowsWithRanksToAConstant) {
  for (const std::string& text : kAll) {
    const Noise noise = noise_of(text);
    double last_s = mean_s(noise) - 1e-12;
    for (double ranks = 1; ranks < 1e6; ranks *= 2) {
      const double step_s = *ring_step_s(noise, ranks);
      EXPECT_GE(step_s, last_s) << text << ", " << ranks << " ranks";
      last_s = step_s;
    }
    EXPECT_DOUBLE_EQ(last_s, *ring_step_s(noise, 1e9)) << text;
  }
}

TEST(RingNoise, SmallLognormalNoiseIsNormal) {
  EXPECT_NEAR(*ring_step_s(noise_of("lognormal:1us:0.001"), 1e5),
              1e-6 + *ring_step_s(noise_of("normal:1ns"), 1e5), 1e-11);
}

TEST(RingNoise, HasNoConstantForInfiniteVariance) {
  const auto of = [](const char* text) {
    const Expected<double> step_s = ring_step_s(noise_of(text), 1e5);
    return step_s ? "" : step_s.error().message;
  };
  EXPECT_THAT(of("pareto:1us:2"), HasSubstr("expected a shape above 2"));
  EXPECT_THAT(of("pareto:1us:2.2"), HasSubstr("shapes of at least 2.5"));
  EXPECT_THAT(of("lognormal:1us:2.5"), HasSubstr("sigma of at most 2"));
  EXPECT_EQ(of("pareto:1us:2.5"), "");
}

TEST(ParseNoise, ReadsEachKind) {
  EXPECT_EQ(noise_of("none").kind, NoiseKind::none);
  EXPECT_DOUBLE_EQ(noise_of("normal:200ns").sigma_s, 200e-9);
  EXPECT_DOUBLE_EQ(mean_s(noise_of("normal:200ns")), 0);
  EXPECT_DOUBLE_EQ(noise_of("lognormal:1us:0.5").sigma, 0.5);
  EXPECT_DOUBLE_EQ(noise_of("pareto:1us:3").shape, 3);
  EXPECT_DOUBLE_EQ(mean_s(noise_of("detour:0.001:100us")), 100e-9);
}

TEST(ParseNoise, RefusesWithOneSentence) {
  const auto refusal = [](const char* text) {
    const Expected<Noise> noise = parse_noise(text);
    return noise ? "" : noise.error().message;
  };
  EXPECT_EQ(refusal("exponentail:1us"),
            "unknown noise \"exponentail\", did you mean \"exponential\"?");
  EXPECT_THAT(refusal("wind"), HasSubstr("valid: none, normal, lognormal"));
  EXPECT_EQ(refusal("pareto:1us"),
            "noise \"pareto:1us\": expected pareto:MEAN:SHAPE, such as pareto:1us:3");
  EXPECT_EQ(refusal("none:1us"), "noise \"none:1us\": expected none");
  EXPECT_THAT(refusal("exponential:1"), HasSubstr("noise \"exponential:1\": "));
  EXPECT_THAT(refusal("pareto:1us:1"), HasSubstr("shape \"1\", expected a number above 1"));
  EXPECT_THAT(refusal("detour:1.5:1us"), HasSubstr("above 0 and at most 1"));
  EXPECT_THAT(refusal("lognormal:1us:x"), HasSubstr("sigma \"x\""));
  EXPECT_NE(refusal(""), "");
}

}  // namespace
}  // namespace collscale
