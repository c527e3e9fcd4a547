// SPDX-License-Identifier: Apache-2.0
#include "fit/extrapolate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fit/calibrate.hpp"
#include "model/bounds.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Profile profile_of(const std::vector<Record>& records) {
  CalibrateOptions options;
  options.replicates = 20;
  return calibrate(records, synthetic::system(4), options).value();
}

ExtrapolateOptions quick() {
  ExtrapolateOptions options;
  options.replicates = 50;
  return options;
}

const std::vector<double> kSizes = {8, 8192, 1048576, 1073741824};

TEST(Extrapolate, GivesLabelledRecordsWithNestedIntervals) {
  const Profile profile = profile_of(
      synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce));
  const std::vector<std::int64_t> ranks = {128, 1024, 16384};
  const auto records =
      extrapolate(profile, synthetic::system(4), Collective::all_reduce, kSizes, ranks, quick());
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), ranks.size() * kSizes.size());
  double width_at_8B = 0;
  for (const Record& record : *records) {
    EXPECT_EQ(record.engine, Engine::analytic);
    EXPECT_EQ(record.trust, Trust::predicted);
    EXPECT_EQ(record.validated_to_ranks, 128);
    EXPECT_EQ(record.scenario.algorithm, "tree");
    EXPECT_EQ(record.scenario.nodes, record.scenario.ranks / 4);
    EXPECT_GT(record.busbw_Bps, 0);
    ASSERT_EQ(record.intervals.size(), 2U);
    const Interval& half = record.intervals[0];
    const Interval& most = record.intervals[1];
    EXPECT_DOUBLE_EQ(half.level, 0.5);
    EXPECT_DOUBLE_EQ(most.level, 0.95);
    EXPECT_LE(most.low_s, half.low_s);
    EXPECT_LE(half.low_s, record.time_s);
    EXPECT_LE(record.time_s, half.high_s);
    EXPECT_LT(half.high_s, most.high_s);
    EXPECT_THAT(record.source, HasSubstr("8 to 128 ranks (4 per node)"));
    if (record.scenario.size_bytes == 8) {
      EXPECT_GT(most.high_s / most.low_s, width_at_8B);  // wider with distance
      width_at_8B = most.high_s / most.low_s;
    }
  }
}

TEST(Extrapolate, IsNeverFasterThanTheBounds) {
  // Data from links of a terabyte per second, a target with 50 GB/s per rank.
  const auto fast = [](double, double nodes, double size_bytes) {
    return 1e-6 * std::log2(nodes) + size_bytes / 1e12;
  };
  const Profile profile = profile_of(synthetic::records(Collective::all_reduce, "tree", 32, fast));
  const System system = synthetic::system(4);
  const std::vector<std::int64_t> ranks = {4096};
  const auto records = extrapolate(profile, system, Collective::all_reduce, kSizes, ranks, quick());
  ASSERT_TRUE(records);
  // Its latency was measured to be less than the file says: nothing stays of that bound.
  ASSERT_GT(lower_bounds(system, Collective::all_reduce, 8, 8).latency_s, 1e-6);
  for (const Record& record : *records) {
    Bounds bounds = lower_bounds(system, Collective::all_reduce, 4096, record.scenario.size_bytes);
    bounds.latency_s = 0;
    const double bound_s = bounds.time_s();
    EXPECT_GE(record.time_s, bound_s);
    EXPECT_GE(record.intervals[1].low_s, bound_s);
    EXPECT_NEAR(record.bound_s.value(), bound_s, 1e-3 * bound_s);
  }
  EXPECT_DOUBLE_EQ(records->back().utilisation.value(), 1.0);  // 1 GiB: the bound is the answer

  ExtrapolateOptions own_bound = quick();
  own_bound.bound_s = [](Collective, double, std::int64_t) { return 123.0; };
  const auto bounded =
      extrapolate(profile, system, Collective::all_reduce, kSizes, ranks, own_bound);
  EXPECT_DOUBLE_EQ(bounded->front().time_s, 123.0);
}

