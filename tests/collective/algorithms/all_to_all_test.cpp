// SPDX-License-Identifier: Apache-2.0
// Exchanges of all with all, against the peer formulas and counts of their publications.
#include <gmock/gmock.h>

#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// Step s: to the rank s + 1 ahead.
std::vector<Pairs> pairwise_peers(const Shape& s) {
  std::vector<Pairs> steps;
  for (std::int64_t d = 1; d < s.ranks; ++d) {
    Pairs step;
    for (std::int64_t r = 0; r < s.ranks; ++r) step.insert({r, (r + d) % s.ranks});
    steps.push_back(step);
  }
  return steps;
}

TEST(Pairwise, SendsToEveryOtherRankOnce) {
  expect_peers(C::all_to_all, "pairwise", rank_counts(2, 33), pairwise_peers);
  expect_published(C::all_to_all, "pairwise", rank_counts(2, 33), [](const Shape& s) {
    const auto n = static_cast<double>(s.ranks);
    return Published{.depth = 1, .most_sent = (n - 1) / n, .messages = s.ranks * (s.ranks - 1)};
  });
}

/// The same messages, each waiting for the one before.
TEST(PairwiseInTurn, SendsToEveryOtherRankOneAfterAnother) {
  expect_peers(C::all_to_all, "pairwise_in_turn", rank_counts(2, 33), pairwise_peers);
  expect_published(C::all_to_all, "pairwise_in_turn", rank_counts(2, 33), [](const Shape& s) {
    return Published{
        .depth = s.ranks - 1, .most_sent = share(s.ranks), .messages = s.ranks * (s.ranks - 1)};
  });
}

std::vector<Shape> with_radices() {
  std::vector<Shape> all = rank_counts(2, 33);
  for (const std::int64_t n : {48, 64}) all.push_back({.ranks = n, .ranks_per_node = n});
  const std::size_t counts = all.size();
  for (const std::int64_t radix : {3, 4})
    for (std::size_t i = 0; i < counts; ++i) {
      all.push_back(all[i]);
      all.back().options.bruck_radix = radix;
    }
  return all;
}

/// Bruck et al. 1997: in the round of place k of the distance, written with radix b, rank r sends
/// to r + c b^k for every digit c.
TEST(Bruck, SendsByTheDigitsOfTheDistance) {
  expect_peers(C::all_to_all, "bruck", with_radices(), [](const Shape& s) {
    std::vector<Pairs> steps;
    for (std::int64_t place = 1; place < s.ranks; place *= s.options.bruck_radix) {
      Pairs step;
      for (std::int64_t c = 1; c < s.options.bruck_radix && c * place < s.ranks; ++c)
        for (std::int64_t r = 0; r < s.ranks; ++r) step.insert({r, (r + c * place) % s.ranks});
      steps.push_back(step);
    }
    return steps;
  });
}

TEST(Bruck, TakesOneRoundForEachDigitAndABlockMovesOncePerDigitThatIsNotZero) {
  expect_published(C::all_to_all, "bruck", with_radices(), [](const Shape& s) {
    const std::int64_t b = s.options.bruck_radix;
    std::int64_t rounds = 0;
    std::int64_t messages = 0;
    for (std::int64_t place = 1; place < s.ranks; place *= b) {
      ++rounds;
      for (std::int64_t c = 1; c < b && c * place < s.ranks; ++c) messages += s.ranks;
    }
    std::int64_t moves = 0;
    for (std::int64_t distance = 1; distance < s.ranks; ++distance)
      for (std::int64_t rest = distance; rest > 0; rest /= b) moves += rest % b != 0 ? 1 : 0;
    if (b == 2 && (s.ranks & (s.ranks - 1)) == 0) {
      EXPECT_EQ(moves, rounds * s.ranks / 2);
    }
    return Published{.depth = rounds,
                     .most_sent = static_cast<double>(moves) / static_cast<double>(s.ranks),
                     .messages = messages};
  });
}

TEST(Bruck, RefusesARadixThatItCannotExpress) {
  for (const std::int64_t radix : {0, 1, 5}) {
    Shape shape{.ranks = 8};
    shape.options.bruck_radix = radix;
    const auto s = make_schedule(C::all_to_all, "bruck", shape);
    ASSERT_FALSE(s);
    EXPECT_THAT(s.error().message, ::testing::HasSubstr("expected 2, 3 or 4"));
  }
}

