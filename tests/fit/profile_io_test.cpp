// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fit/calibrate.hpp"
#include "fit/profile.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string profile_text() {
  CalibrateOptions options;
  options.replicates = 10;
  return profile_to_json(
      calibrate(synthetic::records(Collective::all_reduce, "tree", 16, synthetic::tree_all_reduce),
                synthetic::system(4), options)
          .value());
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& text) {
  const auto profile = profile_from_json(text, "p.json");
  return profile ? "no error" : profile.error().message;
}

TEST(ProfileFile, ReadsBackToTheSameBytes) {
  const std::string text = profile_text();
  const auto profile = profile_from_json(text, "p.json");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile_to_json(*profile), text);
  EXPECT_EQ(profile->series.front().series.cells.size(), 60U);  // 4 scales × 15 sizes
  EXPECT_EQ(profile->data_system, "synthetic");
}

TEST(ProfileFile, KeepsTheLineBesideTheLaws) {
  std::vector<Record> records =
      synthetic::records(Collective::all_reduce, "auto", 16, synthetic::tree_all_reduce);
  for (Record& record : records) record.engine = Engine::mpi;
  CalibrateOptions options;
  options.replicates = 10;
  const Profile profile = calibrate(records, synthetic::system(4), options).value();
  const std::string text = profile_to_json(profile);
  const Branch& branch = profile.series.front().branches.front();
  EXPECT_NE(branch.own.line_shares, OwnRecord{}.line_shares);
  const auto read = profile_from_json(text, "p.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->series.front().branches.front().own.line_shares, branch.own.line_shares);
  EXPECT_THAT(error_of(replaced(text, "\"line_shares\": [", "\"line_shares\": [0.5,")),
              HasSubstr("line_shares: expected none, or one for each of 48 octaves"));
  EXPECT_THAT(error_of(replaced(profile_text(), "\"line_shares\": [", "\"line_shares\": [0.5")),
              HasSubstr("line_shares: expected none, or one for each of 48 octaves"));
}

TEST(ProfileFile, KeepsWhatIsKnownOfANode) {
  Profile profile = profile_from_json(profile_text(), "p.json").value();
  EXPECT_TRUE(profile.series.front().series.node_rates.empty());
  const std::vector<double> rates = {57e9, 114e9, 171e9};
  profile.series.front().series.node_rates = rates;
  const std::string text = profile_to_json(profile);
  EXPECT_EQ(profile_from_json(text, "p.json").value().series.front().series.node_rates, rates);
  EXPECT_THAT(error_of(replaced(text, "114000000000.0", "0")),
              HasSubstr("node_rates: expected positive numbers"));
}

TEST(ProfileFile, ErrorsNameTheFileAndTheField) {
  const std::string text = profile_text();
  EXPECT_THAT(error_of("{"), StartsWith("p.json: this is not JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("p.json: profile has no field \"schema_version\""));
  EXPECT_THAT(error_of(replaced(text, "\"schema_version\": 5", "\"schema_version\": 9")),
              HasSubstr("schema_version 9"));
  EXPECT_THAT(error_of(replaced(text, "\"growth\": \"tree\"", "\"growth\": \"bush\"")),
              HasSubstr("growth: unknown growth \"bush\""));
  EXPECT_THAT(error_of(replaced(text, "\"ranks\": 8", "\"ranks\": \"8\"")),
              HasSubstr("cells[0].ranks: found \"8\", expected a whole number"));
  EXPECT_THAT(error_of(replaced(text, "\"size_bytes\": 32.0", "\"size_bytes\": 4.0")),
              HasSubstr("ascending"));
  EXPECT_THAT(error_of(replaced(text, "\"run\": [", "\"run\": [0, ")),
              HasSubstr("as many runs as times"));
}

TEST(ProfileFile, HoldsMeasurementsOnly) {
  EXPECT_THAT(
      error_of(replaced(profile_text(), "\"trust\": \"measured\"", "\"trust\": \"simulated\"")),
      HasSubstr("trust: expected \"measured\""));
  const auto text = profile_text();
  const std::size_t series = text.find("\"series\":");
  EXPECT_THAT(error_of(text.substr(0, series) + "\"series\": []}"),
              HasSubstr("profile.series: expected at least one series"));
}

TEST(ProfileFile, KeepsTheLargestSeed) {
  const std::string text =
      replaced(profile_text(), "\"seed\": 1,", "\"seed\": 18446744073709551615,");
  const auto profile = profile_from_json(text, "p.json");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile_to_json(*profile), text);
}

TEST(ProfileFile, NoFieldCanBeTakenAwayUnnoticed) {
  for (const char* field :
       {"data_system", "ranks_per_node", "series", "collective", "engine", "cells", "branches",
        "width_factor", "line_shares", "hold_outs", "median_error"}) {
    const std::string text =
        replaced(profile_text(), fmt::format("\"{}\":", field), "\"renamed\":");
    EXPECT_THAT(error_of(text), HasSubstr(field));
  }
}

}  // namespace
}  // namespace collscale