TEST(Extrapolate, OnlyTheSystemsOwnMessagesBetweenNodesDropItsLatencyBound) {
  const System system = synthetic::system(4);
  const auto records_of = [](double between_nodes_s) {
    std::vector<Record> records = synthetic::records(
        Collective::all_reduce, "tree", 32,
        [=](double, double, double size) { return between_nodes_s + size / 25e9; });
    for (const std::int64_t ranks : {2, 4})
      for (double size_bytes = 8; size_bytes < 1e9; size_bytes *= 4)
        records.push_back(
            synthetic::record(Collective::all_reduce, "tree", ranks, 1, size_bytes, 1e-7));
    return records;
  };
  // Of the bound that the topology gives 8 B on so many ranks.
  const auto share = [&](double between_nodes_s, std::int64_t ranks, const System& target) {
    const auto records =
        extrapolate(profile_of(records_of(between_nodes_s)), target, Collective::all_reduce,
                    std::vector<double>{8}, std::vector<std::int64_t>{ranks}, quick());
    return records.value().front().bound_s.value() /
           lower_bounds(target, Collective::all_reduce, ranks, 8).time_s();
  };
  EXPECT_DOUBLE_EQ(share(1e-3, 1024, system), 1);
  EXPECT_LT(share(1e-6, 1024, system), 1e-3) << "a sum in the switches is as deep on any number";
  EXPECT_NEAR(share(1e-9, 1024, system), 1, 1e-3) << "a wrong unit";
  EXPECT_DOUBLE_EQ(share(1e-6, 4, system), 1) << "inside a node";
  EXPECT_DOUBLE_EQ(share(1e-6, 1024, synthetic::system(4, "other")), 1);
}

TEST(Extrapolate, MpiInsideANodeIsNotHeldToTheLatencyOfItsLinks) {
  std::vector<Record> records;
  for (const std::int64_t ranks : {2, 4, 8, 16})
    for (double size_bytes = 8; size_bytes < 1e6; size_bytes *= 4)
      records.push_back(synthetic::record(Collective::broadcast, "tree", ranks, 1, size_bytes,
                                          1e-7 * std::log2(ranks) + size_bytes / 10e9));
  for (Record& record : records) record.engine = Engine::mpi;
  const System system = synthetic::system(32);
  const auto answers = extrapolate(profile_of(records), system, Collective::broadcast,
                                   std::vector<double>{8}, std::vector<std::int64_t>{32}, quick());
  ASSERT_TRUE(answers);
  ASSERT_GT(lower_bounds(system, Collective::broadcast, 32, 8).latency_s, 1e-6);
  EXPECT_LT(answers->front().time_s, 8e-7);
}

// Two p5 nodes reach 487 GB/s of bus bandwidth with NVLink of 370 GB/s and a NIC of 50 GB/s per
// GPU: their switches add up.
TEST(Extrapolate, NvlinkSharpBetweenNicsIsNotHeldToWhatARingCanDo) {
  System system = synthetic::system(8, "other");
  system.node.scale_up.efficiency = synthetic::figure(0.82);
  const auto measured = [&](const std::string& algorithm) {
    const auto fast = [](double n, double, double size_bytes) {
      return 2e-5 + 2 * (n - 1) / n * size_bytes / 487e9;
    };
    std::vector<Record> records;
    for (double size_bytes = 1024; size_bytes < 2e10; size_bytes *= 4)
      records.push_back(synthetic::record(Collective::all_reduce, algorithm, 16, 2, size_bytes,
                                          fast(16, 2, size_bytes)));
    const Profile profile = calibrate(records, system).value();
    const auto answers = extrapolate(profile, system, Collective::all_reduce,
                                     std::vector<double>{records.back().scenario.size_bytes},
                                     std::vector<std::int64_t>{16}, quick());
    return answers.value().front().time_s / records.back().time_s;
  };
  EXPECT_GT(measured("auto"), 1.05);  // no such switches
  system.node.scale_up.in_network = {synthetic::figure(1), synthetic::figure(1e-5)};
  EXPECT_NEAR(measured("auto"), 1, 1e-3);
  EXPECT_NEAR(measured("nvls_tree"), 1, 1e-3);
  EXPECT_GT(measured("ring"), 1.05);
}

