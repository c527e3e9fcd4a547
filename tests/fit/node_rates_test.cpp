// SPDX-License-Identifier: Apache-2.0
// Growth inside a node: what its topology says, what two scales say, and what neither does.
#include "fit/node_rates.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fit/calibrate.hpp"
#include "fit/extrapolate.hpp"
#include "record_io/results_file.hpp"
#include "stats/quantiles.hpp"
#include "synthetic.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

System named(const std::string& text) {
  auto system = load_system(text, {COLLSCALE_SOURCE_DIR "/topologies"});
  EXPECT_TRUE(system) << system.error().message;
  return system.value_or(System{});
}

std::vector<Record> published(const std::string& name, Collective collective) {
  auto results = read_results(COLLSCALE_SOURCE_DIR "/results/published/" + name);
  EXPECT_TRUE(results) << results.error().message;
  std::vector<Record> records = results.value_or(Results{}).records;
  std::erase_if(records, [&](const Record& r) { return r.scenario.collective != collective; });
  return records;
}

struct HeldOut {
  double error = 0;  ///< median over sizes of |ln(measured ÷ predicted)|
  double covered = 0;
  double width = 0;            ///< median high ÷ low
  std::vector<double> time_s;  ///< by size
};

// `target` ranks from those of at most `most`, as the program does with --same-system.
HeldOut held_out(const std::vector<Record>& records, const System& system, std::int64_t most,
                 std::int64_t target) {
  std::vector<Record> training;
  std::vector<double> sizes;
  std::vector<double> measured_s;
  for (const Record& record : records) {
    if (record.scenario.ranks <= most) training.push_back(record);
    if (record.scenario.ranks != target) continue;
    sizes.push_back(record.scenario.size_bytes);
    measured_s.push_back(record.time_s);
  }
  CalibrateOptions calibration;
  calibration.replicates = 5;
  calibration.same_system = true;
  const auto profile = calibrate(training, system, calibration);
  EXPECT_TRUE(profile) << profile.error().message;
  ExtrapolateOptions options;
  options.replicates = 0;
  options.matched_system = true;
  const auto answers =
      extrapolate(profile.value_or(Profile{}), system, records.front().scenario.collective, sizes,
                  std::vector<std::int64_t>{target}, options);
  EXPECT_TRUE(answers) << answers.error().message;
  HeldOut result;
  std::vector<double> errors;
  std::vector<double> widths;
  for (std::size_t i = 0; answers && i < sizes.size(); ++i) {
    const Record& answer = (*answers)[i];
    const Interval& widest = answer.intervals.back();
    errors.push_back(std::fabs(std::log(measured_s[i] / answer.time_s)));
    widths.push_back(widest.high_s / widest.low_s);
    if (widest.low_s <= measured_s[i] && measured_s[i] <= widest.high_s)
      result.covered += 1.0 / static_cast<double>(sizes.size());
    result.time_s.push_back(answer.time_s);
  }
  if (errors.empty()) return result;
  result.error = median(errors);
  result.width = median(widths);
  return result;
}

const std::string kFamilyOf8 = "fat-tree:nodes=64,gpus=8";

// Up to 8 ranks with a link of 57 GB/s to each other: bus bandwidth grows with the links in use.
std::vector<Record> mesh_records(Collective collective) {
  std::vector<Record> records;
  for (const std::int64_t n : {2, 4, 8})
    for (double size = 16 << 20; size < 9e9; size *= 2) {
      const double busbw_Bps = 57e9 * static_cast<double>(n - 1);
      const double n_ranks = static_cast<double>(n);
      const double bytes =
          size * (n_ranks - 1) / n_ranks * (collective == Collective::all_reduce ? 2 : 1);
      records.push_back(
          synthetic::record(collective, "auto", n, 1, size, 2e-5 + bytes / busbw_Bps));
    }
  return records;
}

class Mesh : public testing::TestWithParam<Collective> {
 protected:
  std::vector<Record> records_ = mesh_records(GetParam());
};

// As a switch it would be x2 and x7 off.
TEST_P(Mesh, GrowsWithItsLinksAsItsTopologySays) {
  const System system = named("mi355x-cluster");
  for (const std::int64_t most : {2, 4}) {
    const HeldOut of_8 = held_out(records_, system, most, 8);
    EXPECT_LT(of_8.error, 0.12) << most;
    EXPECT_GT(of_8.covered, 0.99) << most;
  }
  EXPECT_LT(held_out(records_, system, 2, 4).error, 0.15);
}

