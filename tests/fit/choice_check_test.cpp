// SPDX-License-Identifier: Apache-2.0
#include "fit/choice_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "fit/calibrate.hpp"
#include "fit/extrapolate.hpp"
#include "record_io/results_file.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using Verdict = ChoiceCheck::Verdict;

NamedAnswer named(const std::string& algorithm, double time_s, double most_behind) {
  return {algorithm, time_s, {0.95, time_s / 2, time_s * 2}, most_behind};
}

ChoiceCheck check(double time_s, std::vector<NamedAnswer> all, double ahead = 1) {
  return check_choice(time_s, {0.95, time_s / 2, time_s * 2}, all, ahead);
}

TEST(ChoiceCheck, TheChoiceMayBeAsFarBehindAsItWasMeasured) {
  EXPECT_EQ(check(1.9, {named("tree", 1, 1)}).verdict, Verdict::agrees);
  const ChoiceCheck slower = check(4.5, {named("ring", 9, 1), named("tree", 1, 1.2)});
  EXPECT_EQ(slower.verdict, Verdict::slower);
  EXPECT_EQ(slower.named.algorithm, "tree");
  EXPECT_DOUBLE_EQ(slower.reach_s, 1.2);
  EXPECT_THAT(contradiction(slower), HasSubstr("never measured more than x1.2 slower than it"));
  EXPECT_THAT(contradiction(slower), HasSubstr("reaches down to 1.20 s"));
  // Of an algorithm that the library does not have, or never finds.
  EXPECT_EQ(check(4.5, {named("tree", 1, 4)}).verdict, Verdict::agrees);
  // Nothing in common to tell by.
  EXPECT_EQ(check(4.5, {named("tree", 1, 0)}).verdict, Verdict::agrees);
  EXPECT_EQ(contradiction({}), "");
}

TEST(ChoiceCheck, TheChoiceIsNotFasterThanTheFastestOfAll) {
  const ChoiceCheck faster = check(1, {named("ring", 9, 1), named("tree", 5, 1)}, 0.9);
  EXPECT_EQ(faster.verdict, Verdict::faster);
  EXPECT_EQ(faster.named.algorithm, "tree");
  EXPECT_DOUBLE_EQ(faster.reach_s, 4.5);
  EXPECT_THAT(contradiction(faster), HasSubstr("reaches up to 4.50 s"));
  EXPECT_EQ(check(1, {named("tree", 5, 1)}, 0.2).verdict, Verdict::agrees);
  EXPECT_EQ(check(1, {named("tree", 5, 1)}, 0).verdict, Verdict::agrees);
}

TEST(ChoiceCheck, RatiosAreThoseOfThePointsInCommon) {
  const auto series = [](const std::string& algorithm, double factor) {
    auto records = synthetic::records(
        Collective::all_reduce, algorithm, 4,
        [=](double, double, double size_bytes) { return factor * (1e-5 + size_bytes / 1e10); });
    records.front().time_s *= 2;  // 8 B on 8 ranks
    return make_series(records, synthetic::system(4)).value().front();
  };
  const Series automatic = series("auto", 1.1);
  Series tree = series("tree", 1);
  const Series ring = series("ring", 3);
  EXPECT_NEAR(most_behind(automatic, tree, true), 1.1, 1e-12);
  EXPECT_DOUBLE_EQ(most_behind(automatic, ring, true), 1);
  EXPECT_NEAR(least_ahead(automatic, std::array<const Series*, 1>{&ring}, true), 1.1 / 3, 1e-12);
  EXPECT_DOUBLE_EQ(least_ahead(automatic, std::array<const Series*, 2>{&ring, &tree}, true), 1);
  EXPECT_EQ(most_behind(automatic, tree, false), 0) << "nothing was measured inside a node";
  tree.cells.resize(2);
  EXPECT_EQ(most_behind(automatic, tree, true), 0) << "two points say nothing of never";
}

// MareNostrum 5: on 64 GPUs 8 MiB reach half of the largest bus bandwidth by the tree, and the ring
// is taken to serve as many bytes per rank on 1,024, where the tree alone would take half.
TEST(ChoiceCheck, IsSaidBesideTheAnswerThatItContradictsAndInItsInterval) {
  const auto results =
      read_results(std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json");
  ASSERT_TRUE(results);
  const System system = synthetic::system(4);
  CalibrateOptions options;
  options.replicates = 20;
  options.priors.several_scales = {};  // as sure of the laws as the data let it be
  const Profile profile = calibrate(results->records, system, options).value();
  ExtrapolateOptions quick;
  quick.replicates = 20;
  quick.matched_system = true;
  const std::vector<double> sizes = {134217728};
  const auto answers = [&](std::int64_t ranks) {
    return extrapolate_in_full(profile, system, Collective::all_reduce, sizes,
                               std::array<std::int64_t, 1>{ranks}, quick)
        .value()
        .front();
  };
  const Extrapolation far = answers(1024);
  ASSERT_EQ(far.choice.verdict, Verdict::slower);
  EXPECT_EQ(far.choice.named.algorithm, "tree");
  EXPECT_THAT(far.record.source, HasSubstr("contradicted by tree of the same data"));
  EXPECT_DOUBLE_EQ(far.record.intervals.back().low_s, far.choice.reach_s);
  EXPECT_LE(far.record.intervals.back().low_s, far.record.intervals.front().low_s);
  EXPECT_EQ(answers(64).choice.verdict, Verdict::agrees) << "as measured";
  quick.algorithm = "tree";
  EXPECT_EQ(answers(1024).choice.verdict, Verdict::agrees) << "of what the library chose alone";
}

}  // namespace
}  // namespace collscale
