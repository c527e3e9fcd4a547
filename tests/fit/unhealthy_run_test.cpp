// SPDX-License-Identifier: Apache-2.0
#include "fit/unhealthy_run.hpp"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fit/calibrate.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Data sets "a" to "c" on 2 to 16 nodes, whose times take `factor(data set, nodes, size)`.
Series measured(const std::function<double(char, std::int64_t, double)>& factor,
                const std::string& data_sets = "abc") {
  std::vector<Record> records;
  for (const char data_set : data_sets) {
    auto all =
        synthetic::records(Collective::all_reduce, "auto", 16, synthetic::library_all_reduce);
    for (Record& record : all) {
      record.time_s *= factor(data_set, record.scenario.nodes, record.scenario.size_bytes);
      record.source = std::string("github:a/b [") + data_set + "]";
      records.push_back(record);
    }
  }
  return make_series(records, synthetic::system(4)).value().front();
}

std::size_t values_at(const Series& series, std::int64_t ranks) {
  for (const Cell& cell : series.cells)
    if (cell.ranks == ranks) return cell.time_s.size();
  return 0;
}

TEST(UnhealthyRun, OneOfThreeThatIsFarSlowerAtOneScaleIsTakenOut) {
  const Series series = measured([](char data_set, std::int64_t nodes, double size_bytes) {
    return data_set == 'b' && nodes == 16 && size_bytes > 1e5 ? 4.0 : 1.0;
  });
  EXPECT_THAT(series.taken_out,
              ElementsAre("data set \"b\" is x4 as slow as the 2 others on 64 ranks, which "
                          "agree: left out as a run that went wrong"));
  EXPECT_EQ(values_at(series, 64), 2U);
  EXPECT_EQ(values_at(series, 32), 3U);
}

TEST(UnhealthyRun, SettingsAndTwoThatDisagreeStay) {
  const auto none = [](const auto& factor, const std::string& data_sets) {
    return fmt::format("{}", fmt::join(measured(factor, data_sets).taken_out, "; "));
  };
  EXPECT_EQ(none([](char set, std::int64_t, double) { return set == 'b' ? 2.5 : 1.0; }, "abc"), "")
      << "slow at every scale";
  EXPECT_EQ(none(
                [](char set, std::int64_t nodes, double) {
                  return nodes == 16 ? (set == 'b' ? 2.5 : set == 'c' ? 1.6 : 1.0) : 1.0;
                },
                "abc"),
            "")
      << "the others disagree";
  EXPECT_EQ(none([](char set, std::int64_t nodes,
                    double) { return nodes == 16 && set == 'b' ? 2.5 : 1.0; },
                 "ab"),
            "")
      << "which of two?";
  EXPECT_EQ(none([](char set, std::int64_t nodes,
                    double) { return nodes == 16 && set == 'b' ? 0.3 : 1.0; },
                 "abc"),
            "")
      << "faster is not ill";
}

TEST(UnhealthyRun, IsANoteOfTheProfile) {
  std::vector<Record> records;
  for (const char data_set : {'a', 'b', 'c'}) {
    auto all = synthetic::records(Collective::all_reduce, "auto", 8, synthetic::library_all_reduce);
    for (Record& record : all) {
      if (data_set == 'c' && record.scenario.nodes == 8) record.time_s *= 3;
      record.source = std::string("github:a/b [") + data_set + "]";
      records.push_back(record);
    }
  }
  CalibrateOptions quick;
  quick.replicates = 5;
  const auto profile = calibrate(records, synthetic::system(4), quick);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_THAT(profile->notes, Contains(HasSubstr("data set \"c\" is x3 as slow")));
}

}  // namespace
}  // namespace collscale
