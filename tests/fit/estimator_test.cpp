// SPDX-License-Identifier: Apache-2.0
#include "fit/estimator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "fit/size_curve.hpp"
#include "fit/tier_fit.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

Series series_of(const std::vector<Record>& records) {
  return make_series(records, synthetic::system(4)).value().front();
}

double predicted_s(const Series& series, double nodes, double size_bytes) {
  const Estimator estimator(series, cell_medians(series), true, kAll);
  return std::exp(estimator.at(std::log(size_bytes), {4 * nodes, nodes}).log_time);
}

// Ranks of MPI on the cores of one node: the library's trees, not rings over links.
TEST(Estimator, MpiInsideANodeGrowsAsAcrossNodes) {
  const auto tree_s = [](double ranks, double size_bytes) {
    return 0.5e-6 + std::log2(ranks) * (0.4e-6 + size_bytes / 8e9);
  };
  std::vector<Record> records;
  for (const std::int64_t ranks : {2, 4, 8, 16})
    for (double size_bytes = 8; size_bytes <= 4194304; size_bytes *= 4) {
      records.push_back(synthetic::record(Collective::all_reduce, "auto", ranks, 1, size_bytes,
                                          tree_s(static_cast<double>(ranks), size_bytes)));
      records.back().engine = Engine::mpi;
    }
  const Series series = make_series(records, synthetic::system(128)).value().front();
  const Estimator estimator(series, cell_medians(series), false, kAll);
  EXPECT_TRUE(estimator.errors_of().network) << "with the widths of what MPI chooses";
  for (const double size_bytes : {8.0, 8192.0, 2097152.0})
    EXPECT_NEAR(estimator.at(std::log(size_bytes), {128, 128}).log_time,
                std::log(tree_s(128, size_bytes)), 0.15)
        << size_bytes;
}

TEST(SizeCurve, ALargerMessageBoundsASmallerOne) {
  const SizeCurve curve(std::vector<double>{1024, 2048, 4096, 8192},
                        std::vector<double>{10, 70, 12, 20});
  EXPECT_NEAR(std::exp(curve.log_time(std::log(2048))), 12, 1e-12);
  EXPECT_NEAR(std::log(70) - curve.log_time(std::log(2048)), std::log(70.0 / 12), 1e-12);
  EXPECT_NEAR(std::exp(curve.log_time(std::log(1024))), 10, 1e-12);
  EXPECT_NEAR(std::log(12) - curve.log_time(std::log(4096)), 0, 1e-12);
}

TEST(SizeCurve, IsConstantBelowAndGrowsAsSuchSizesDoAboveWhatWasMeasured) {
  const SizeCurve curve(std::vector<double>{1024, 1048576}, std::vector<double>{10, 40});
  EXPECT_NEAR(std::exp(curve.log_time(std::log(8))), 10, 1e-12);
  const double slope = (21.0 - 10.0) / 16.0;  // at 2 MiB: none at 1 KiB, 1 at 64 MiB
  EXPECT_NEAR(std::exp(curve.log_time(std::log(4 * 1048576.0))), 40 * std::pow(4, slope), 1e-9);
  const SizeCurve large(std::vector<double>{1 << 26, 1 << 28}, std::vector<double>{10, 40});
  EXPECT_NEAR(std::exp(large.log_time(std::log(4.0 * (1 << 28)))), 160, 1e-9) << "proportional";
  const SizeCurve tiny(std::vector<double>{8, 32}, std::vector<double>{10, 10});
  EXPECT_NEAR(std::exp(tiny.log_time(std::log(1024))), 10, 1e-9) << "all latency";
  EXPECT_NEAR(std::exp(curve.log_time(std::log(32768))), 20, 1e-9);  // half way in both logarithms
}

TEST(SizeCurve, OfLargeMessagesOnlyKeepsItsSlopeBelow) {
  const SizeCurve curve(std::vector<double>{1 << 20, 1 << 22}, std::vector<double>{100, 400});
  EXPECT_NEAR(std::exp(curve.log_time(std::log(1 << 18))), 25, 1e-9);
}

TEST(SizeCurve, OfOneSizeHasTheSlopeOfSuchSizes) {
  const auto below = [](double size_bytes) {
    const SizeCurve curve(std::vector<double>{size_bytes}, std::vector<double>{100});
    return std::exp(curve.log_time(std::log(size_bytes / 4)));
  };
  EXPECT_NEAR(below(4096), 100, 1e-9);  // latency
  EXPECT_NEAR(below(1 << 30), 25, 1e-9);
}