// From 700 us on 2 ranks and 250 on 4, which no node can do, 8 would take less and less.
TEST(Extrapolate, NcclsChoiceInsideANodeIsHeldToWhatTheNodeCanDo) {
  std::vector<Record> records;
  for (const double size_bytes : {268435456.0, 536870912.0})
    for (const auto& [ranks, time_s] : {std::pair{2, 7e-4}, std::pair{4, 2.5e-4}})
      records.push_back(synthetic::record(Collective::all_reduce, "auto", ranks, 1, size_bytes,
                                          time_s * size_bytes / 268435456));
  System system = synthetic::system(8);
  system.node.scale_up.bandwidth_Bps.label = Label::stated;
  const auto busbw_Bps = [&] {
    const auto answers =
        extrapolate(profile_of(records), system, Collective::all_reduce,
                    std::vector<double>{536870912}, std::vector<std::int64_t>{8}, quick());
    return 2.0 * 7 / 8 * 536870912 / answers.value().front().time_s;
  };
  const double link_Bps = system.node.scale_up.bandwidth_Bps.value;
  EXPECT_LE(busbw_Bps(), link_Bps);
  system.node.scale_up.in_network = {synthetic::figure(1), synthetic::figure(1e-5)};
  const double with_sums_Bps = busbw_Bps();
  EXPECT_GT(with_sums_Bps, link_Bps) << "sums in its switches move half of the bytes";
  EXPECT_LE(with_sums_Bps, 2 * link_Bps);
}

// A family's figures are assumed: where the machine itself has been faster, they are no bound.
TEST(Extrapolate, LargeMessagesOfTheSystemLowerItsOtherBounds) {
  const auto answered_s = [](double rate_Bps, bool same_system) {
    const auto records = synthetic::records(
        Collective::all_reduce, "ring", 8, [=](double n, double, double size_bytes) {
          return 2 * (n - 1) * (3e-6 + size_bytes / n / rate_Bps);
        });
    const System system = synthetic::system(4, same_system ? "synthetic" : "other");
    ExtrapolateOptions options = quick();
    options.matched_system = same_system;
    const auto answers =
        extrapolate(profile_of(records), system, Collective::all_reduce,
                    std::vector<double>{2147483648}, std::vector<std::int64_t>{32}, options);
    return answers.value().front().time_s / records.back().time_s;
  };
  EXPECT_NEAR(answered_s(300e9, true), 1, 0.01);  // 200 GB/s per node are all that the file says
  EXPECT_GT(answered_s(300e9, false), 1.3);
  EXPECT_GT(answered_s(8e12, true), 5) << "a wrong unit";
}

// NVLink that the records show at 700 GB/s is not held to the 450 GB/s of the file.
TEST(Extrapolate, LargeMessagesInsideANodeLowerItsBounds) {
  std::vector<Record> records;
  for (const std::int64_t ranks : {2, 4})
    for (double size_bytes = 8; size_bytes < 4e10; size_bytes *= 4) {
      const auto n = static_cast<double>(ranks);
      records.push_back(synthetic::record(Collective::all_reduce, "ring", ranks, 1, size_bytes,
                                          2 * (n - 1) * (3e-6 + size_bytes / n / 700e9)));
    }
  const auto answers =
      extrapolate(profile_of(records), synthetic::system(4), Collective::all_reduce,
                  std::vector<double>{records.back().scenario.size_bytes},
                  std::vector<std::int64_t>{4}, quick());
  const Record& answer = answers.value().front();
  EXPECT_DOUBLE_EQ(answer.time_s, records.back().time_s);
  EXPECT_LT(answer.bound_s.value(), answer.time_s) << "repeats differ";
}

