// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {

TEST(Shift, SendsTheWholeBufferToTheNextRank) {
  const auto shapes = rank_counts(2, 33);
  expect_peers(Collective::send_recv, "shift", shapes, [](const Shape& s) {
    Pairs pairs;
    for (std::int64_t r = 0; r < s.ranks; ++r) pairs.insert({r, (r + 1) % s.ranks});
    return std::vector<Pairs>{pairs};
  });
  expect_published(Collective::send_recv, "shift", shapes, [](const Shape& s) {
    return Published{.depth = 1, .most_sent = 1, .messages = s.ranks};
  });
}

}  // namespace
}  // namespace collscale::testing