TEST(SizeCurve, DoubtsWhatLiesBeyondTheSizes) {
  const SizeCurve small(std::vector<double>{512, 4096}, std::vector<double>{10, 12});
  EXPECT_DOUBLE_EQ(small.beyond(std::log(1024)).up + small.beyond(std::log(1024)).down, 0);
  EXPECT_DOUBLE_EQ(small.beyond(std::log(8)).down, 0);  // constant already
  // From 4 KiB the time may grow a thousandfold to 4 MiB, or not at all.
  const HalfWidths beyond = small.beyond(std::log(4194304));
  const double grown = small.log_time(std::log(4194304)) - small.log_time(std::log(4096));
  EXPECT_NEAR(beyond.down, grown, 1e-9);
  EXPECT_NEAR(beyond.up, std::log(1024) - grown, 1e-9);
  const SizeCurve large(std::vector<double>{1 << 24, 1 << 28}, std::vector<double>{100, 800});
  EXPECT_LT(large.beyond(std::log(1099511627776.0)).down, 0.2);  // proportional already
  // Below, 0.75 of the octaves are assumed: it is between none and all of them.
  EXPECT_NEAR(large.beyond(std::log(1 << 16)).up, 0.75 * std::log(256), 1e-9);
  EXPECT_NEAR(large.beyond(std::log(1 << 16)).down, 0.25 * std::log(256), 1e-9);
}

TEST(Estimator, ARingIsRecoveredAtThirtyTwoTimesTheScale) {
  const Series series =
      series_of(synthetic::records(Collective::all_reduce, "ring", 32, synthetic::ring_all_reduce));
  for (const double size_bytes : {8.0, 32768.0, 2097152.0, 2147483648.0}) {
    const double truth = synthetic::ring_all_reduce(4096, 1024, size_bytes);
    EXPECT_NEAR(predicted_s(series, 1024, size_bytes) / truth, 1.0, 0.04) << size_bytes;
  }
}

TEST(Estimator, ATreeIsRecoveredAtThirtyTwoTimesTheScale) {
  const Series series =
      series_of(synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce));
  for (const double size_bytes : {8.0, 32768.0, 2097152.0, 2147483648.0}) {
    const double truth = synthetic::tree_all_reduce(4096, 1024, size_bytes);
    EXPECT_NEAR(predicted_s(series, 1024, size_bytes) / truth, 1.0, 0.04) << size_bytes;
  }
}

TEST(Estimator, NcclsLargeBlocksTakeTheirPeersAlone) {
  // Two nodes are at two thirds of the bandwidth of more: that is no start that all wait for.
  const auto peers = [](double ranks, double nodes, double size_bytes) {
    const double rate_Bps = nodes > 2 ? 30e9 : 20e9;
    return 20e-6 + (ranks - ranks / nodes) * (1e-6 + size_bytes / ranks / rate_Bps);
  };
  std::vector<Record> records = synthetic::records(Collective::all_to_all, "auto", 4, peers);
  const auto ratio = [&] {
    return predicted_s(series_of(records), 64, 4294967296.0) / peers(256, 64, 4294967296.0);
  };
  EXPECT_NEAR(ratio(), std::pow(16, 0.05), 0.02);
  for (Record& record : records) record.engine = Engine::mpi;
  EXPECT_LT(ratio() / std::pow(16, kPublishedPriors.contention), 0.7)
      << "what MPI does not pay per peer may be anything";
}

TEST(Estimator, AChainGrowsWithTheNodes) {
  const auto chain = [](double, double nodes, double size_bytes) {
    return 10e-6 + 5e-6 * (nodes - 1) + size_bytes / 30e9;
  };
  const Series series = series_of(synthetic::records(Collective::broadcast, "ring", 32, chain));
  ASSERT_EQ(series.growth, Growth::chain);
  EXPECT_NEAR(predicted_s(series, 1024, 8) / chain(0, 1024, 8), 1.0, 0.02);
}