TEST(Extrapolate, SaysWhatTheLargestScaleTookWhereTheAnswerIsFaster) {
  auto records = synthetic::records(Collective::all_reduce, "tree", 16, synthetic::tree_all_reduce);
  for (Record& record : records)
    if (record.scenario.ranks == 64 && std::abs(record.scenario.size_bytes - 5120) < 4096)
      record.time_s = 0.02;
  const auto answers =
      extrapolate_in_full(profile_of(records), synthetic::system(4), Collective::all_reduce,
                          std::vector<double>{8, 8192}, std::vector<std::int64_t>{64, 128}, quick())
          .value();
  EXPECT_EQ(answers[1].record.time_s, 0.02) << "measured";
  EXPECT_EQ(answers[1].below_measured, "");
  EXPECT_EQ(answers[2].below_measured, "");
  EXPECT_EQ(answers[3].below_measured,
            "faster than the 20.0 ms that 64 ranks took, which other sizes and scales do not bear "
            "out");
  EXPECT_THAT(answers[3].record.source, HasSubstr(answers[3].below_measured));
}

TEST(Extrapolate, WhereTheBoundIsTheAnswerItIsNotExact) {
  const Profile profile = profile_of(
      synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce));
  ExtrapolateOptions options = quick();
  options.bound_s = [](Collective, double, std::int64_t) { return 123.0; };
  const auto records = extrapolate(profile, synthetic::system(4), Collective::all_reduce, kSizes,
                                   std::vector<std::int64_t>{1024}, options);
  for (const Record& record : records.value()) {
    EXPECT_DOUBLE_EQ(record.time_s, 123.0);
    EXPECT_DOUBLE_EQ(record.intervals[1].low_s, 123.0);
    EXPECT_GT(record.intervals[0].high_s, 1.02 * 123.0);
    EXPECT_GT(record.intervals[1].high_s, record.intervals[0].high_s);
  }
}

TEST(Extrapolate, ANodeUsedInPartIsANode) {
  const Profile profile = profile_of(
      synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce));
  const auto records =
      extrapolate(profile, synthetic::system(4), Collective::all_reduce, std::vector<double>{8},
                  std::vector<std::int64_t>{5, 8, 9, 12}, quick());
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_DOUBLE_EQ((*records)[0].time_s, (*records)[1].time_s);
  EXPECT_DOUBLE_EQ((*records)[2].time_s, (*records)[3].time_s);
  EXPECT_EQ((*records)[2].scenario.nodes, 3);
}

TEST(Extrapolate, SizesThatWereNotMeasuredWidenAndAreNamed) {
  // All of a law is known up to 4 KiB only, at a measured scale.
  std::vector<Record> small;
  for (const Record& record :
       synthetic::records(Collective::all_reduce, "auto", 32, synthetic::library_all_reduce)) {
    if (record.scenario.size_bytes <= 4096) {
      small.push_back(record);
    }
  }
  const std::vector<double> sizes = {2048, 1048576, 1073741824};
  const auto records = extrapolate(profile_of(small), synthetic::system(4), Collective::all_reduce,
                                   sizes, std::vector<std::int64_t>{128}, quick());
  ASSERT_TRUE(records) << records.error().message;
  for (const Record& record : *records) {
    const double truth = synthetic::library_all_reduce(128, 32, record.scenario.size_bytes);
    EXPECT_LE(record.intervals[1].low_s, truth);
    EXPECT_GE(record.intervals[1].high_s, truth);
    EXPECT_EQ(record.source.find("measured size") != std::string::npos,
              record.scenario.size_bytes > 4096);
  }
  EXPECT_THAT((*records)[1].source, HasSubstr("x512 beyond the largest measured size, 2 KiB"));
}

