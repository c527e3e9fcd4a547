// SPDX-License-Identifier: Apache-2.0
#include "fit/own_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "fit/tier_fit.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::Each;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

Series mpi_series(std::int64_t largest_nodes, const synthetic::Law& law) {
  std::vector<Record> records =
      synthetic::records(Collective::all_reduce, "auto", largest_nodes, law);
  for (Record& record : records) record.engine = Engine::mpi;
  return make_series(records, synthetic::system(4)).value().front();
}

std::vector<OriginError> errors_of(const Series& series) {
  return rolling_origin_errors(series, cell_medians(series), true, kAll);
}

// ln of predicted ÷ true at `nodes`, with what the series' own errors teach, or without.
double miss(const Series& series, const synthetic::Law& law, double nodes, bool with_own) {
  const Estimator estimator(series, cell_medians(series), true, kAll);
  const auto scales = static_cast<int>(series.scales(true).size());
  const OwnRecord own =
      with_own ? own_record(kPublishedPriors, errors_of(series), scales) : OwnRecord{};
  const TierPrediction prediction(estimator, own, {4 * nodes, nodes});
  return prediction.log_time(std::log(8192)) - std::log(law(4 * nodes, nodes, 8192));
}

// As TCP on a busy network, where no law has a term for it.
double power_law(double /*ranks*/, double nodes, double size_bytes) {
  return 30e-6 * std::pow(nodes, 1.2) + size_bytes / 1e9;
}

TEST(OwnRecord, WhereALineHasBeenBetterThanTheLawsItAnswers) {
  const Series series = mpi_series(32, power_law);
  EXPECT_LT(miss(series, power_law, 128, false), -0.3);
  EXPECT_NEAR(miss(series, power_law, 128, true), 0, 0.1);
}

TEST(OwnRecord, WhereTheLawsHaveBeenBetterTheyAnswer) {
  const Series series = mpi_series(32, synthetic::tree_all_reduce);
  EXPECT_NEAR(miss(series, synthetic::tree_all_reduce, 128, true), 0, 0.05);
  const OwnRecord own = own_record(kPublishedPriors, errors_of(series), 5);
  EXPECT_LT(own.line_shares[13], 0.2);
}

TEST(OwnRecord, TwoScalesTellNothingOfALine) {
  const Series series = mpi_series(4, power_law);
  ASSERT_EQ(series.scales(true).size(), 2U);
  const OwnRecord own = own_record(kPublishedPriors, errors_of(series), 2);
  EXPECT_THAT(own.line_shares, Each(0.0));
  EXPECT_DOUBLE_EQ(own.width_factor, 1);
}

TEST(OwnRecord, KnowsNothingOfLargerScales) {
  const std::vector<OriginError> all = errors_of(mpi_series(32, power_law));
  const std::vector<OriginError> first = errors_of(mpi_series(8, power_law));
  const OwnRecord within = own_record(kPublishedPriors, all, 3);
  const OwnRecord alone = own_record(kPublishedPriors, first, 3);
  EXPECT_EQ(within.line_shares, alone.line_shares);
  EXPECT_DOUBLE_EQ(within.width_factor, alone.width_factor);
}

TEST(OwnRecord, NoLineStandsBesideWhatIsKnownToBeARingOrNccl) {
  const auto records =
      synthetic::records(Collective::all_reduce, "auto", 32, synthetic::library_all_reduce);
  const Series series = make_series(records, synthetic::system(4)).value().front();
  EXPECT_THAT(own_record(kPublishedPriors, errors_of(series), 5).line_shares, Each(0.0));
}

}  // namespace
}  // namespace collscale