TEST(Estimator, ATreeThatTheAnchorHasLeftForARingIsAPipelineBeyondIt) {
  // On 16 nodes the ring serves from 4 MiB on, and 64 MiB takes 3.6 ms; on 1,024 it would take 26.
  const Series series = series_of(
      synthetic::records(Collective::all_reduce, "auto", 16, synthetic::library_all_reduce));
  for (const double size_bytes : {8388608.0, 33554432.0, 67108864.0}) {
    const double tree = synthetic::tree_all_reduce(4096, 1024, size_bytes);
    ASSERT_LT(tree, 0.2 * synthetic::ring_all_reduce(4096, 1024, size_bytes));
    EXPECT_LT(std::fabs(std::log(predicted_s(series, 1024, size_bytes) / tree)), std::log(1.5))
        << size_bytes;
  }
}

TEST(Estimator, FromOneScaleTheBytesOfAnMpiGatherDoNotGrow) {
  // 20 us a level beside bytes that take 200 us by 64 KiB: no latency there is worth 10 of them.
  const auto gather = [](double, double nodes, double size_bytes) {
    return 20e-6 * (1 + std::log2(nodes)) + size_bytes / 330e6;
  };
  const auto growth = [&](Engine engine, double size_bytes) {
    std::vector<Record> records = synthetic::records(Collective::all_gather, "bruck", 2, gather);
    for (Record& record : records) record.engine = engine;
    return predicted_s(series_of(records), 32, size_bytes) / gather(8, 2, size_bytes);
  };
  const double ends = kPublishedPriors.ends;
  EXPECT_NEAR(growth(Engine::mpi, 8), (ends + 5) / (ends + 1), 0.01) << "32 nodes for 2";
  const double truth = gather(128, 32, 32768) / gather(8, 2, 32768);
  EXPECT_LT(growth(Engine::mpi, 32768), growth(Engine::nccl, 32768));
  EXPECT_GT(growth(Engine::mpi, 32768), truth) << "it may be latencies of more pieces, too";
}

TEST(Estimator, TheSwitchFromTreeToRingMovesWithTheRanks) {
  // Latency follows the tree and bandwidth the ring; in between the worst of both may be off by the
  // factor that the two differ by.
  const Series series = series_of(
      synthetic::records(Collective::all_reduce, "auto", 32, synthetic::library_all_reduce));
  ASSERT_EQ(series.growth, Growth::library);
  for (const double size_bytes : {8.0, 8192.0, 4294967296.0}) {
    const double truth = synthetic::library_all_reduce(512, 128, size_bytes);
    EXPECT_NEAR(predicted_s(series, 128, size_bytes) / truth, 1.0, 0.12) << size_bytes;
  }
  for (const double size_bytes : {8388608.0, 134217728.0}) {
    const double truth = synthetic::library_all_reduce(512, 128, size_bytes);
    EXPECT_LT(std::fabs(std::log(predicted_s(series, 128, size_bytes) / truth)), std::log(2.0));
  }
}

TEST(Estimator, InsideANodeEveryCollectiveIsFittedAsARing) {
  std::vector<Record> records;
  for (const std::int64_t n : {2, 4}) {
    for (double size_bytes = 512; size_bytes < 1e9; size_bytes *= 2) {
      records.push_back(synthetic::record(
          Collective::all_gather, "auto", n, 1, size_bytes,
          3e-6 + static_cast<double>(n - 1) * (1e-6 + size_bytes / static_cast<double>(n) / 3e11)));
    }
  }
  const Series series = series_of(records);
  const Estimator estimator(series, cell_medians(series), false, kAll);
  const double predicted = std::exp(estimator.at(std::log(1 << 20), {8, 8}).log_time);
  EXPECT_NEAR(predicted / (3e-6 + 7 * (1e-6 + 131072 / 3e11)), 1.0, 0.05);
}

// 4 us to start a kernel, then a step to each neighbour.
TEST(Estimator, FromOneScaleInsideANodeStepsAreAddedToTheStart) {
  const auto time_s = [](double n, double size_bytes) {
    return 4e-6 + (n - 1) * (1e-6 + size_bytes / n / 3e11);
  };
  std::vector<Record> records;
  for (double size_bytes = 512; size_bytes < 5e9; size_bytes *= 2)
    records.push_back(
        synthetic::record(Collective::all_gather, "auto", 2, 1, size_bytes, time_s(2, size_bytes)));
  const Series series = series_of(records);
  const Estimator estimator(series, cell_medians(series), false, kAll);
  for (double size_bytes = 512; size_bytes < 5e9; size_bytes *= 2) {
    const double predicted = std::exp(estimator.at(std::log(size_bytes), {8, 8}).log_time);
    EXPECT_NEAR(predicted / time_s(8, size_bytes), 1.0, 0.4) << size_bytes;
  }
  EXPECT_NEAR(std::exp(estimator.at(std::log(512), {8, 8}).log_time) / time_s(8, 512), 1.0, 0.01);
}