TEST(Extrapolate, MapsOtherNodeSizesByNodesAndBytesPerRankAndWidens) {
  const Profile profile = profile_of(
      synthetic::records(Collective::all_reduce, "ring", 32, synthetic::ring_all_reduce));
  const std::vector<double> size = {1 << 20};
  const std::vector<double> double_size = {1 << 21};
  const auto same = extrapolate(profile, synthetic::system(4), Collective::all_reduce, size,
                                std::vector<std::int64_t>{1024}, quick());
  const auto other = extrapolate(profile, synthetic::system(8, "other"), Collective::all_reduce,
                                 double_size, std::vector<std::int64_t>{2048}, quick());
  ASSERT_TRUE(same);
  ASSERT_TRUE(other);
  EXPECT_NEAR(other->front().time_s / same->front().time_s, 1.0, 1e-9);
  EXPECT_THAT(other->front().source, HasSubstr("another system than the target"));
  EXPECT_THAT(other->front().source, HasSubstr("mapped to 8 per node"));
  const auto width = [](const Record& record) {
    return record.intervals[1].high_s / record.intervals[1].low_s;
  };
  EXPECT_GT(width(other->front()), 1.5 * width(same->front()));
  ExtrapolateOptions matched = quick();
  matched.matched_system = true;
  const auto sibling = extrapolate(profile, synthetic::system(8, "other"), Collective::all_reduce,
                                   double_size, std::vector<std::int64_t>{2048}, matched);
  EXPECT_NEAR(sibling->front().time_s / same->front().time_s, 1.0, 1e-9);
  EXPECT_GT(width(sibling->front()), width(same->front())) << "of other ranks per node";
  EXPECT_LT(width(sibling->front()), width(other->front()));
}

// 64 GPUs of each rack of 72, as in OCI's runs.
TEST(Extrapolate, NodesOfTheMeasuredMachineGoOnBeingUsedInPart) {
  const auto ring = [](double n, double size_bytes) {
    return 2.0 * (n - 1.0) * (3e-6 + size_bytes / n / 400e9);
  };
  std::vector<Record> records;
  for (const std::int64_t nodes : {2, 3})
    for (double size_bytes = 1024; size_bytes < 1e10; size_bytes *= 4) {
      const auto n = static_cast<double>(64 * nodes);
      records.push_back(synthetic::record(Collective::all_reduce, "ring", 64 * nodes, nodes,
                                          size_bytes, ring(n, size_bytes)));
    }
  const System racks = synthetic::system(72);
  const Profile profile = calibrate(records, racks).value();
  const auto answers =
      extrapolate(profile, racks, Collective::all_reduce, std::vector<double>{4194304},
                  std::vector<std::int64_t>{128, 192}, quick());
  EXPECT_NEAR(answers->front().time_s / ring(128, 4194304), 1, 1e-9);
  EXPECT_NEAR(answers->back().time_s / ring(192, 4194304), 1, 1e-9);
  EXPECT_THAT(answers->front().source, Not(HasSubstr("mapped")));
  const auto others =
      extrapolate(profile, synthetic::system(72, "other"), Collective::all_reduce,
                  std::vector<double>{4194304}, std::vector<std::int64_t>{144}, quick());
  EXPECT_THAT(others->front().source, HasSubstr("another system than the target"));
  EXPECT_THAT(others->front().source, HasSubstr("mapped to 72 per node"));
}

TEST(Extrapolate, RunsThatDisagreeWidenTheInterval) {
  std::vector<Record> calm;
  std::vector<Record> wild;
  int run = 0;
  for (const double factor : {1.0, 1.0, 0.7, 1.6}) {
    for (Record record :
         synthetic::records(Collective::all_reduce, "tree", 16, synthetic::tree_all_reduce)) {
      record.source = "run " + std::to_string(run);
      calm.push_back(record);
      record.time_s *= factor;
      wild.push_back(record);
    }
    ++run;
  }
  const auto width = [](const std::vector<Record>& data) {
    const auto records = extrapolate(profile_of(data), synthetic::system(4), Collective::all_reduce,
                                     kSizes, std::vector<std::int64_t>{128}, quick());
    const Interval& interval = records.value().front().intervals[1];
    return interval.high_s / interval.low_s;
  };
  EXPECT_GT(width(wild), 1.2 * width(calm));
}

