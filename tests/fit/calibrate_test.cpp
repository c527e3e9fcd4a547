// SPDX-License-Identifier: Apache-2.0
#include "fit/calibrate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fit/extrapolate.hpp"
#include "fit/profile.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

CalibrateOptions quick(int threads = 0, std::uint64_t seed = 1) {
  CalibrateOptions options;
  options.replicates = 40;
  options.seed = seed;
  options.threads = threads;
  return options;
}

// Four runs with 3 % of noise each.
std::vector<Record> noisy(const std::string& algorithm, const synthetic::Law& law,
                          std::int64_t nodes = 32) {
  Random random(11);
  std::vector<Record> all;
  for (const char* run : {"a", "b", "c", "d"}) {
    for (Record record : synthetic::records(Collective::all_reduce, algorithm, nodes, law)) {
      record.source = run;
      record.time_s *= std::exp(0.03 * random.normal());
      set_bandwidths(record);
      all.push_back(record);
    }
  }
  return all;
}

const Parameter& parameter(const Branch& branch, const std::string& name) {
  for (const Parameter& found : branch.parameters) {
    if (found.name == name) {
      return found;
    }
  }
  ADD_FAILURE() << "no parameter " << name;
  return branch.parameters.front();
}

TEST(Calibrate, RecoversTheParametersOfARingWithIntervals) {
  const auto profile =
      calibrate(noisy("ring", synthetic::ring_all_reduce), synthetic::system(4), quick());
  ASSERT_TRUE(profile) << profile.error().message;
  const Branch& branch = profile->series.front().branches.front();
  const Parameter& step = parameter(branch, "per_step");
  EXPECT_NEAR(step.value, 3e-6, 0.1e-6);
  EXPECT_LT(step.low, step.value);
  EXPECT_GT(step.high, step.value);
  EXPECT_NEAR(parameter(branch, "per_bus_byte").value, 1 / 20e9, 0.03 / 20e9);
  EXPECT_LT(branch.median_residual, 0.05);
}

TEST(Calibrate, RecoversTheParametersOfATree) {
  const auto profile =
      calibrate(noisy("tree", synthetic::tree_all_reduce), synthetic::system(4), quick());
  ASSERT_TRUE(profile);
  const Branch& branch = profile->series.front().branches.front();
  EXPECT_NEAR(parameter(branch, "base").value, 15e-6, 2e-6);
  EXPECT_NEAR(parameter(branch, "per_level").value, 12e-6, 0.6e-6);
  EXPECT_NEAR(parameter(branch, "per_byte").value, 1 / 25e9, 0.1 / 25e9);
}

TEST(Calibrate, SaysInASentenceHowWellItDoes) {
  const auto profile =
      calibrate(noisy("tree", synthetic::tree_all_reduce), synthetic::system(4), quick());
  ASSERT_TRUE(profile);
  const SeriesFit& fit = profile->series.front();
  EXPECT_THAT(fit.summary, HasSubstr("fitted on 8 to 128 ranks; tested: without 128, it "
                                     "misses them by a median "));
  EXPECT_THAT(fit.summary, HasSubstr("; from 16 ranks or fewer it misses 128, x8 away, by "));
  EXPECT_EQ(fit.validated_to_ranks, 128);
  const std::vector<HoldOut>& hold_outs = fit.branches.front().hold_outs;
  ASSERT_EQ(hold_outs.size(), 6U);  // targets 32, 64, 128 from 1, 2, 3 training sets
  EXPECT_EQ(hold_outs.back().trained_to_ranks, 64);
  EXPECT_EQ(hold_outs.back().held_out_ranks, 128);
  EXPECT_DOUBLE_EQ(hold_outs.back().distance, 2);
  EXPECT_LT(hold_outs.back().all.median_error, 0.05);
}

TEST(Calibrate, TheSameSeedGivesTheSameBitsForAnyNumberOfThreads) {
  const std::vector<Record> records = noisy("auto", synthetic::library_all_reduce);
  const System system = synthetic::system(4);
  const auto text = [&](int threads, std::uint64_t seed) {
    return profile_to_json(calibrate(records, system, quick(threads, seed)).value());
  };
  EXPECT_EQ(text(1, 1), text(2, 1));
  EXPECT_EQ(text(1, 1), text(5, 1));
  EXPECT_NE(text(1, 1), text(1, 2));
}

TEST(Calibrate, SaysWhatIsMissing) {
  const System system = synthetic::system(4);
  const auto one_scale_of = [](std::int64_t nodes) {
    std::vector<Record> one_scale;
    for (double size_bytes = 8; size_bytes < 1e6; size_bytes *= 2)
      one_scale.push_back(
          synthetic::record(Collective::all_reduce, "auto", 4 * nodes, nodes, size_bytes, 1e-5));
    return one_scale;
  };
  const auto inside = calibrate(one_scale_of(1), system, quick());
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_THAT(inside->notes.front(), HasSubstr("only one scale is inside a node (4 ranks)"));
  const auto assumed = calibrate(one_scale_of(2), system, quick());
  ASSERT_TRUE(assumed) << assumed.error().message;
  EXPECT_THAT(assumed->notes.back(), HasSubstr("only one scale is larger than a node"));
  EXPECT_THAT(assumed->series.front().summary, HasSubstr("so its error is unknown"));

  std::vector<Record> one_size;
  for (std::int64_t nodes = 2; nodes <= 16; nodes *= 2) {
    one_size.push_back(
        synthetic::record(Collective::all_reduce, "auto", 4 * nodes, nodes, 1024, 1e-5));
  }
  const auto near_it = calibrate(one_size, system, quick());
  ASSERT_TRUE(near_it) << near_it.error().message;
  EXPECT_THAT(near_it->notes, Contains("all_reduce/auto: across nodes only 1 KiB was measured, so "
                                       "only sizes near it are answered"));
  EXPECT_TRUE(near_it->series.front().branches.front().parameters.empty());

  one_size.resize(1);
  const auto refused = calibrate(one_size, system, quick());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("at one point, 1 KiB on 8 ranks"));

  CalibrateOptions none = quick();
  none.replicates = 0;
  EXPECT_FALSE(calibrate(one_scale_of(2), system, none));
}