// 4 accelerators on one PCIe bridge and one more between every two bridges: whether 8 have yet
// another, 2 and 4 do not say.
TEST(Estimator, ASlowerJointInsideANodeMayBeFollowedByAnother) {
  const auto predicted = [](double slower, double size_bytes) {
    std::vector<Record> records;
    for (const std::int64_t n : {2, 4})
      for (double size = 512; size < 5e9; size *= 4) {
        const auto ranks = static_cast<double>(n);
        const double time_s = 1e-5 + (ranks - 1) * size / ranks / 2e10 * (n == 4 ? slower : 1);
        records.push_back(synthetic::record(Collective::all_gather, "auto", n, 1, size, time_s));
      }
    const Series series = series_of(records);
    const Estimator estimator(series, cell_medians(series), false, kAll);
    return TierPrediction(estimator, OwnRecord{}, {8, 8}).at(std::log(size_bytes));
  };
  const double again = std::log(3.0);
  const Predicted same = predicted(1, 1 << 30);
  const Predicted slower = predicted(3, 1 << 30);
  const double without = std::log(7 * std::exp2(27) / 2e10 * 3);
  EXPECT_NEAR(same.log_time, without - again, 0.05);
  EXPECT_LT(slower.log_time - slower.widths.down, without);
  EXPECT_GT(slower.log_time + slower.widths.up, without + again);
  EXPECT_NEAR(predicted(3, 512).log_time, predicted(1, 512).log_time, 0.05);
}

TEST(Estimator, SizesThatOnlySmallerScalesHaveComeFromThem) {
  // The largest scale has large messages only, as where a run was cut short: what small ones take
  // is known from the scales below, not from its first point.
  std::vector<Record> records =
      synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce);
  std::erase_if(records, [](const Record& record) {
    return record.scenario.ranks == 32 && record.scenario.size_bytes < 4e6;
  });
  const Series series = series_of(records);
  const double truth = synthetic::tree_all_reduce(256, 64, 8);
  EXPECT_NEAR(predicted_s(series, 64, 8) / truth, 1.0, 0.15);
}

// Where the largest scale is slower than the others say, it is so at the next size, too.
TEST(Estimator, SizesThatOnlySmallerScalesHaveGoOnFromTheNearestMeasured) {
  std::vector<Record> records =
      synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce);
  std::erase_if(records, [](const Record& record) {
    return record.scenario.ranks == 128 && record.scenario.size_bytes > 4e6;
  });
  for (Record& record : records)
    if (record.scenario.ranks == 128) record.time_s *= 1.3;
  const Series series = series_of(records);
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const auto slower = [&](double size_bytes) {
    return std::exp(estimator.as_measured(estimator.scale_count() - 1, std::log(size_bytes))) /
           synthetic::tree_all_reduce(128, 32, size_bytes);
  };
  EXPECT_NEAR(slower(2097152), 1.3, 1e-9);
  EXPECT_NEAR(slower(8388608), 1.2, 0.06);
  EXPECT_NEAR(slower(2147483648), 1.0, 0.06);
}

TEST(Estimator, TheSteadyLineStandsOnScalesThatLieApart) {
  std::vector<Record> records;
  for (const std::int64_t nodes : {16, 48, 64})
    for (double size_bytes = 8; size_bytes < 1e9; size_bytes *= 4)
      records.push_back(
          synthetic::record(Collective::all_gather, "auto", 4 * nodes, nodes, size_bytes,
                            (nodes == 64 ? 1.3e-6 : 1e-6) * static_cast<double>(nodes)));
  const Series series = series_of(records);
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const double last = std::exp(estimator.steady_line(std::log(8.0), {1024, 256}));
  EXPECT_NEAR(last, 1.3e-6 * 64 * std::pow(4, 1 + std::log(1.3) / std::log(4)), 1e-9);
  EXPECT_GT(std::exp(estimator.line(std::log(8.0), {1024, 256})), 2 * last);
}

