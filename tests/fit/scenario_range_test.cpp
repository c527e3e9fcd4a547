// SPDX-License-Identifier: Apache-2.0
#include "fit/scenario_range.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fit/target_model.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

/// Leaves of 32 nodes, spines of 16 leaves, a core over 16 of those: 8,192 nodes of 8.
System three_tiers(double taper = 1, Routing routing = Routing::adaptive) {
  System system = synthetic::system(8, "three tiers");
  system.nodes = synthetic::figure(8192);
  auto& clos = std::get<Clos>(system.fabric);
  clos.routing = routing;
  const auto tier = [&](const char* name, double children, double ratio) {
    return Tier{name,
                synthetic::figure(children),
                synthetic::figure(50e9),
                synthetic::figure(ratio),
                synthetic::figure(3e-6),
                synthetic::figure(64)};
  };
  clos.tiers = {tier("leaf", 32, 1), tier("spine", 16, taper), tier("core", 16, 1)};
  return system;
}

ScenarioRange range_of(const System& system, Collective collective, const std::string& algorithm,
                       double size_bytes, std::int64_t measured, std::int64_t ranks,
                       bool same_system = false) {
  const std::vector<std::string> algorithms = {algorithm};
  const std::vector<double> sizes = {size_bytes};
  const auto predicted = predict_fastest(system, collective, algorithms, ranks, sizes);
  EXPECT_TRUE(predicted) << predicted.error().message;
  return scenario_ranges(system, {collective, measured, ranks, same_system}, *predicted, sizes)[0];
}

TEST(ScenarioRange, FarTiersAddTheirLatencyToSmallMessages) {
  const System system = three_tiers();
  const ScenarioRange far =
      range_of(system, Collective::all_reduce, "tree", 8, 256, 65536);  // within a leaf; all
  ASSERT_EQ(far.effects.size(), 1U) << far.text();
  EXPECT_EQ(far.effects[0].kind, EffectKind::far_latency);
  EXPECT_EQ(far.effects[0].what, "far latency of spine and core");
  EXPECT_GT(far.widths().up, 0.05);
  EXPECT_EQ(far.widths().down, 0);
  // From a scale that crossed the spine, the core alone is new.
  const ScenarioRange less = range_of(system, Collective::all_reduce, "tree", 8, 1024, 65536);
  ASSERT_EQ(less.effects.size(), 1U);
  EXPECT_EQ(less.effects[0].what, "far latency of core");
  EXPECT_LT(less.widths().up, far.widths().up);
  EXPECT_THAT(less.text(), HasSubstr("far latency of core +"));
  // Nothing is new within the tiers that were crossed.
  EXPECT_TRUE(range_of(system, Collective::all_reduce, "tree", 8, 1024, 4096).effects.empty());
}

TEST(ScenarioRange, ATaperThatTheMeasuredScaleDidNotUseCosts) {
  const System system = three_tiers(4);
  const ScenarioRange range =
      range_of(system, Collective::all_to_all, "pairwise", 1 << 30, 4096, 65536);
  EXPECT_THAT(range.text(), HasSubstr("taper of spine 4:1 up to +"));
  EXPECT_GT(range.widths().up, std::log(2.0));
  EXPECT_LT(range.widths().up, std::log(4.4));
  // Measured above it: the data have it, and more of the same costs little.
  const ScenarioRange known =
      range_of(system, Collective::all_to_all, "pairwise", 1 << 30, 32768, 65536);
  EXPECT_LT(known.widths().up, 0.3 * range.widths().up);
}

// A tree of ranks in order leaves a group on a few links; of ranks anywhere all that NICs send may.
TEST(ScenarioRange, ATaperMayCostRanksThatLieAnywhere) {
  const auto taper_of = [](const System& system, std::int64_t measured, bool same_system = false) {
    const ScenarioRange range =
        range_of(system, Collective::all_reduce, "tree", 1 << 30, measured, 65536, same_system);
    for (const ScenarioEffect& effect : range.effects)
      if (effect.kind == EffectKind::taper) return std::exp(effect.log_time);
    return 1.0;
  };
  const System system = three_tiers(4);
  EXPECT_GT(taper_of(system, 4096), 3);
  EXPECT_LT(taper_of(system, 4096), 4);
  EXPECT_EQ(taper_of(three_tiers(1), 4096), 1);
  EXPECT_LT(taper_of(system, 32768), 1.1) << "measured above it";
  EXPECT_LT(taper_of(system, 4096, true), 1.1) << "the machine itself: its ranks lay anywhere";
  Prediction prediction;
  prediction.time_s = 10;
  prediction.breakdown = {{"latency", "spine", 2},
                          {"bandwidth", "scale-up", 1},
                          {"bandwidth", "nic", 6},
                          {"pcie", "nic", 1}};
  EXPECT_DOUBLE_EQ(scattered_factor(prediction, 3), 2.4);
  EXPECT_DOUBLE_EQ(scattered_factor(prediction, 1), 1);
}

