// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;
using Sizes = std::vector<std::int64_t>;

std::vector<Shape> tori(std::size_t dimensions) {
  std::vector<Shape> all = rank_counts({36, 48, 64});  // as equal as the ranks allow
  const std::vector<Sizes> given =
      dimensions == 2 ? std::vector<Sizes>{{2, 8}, {8, 2}, {1, 6}, {5, 1}, {3, 7}}
                      : std::vector<Sizes>{{4, 2, 2}, {2, 3, 4}, {3, 3, 3}, {1, 5, 2}, {6, 1, 1}};
  for (const Sizes& sizes : given) {
    Shape s{.ranks = 1};
    for (const std::int64_t size : sizes) s.ranks *= size;
    s.ranks_per_node = s.ranks;
    s.options.dimensions = sizes;
    all.push_back(s);
  }
  return all;
}

Sizes sizes_of(C collective, const char* algorithm, const Shape& s) {
  return make_schedule(collective, algorithm, s)->radix;
}

/// N. Jain, Y. Sabharwal 2010: n_d − 1 steps to the next rank along dimension d, one dimension
/// after the other, part i beginning (an all_gather: ending) with dimension i.
std::vector<Pairs> reduce_scatter_of_part(const Sizes& sizes, std::size_t part) {
  std::vector<Pairs> steps;
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) n *= size;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t d = (part + i) % sizes.size();
    std::int64_t stride = 1;
    for (std::size_t below = 0; below < d; ++below) stride *= sizes[below];
    const Pairs next = each_sends(n, [&](std::int64_t r) {
      const std::int64_t x = r / stride % sizes[d];
      return r + ((x + 1) % sizes[d] - x) * stride;
    });
    steps.insert(steps.end(), static_cast<std::size_t>(sizes[d] - 1), next);
  }
  return steps;
}

TEST(Torus, CostsAndPeersArePublished) {
  for (const std::size_t k : {2, 3}) {
    const char* algorithm = k == 2 ? "torus_2d" : "torus_3d";
    for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter}) {
      const std::int64_t halves = collective == C::all_reduce ? 2 : 1;
      expect_published(collective, algorithm, tori(k), [&](const Shape& s) {
        std::int64_t steps = 0;
        for (const std::int64_t size : sizes_of(collective, algorithm, s)) steps += size - 1;
        return Published{halves * steps, static_cast<double>(halves) * share(s.ranks),
                         static_cast<std::int64_t>(k) * halves * steps * s.ranks};
      });
      expect_peers(collective, algorithm, tori(k), [&](const Shape& s) {
        const Sizes sizes = sizes_of(collective, algorithm, s);
        std::vector<Pairs> all;
        for (std::size_t part = 0; part < k; ++part) {
          const std::vector<Pairs> scatter = reduce_scatter_of_part(sizes, part);
          // The all_gather goes the same way round, dimensions backwards.
          const std::vector<Pairs> gather(scatter.rbegin(), scatter.rend());
          if (collective != C::all_gather) all = joined(std::move(all), scatter);
          if (collective != C::reduce_scatter) all = joined(std::move(all), gather);
        }
        return all;
      });
    }
  }
}

TEST(Torus, DimensionsAreAsEqualAsTheRanksAllow) {
  const auto sizes = [](const char* algorithm, std::int64_t n) {
    return sizes_of(C::all_reduce, algorithm, {.ranks = n, .ranks_per_node = 8});
  };
  EXPECT_EQ(sizes("torus_2d", 12), (Sizes{4, 3}));
  EXPECT_EQ(sizes("torus_2d", 64), (Sizes{8, 8}));
  EXPECT_EQ(sizes("torus_2d", 13), (Sizes{13, 1}));
  EXPECT_EQ(sizes("torus_3d", 64), (Sizes{4, 4, 4}));
  EXPECT_EQ(sizes("torus_3d", 24), (Sizes{4, 3, 2}));
  EXPECT_EQ(sizes("torus_3d", 50), (Sizes{5, 5, 2}));
  EXPECT_EQ(sizes("torus_3d", 1'000'000), (Sizes{100, 100, 100}));
}

TEST(Torus, DimensionsThatDoNotHoldTheRanksAreRefused) {
  const auto message = [](const char* algorithm, Sizes dimensions) {
    Shape s{.ranks = 24, .ranks_per_node = 8};
    s.options.dimensions = std::move(dimensions);
    return make_schedule(C::all_reduce, algorithm, s).error().message;
  };
  EXPECT_THAT(message("torus_2d", {5, 5}), ::testing::HasSubstr("6x4 would"));
  EXPECT_THAT(message("torus_2d", {4, 3, 2}), ::testing::HasSubstr("expected 2, such as 6x4"));
  EXPECT_THAT(message("torus_3d", {24, 1, 0}), ::testing::HasSubstr("4x3x2 would"));
  EXPECT_THAT(message("torus_3d", {-4, -3, 2}), ::testing::HasSubstr("4x3x2 would"));
}

}  // namespace
}  // namespace collscale::testing