// Of a reduce_scatter of Open MPI with few sizes: those of 2 KiB were no bytes' time.
TEST(Estimator, SparseSizesAreNotGrownFromLatency) {
  std::vector<Record> records;
  for (const auto& [size_bytes, time_s] : {std::pair{2048.0, 17.4e-6},
                                           {131072.0, 81.6e-6},
                                           {8388608.0, 3.53e-3},
                                           {536870912.0, 0.918}}) {
    records.push_back(
        synthetic::record(Collective::reduce_scatter, "auto", 256, 64, size_bytes, time_s));
    records.back().engine = Engine::mpi;
  }
  EXPECT_NEAR(predicted_s(series_of(records), 128, 536870912), 0.92, 0.2);  // was 4.6
}

TEST(Estimator, AllToAllGrowsWithThePeersOnOtherNodes) {
  const Place two_nodes{8, 2};
  const Place eight_nodes{32, 8};
  EXPECT_DOUBLE_EQ(ring_steps(Collective::all_to_all, two_nodes), 4);
  EXPECT_DOUBLE_EQ(ring_steps(Collective::all_to_all, eight_nodes), 28);
  EXPECT_DOUBLE_EQ(ring_steps(Collective::all_to_all, {8, 8}), 7) << "inside a node: the others";
  EXPECT_DOUBLE_EQ(ring_steps(Collective::all_gather, eight_nodes), 31);
}

TEST(Estimator, OnATorusMessagesTravelFartherWithEveryNode) {
  // Levels of latency and links on the way, in three dimensions.
  const auto law = [](double, double nodes, double size_bytes) {
    return 3e-6 + 1e-6 * (std::log2(nodes) + 3 * (std::cbrt(nodes) - 1)) + size_bytes / 5e9;
  };
  Series series =
      series_of(synthetic::records(Collective::all_reduce, "recursive_doubling", 64, law));
  const double on_no_torus = predicted_s(series, 512, 8);
  series.torus_dimensions = 3;
  EXPECT_NEAR(predicted_s(series, 512, 8) / law(0, 512, 8), 1.0, 0.02);
  EXPECT_LT(on_no_torus / law(0, 512, 8), 0.9);
}

TEST(Estimator, FromTwoNodesAloneATreeIsExpectedToSlowDown) {
  std::vector<Record> records;
  for (const double size_bytes : {1e9, 4e9}) {
    records.push_back(
        synthetic::record(Collective::all_reduce, "tree", 16, 2, size_bytes, size_bytes / 100e9));
    records.push_back(
        synthetic::record(Collective::broadcast, "auto", 16, 2, size_bytes, size_bytes / 100e9));
  }
  const auto slower = [&](std::size_t index) {
    const Series series = (*make_series(records, synthetic::system(8)))[index];
    const Estimator estimator(series, cell_medians(series), true, kAll);
    return std::exp(estimator.at(std::log(4e9), {32, 4}).log_time) / (4e9 / 100e9);
  };
  EXPECT_NEAR(slower(0), 1.8 * (31.0 / 32.0) / (15.0 / 16.0), 0.02);
  EXPECT_NEAR(slower(1), 1.0, 1e-6) << "a chain carries the bytes at the same rate";
}

std::vector<Record> of_engine(std::vector<Record> records, Engine engine) {
  for (Record& record : records) record.engine = engine;
  return records;
}

TEST(Estimator, MpiGrowthIsDrawnTowardsTheAssumedOne) {
  std::vector<Record> records;
  for (const std::int64_t nodes : {4, 8})  // levels of 28 us, no ends
    for (const double size_bytes : {8.0, 64.0, 512.0})
      records.push_back(synthetic::record(Collective::all_reduce, "auto", 16 * nodes, nodes,
                                          size_bytes, nodes == 4 ? 56e-6 : 84e-6));
  const auto grown = [&](Engine engine) {
    const Series series = make_series(of_engine(records, engine), synthetic::system(16))->front();
    const Estimator estimator(series, cell_medians(series), true, kAll);
    return std::exp(estimator.at(std::log(8), {512, 32}).log_time) / 84e-6;
  };
  const double ends = kPublishedPriors.ends;
  EXPECT_NEAR(grown(Engine::nccl), 5.0 / 3.0, 1e-3);
  EXPECT_LT(grown(Engine::mpi), 5.0 / 3.0 - 1e-3);
  EXPECT_GT(grown(Engine::mpi), (ends + 5) / (ends + 3) - 1e-3);
}

