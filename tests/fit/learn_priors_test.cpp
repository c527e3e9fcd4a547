// SPDX-License-Identifier: Apache-2.0
#include "fit/learn_priors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "stats/random.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

// Trees of `base` seconds and 12 us per level, with log-normal noise that goes with the scale, as
// bad days do.
MeasuredSystem measured(const std::string& name, double base_s, double sigma, std::uint64_t seed) {
  Random random(seed);
  std::vector<Record> records;
  for (const std::int64_t nodes : {2, 4, 8, 16, 32}) {
    const double day = std::exp(sigma * (2 * random.uniform() - 1));
    for (double size_bytes = 8; size_bytes < 5e9; size_bytes *= 4) {
      const double levels = std::log2(static_cast<double>(nodes));
      records.push_back(synthetic::record(Collective::all_reduce, "tree", 4 * nodes, nodes,
                                          size_bytes,
                                          day * (base_s + 12e-6 * levels + size_bytes / 25e9)));
    }
  }
  return {name, *make_series(records, synthetic::system(4))};
}

std::vector<MeasuredSystem> systems(double base_s, double sigma) {
  std::vector<MeasuredSystem> all;
  for (std::uint64_t i = 1; i <= 6; ++i)
    all.push_back(measured("system " + std::to_string(i), base_s, sigma, i));
  return all;
}

double sum_of(const WidthLaw& law) { return law.up + law.down + law.up_kappa + law.down_kappa; }

TEST(LearnPriors, SystemsThatErrMoreGiveWiderIntervals) {
  const Priors calm = learn_priors(systems(10e-6, 0.05)).value();
  const Priors wild = learn_priors(systems(10e-6, 0.8)).value();
  for (std::size_t r = 0; r < kRegimes; ++r)
    EXPECT_GT(sum_of(wild.several_scales[r]), 2 * sum_of(calm.several_scales[r])) << r;
  EXPECT_GT(sum_of(wild.one_scale), sum_of(calm.one_scale));
}

TEST(LearnPriors, TheEndsOfAMessageAreFoundInSystemsOfOneLaw) {
  EXPECT_DOUBLE_EQ(learn_priors(systems(12e-6 * 0.5, 0.0))->ends, 0.5);
  EXPECT_DOUBLE_EQ(learn_priors(systems(12e-6 * 1.5, 0.0))->ends, 1.5);
}

TEST(LearnPriors, WhatNoSystemTellsIsUninformedAndAsWideAsOurs) {
  std::vector<MeasuredSystem> two_scales = systems(10e-6, 0.1);
  for (MeasuredSystem& system : two_scales)
    std::erase_if(system.series.front().cells, [](const Cell& cell) { return cell.nodes > 4; });
  const Priors priors = learn_priors(two_scales).value();
  EXPECT_DOUBLE_EQ(priors.contention, 0.3);
  EXPECT_DOUBLE_EQ(priors.growth_weight, 1);
  EXPECT_GT(priors.several_scales[0].up, 0);
}

TEST(LearnPriors, OfNothingIsRefused) {
  EXPECT_FALSE(learn_priors({}));
  std::vector<MeasuredSystem> one_scale = systems(10e-6, 0.1);
  for (MeasuredSystem& system : one_scale)
    std::erase_if(system.series.front().cells, [](const Cell& cell) { return cell.nodes > 2; });
  const auto refused = learn_priors(one_scale);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("nothing to learn from"), std::string::npos);
}

TEST(LearnPriors, GivesTheSameNumbersAgain) {
  const auto once = learn_priors(systems(10e-6, 0.3)).value();
  EXPECT_EQ(priors_to_json(once), priors_to_json(*learn_priors(systems(10e-6, 0.3))));
}

TEST(PriorsFile, ReadsBackWhatWasWritten) {
  const std::string text = priors_to_json(kPublishedPriors);
  const auto back = priors_from_json(text, "p.json");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(priors_to_json(*back), text);
  EXPECT_DOUBLE_EQ(back->several_scales[1].up, kPublishedPriors.several_scales[1].up);
}

TEST(PriorsFile, SaysWhichNumberIsWrong) {
  std::string text = priors_to_json(kPublishedPriors);
  text.replace(text.find("\"down_kappa\""), 12, "\"down_cappa\"");
  const auto bad = priors_from_json(text, "p.json");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("p.json: several_scales/latency/down_kappa: found nothing"),
            std::string::npos)
      << bad.error().message;
  EXPECT_FALSE(priors_from_json("[1]", "p.json"));
  EXPECT_FALSE(priors_from_json("{", "p.json"));
}

}  // namespace
}  // namespace collscale
