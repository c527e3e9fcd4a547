// SPDX-License-Identifier: Apache-2.0
// The inner loops of the event engine against the plain loop that defines them.
#include "sim/event/ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "stats/random.hpp"

namespace collscale {
namespace {

const std::vector<const char*> kNoises{
    "none",         "exponential:1us",    "normal:200ns", "lognormal:1us:0.5",
    "pareto:1us:3", "detour:0.001:100us", "detour:1:1us", "pareto:1us:1.5"};

DelayLaw law_of(const char* noise) {
  const auto parsed = parse_noise(noise);
  EXPECT_TRUE(parsed);
  return DelayLaw(*parsed);
}

struct Ring {
  std::int64_t size = 0;
  std::int64_t groups = 1;
  std::vector<double> clocks, own, edge;
  RankKeys keys;

  Ring(std::int64_t ranks, std::int64_t rings, std::uint64_t seed) : size(ranks), groups(rings) {
    Random random(seed);
    const auto all = static_cast<std::size_t>(ranks * rings);
    for (std::size_t i = 0; i < all; ++i) {
      clocks.push_back(1e-5 * random.uniform());
      own.push_back(2e-6 * random.uniform());
      edge.push_back(own.back() + 3e-6 * random.uniform());
    }
    keys = rank_keys(seed, ranks * rings);
  }
  [[nodiscard]] RingWork work(std::int64_t steps, const DelayLaw& law) {
    RingWork work;
    work.size = size;
    work.groups = groups;
    work.steps = steps;
    work.clocks = clocks.data();
    work.own = own.data();
    work.edge = edge.data();
    work.key_low = keys.low.data();
    work.key_high = keys.high.data();
    work.law = law.kind == DelayLaw::Kind::none ? nullptr : &law;
    work.seed = 7;
    work.stream = 3;
    return work;
  }
};

/// The definition, one rank and one step after the other.
std::vector<double> plainly(const Ring& ring, std::int64_t steps, const DelayLaw& law) {
  std::vector<double> t = ring.clocks;
  for (std::int64_t step = 0; step < steps; ++step) {
    const StepKeys keys = step_keys(7, 3, static_cast<std::uint64_t>(step / 2));
    std::vector<double> next(t.size());
    for (std::int64_t i = 0; i < std::ssize(t); ++i) {
      const std::int64_t base = i / ring.size * ring.size;
      const auto left = static_cast<std::size_t>(base + (i - base + ring.size - 1) % ring.size);
      const auto r = static_cast<std::size_t>(i);
      next[r] = std::max(t[r] + ring.own[r], t[left] + ring.edge[r]);
      const auto pair =
          delay_pair(law, std::uint64_t{ring.keys.high[r]} << 32U | ring.keys.low[r], keys);
      if (law.kind != DelayLaw::Kind::none)
        next[r] += static_cast<double>(step % 2 == 0 ? pair.first : pair.second);
    }
    t = std::move(next);
  }
  return t;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  });
}

TEST(EventRing, GivesTheBitsOfThePlainLoopOnEveryInstructionSet) {
  Random random(5);
  for (const Kernels* kernels : available_kernels()) {
    for (const char* noise : kNoises) {
      const DelayLaw law = law_of(noise);
      for (int trial = 0; trial < 6; ++trial) {
        const auto size = static_cast<std::int64_t>(1 + random.below(trial < 3 ? 40 : 700));
        const auto groups = static_cast<std::int64_t>(1 + random.below(3));
        const auto steps = static_cast<std::int64_t>(1 + random.below(50));
        Ring ring(size, groups, random.next());
        const std::vector<double> expected = plainly(ring, steps, law);
        RingWork work = ring.work(steps, law);
        work.kernels = kernels;
        work.threads = static_cast<int>(1 + random.below(4));
        work.tile_ranks = static_cast<std::int64_t>(random.below(3) * 37);
        work.block_steps = static_cast<std::int64_t>(random.below(3) * 8);
        run_rings(work);
        EXPECT_TRUE(same_bits(ring.clocks, expected))
            << kernels->name << " " << noise << ", " << groups << " rings of " << size << ", "
            << steps << " steps, tile " << work.tile_ranks << ", block " << work.block_steps;
      }
    }
  }
}