TEST(Calibrate, NotesThatGrowthIsAssumedWhereOneScaleIsLargerThanANode) {
  std::vector<Record> records;
  for (double size_bytes = 8; size_bytes < 1e9; size_bytes *= 4) {
    records.push_back(synthetic::record(Collective::all_reduce, "auto", 4, 1, size_bytes,
                                        1e-5 + size_bytes / 1e11));
    records.push_back(synthetic::record(Collective::all_reduce, "auto", 8, 2, size_bytes,
                                        3e-5 + size_bytes / 5e10));
  }
  const auto profile = calibrate(records, synthetic::system(4), quick());
  ASSERT_TRUE(profile);
  ASSERT_EQ(profile->notes.size(), 2U);
  EXPECT_THAT(profile->notes[0], HasSubstr("only one scale is inside a node (4 ranks)"));
  EXPECT_THAT(profile->notes[1], HasSubstr("only one scale is larger than a node"));
  // One scale cannot tell a step from the base: none is made up.
  const Branch& node = profile->series.front().branches.front();
  EXPECT_EQ(parameter(node, "per_step").value, 0);
  EXPECT_EQ(parameter(node, "per_step").high, 0);
  EXPECT_NEAR(parameter(node, "base").value, 1e-5, 1e-7);
}

TEST(Calibrate, NotesOnceWhatHoldsOfSeveralAlgorithms) {
  const synthetic::Law law = [](double n, double, double size) { return 1e-6 * n + 1e-10 * size; };
  std::vector<Record> records = synthetic::records(Collective::all_reduce, "ring", 4, law);
  for (const Record& tree : synthetic::records(Collective::all_reduce, "tree", 4, law))
    records.push_back(tree);
  const auto profile = calibrate(records, synthetic::system(4), quick());
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_THAT(profile->notes, Contains("all_reduce/ring, tree: only two scales are larger than a "
                                       "node, so no scale could be held out there"));
}

TEST(Calibrate, TellsErrorsAsTheFactorThatTheyAre) {
  // Twice the time that the law says at the scale left out: 100 % off, not ln 2.
  std::vector<Record> records;
  for (const std::int64_t nodes : {2, 4, 8}) {
    for (double size_bytes = 8; size_bytes < 1e9; size_bytes *= 8) {
      records.push_back(synthetic::record(Collective::all_reduce, "tree", 4 * nodes, nodes,
                                          size_bytes, (nodes == 8 ? 2e-3 : 1e-3) + 1e-12));
    }
  }
  const auto profile = calibrate(records, synthetic::system(4), quick());
  ASSERT_TRUE(profile);
  const HoldOutError& error = profile->series.front().branches.front().hold_outs.front().all;
  EXPECT_NEAR(error.median_error, 1.0, 1e-6);
  EXPECT_NEAR(error.line_error, 1.0, 1e-6);
  EXPECT_THAT(profile->series.front().summary, HasSubstr("by a median 100 %"));
}

TEST(Calibrate, ParametersOfASingleRunAreNotExact) {
  Random noise(5);
  std::vector<Record> records =
      synthetic::records(Collective::all_reduce, "ring", 32, synthetic::ring_all_reduce);
  for (Record& record : records) {
    record.time_s *= std::exp(0.1 * noise.normal());
  }
  const auto profile = calibrate(records, synthetic::system(4), quick());
  ASSERT_TRUE(profile);
  const Parameter& step = parameter(profile->series.front().branches.front(), "per_step");
  EXPECT_GT(step.high / step.low, 1.02);
  EXPECT_LT(step.high / step.low, 1.5);
}

TEST(ResampledMedians, DrawsWholeRuns) {
  // Run b is twice as slow at every size: a draw takes it for all sizes of the scale or for none.
  std::vector<Record> records;
  for (const double size_bytes : {8.0, 64.0, 512.0}) {
    records.push_back(synthetic::record(Collective::all_reduce, "auto", 8, 2, size_bytes, 1, "a"));
    records.push_back(synthetic::record(Collective::all_reduce, "auto", 8, 2, size_bytes, 2, "b"));
  }
  const Series series = make_series(records, synthetic::system(4)).value().front();
  int seen_one = 0;
  int seen_two = 0;
  for (std::uint64_t draw = 0; draw < 100; ++draw) {
    Random random(3, draw);
    const std::vector<double> medians = resampled_medians(series, random);
    EXPECT_EQ(medians[0], medians[1]);
    EXPECT_EQ(medians[0], medians[2]);
    seen_one += medians[0] == 1.0 ? 1 : 0;
    seen_two += medians[0] == 2.0 ? 1 : 0;
  }
  EXPECT_GT(seen_one, 10);
  EXPECT_GT(seen_two, 10);
}

}  // namespace
}  // namespace collscale