TEST_P(Mesh, IsToldByTwoScalesWhereNoTopologySaysIt) {
  const HeldOut from_both = held_out(records_, named(kFamilyOf8), 4, 8);
  EXPECT_LT(from_both.error, 0.15);
  EXPECT_GT(from_both.covered, 0.99);
  EXPECT_GT(from_both.width, 2) << "the next links may not be there";
}

INSTANTIATE_TEST_SUITE_P(EightRanks, Mesh,
                         testing::Values(Collective::all_reduce, Collective::all_gather,
                                         Collective::all_to_all),
                         [](const auto& of) { return std::string(name(of.param)); });

TEST(NodeRates, OfASwitchNothingChangesButWhatOneScaleTells) {
  const auto records = published("h100-sxm-aiconfigurator.json", Collective::all_gather);
  const System told = named("dgx-h100-superpod");
  const System family = named(kFamilyOf8);
  EXPECT_EQ(held_out(records, told, 4, 8).time_s, held_out(records, family, 4, 8).time_s);
  EXPECT_EQ(held_out(records, told, 2, 8).time_s, held_out(records, family, 2, 8).time_s);
  EXPECT_LT(held_out(records, told, 2, 8).width, 0.3 * held_out(records, family, 2, 8).width);
}

// Two NVLink-bridged pairs, as PCIe switches of two: 4 take 7 times as long as 2 where bytes count.
TEST(NodeRates, PairsGrowAsTheLinkBetweenThem) {
  System system = synthetic::system(4);
  system.node.scale_up.kind = ScaleUpKind::pcie;
  system.node.scale_up.bandwidth_Bps.label = Label::stated;
  system.node.scale_up.bandwidth_Bps.value = 200e9;
  system.node.scale_up.switch_ranks = synthetic::figure(2);
  system.node.scale_up.uplink_Bps = synthetic::figure(24e9);
  std::vector<Record> records;
  for (double size = 4 << 20; size < 1e8; size *= 2) {
    records.push_back(
        synthetic::record(Collective::all_reduce, "auto", 2, 1, size, 2e-5 + size / 100e9));
    records.push_back(
        synthetic::record(Collective::all_reduce, "auto", 4, 1, size, 5e-5 + 1.5 * size / 20e9));
  }
  const HeldOut told = held_out(records, system, 2, 4);
  EXPECT_LT(told.error, std::log(2));
  EXPECT_GT(told.covered, 0.99);
}

// Of a mesh of 8, every rank with a link of 50 GB/s to each other; 10 us to start.
Series mesh_series(const std::vector<std::int64_t>& scales) {
  std::vector<Record> records;
  for (const std::int64_t n : scales)
    for (double size = 1 << 20; size < 5e9; size *= 16)
      records.push_back(synthetic::record(Collective::all_gather, "auto", n, 1, size,
                                          1e-5 + size / static_cast<double>(n) / 50e9));
  Series series =
      make_series(records, synthetic::system(8)).value_or(std::vector<Series>{}).front();
  for (int n = 2; n <= 8; ++n) series.node_rates.push_back(50e9 * (n - 1));
  return series;
}

TEST(NodeRates, OnlyWhatMovesBytesIsAsOnTheTarget) {
  const Series series = mesh_series({2, 4, 8});
  EXPECT_EQ(inside_of(series), Inside::uneven);
  const std::vector<double> measured = cell_medians(series);
  const std::vector<double> times = times_as_on(series, measured, 8);
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    const auto n = static_cast<double>(cell.ranks);
    const double as_switch = 1e-5 + cell.size_bytes * (n - 1) / n / 350e9;
    EXPECT_NEAR(times[i] / as_switch, 1, 0.05) << n << " " << cell.size_bytes;
  }
  EXPECT_EQ(times_as_on(series, measured, 2), measured);
}

TEST(NodeRates, MeasurementsOfASlowerJointKnowBetterThanItsFile) {
  Series series = mesh_series({2, 4});
  std::fill(series.node_rates.begin() + 2, series.node_rates.end(), 30e9);
  const std::vector<double> measured = cell_medians(series);
  EXPECT_EQ(times_as_on(series, measured, 8), measured);
}

TEST(NodeRates, WhatIsAssumedOfANodeIsNotKnown) {
  const Series series = mesh_series({2, 4});
  EXPECT_TRUE(node_rates(synthetic::system(8), series).empty());
  EXPECT_TRUE(node_rates(named(kFamilyOf8), series).empty());
  const std::vector<double> rates = node_rates(named("mi355x-cluster"), series);
  ASSERT_EQ(rates.size(), 7U);
  for (std::size_t i = 0; i < rates.size(); ++i)
    EXPECT_NEAR(rates[i] / (0.745 * 76.5e9 * static_cast<double>(i + 1)), 1, 0.01);
}

}  // namespace
}  // namespace collscale
