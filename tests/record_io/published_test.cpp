// SPDX-License-Identifier: Apache-2.0
// The measured data that the project ships.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "record_io/results_file.hpp"

namespace collscale {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> published_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(COLLSCALE_SOURCE_DIR "/results/published")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

TEST(PublishedData, IsReadableMeasuredAndNamesItsSourceInEveryRecord) {
  ASSERT_FALSE(published_files().empty());
  for (const fs::path& file : published_files()) {
    const auto results = read_results(file.string());
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_FALSE(results->records.empty()) << file;
    for (const char* const key : {"system", "hardware", "library", "source"}) {
      EXPECT_TRUE(results->context.count(key)) << file << ": " << key;
    }
    for (const Record& record : results->records) {
      ASSERT_EQ(record.trust, Trust::measured) << file;
      ASSERT_THAT(record.source, testing::MatchesRegex("github:[^ ].* \\[.+\\]")) << file;
      ASSERT_GT(record.time_s, 0) << file;
      ASSERT_GE(record.scenario.ranks, 2) << file;
    }
  }
}

TEST(PublishedData, StaysSmallEnoughForARepository) {
  for (const fs::path& file : published_files()) EXPECT_LT(fs::file_size(file), 2'000'000u) << file;
}

}  // namespace
}  // namespace collscale
