// SPDX-License-Identifier: Apache-2.0
#include "fit/alternatives.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fit/calibrate.hpp"
#include "model/analytic.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Extrapolation answer_of(const System& system, double size_bytes, std::int64_t ranks) {
  CalibrateOptions options;
  options.replicates = 20;
  const auto records =
      synthetic::records(Collective::all_reduce, "tree", 32, synthetic::tree_all_reduce);
  const Profile profile = calibrate(records, synthetic::system(4), options).value();
  ExtrapolateOptions quick;
  quick.replicates = 20;
  return extrapolate_in_full(profile, system, Collective::all_reduce,
                             std::vector<double>{size_bytes}, std::vector<std::int64_t>{ranks},
                             quick)
      .value()
      .front();
}

const Alternative& named(const std::vector<Alternative>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Alternative& one) { return one.name == name; });
  EXPECT_NE(found, all.end()) << name;
  return found == all.end() ? all.front() : *found;
}

double width(const Record& record) {
  return record.intervals.back().high_s / record.intervals.back().low_s;
}

TEST(Alternatives, AreTheAnswerTimesTheRatioOfTheEngine) {
  const System system = synthetic::system(4);
  const Extrapolation answer = answer_of(system, 1 << 20, 8192);
  const auto all = alternatives(answer, system);
  const Alternative& pat = named(all, "pat");
  ASSERT_EQ(pat.error, "");
  const std::vector<double> size = {1 << 20};
  const double ratio =
      predict_analytic(system, Collective::all_reduce, "pat", 8192, size)->front().time_s /
      predict_analytic(system, Collective::all_reduce, "tree", 8192, size)->front().time_s;
  EXPECT_NEAR(pat.ratio, ratio, 1e-12);
  EXPECT_NEAR(pat.record.time_s, answer.record.time_s * ratio, 1e-12);
  EXPECT_EQ(pat.record.scenario.algorithm, "pat");
  EXPECT_THAT(pat.record.source, StartsWith("alternative, not measured: pat x"));
  EXPECT_GE(width(pat.record), width(answer.record) * 1.5);
  EXPECT_GE(pat.record.time_s, pat.record.bound_s.value());
  EXPECT_EQ(pat.record.trust, Trust::predicted);
}

TEST(Alternatives, HaveOtherFabricsUnderTheirOwnNames) {
  const System system = synthetic::system(4);  // ecmp, 1:1
  const auto all = alternatives(answer_of(system, 1 << 30, 8192), system);
  const Alternative& spray = named(all, "spray in place of ecmp");
  EXPECT_LE(spray.ratio, 1.0);
  EXPECT_THAT(spray.record.scenario.topology, HasSubstr(" with spray in place of ecmp"));
  // In order, ranks hardly use the uplinks; anywhere, all that the NICs send goes over them.
  const Alternative& tapered_twice = named(all, "leaf 2:1 in place of 1:1");
  const Alternative& four = named(all, "leaf 4:1 in place of 1:1");
  EXPECT_GE(tapered_twice.ratio, 1.0);
  EXPECT_GE(four.ratio, tapered_twice.ratio);
  EXPECT_GT(tapered_twice.scattered, 1.5);
  EXPECT_LT(tapered_twice.scattered, 2.0);
  EXPECT_NEAR(four.scattered - 1, 3 * (tapered_twice.scattered - 1), 1e-12);
  const auto up = [](const Record& record) {
    return record.intervals.back().high_s / record.time_s;
  };
  EXPECT_GT(up(four.record), four.scattered);
  EXPECT_GT(up(four.record), up(tapered_twice.record));
  EXPECT_DOUBLE_EQ(spray.scattered, 1.0);

  System tapered = system;
  auto& clos = std::get<Clos>(tapered.fabric);
  clos.routing = Routing::spray;
  clos.tiers[0].oversubscription.value = 4;
  const auto others = alternatives(answer_of(tapered, 1 << 30, 8192), tapered);
  EXPECT_LE(named(others, "1:1 in place of the taper").ratio, 1.0);
  EXPECT_GE(named(others, "ecmp in place of spray").ratio, 1.0);
}

// What the answer's interval allows for the taper of a machine that was not measured, the same
// machine at 1:1 does not have.
TEST(Alternatives, WithoutATaperDoNotAllowForIt) {
  const System system = synthetic::system(4, "other");
  System tapered = system;
  std::get<Clos>(tapered.fabric).tiers[0].oversubscription.value = 4;
  const auto up = [](const Record& record) {
    return record.intervals.back().high_s / record.time_s;
  };
  const Extrapolation answer = answer_of(tapered, 1 << 30, 8192);
  EXPECT_THAT(answer.range.text(), HasSubstr("taper of leaf 4:1"));
  const auto all = alternatives(answer, tapered);
  const Alternative& untapered = named(all, "1:1 in place of the taper");
  EXPECT_LT(up(untapered.record), 0.7 * up(answer.record));
  EXPECT_NEAR(up(untapered.record) / up(answer_of(system, 1 << 30, 8192).record), 1, 0.05);
}

TEST(Alternatives, SayWhatTheSystemLacks) {
  const System system = synthetic::system(4);
  const auto all = alternatives(answer_of(system, 1 << 20, 8192), system);
  const Alternative& sharp = named(all, "collnet_direct");
  EXPECT_EQ(sharp.ratio, 0);
  EXPECT_THAT(sharp.error, HasSubstr("adds up in the switches"));
  EXPECT_TRUE(std::none_of(all.begin(), all.end(),
                           [](const Alternative& one) { return one.name == "tree"; }));
}

TEST(Alternatives, WidthsAreWhatRatiosWereWrongBy) {
  EXPECT_NEAR(std::exp(ratio_width(1)), 2.5, 1e-9);
  EXPECT_NEAR(ratio_width(10), ratio_width(0.1), 1e-12);
  EXPECT_GT(ratio_width(10), ratio_width(2));
}

}  // namespace
}  // namespace collscale