TEST(ScenarioRange, CollisionsGrowWithTheSystem) {
  const System system = three_tiers(1, Routing::ecmp);
  const ScenarioRange range =
      range_of(system, Collective::all_to_all, "pairwise", 1 << 30, 512, 65536);
  EXPECT_THAT(range.text(), HasSubstr("ECMP collisions +"));
  EXPECT_GT(range.widths().up, 0.02);
}

TEST(ScenarioRange, OfTheMeasuredSystemOnlyTiersBeyondTheData) {
  const System system = three_tiers(4, Routing::ecmp);
  const ScenarioRange range =
      range_of(system, Collective::all_to_all, "pairwise", 1 << 30, 4096, 65536, true);
  for (const ScenarioEffect& effect : range.effects)
    EXPECT_TRUE(effect.kind == EffectKind::taper || effect.kind == EffectKind::far_latency)
        << effect.what;
  EXPECT_TRUE(range_of(system, Collective::all_to_all, "pairwise", 1 << 30, 8192, 65536, true)
                  .effects.empty());
}

TEST(ScenarioRange, SystemsSoLargeThatSomethingIsAlwaysDown) {
  System system = three_tiers();
  std::get<Clos>(system.fabric).planes = 2;
  const ScenarioRange range =
      range_of(system, Collective::all_reduce, "tree", 1 << 30, 4096, 65536);
  EXPECT_THAT(range.text(), HasSubstr("a NIC without one of its 2 planes up to +9"));
  EXPECT_NEAR(range.widths().up, std::log(2.0), 0.1);
  // 8,192 ranks: most days nothing is.
  EXPECT_TRUE(
      range_of(system, Collective::all_reduce, "tree", 1 << 30, 4096, 4104).effects.empty());
}

TEST(ScenarioRange, GroupsOfADragonflyAreFar) {
  System system = synthetic::system(4, "dragonfly");
  Dragonfly dragonfly;
  dragonfly.efficiency = synthetic::figure(1);
  dragonfly.groups = synthetic::figure(17);
  dragonfly.routers = synthetic::figure(8);
  dragonfly.nodes = synthetic::figure(4);
  dragonfly.local_links = synthetic::figure(1);
  dragonfly.local_link_Bps = synthetic::figure(50e9);
  dragonfly.global_links = synthetic::figure(2);
  dragonfly.global_link_Bps = synthetic::figure(25e9);
  dragonfly.hop_latency_s = synthetic::figure(3e-7);
  dragonfly.global_latency_s = synthetic::figure(5e-6);
  system.nodes = synthetic::figure(17 * 32);
  system.fabric = dragonfly;
  const ScenarioRange range =
      range_of(system, Collective::all_to_all, "pairwise", 1 << 30, 64, 1024, true);
  EXPECT_THAT(range.text(), HasSubstr("global links up to +"));
  EXPECT_THAT(range_of(system, Collective::all_reduce, "tree", 8, 64, 1024, true).text(),
              HasSubstr("far latency of global links +"));
  // Measured across groups already.
  EXPECT_TRUE(range_of(system, Collective::all_reduce, "tree", 8, 256, 1024, true).effects.empty());
}

TEST(TargetModel, StandsForWhatTheLibraryMayHaveRun) {
  const System system = synthetic::system(8);
  Series series;
  EXPECT_EQ(model_algorithms(series, system, 64), (std::vector<std::string>{"ring", "tree"}));
  series.algorithm = "recursive_doubling";
  EXPECT_EQ(model_algorithms(series, system, 64), (std::vector<std::string>{"recursive_doubling"}));
  series.algorithm = "auto";
  series.engine = Engine::mpi;
  EXPECT_EQ(model_algorithms(series, system, 64),
            (std::vector<std::string>{"ring", "recursive_doubling", "halving_doubling"}));
  series.collective = Collective::barrier;
  EXPECT_EQ(model_algorithms(series, system, 64), (std::vector<std::string>{"recursive_doubling"}));
  series.collective = Collective::all_gather_v;
  EXPECT_EQ(model_algorithms(series, system, 64), (std::vector<std::string>{"auto"}));
}

TEST(TargetModel, NamesTheBottleneckWithItsShare) {
  Prediction prediction;
  EXPECT_EQ(bottleneck_share(prediction), "");
  prediction.time_s = 4;
  prediction.bottleneck = "overhead";
  EXPECT_EQ(bottleneck_share(prediction), "") << "never a share of 0 %";
  prediction.bottleneck_s = 3;
  EXPECT_EQ(bottleneck_share(prediction), "overhead 75 %");
}

}  // namespace
}  // namespace collscale
