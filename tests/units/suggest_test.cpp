// SPDX-License-Identifier: Apache-2.0
#include "units/suggest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <string>

namespace collscale {
namespace {

const std::vector<std::string>& algorithms() {
  static const std::vector<std::string> names{"ring", "tree", "hierarchical", "recursive_halving"};
  return names;
}

TEST(EditDistance, CountsSingleLetterChangesCaseBlind) {
  EXPECT_EQ(edit_distance("ring", "ring"), 0);
  EXPECT_EQ(edit_distance("Ring", "rING"), 0);
  EXPECT_EQ(edit_distance("ring", "rings"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("", "abc"), 3);
}

TEST(NearestName, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("butterfly", algorithms()), "");
  EXPECT_EQ(nearest_name("x", algorithms()), "");
  EXPECT_EQ(nearest_name("ring", {}), "");
}

TEST(NearestName, FindsATypo) {
  EXPECT_EQ(nearest_name("rin", algorithms()), "ring");
  EXPECT_EQ(nearest_name("hierachical", algorithms()), "hierarchical");
  EXPECT_EQ(nearest_name("recursive-halving", algorithms()), "recursive_halving");
}

TEST(Suggestion, OffersTheNearestOrLists) {
  EXPECT_EQ(suggestion("rign2", {"rign"}), ", did you mean \"rign\"?");
  EXPECT_EQ(suggestion("butterfly", {"ring", "tree"}), "; valid: ring, tree");
  EXPECT_EQ(suggestion("butterfly", {}), "");
}

RC_GTEST_PROP(EditDistance, IsAMetric,
              (const std::string& a, const std::string& b, const std::string& c)) {
  RC_ASSERT(edit_distance(a, a) == 0);
  RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
  RC_ASSERT(edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c));
  const auto lengths = std::abs(static_cast<int>(a.size()) - static_cast<int>(b.size()));
  RC_ASSERT(edit_distance(a, b) >= lengths);
}

}  // namespace
}  // namespace collscale