TEST(Extrapolate, OneNetworkScaleGivesAWideAnswerThatSaysSo) {
  std::vector<Record> records;
  for (double size_bytes = 8; size_bytes < 5e9; size_bytes *= 4) {
    records.push_back(synthetic::record(Collective::all_reduce, "auto", 8, 1, size_bytes,
                                        1e-5 + size_bytes / 2e11));
    records.push_back(synthetic::record(Collective::all_reduce, "auto", 16, 2, size_bytes,
                                        6e-5 + size_bytes / 1.5e11));
  }
  CalibrateOptions options;
  options.replicates = 20;
  const System system = synthetic::system(8);
  const Profile profile = calibrate(records, system, options).value();
  const std::vector<std::int64_t> ranks = {16, 128, 1024, 32768};
  const auto predicted =
      extrapolate(profile, system, Collective::all_reduce, kSizes, ranks, quick());
  ASSERT_TRUE(predicted) << predicted.error().message;
  double before = 0;
  for (const Record& record : *predicted) {
    EXPECT_THAT(record.source, HasSubstr("one scale only: growth is assumed"));
    if (record.scenario.size_bytes == 8) {
      EXPECT_GT(record.time_s, before);
      before = record.time_s;
      if (record.scenario.ranks > 16) {
        EXPECT_GT(record.intervals[1].high_s / record.time_s, 3.0);
        EXPECT_GT(record.time_s / record.intervals[1].low_s, 2.0);
      }
    }
  }
}

TEST(Extrapolate, RefusesWhatTheDataCannotTell) {
  std::vector<Record> one_node;
  for (const std::int64_t n : {2, 4}) {
    for (double size_bytes = 8; size_bytes < 1e9; size_bytes *= 4) {
      one_node.push_back(synthetic::record(Collective::all_gather, "auto", n, 1, size_bytes, 1e-5));
    }
  }
  const Profile profile = profile_of(one_node);
  const System system = synthetic::system(4);
  const auto error = [&](Collective collective, double size_bytes, std::int64_t ranks,
                         const std::string& algorithm = "") {
    ExtrapolateOptions options = quick();
    options.algorithm = algorithm;
    const auto records = extrapolate(profile, system, collective, std::vector<double>{size_bytes},
                                     std::vector<std::int64_t>{ranks}, options);
    return records ? std::string("no error") : records.error().message;
  };
  EXPECT_EQ(error(Collective::all_gather, 1024, 4), "no error");
  EXPECT_THAT(error(Collective::all_gather, 1024, 64), HasSubstr("crosses the network, but every"));
  EXPECT_THAT(error(Collective::all_reduce, 1024, 4), HasSubstr("have no all_reduce, only all_ga"));
  EXPECT_THAT(error(Collective::all_gather, 1024, 4, "ringg"), HasSubstr("no all_gather with the"));
  EXPECT_THAT(error(Collective::all_gather, 1024, 1000000), HasSubstr("more than synthetic has"));
  EXPECT_THAT(error(Collective::all_gather, 0, 4), HasSubstr("positive number of bytes"));
  EXPECT_THAT(error(Collective::all_gather, 1024, 1), HasSubstr("at least 2"));
}

TEST(Extrapolate, OneSizeIsAnsweredNearItAlone) {
  std::vector<Record> records;
  for (const std::int64_t nodes : {2, 4, 8}) {
    const auto n = static_cast<double>(4 * nodes);
    records.push_back(synthetic::record(Collective::all_reduce, "ring", 4 * nodes, nodes, 8e9,
                                        synthetic::ring_all_reduce(n, 0, 8e9)));
  }
  const Profile profile = profile_of(records);
  const auto asked = [&](double size_bytes) {
    return extrapolate(profile, synthetic::system(4), Collective::all_reduce,
                       std::vector<double>{size_bytes}, std::vector<std::int64_t>{64}, quick());
  };
  const auto near_it = asked(8e9);
  ASSERT_TRUE(near_it) << near_it.error().message;
  EXPECT_NEAR(near_it->front().time_s / synthetic::ring_all_reduce(64, 0, 8e9), 1, 0.05);
  const auto far = asked(1048576);
  ASSERT_FALSE(far);
  EXPECT_THAT(far.error().message,
              HasSubstr("all_reduce/ring was measured across nodes at 7.45 GiB alone: 1 MiB is "));
}