TEST(EventRing, DrawsTheBitsOfTheDefinitionAlsoWhereWordsAreContinued) {
  constexpr std::int64_t kRanks = 4096;
  constexpr int kPairs = 8;
  const RankKeys keys = rank_keys(3, kRanks);
  std::vector<float> rows(static_cast<std::size_t>(2 * kPairs * kRanks));
  for (const Kernels* kernels : available_kernels()) {
    for (const char* noise : kNoises) {
      const DelayLaw law = law_of(noise);
      std::vector<StepKeys> steps;
      for (std::uint64_t p = 0; p < kPairs; ++p) steps.push_back(step_keys(3, 1, p));
      kernels->fill_delays(law, keys.low.data(), keys.high.data(), kRanks, steps.data(), kPairs,
                           rows.data(), kRanks);
      int differ = 0;
      int continued = 0;
      for (std::size_t p = 0; p < kPairs; ++p) {
        for (std::size_t r = 0; r < kRanks; ++r) {
          const std::uint64_t key = std::uint64_t{keys.high[r]} << 32U | keys.low[r];
          const auto words = delay_words(key, steps[p]);
          continued += words.first < kDelayTail || words.second < kDelayTail;
          const auto pair = delay_pair(law, key, steps[p]);
          differ += std::bit_cast<std::uint32_t>(rows[2 * p * kRanks + r]) !=
                    std::bit_cast<std::uint32_t>(pair.first);
          differ += std::bit_cast<std::uint32_t>(rows[(2 * p + 1) * kRanks + r]) !=
                    std::bit_cast<std::uint32_t>(pair.second);
        }
      }
      EXPECT_EQ(differ, 0) << kernels->name << " " << noise;
      EXPECT_GT(continued, 0);
    }
  }
}

TEST(EventRing, ExchangesWithEveryPartnerOnEveryInstructionSet) {
  constexpr std::int64_t kRanks = 128;
  Ring ring(kRanks, 1, 11);
  std::vector<float> row(kRanks);
  for (std::size_t r = 0; r < kRanks; ++r) row[r] = 1e-6F * static_cast<float>(r % 7);
  for (const Kernels* kernels : available_kernels()) {
    for (std::int64_t mask = 1; mask < kRanks; ++mask) {
      for (const bool delayed : {false, true}) {
        const float* delays = delayed ? row.data() : nullptr;
        std::vector<double> to(kRanks);
        std::vector<double> expected(kRanks);
        for (std::size_t r = 0; r < kRanks; ++r) {
          const std::size_t partner = r ^ static_cast<std::size_t>(mask);
          expected[r] = std::max(ring.clocks[r] + ring.own[r], ring.clocks[partner] + ring.edge[r]);
          if (delays) expected[r] += static_cast<double>(delays[r]);
        }
        kernels->exchange(to.data(), ring.clocks.data(), ring.own.data(), ring.edge.data(), kRanks,
                          mask, delays);
        EXPECT_TRUE(same_bits(to, expected)) << kernels->name << " " << mask;
      }
    }
  }
}

TEST(EventRing, WithoutNoiseEqualStepsAddUp) {
  const DelayLaw none;
  Ring ring(1000, 1, 1);
  std::fill(ring.clocks.begin(), ring.clocks.end(), 0.0);
  std::fill(ring.own.begin(), ring.own.end(), 2e-6);
  std::fill(ring.edge.begin(), ring.edge.end(), 5e-6);
  run_rings(ring.work(1998, none));
  for (const double t : ring.clocks) EXPECT_NEAR(t, 1998 * 5e-6, 1e-12);
}

/// What noise adds to a step, on a ring of steps without latency.
double added_per_step(const char* noise) {
  const DelayLaw law = law_of(noise);
  constexpr std::int64_t kRanks = 2048;
  constexpr std::int64_t kWarm = 2000;
  constexpr std::int64_t kSteps = 4000;
  Ring ring(kRanks, 1, 1);
  for (auto* values : {&ring.clocks, &ring.own, &ring.edge})
    std::fill(values->begin(), values->end(), 0.0);
  RingWork work = ring.work(kWarm, law);
  work.threads = 2;
  run_rings(work);
  const auto mean = [&] {
    double sum = 0;
    for (const double t : ring.clocks) sum += t;
    return sum / kRanks;
  };
  const double warm = mean();
  work.stream = 4;
  work.steps = kSteps;
  run_rings(work);
  return (mean() - warm) / kSteps;
}

TEST(EventRing, NoiseCostsAStepOfARingWhatTheClosedFormSays) {
  // Within what scenario/noise states for its constants, and the fluctuation of one run.
  EXPECT_NEAR(added_per_step("exponential:1us"), 2e-6, 0.01 * 2e-6);
  EXPECT_NEAR(added_per_step("normal:200ns"), 0.871 * 200e-9, 0.01 * 0.871 * 200e-9);
  for (const char* noise : {"lognormal:1us:0.5", "pareto:1us:3", "detour:0.01:100us"}) {
    const double expected = ring_step_s(*parse_noise(noise), 2048).value();
    EXPECT_NEAR(added_per_step(noise), expected, 0.02 * expected) << noise;
  }
}

}  // namespace
}  // namespace collscale
