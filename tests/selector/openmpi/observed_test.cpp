// SPDX-License-Identifier: Apache-2.0
// What Open MPI 4.1.4 was seen to run, by scripts/check-openmpi-choice -o.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "selector/openmpi/openmpi.hpp"

namespace collscale {
namespace {

struct Observed {
  OpenMpiCall call;  ///< bytes: the first of the row
  double last_bytes = 0;
  std::vector<int> entered;       ///< the algorithm that the library entered
  std::vector<int> same_traffic;  ///< those that send the same messages in the same order
};

std::vector<int> numbers(const std::string& text) {
  std::vector<int> all;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, '|');) all.push_back(std::stoi(word));
  return all;
}

std::vector<Observed> observed() {
  std::ifstream file(COLLSCALE_SOURCE_DIR "/tests/selector/openmpi/observed-4.1.4.csv");
  std::vector<Observed> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.starts_with("function,")) continue;
    std::vector<std::string> cells;
    std::istringstream words(line);
    for (std::string cell; std::getline(words, cell, ',');) cells.push_back(cell);
    Observed row;
    row.call.function = parse_openmpi_function(cells.at(0)).value();
    row.call.ranks = std::stoll(cells.at(1));
    row.call.element_bytes = std::stod(cells.at(2));
    row.call.commutative = cells.at(3) == "1";
    row.call.bytes = std::stod(cells.at(4));
    row.last_bytes = std::stod(cells.at(5));
    row.entered = numbers(cells.at(6));
    row.same_traffic = numbers(cells.at(7));
    rows.push_back(row);
  }
  return rows;
}

bool holds(const std::vector<int>& set, int number) {
  return std::find(set.begin(), set.end(), number) != set.end();
}

TEST(OpenMpiSelector, ChoosesWhatTheLibraryWasSeenToRun) {
  const auto rows = observed();
  ASSERT_GT(rows.size(), 1000U);
  std::set<std::string_view> functions;
  std::set<std::int64_t> ranks;
  for (const auto& row : rows) {
    functions.insert(name(row.call.function));
    ranks.insert(row.call.ranks);
    // Within a row the library did the same at every size seen; the selector must not differ.
    for (const double bytes : {row.call.bytes, row.last_bytes}) {
      OpenMpiCall call = row.call;
      call.bytes = bytes;
      const auto choice = openmpi_choice(call);
      EXPECT_TRUE(holds(row.entered, choice.chosen) && holds(row.same_traffic, choice.chosen) &&
                  holds(row.same_traffic, choice.runs))
          << name(call.function) << ", " << call.ranks << " ranks, " << bytes << " B of "
          << call.element_bytes << ": " << choice.chosen << " runs " << choice.runs;
    }
  }
  EXPECT_EQ(functions.size(), openmpi_functions().size());
  EXPECT_EQ(ranks.size(), 15U);  // 2 to 16
}

}  // namespace
}  // namespace collscale