TEST(Estimator, MpiAllToAllGrowsWithThePeersAndHalfTheirAssumedContention) {
  const auto law = [](double n, double nodes, double size_bytes) {
    return (n - n / nodes) * (2e-6 + size_bytes / n / 10e9);
  };
  const Series series = series_of(
      of_engine(synthetic::records(Collective::all_to_all, "auto", 32, law), Engine::mpi));
  EXPECT_EQ(series.growth, Growth::library);
  // The other half of the estimate fits what was measured, which has none.
  const double contended = std::pow(8.0, 0.5 * kPublishedPriors.contention);
  for (const double size_bytes : {4096.0, 1e8})
    EXPECT_NEAR(predicted_s(series, 256, size_bytes) / (contended * law(1024, 256, size_bytes)),
                1.0, 0.1)
        << size_bytes;
}

TEST(Estimator, MpiAllReduceMayTakeLessWhereAJumpWasMeasuredAtTheLargestScale) {
  const auto law = [](double, double nodes, double size_bytes) {
    const double smooth = 5e-6 * (0.7 + std::log2(nodes)) + size_bytes / 10e9;
    return smooth * (nodes == 32 && size_bytes > 3e4 && size_bytes < 2e5 ? 3 : 1);
  };
  const Series series = series_of(
      of_engine(synthetic::records(Collective::all_reduce, "auto", 32, law), Engine::mpi));
  EXPECT_LT(predicted_s(series, 64, 65536), 0.8 * law(128, 32, 65536));
  EXPECT_GT(predicted_s(series, 64, 65536), law(256, 64, 65536));
}

TEST(Estimator, AFullNodeIsTheTreeWithoutLevels) {
  // From one and two nodes: what a node takes are the ends, the rest is the first level.
  std::vector<Record> records;
  for (const std::int64_t nodes : {1, 2})
    for (double size_bytes = 8; size_bytes < 1e5; size_bytes *= 4)
      records.push_back(synthetic::record(Collective::all_reduce, "auto", 4 * nodes, nodes,
                                          size_bytes, nodes == 1 ? 30e-6 : 40e-6));
  EXPECT_NEAR(predicted_s(series_of(records), 16, 8), 70e-6, 1e-9) << "four levels of 10 us";
  std::erase_if(records, [](const Record& record) { return record.scenario.nodes == 1; });
  EXPECT_GT(predicted_s(series_of(records), 16, 8), 80e-6) << "without it, growth is assumed";
}

TEST(Estimator, SmallMessagesAloneTellOfNoRing) {
  const Series series =
      series_of(synthetic::records(Collective::all_reduce, "auto", 32, synthetic::tree_all_reduce));
  Series small = series;
  std::erase_if(small.cells, [](const Cell& cell) { return cell.size_bytes > 1000; });
  for (const double size_bytes : {8.0, 1024.0})
    EXPECT_NEAR(predicted_s(small, 512, size_bytes) / synthetic::tree_all_reduce(2048, 512, 8), 1.0,
                0.02);
}

TEST(Estimator, RoughnessIsOfTheGrowthNotOfTheCurve) {
  const auto roughness = [](double up_and_down) {
    bool up = false;
    const auto law = [&](double, double nodes, double size_bytes) {
      up = !up;
      const double step = size_bytes > 1e6 ? 7.0 : 1.0;  // a switch of protocols, at both scales
      return step * (1e-5 * nodes) * (nodes > 4 && up ? 1 + up_and_down : 1);
    };
    const Series series = series_of(synthetic::records(Collective::all_reduce, "tree", 8, law));
    return Estimator(series, cell_medians(series), true, kAll).roughness();
  };
  EXPECT_NEAR(roughness(0), 0, 1e-9);
  EXPECT_GT(roughness(0.5), 0.2);
}

