// SPDX-License-Identifier: Apache-2.0
// The inner loops of the event engine against the plain loop that defines them.
#include "sim/event/ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "sim/event/ticks.hpp"
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
std::vector<double> plainly(const Ring& ring, std::int64_t steps, const DelayLaw& law,
                            bool in_ticks = false) {
  std::vector<double> t = ring.clocks;
  for (std::int64_t step = 0; step < steps; ++step) {
    const StepKeys keys = step_keys(7, 3, static_cast<std::uint64_t>(step / kDelaySteps));
    std::vector<double> next(t.size());
    for (std::int64_t i = 0; i < std::ssize(t); ++i) {
      const std::int64_t base = i / ring.size * ring.size;
      const auto left = static_cast<std::size_t>(base + (i - base + ring.size - 1) % ring.size);
      const auto r = static_cast<std::size_t>(i);
      next[r] = std::max(t[r] + ring.own[r], t[left] + ring.edge[r]);
      if (law.kind == DelayLaw::Kind::none) continue;
      const float delay = delay_of(law, std::uint64_t{ring.keys.high[r]} << 32U | ring.keys.low[r],
                                   keys, static_cast<int>(step % kDelaySteps));
      next[r] += static_cast<double>(in_ticks ? std::rint(delay) : delay);
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
  constexpr int kBlocks = 4;
  const RankKeys keys = rank_keys(3, kRanks);
  std::vector<float> rows(static_cast<std::size_t>(kDelaySteps * kRanks));
  std::vector<std::int32_t> ticks(rows.size());
  for (const Kernels* kernels : available_kernels()) {
    for (const char* noise : kNoises) {
      const DelayLaw law = law_of(noise);
      const bool exponential = law.kind == DelayLaw::Kind::exponential;
      int differ = 0;
      int continued = 0;
      for (std::uint64_t block = 0; block < kBlocks; ++block) {
        const StepKeys steps = step_keys(3, 1, block);
        const int first = static_cast<int>(block) * 2;  // from there on
        const int pairs = kDelaySteps / 2 - first;
        kernels->fill_delays(law, keys.low.data(), keys.high.data(), kRanks, steps, first, pairs,
                             rows.data(), kRanks);
        if (exponential)
          kernels->ticks.fill(law, keys.low.data(), keys.high.data(), kRanks, steps,
                              kDelaySteps / 2, ticks.data(), kRanks);
        for (int step = 2 * first; step < kDelaySteps; ++step) {
          for (std::size_t r = 0; r < kRanks; ++r) {
            const std::uint64_t key = std::uint64_t{keys.high[r]} << 32U | keys.low[r];
            const auto words = delay_words(key, steps, step / 2);
            continued += words.first < kDelayTail || words.second < kDelayTail;
            const float delay = delay_of(law, key, steps, step);
            const auto row = static_cast<std::size_t>(step - 2 * first);
            differ += std::bit_cast<std::uint32_t>(rows[row * kRanks + r]) !=
                      std::bit_cast<std::uint32_t>(delay);
            if (exponential)
              differ += ticks[static_cast<std::size_t>(step) * kRanks + r] != whole(delay);
          }
        }
      }
      EXPECT_EQ(differ, 0) << kernels->name << " " << noise;
      EXPECT_GT(continued, 0);
    }
  }
}

TEST(EventRing, InTicksGivesThePlainLoopOfWholeNumbersOnEveryInstructionSet) {
  Random random(6);
  const DelayLaw law = law_of("exponential:1us");
  for (const Kernels* kernels : available_kernels()) {
    for (int trial = 0; trial < 12; ++trial) {
      const auto size = static_cast<std::int64_t>(1 + random.below(trial < 3 ? 40 : 700));
      const auto groups = static_cast<std::int64_t>(1 + random.below(3));
      const auto steps = static_cast<std::int64_t>(1 + random.below(300));
      Ring ring(size, groups, random.next());
      // Some steps far longer than the mean delay; some ranks too late for 32 bits.
      if (trial % 4 == 1)
        for (double& edge : ring.edge) edge += 1e-4;
      if (trial % 4 >= 2) ring.clocks[random.below(ring.clocks.size())] = 1;
      if (trial % 4 == 3) ring.own[0] = ring.edge[0] = 1.5e-5;
      RingWork work = ring.work(steps, law);
      work.clock = RingWork::Clock::ticks;
      work.kernels = kernels;
      work.threads = static_cast<int>(1 + random.below(4));
      work.tile_ranks = static_cast<std::int64_t>(random.below(3) * 37);
      work.block_steps = static_cast<std::int64_t>(random.below(3) * 16);
      const auto ticks = ticks_of(work);
      ASSERT_TRUE(ticks);
      Ring counted = ring;
      for (auto* values : {&counted.clocks, &counted.own, &counted.edge})
        for (double& value : *values) value = std::rint(value / ticks->tick_s);
      std::vector<double> expected = plainly(counted, steps, ticks->law, true);
      for (double& t : expected) t *= ticks->tick_s;
      const std::vector<double> in_seconds = plainly(ring, steps, law);
      run_rings(work);
      EXPECT_TRUE(same_bits(ring.clocks, expected))
          << kernels->name << ", trial " << trial << ", " << groups << " rings of " << size << ", "
          << steps << " steps";
      for (std::size_t r = 0; r < expected.size(); ++r)
        EXPECT_NEAR(expected[r], in_seconds[r], 2e-6 * in_seconds[r]);
    }
  }
}

TEST(EventRing, CountsTicksOnlyWhereTheyAreExactAndWorthIt) {
  const DelayLaw law = law_of("exponential:1us");
  Ring ring(1000, 1, 1);
  EXPECT_FALSE(ticks_of(ring.work(100, law)));
  EXPECT_TRUE(ticks_of(ring.work(100000, law)));
  EXPECT_FALSE(ticks_of(ring.work(100000, law_of("normal:200ns"))));
  ring.edge[3] = 1e-3;  // of others a tick would be a ten-thousandth
  EXPECT_FALSE(ticks_of(ring.work(100000, law)));
  ring.edge[3] = 1e-6;
  EXPECT_TRUE(ticks_of(ring.work(100000, law)));
  ring.clocks[3] = 1e5;  // 1e17 ticks
  EXPECT_FALSE(ticks_of(ring.work(100000, law)));
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
