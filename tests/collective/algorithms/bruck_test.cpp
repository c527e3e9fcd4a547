// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// J. Bruck et al. 1997: in round i to the radix − 1 ranks r^i, 2r^i, ... away, those that lie
/// within the n ranks. (The paper sends to lower ranks, which is the same seen in a mirror.)
std::vector<std::vector<std::int64_t>> distances(std::int64_t n, std::int64_t radix) {
  std::vector<std::vector<std::int64_t>> rounds;
  for (std::int64_t held = 1; held < n; held *= radix) {
    rounds.emplace_back();
    for (std::int64_t c = 1; c < radix && c * held < n; ++c) rounds.back().push_back(c * held);
  }
  return rounds;
}

std::vector<Shape> with_radix(std::int64_t radix) {
  std::vector<Shape> shapes = rank_counts({48, 64, 81, 97, 125, 128});
  for (Shape& s : shapes) s.options.bruck_radix = radix;
  return shapes;
}

/// In all messages of a round; radices beyond 4 list them one by one, which is not looked at here.
std::vector<Pairs> rounds(const Shape& s) {
  std::vector<Pairs> all;
  for (const auto& round : distances(s.ranks, s.options.bruck_radix)) {
    Pairs pairs;
    for (const std::int64_t d : round)
      pairs.merge(each_sends(s.ranks, [&](std::int64_t r) { return (r + d) % s.ranks; }));
    all.push_back(std::move(pairs));
  }
  return all;
}

/// A round of a large radix is a phase whose steps do not wait for each other.
std::vector<Pairs> one_by_one(const Shape& s) {
  std::vector<Pairs> all;
  for (const auto& round : distances(s.ranks, std::min(s.options.bruck_radix, s.ranks)))
    for (const std::int64_t d : round)
      all.push_back(each_sends(s.ranks, [&](std::int64_t r) { return (r + d) % s.ranks; }));
  return all;
}

TEST(Bruck, CostsAndPeersOfAnyRadixArePublished) {
  for (const std::int64_t radix : {2, 3, 4, 5, 8, 33}) {
    const auto formula = [](const Shape& s) {
      const auto all = distances(s.ranks, s.options.bruck_radix);
      std::int64_t messages = 0;
      for (const auto& round : all) messages += static_cast<std::int64_t>(round.size());
      return Published{static_cast<std::int64_t>(all.size()), share(s.ranks), messages * s.ranks};
    };
    for (const C collective : {C::all_gather, C::reduce_scatter}) {
      expect_published(collective, "bruck", with_radix(radix), formula);
      expect_peers(collective, "bruck", with_radix(radix), [&](const Shape& s) {
        const bool steps_do_not_wait = std::min(radix, s.ranks) > 4;
        const std::vector<Pairs> gather = steps_do_not_wait ? one_by_one(s) : rounds(s);
        return collective == C::all_gather ? gather : backwards(gather);
      });
    }
  }
}

TEST(Bruck, ARadixBelowTwoIsRefused) {
  Shape s{.ranks = 8, .ranks_per_node = 8};
  s.options.bruck_radix = 1;
  EXPECT_THAT(make_schedule(C::all_gather, "bruck", s).error().message,
              ::testing::HasSubstr("radix 1: expected 2 or more"));
}

TEST(Circulant, TakesTwiceTheLogarithmForAnyRankCount) {
  expect_published(C::all_reduce, "circulant", with_radix(2), [](const Shape& s) {
    const std::int64_t rounds_of_half = ceil_log2(s.ranks);
    return Published{2 * rounds_of_half, 2 * share(s.ranks), 2 * rounds_of_half * s.ranks};
  });
  expect_peers(C::all_reduce, "circulant", with_radix(2),
               [](const Shape& s) { return joined(backwards(rounds(s)), rounds(s)); });
}

}  // namespace
}  // namespace collscale::testing
