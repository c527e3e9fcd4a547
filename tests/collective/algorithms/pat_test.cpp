// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// Counts 2 to 33 and some more, with every aggregation that fits (0: the largest).
std::vector<Shape> with_aggregation() {
  std::vector<Shape> all;
  for (Shape s : rank_counts({48, 64, 97}))
    for (std::int64_t a = 0; a < s.ranks; a = a == 0 ? 1 : 2 * a) {
      s.options.aggregation = a;
      if (a == 0 || a == 1 || a / 2 < s.ranks / 2) all.push_back(s);
    }
  return all;
}

std::int64_t aggregation(const Shape& s) {
  if (s.options.aggregation > 0) return s.options.aggregation;
  std::int64_t a = 1;
  while (a < s.ranks / 2) a *= 2;  // as NCCL grows it
  return a;
}

/// NCCL's message count: min(n − 1, P/A − 1 + log2 A) of each rank, P the power of two from n on.
std::int64_t messages_per_rank(const Shape& s) {
  const std::int64_t p = std::int64_t{1} << ceil_log2(s.ranks);
  const std::int64_t a = aggregation(s);
  return std::min(s.ranks - 1, p / a - 1 + floor_log2(a));
}

TEST(Pat, SendsAsFewMessagesAsPublished) {
  for (const C collective : {C::all_gather, C::reduce_scatter, C::all_reduce}) {
    const std::int64_t halves = collective == C::all_reduce ? 2 : 1;
    expect_published(collective, "pat", with_aggregation(), [&](const Shape& s) {
      // As deep as the logarithm at powers of two, never deeper.
      const bool power = power_below(s.ranks) == s.ranks;
      return Published{power ? halves * floor_log2(s.ranks) : -1,
                       static_cast<double>(halves) * share(s.ranks),
                       halves * s.ranks * messages_per_rank(s)};
    });
    for (const Shape& s : with_aggregation()) {
      const auto report = execute(*make_schedule(collective, "pat", s));
      ASSERT_TRUE(report);
      EXPECT_LE(report->depth, halves * ceil_log2(s.ranks)) << s.ranks;
    }
  }
}

/// S. Jeaugey 2025: the dimensions from far to near. Far: distances P/2, P/4, ... with the data
/// that is there; near: the trees of P/A ranks, walked so that step t reaches the offset t + 1 over
/// the distance of its lowest bit.
std::vector<Pairs> far_then_near(const Shape& s) {
  const std::int64_t n = s.ranks;
  const std::int64_t p = std::int64_t{1} << ceil_log2(n);
  const std::int64_t stride = p / aggregation(s);
  std::vector<Pairs> steps;
  for (std::int64_t d = p / 2; d >= stride; d /= 2)
    steps.push_back(each_sends(n, [&](std::int64_t r) { return (r + d) % n; }));
  for (std::int64_t offset = 1; offset < stride && offset < n; ++offset) {
    std::int64_t d = 1;
    while (offset % (2 * d) == 0) d *= 2;
    steps.push_back(each_sends(n, [&](std::int64_t r) { return (r + d) % n; }));
  }
  return steps;
}

TEST(Pat, PeersAreTheDimensionsFromFarToNear) {
  expect_peers(C::all_gather, "pat", with_aggregation(), far_then_near);
  expect_peers(C::reduce_scatter, "pat", with_aggregation(),
               [](const Shape& s) { return backwards(far_then_near(s)); });
  expect_peers(C::all_reduce, "pat", with_aggregation(), [](const Shape& s) {
    return joined(backwards(far_then_near(s)), far_then_near(s));
  });
}

TEST(Pat, AnAggregationThatIsNoPowerOfTwoIsRefused) {
  Shape s{.ranks = 16, .ranks_per_node = 16};
  for (const std::int64_t a : {-1, 3, 12}) {
    s.options.aggregation = a;
    EXPECT_THAT(make_schedule(C::all_gather, "pat", s).error().message,
                ::testing::HasSubstr("expected a power of two"));
  }
  s.options.aggregation = 1 << 20;  // more than fits is as much as fits
  EXPECT_TRUE(execute(*make_schedule(C::all_gather, "pat", s)));
}

}  // namespace
}  // namespace collscale::testing