std::vector<Shape> grids() {
  std::vector<Shape> all;
  for (std::int64_t n = 2; n <= 33; ++n)
    for (std::int64_t g = 1; g <= n; ++g)
      if (n % g == 0) all.push_back({.ranks = n, .ranks_per_node = g});
  return all;
}

/// One phase per level: of ranks that differ in one digit (value below, below·size), everyone to
/// everyone.
void add_level(std::vector<Pairs>& steps, std::int64_t n, std::int64_t below, std::int64_t size) {
  for (std::int64_t d = 1; d < size; ++d) {
    Pairs step;
    for (std::int64_t r = 0; r < n; ++r) {
      const std::int64_t digit = r / below % size;
      step.insert({r, r + ((digit + d) % size - digit) * below});
    }
    steps.push_back(step);
  }
}

double share(std::int64_t size) {
  return static_cast<double>(size - 1) / static_cast<double>(size);
}

/// PXN: in the node to the local rank of the destination, then between equal local ranks.
TEST(TwoPhase, GoesToTheRailOfTheDestinationFirst) {
  expect_peers(C::all_to_all, "two_phase", grids(), [](const Shape& s) {
    std::vector<Pairs> steps;
    add_level(steps, s.ranks, 1, s.ranks_per_node);
    add_level(steps, s.ranks, s.ranks_per_node, s.ranks / s.ranks_per_node);
    return steps;
  });
  expect_published(C::all_to_all, "two_phase", grids(), [](const Shape& s) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    return Published{.depth = (g > 1 ? 1 : 0) + (nodes > 1 ? 1 : 0),
                     .most_sent = share(g) + share(nodes),
                     .messages = s.ranks * (g - 1 + nodes - 1)};
  });
}

TEST(ThreePhase, GoesThroughNodeGroupAndTheRest) {
  std::vector<Shape> shapes;
  for (Shape s : grids())
    for (const std::int64_t per_group : {1, 2, 3, 4})
      if (s.ranks <= 24 || s.ranks == 32) {
        s.nodes_per_group = per_group;
        shapes.push_back(s);
      }
  const auto group_of = [](const Shape& s) {
    const std::int64_t nodes = s.ranks / s.ranks_per_node;
    std::int64_t group = std::min(s.nodes_per_group, nodes);
    while (nodes % group != 0) --group;
    return group;
  };
  expect_peers(C::all_to_all, "three_phase", shapes, [&](const Shape& s) {
    const std::int64_t group = group_of(s);
    std::vector<Pairs> steps;
    add_level(steps, s.ranks, 1, s.ranks_per_node);
    add_level(steps, s.ranks, s.ranks_per_node, group);
    add_level(steps, s.ranks, s.ranks_per_node * group, s.ranks / s.ranks_per_node / group);
    return steps;
  });
  expect_published(C::all_to_all, "three_phase", shapes, [&](const Shape& s) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t group = group_of(s);
    const std::int64_t rest = s.ranks / g / group;
    return Published{.depth = (g > 1 ? 1 : 0) + (group > 1 ? 1 : 0) + (rest > 1 ? 1 : 0),
                     .most_sent = share(g) + share(group) + share(rest),
                     .messages = s.ranks * (g - 1 + group - 1 + rest - 1)};
  });
}

TEST(Phases, SayWhichRankCountsFillTheNodes) {
  for (const char* name : {"two_phase", "three_phase"}) {
    const auto s = make_schedule(C::all_to_all, name, {.ranks = 20, .ranks_per_node = 8});
    ASSERT_FALSE(s);
    EXPECT_THAT(s.error().message, ::testing::HasSubstr("16 or 24 ranks"));
    EXPECT_THAT(s.error().message, ::testing::HasSubstr(name));
    Shape uneven{.ranks = 20, .ranks_per_node = 8};
    uneven.nodes = {{1, 8}, {2, 6}};
    EXPECT_THAT(make_schedule(C::all_to_all, name, uneven).error().message,
                ::testing::HasSubstr("equal size"));
    EXPECT_TRUE(make_schedule(C::all_to_all, name, {.ranks = 5, .ranks_per_node = 8}));
  }
}

}  // namespace
}  // namespace collscale::testing
