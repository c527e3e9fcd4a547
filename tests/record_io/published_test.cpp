// SPDX-License-Identifier: Apache-2.0
// The measured data that the project ships.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "record_io/csv_table.hpp"
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
      ASSERT_THAT(record.source, testing::MatchesRegex("(github|gist):[^ ].* \\[.+\\]")) << file;
      ASSERT_GT(record.time_s, 0) << file;
      ASSERT_GE(record.scenario.ranks, 2) << file;
    }
  }
}

TEST(PublishedData, IsOfOneSystemPerFileWhichTopologiesHas) {
  for (const fs::path& file : published_files()) {
    const auto results = read_results(file.string());
    ASSERT_TRUE(results) << results.error().message;
    const std::string topology = results->records.front().scenario.topology;
    if (!topology.empty()) {
      EXPECT_TRUE(fs::exists(COLLSCALE_SOURCE_DIR "/topologies/" + topology + ".yaml")) << file;
    }
    for (const Record& record : results->records) {
      ASSERT_EQ(record.scenario.topology, topology) << file;
      ASSERT_EQ(record.engine, results->records.front().engine) << file;
    }
  }
}

/// Bus bandwidths as their authors printed them; the conversion knew times and sizes only.
TEST(PublishedData, HasTheBusBandwidthsThatWerePrinted) {
  std::ifstream table(COLLSCALE_SOURCE_DIR "/tests/fixtures/published/busbw.csv");
  std::string line;
  std::getline(table, line);
  std::map<std::string, Results> files;
  int checked = 0;
  while (std::getline(table, line)) {
    std::stringstream fields(line);
    std::string file, dataset, collective, algorithm, ranks, size_bytes, in_place, busbw_GBps;
    for (std::string* field :
         {&file, &dataset, &collective, &algorithm, &ranks, &size_bytes, &in_place, &busbw_GBps}) {
      ASSERT_TRUE(std::getline(fields, *field, ',')) << line;
    }
    if (files.count(file) == 0) {
      auto results =
          read_results(fmt::format("{}/results/published/{}", COLLSCALE_SOURCE_DIR, file));
      ASSERT_TRUE(results) << results.error().message;
      files[file] = *std::move(results);
    }
    int found = 0;
    for (const Record& record : files[file].records) {
      const Scenario& s = record.scenario;
      const bool same = record.source.find(dataset) != std::string::npos &&
                        name(s.collective) == collective && s.algorithm == algorithm &&
                        s.ranks == std::stoll(ranks) && s.size_bytes == std::stod(size_bytes) &&
                        s.in_place == (in_place == "1");
      if (!same) continue;
      ++found;
      const double printed = std::stod(busbw_GBps) * 1e9;
      EXPECT_NEAR(record.busbw_Bps / printed, 1, 0.006) << file << ": " << line;
    }
    EXPECT_EQ(found, 1) << file << ": " << line;
    ++checked;
  }
  EXPECT_GT(checked, 100);
}

TEST(PublishedClaims, AreOfKnownKindsAndOfSystemsThatExist) {
  const auto text = read_text_file(COLLSCALE_SOURCE_DIR "/results/published/claims.csv");
  ASSERT_TRUE(text) << text.error().message;
  const CsvTable table = parse_csv(*text);
  std::map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < table.names.size(); ++i) at[table.names[i]] = i;
  ASSERT_GT(table.rows.size(), 100U);
  std::set<std::string> ids;
  for (const auto& row : table.rows) {
    ASSERT_EQ(row.size(), table.names.size()) << row.front();
    const auto of = [&](const char* column) { return row[at.at(column)]; };
    const std::string id = of("id");
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_FALSE(of("what").empty() || of("source").empty() || of("unit").empty()) << id;
    EXPECT_FALSE(of("low").empty() && of("high").empty()) << id;
    if (!of("low").empty() && !of("high").empty()) {
      EXPECT_LE(std::stod(of("low")), std::stod(of("high"))) << id;
    }
    EXPECT_THAT(of("kind"), testing::AnyOf("measured", "model", "vendor")) << id;
    EXPECT_THAT(of("evidence"), testing::AnyOf("first-hand", "second-hand", "derived")) << id;
    EXPECT_NE(of("ask").empty(), of("no_answer").empty()) << id << ": asked, or why not";
    EXPECT_EQ(of("ask").empty(), of("reads").empty()) << id;
    if (!of("collective").empty()) {
      EXPECT_TRUE(parse_collective(of("collective"))) << id;
    }
    if (!of("topology").empty()) {
      EXPECT_TRUE(fs::exists(COLLSCALE_SOURCE_DIR "/topologies/" + of("topology") + ".yaml")) << id;
    }
  }
}

TEST(PublishedData, IsCompactAndReadsAsIfItWereNot) {
  const std::string path = COLLSCALE_SOURCE_DIR "/results/published/polaris-ofi.json";
  const auto results = read_results(path);
  const auto text = read_text_file(path);
  ASSERT_TRUE(results && text);
  const std::string full = to_json(*results);
  const std::string compact = to_json(*results, Detail::compact);
  EXPECT_NEAR(static_cast<double>(compact.size()) / static_cast<double>(text->size()), 1, 1e-3);
  EXPECT_LT(static_cast<double>(compact.size()) / static_cast<double>(full.size()), 0.7);
  const auto again = from_json(compact, "compact");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(to_json(*again) == full);  // without printing either
}

TEST(PublishedData, StaysSmallEnoughForARepository) {
  std::uintmax_t together = 0;
  for (const fs::path& file : published_files()) {
    EXPECT_LT(fs::file_size(file), 2'000'000u) << file;
    together += fs::file_size(file);
  }
  EXPECT_LT(together, 18'000'000u);
}

}  // namespace
}  // namespace collscale