TEST(TierPrediction, BeyondTheDataIsMonotoneInSizeAndRanksWhateverTheData) {
  std::vector<Record> records;
  for (const std::int64_t nodes : {2, 4, 8}) {
    for (double size_bytes = 8; size_bytes < 1e9; size_bytes *= 2) {
      const double artefact = size_bytes > 1e5 && size_bytes < 1e6 ? 6.0 : 1.0;
      const auto n = static_cast<double>(4 * nodes);
      records.push_back(synthetic::record(
          Collective::all_reduce, "auto", 4 * nodes, nodes, size_bytes,
          artefact * synthetic::library_all_reduce(n, static_cast<double>(nodes), size_bytes)));
    }
  }
  const Series series = series_of(records);
  const Estimator estimator(series, cell_medians(series), true, kAll);
  for (const double size_bytes : {8.0, 3e5, 1048576.0, 1073741824.0}) {
    double before = -1e9;
    for (double nodes = 8.01; nodes <= 4096; nodes *= 1.07) {
      const TierPrediction prediction(estimator, {}, {4 * nodes, nodes});
      const double log_time = prediction.log_time(std::log(size_bytes));
      EXPECT_GE(log_time, before - 1e-12) << nodes << " nodes, " << size_bytes << " B";
      before = log_time;
    }
  }
  for (double nodes = 16; nodes <= 4096; nodes *= 2) {
    const TierPrediction prediction(estimator, {}, {4 * nodes, nodes});
    double before = -1e9;
    for (double log_size = 2; log_size < 24; log_size += 0.1) {
      const double log_time = prediction.log_time(log_size);
      EXPECT_GE(log_time, before - 1e-12) << nodes << " nodes, ln size " << log_size;
      before = log_time;
    }
  }
}

TEST(TierPrediction, OfAMeasuredScaleItIsWhatWasMeasuredDipsAndAll) {
  // A protocol switched too late: 128 KiB take longer than 512 KiB.
  const auto law = [](double, double nodes, double size_bytes) {
    return (size_bytes == 131072 ? 4 : 1) * (1e-5 * std::log2(2 * nodes) + size_bytes / 1e10);
  };
  const Series series = series_of(synthetic::records(Collective::all_reduce, "auto", 16, law));
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const auto log_time = [&](double nodes) {
    return TierPrediction(estimator, {}, {4 * nodes, nodes}).log_time(std::log(131072));
  };
  EXPECT_NEAR(std::exp(log_time(8)), law(32, 8, 131072), 1e-9);
  EXPECT_NEAR(std::exp(log_time(16)), law(64, 16, 131072), 1e-9);
  EXPECT_LT(std::exp(log_time(17)), 0.6 * law(64, 16, 131072)) << "which is not carried farther";
}

TEST(TierPrediction, SizesThatAreNoPowerOfTwoAreAnsweredAsMeasuredToo) {
  // 24 ranks a node: all_gather is measured at 24 n 2^i bytes, and jumps between two of them.
  std::vector<Record> records;
  const auto law = [](double nodes, double size_bytes) {
    return (size_bytes > 5e5 ? 3 : 1) * (1e-5 * nodes + size_bytes / 1e10);
  };
  for (const std::int64_t nodes : {2, 4, 8})
    for (double size_bytes = 96; size_bytes < 1e9; size_bytes *= 2)
      records.push_back(synthetic::record(Collective::all_gather, "auto", 24 * nodes, nodes,
                                          size_bytes, law(static_cast<double>(nodes), size_bytes)));
  const Series series = series_of(records);
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const TierPrediction prediction(estimator, {}, {96, 4});
  for (const double size_bytes : {96.0, 393216.0, 786432.0})
    EXPECT_NEAR(std::exp(prediction.log_time(std::log(size_bytes))) / law(4, size_bytes), 1, 1e-9)
        << size_bytes;
}

TEST(TierPrediction, GrowsWithTheSizeBeyondItsTable) {
  const Series series =
      series_of(synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce));
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const TierPrediction prediction(estimator, {}, {4096, 1024});
  const double PiB = std::exp2(50);
  EXPECT_NEAR(prediction.log_time(std::log(64 * PiB)) - prediction.log_time(std::log(PiB)),
              std::log(64.0), 1e-9);
}

TEST(TierPrediction, GivesBackWhatWasMeasured) {
  const Series series =
      series_of(synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce));
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const TierPrediction measured(estimator, {}, {32, 8});
  EXPECT_NEAR(std::exp(measured.log_time(std::log(8192))), synthetic::tree_all_reduce(32, 8, 8192),
              1e-12);
  const TierPrediction between(estimator, {}, {48, 12});
  EXPECT_GT(between.log_time(std::log(8192)), measured.log_time(std::log(8192)));
  EXPECT_LT(between.log_time(std::log(8192)), std::log(synthetic::tree_all_reduce(64, 16, 8192)));
}

}  // namespace
}  // namespace collscale
