// SPDX-License-Identifier: Apache-2.0
#include "fit/lone_row.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// All_reduce on 2 to 16 nodes of 4, whose times take `factor(nodes, size)`.
Series measured(const std::function<double(std::int64_t, double)>& factor) {
  auto records =
      synthetic::records(Collective::all_reduce, "auto", 16, synthetic::library_all_reduce);
  for (Record& record : records)
    record.time_s *= factor(record.scenario.nodes, record.scenario.size_bytes);
  return make_series(records, synthetic::system(4)).value().front();
}

bool has(const Series& series, std::int64_t ranks, double size_bytes) {
  for (const Cell& cell : series.cells)
    if (cell.ranks == ranks && cell.size_bytes == size_bytes) return true;
  return false;
}

TEST(LoneRow, IsTakenOutWhetherItIsTooSlowOrTooFast) {
  const auto off = [](double times) {
    return [times](std::int64_t nodes, double size_bytes) {
      return nodes == 16 && size_bytes == 32768 ? times : 1.0;
    };
  };
  for (const double times : {200.0, 0.02}) {
    const Series series = measured(off(times));
    ASSERT_EQ(series.taken_out.size(), 1U) << times;
    EXPECT_FALSE(has(series, 64, 32768));
    EXPECT_TRUE(has(series, 64, 8192));
    EXPECT_TRUE(has(series, 64, 131072));
    EXPECT_TRUE(has(series, 32, 32768));
  }
  EXPECT_THAT(measured(off(1)).taken_out, IsEmpty());
  EXPECT_THAT(measured(off(2)).taken_out, IsEmpty()) << "noise, or a switch";
}

TEST(LoneRow, SaysWhichAndHowFar) {
  const Series series = measured([](std::int64_t nodes, double size_bytes) {
    return nodes == 16 && size_bytes == 2048 ? 100.0 : 1.0;
  });
  EXPECT_THAT(
      series.taken_out,
      ElementsAre("2 KiB on 64 ranks (x99.6) is far off both neighbouring "
                  "sizes, as at no other scale: left out as a measurement that went wrong"));
}

TEST(LoneRow, AnAlgorithmThatIsSlowWhereItTakesOverStays) {
  EXPECT_THAT(measured([](std::int64_t nodes, double size_bytes) {
                return nodes >= 8 && size_bytes == 32768 ? 10.0 : 1.0;
              }).taken_out,
              IsEmpty())
      << "at the same size";
  EXPECT_THAT(measured([](std::int64_t nodes, double size_bytes) {
                return nodes >= 8 && size_bytes == (nodes == 8 ? 32768 : 131072) ? 10.0 : 1.0;
              }).taken_out,
              IsEmpty())
      << "at the same bytes per rank";
  EXPECT_THAT(measured([](std::int64_t nodes, double size_bytes) {
                return nodes == 16 && size_bytes >= 32768 ? 10.0 : 1.0;
              }).taken_out,
              IsEmpty())
      << "from one size on";
}

// Tianhe's 32 KiB on 64 ranks, x10 in both of its runs, with no other scale at hand.
TEST(LoneRow, ARepeatedOneStaysAndOneScaleSpeaksOfNoOther) {
  const auto of_runs = [](const std::vector<double>& factors) {
    std::vector<Record> records;
    for (const double factor : factors)
      for (Record record :
           synthetic::records(Collective::all_reduce, "auto", 16, synthetic::library_all_reduce)) {
        if (record.scenario.nodes != 16) continue;
        if (record.scenario.size_bytes == 32768) record.time_s *= factor;
        records.push_back(std::move(record));
      }
    return make_series(records, synthetic::system(4)).value().front();
  };
  EXPECT_TRUE(has(of_runs({10, 14}), 64, 32768));
  EXPECT_FALSE(has(of_runs({10, 200}), 64, 32768)) << "runs that do not agree";
  const Series once = of_runs({10});
  EXPECT_FALSE(has(once, 64, 32768));
  ASSERT_EQ(once.taken_out.size(), 1U);
  EXPECT_EQ(once.taken_out.front().find("no other scale"), std::string::npos);
}

}  // namespace
}  // namespace collscale