TEST(Extrapolate, NamesTheAlgorithmsWhereItCannotChoose) {
  std::vector<Record> records =
      synthetic::records(Collective::all_reduce, "ring", 16, synthetic::ring_all_reduce);
  for (const Record& record :
       synthetic::records(Collective::all_reduce, "tree", 16, synthetic::tree_all_reduce)) {
    records.push_back(record);
  }
  const Profile profile = profile_of(records);
  const std::vector<std::int64_t> ranks = {256};
  const auto none =
      extrapolate(profile, synthetic::system(4), Collective::all_reduce, kSizes, ranks, quick());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("the algorithms ring, tree"));
  ExtrapolateOptions options = quick();
  options.algorithm = "tree";
  EXPECT_TRUE(
      extrapolate(profile, synthetic::system(4), Collective::all_reduce, kSizes, ranks, options));
}

TEST(Extrapolate, TheNinetyFivePercentIntervalCoversNoisyTruths) {
  // A tree whose scales are off the law by 20 % together, its points by 15 % each: what a shared
  // machine does. The largest scale is asked from the smaller ones.
  int inside = 0;
  int inside_half = 0;
  int points = 0;
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    Random random(100, trial);
    double scale_factor = 1;
    double last_nodes = 0;
    std::vector<Record> known;
    std::vector<Record> asked;
    for (Record record :
         synthetic::records(Collective::all_reduce, "tree", 128, synthetic::tree_all_reduce)) {
      const auto nodes = static_cast<double>(record.scenario.nodes);
      if (nodes != last_nodes) {
        scale_factor = std::exp(0.2 * random.normal());
        last_nodes = nodes;
      }
      record.time_s *= scale_factor * std::exp(0.15 * random.normal());
      (nodes <= 32 ? known : asked).push_back(record);
    }
    const Profile profile = profile_of(known);
    for (const Record& truth : asked) {
      ExtrapolateOptions options = quick();
      options.replicates = 0;
      options.bound_s = [](Collective, double, std::int64_t) { return 0.0; };
      const auto predicted = extrapolate(profile, synthetic::system(4), Collective::all_reduce,
                                         std::vector<double>{truth.scenario.size_bytes},
                                         std::vector<std::int64_t>{truth.scenario.ranks}, options);
      const std::vector<Interval>& intervals = predicted.value().front().intervals;
      const auto within = [&](const Interval& interval) {
        return interval.low_s <= truth.time_s && truth.time_s <= interval.high_s ? 1 : 0;
      };
      inside_half += within(intervals[0]);
      inside += within(intervals[1]);
      ++points;
    }
  }
  const double coverage = static_cast<double>(inside) / points;
  const double half_coverage = static_cast<double>(inside_half) / points;
  EXPECT_GT(coverage, 0.85);
  EXPECT_LT(coverage, 0.99);
  EXPECT_GT(half_coverage, 0.30);
  EXPECT_LT(half_coverage, 0.70);
  RecordProperty("coverage_95", std::to_string(coverage));
  RecordProperty("coverage_50", std::to_string(half_coverage));
}

TEST(Extrapolate, TheSameSeedGivesTheSameBitsForAnyNumberOfThreads) {
  std::vector<Record> data;
  Random noise(4);
  for (const char* run : {"a", "b", "c"}) {
    for (Record record :
         synthetic::records(Collective::all_reduce, "auto", 16, synthetic::library_all_reduce)) {
      record.source = run;
      record.time_s *= std::exp(0.1 * noise.normal());
      data.push_back(record);
    }
  }
  const Profile profile = profile_of(data);
  const auto run = [&](int threads, std::uint64_t seed) {
    ExtrapolateOptions options = quick();
    options.threads = threads;
    options.seed = seed;
    std::vector<double> numbers;
    const auto records = extrapolate(profile, synthetic::system(4), Collective::all_reduce, kSizes,
                                     std::vector<std::int64_t>{64, 1024}, options);
    for (const Record& record : records.value()) {
      numbers.insert(numbers.end(),
                     {record.time_s, record.intervals[1].low_s, record.intervals[1].high_s});
    }
    return numbers;
  };
  EXPECT_EQ(run(1, 1), run(3, 1));
  EXPECT_NE(run(1, 1), run(1, 2));
}

}  // namespace
}  // namespace collscale
