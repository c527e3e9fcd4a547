// SPDX-License-Identifier: Apache-2.0
#include "fit/mixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "fit/calibrate.hpp"
#include "fit/extrapolate.hpp"
#include "record_io/results_file.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

/// NCCL's all_gather on 2 to `largest` nodes, on a network of so many GB/s and us per step.
std::vector<Record> on_network(double rate_Bps, double step_s, std::int64_t smallest,
                               std::int64_t largest, const std::string& data_set) {
  auto all = synthetic::records(Collective::all_gather, "auto", largest,
                                [=](double n, double /*nodes*/, double size_bytes) {
                                  return (n - 1) * (step_s + size_bytes / n / rate_Bps);
                                });
  std::erase_if(all, [&](const Record& one) { return one.scenario.nodes < smallest; });
  for (Record& record : all)
    record.source =
        "github:a/b@1 file [" + data_set + "] [more] " + std::to_string(record.scenario.ranks);
  return all;
}

std::vector<Record> together(std::vector<Record> all, const std::vector<Record>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Mixture mixture_of(const std::vector<Record>& records) {
  const Series series = make_series(records, synthetic::system(4)).value().front();
  return find_mixture(series, cell_medians(series), kPublishedPriors);
}

const auto kFast = [](std::int64_t smallest, std::int64_t largest) {
  return on_network(40e9, 5e-6, smallest, largest, "verbs");
};
const auto kSlow = [](std::int64_t smallest, std::int64_t largest, double factor = 8) {
  return on_network(40e9 / factor, 5e-6, smallest, largest, "sockets");
};

TEST(Mixture, TwoSettingsOfTheSamePointsAreNamed) {
  const Mixture mixture = mixture_of(together(kFast(2, 8), kSlow(2, 4)));
  EXPECT_THAT(mixture.text, HasSubstr("data sets \"verbs\" and \"sockets\" measured the same "
                                      "points x8 apart (messages above 64 MiB on "));
  EXPECT_NEAR(mixture.apart[2], std::log(8), 0.1);
  EXPECT_EQ(mixture.apart[0], 0) << "small messages agree";
}

TEST(Mixture, RepeatsAreNone) {
  EXPECT_EQ(mixture_of(kFast(2, 16)).text, "");
  EXPECT_EQ(mixture_of(together(kFast(2, 16), kSlow(2, 16, 1.6))).text, "");
  // A bad day at one scale, for small messages alone.
  auto bad = kFast(8, 8);
  std::erase_if(bad, [](const Record& one) { return one.scenario.size_bytes > 65535; });
  for (Record& record : bad) record.time_s *= 2.5, record.source = "[bad]";
  EXPECT_EQ(mixture_of(together(kFast(2, 16), bad)).text, "");
}

TEST(Mixture, AJumpFromOneSettingToAnotherIsNamed) {
  const Mixture slower = mixture_of(together(kFast(2, 8), kSlow(16, 16)));
  EXPECT_THAT(slower.text, HasSubstr("from 32 to 64 ranks, where data set \"verbs\" gives way to "
                                     "\"sockets\", messages above 64 MiB become x"));
  EXPECT_THAT(slower.text, HasSubstr("slower than the smaller scales say"));
  EXPECT_GT(slower.apart[2], std::log(4));
  EXPECT_EQ(slower.apart[0], 0);
  EXPECT_THAT(mixture_of(together(kSlow(2, 8), kFast(16, 16))).text, HasSubstr(" faster than "));
  // The same data set throughout: a jump, but of the machine.
  auto one = together(kFast(2, 8), kSlow(16, 16));
  for (Record& record : one) record.source = "[mine]";
  EXPECT_EQ(mixture_of(one).text, "");
}

TEST(Mixture, WidensTheIntervalToSpanBothAndIsSaid) {
  const System system = synthetic::system(4);
  const auto answer = [&](const std::vector<Record>& records) {
    CalibrateOptions options;
    options.replicates = 20;
    const Profile fitted = calibrate(records, system, options).value();
    // As `--profile` reads it.
    const Profile profile = profile_from_json(profile_to_json(fitted), "p").value();
    EXPECT_EQ(profile_to_json(profile), profile_to_json(fitted));
    ExtrapolateOptions quick;
    quick.replicates = 20;
    return extrapolate_in_full(profile, system, Collective::all_gather,
                               std::vector<double>{1 << 30}, std::vector<std::int64_t>{256}, quick)
        .value()
        .front();
  };
  const Extrapolation alone = answer(kFast(2, 16));
  const Extrapolation mixed = answer(together(kFast(2, 16), kSlow(2, 16, 2.5)));
  EXPECT_EQ(alone.mixture, "");
  EXPECT_THAT(mixed.record.source, HasSubstr("they do not look like one setting"));
  const Interval& both = mixed.record.intervals.back();
  EXPECT_LT(both.low_s, alone.record.time_s);
  EXPECT_GT(both.high_s, 2.5 * alone.record.time_s);
}

/// The published files, every `kParts`-th from the parameter on: with sanitizers all take minutes.
class MixtureOfPublished : public testing::TestWithParam<std::size_t> {};
constexpr std::size_t kParts = 8;

std::vector<std::filesystem::path> published_files() {
  std::vector<std::filesystem::path> files;
  const auto folder = std::string(COLLSCALE_SOURCE_DIR) + "/results/published";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Files that hold one setting are not accused. polaris-sockets holds two versions of NCCL, whose
// all_reduce and all_gather over sockets are up to x2.9 apart.
TEST_P(MixtureOfPublished, OneFileHasTwoSettings) {
  const auto files = published_files();
  EXPECT_GT(files.size(), 50U);
  for (std::size_t i = GetParam(); i < files.size(); i += kParts) {
    const auto results = read_results(files[i].string());
    ASSERT_TRUE(results) << results.error().message;
    const auto all = make_series(results->records, synthetic::system(8));
    ASSERT_TRUE(all) << files[i] << all.error().message;
    const bool accused = std::any_of(all->begin(), all->end(), [](const Series& series) {
      return !find_mixture(series, cell_medians(series), kPublishedPriors).text.empty();
    });
    const std::string file = files[i].stem().string();
    EXPECT_EQ(accused, file == "polaris-sockets") << file;
  }
}
INSTANTIATE_TEST_SUITE_P(Parts, MixtureOfPublished, testing::Range<std::size_t>(0, kParts));

}  // namespace
}  // namespace collscale
