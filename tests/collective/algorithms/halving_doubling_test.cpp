// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// R. Thakur, R. Rabenseifner, W. Gropp 2005: partners r xor 2^s; the ranks beyond M = 2^k hand
/// over to rank r - M before, and are handed the result after.
std::vector<Pairs> doubling(std::int64_t core) {
  std::vector<Pairs> steps;
  for (std::int64_t d = 1; d < core; d *= 2)
    steps.push_back(each_sends(core, [&](std::int64_t r) { return r ^ d; }));
  return steps;
}

std::vector<Pairs> folded(std::int64_t n, std::vector<Pairs> steps) {
  const std::int64_t core = power_below(n);
  if (core == n) return steps;
  Pairs before;
  for (std::int64_t r = core; r < n; ++r) before.insert({r, r - core});
  std::vector<Pairs> all{before};
  all = joined(std::move(all), steps);
  return joined(std::move(all), backwards({before}));
}

std::int64_t beyond(std::int64_t n) { return n - power_below(n); }

Published of_reduce(std::int64_t n, std::int64_t steps, double core_bytes) {
  const std::int64_t core = power_below(n);
  const std::int64_t extra = core == n ? 0 : 2;
  return {steps + extra, core_bytes + (extra > 0 ? 1 : 0), steps * core + extra * beyond(n)};
}

TEST(HalvingDoubling, RabenseifnerCostsAndPeersArePublished) {
  expect_published(
      C::all_reduce, "halving_doubling", rank_counts({48, 64, 97, 128}), [](const Shape& s) {
        return of_reduce(s.ranks, 2 * floor_log2(s.ranks), 2 * share(power_below(s.ranks)));
      });
  expect_peers(C::all_reduce, "halving_doubling", rank_counts(), [](const Shape& s) {
    const std::vector<Pairs> up = doubling(power_below(s.ranks));
    return folded(s.ranks, joined(up, backwards(up)));
  });
}

TEST(RecursiveDoubling, ExchangesEverythingInLogarithmicSteps) {
  expect_published(C::all_reduce, "recursive_doubling", rank_counts({48, 64, 97, 128}),
                   [](const Shape& s) {
                     const std::int64_t k = floor_log2(s.ranks);
                     return of_reduce(s.ranks, k, static_cast<double>(k));
                   });
  expect_peers(C::all_reduce, "recursive_doubling", rank_counts(),
               [](const Shape& s) { return folded(s.ranks, doubling(power_below(s.ranks))); });
}

TEST(RecursiveDoubling, GathersAndHalvingScattersInLogarithmicSteps) {
  const auto formula = [](const Shape& s) {
    const std::int64_t k = floor_log2(s.ranks);
    const bool folds = beyond(s.ranks) > 0;
    return Published{k + (folds ? 2 : 0), folds ? -1 : share(s.ranks),
                     k * power_below(s.ranks) + 2 * beyond(s.ranks)};
  };
  const auto peers = [](const Shape& s) { return folded(s.ranks, doubling(power_below(s.ranks))); };
  const std::vector<Shape> shapes = rank_counts({48, 64, 97, 128});
  expect_published(C::all_gather, "recursive_doubling", shapes, formula);
  expect_peers(C::all_gather, "recursive_doubling", shapes, peers);
  expect_published(C::reduce_scatter, "recursive_halving", shapes, formula);
  expect_peers(C::reduce_scatter, "recursive_halving", shapes,
               [&](const Shape& s) { return backwards(peers(s)); });
}

/// Träff 2005: the exchanges of recursive halving in the opposite order.
TEST(Butterfly, HalvesWithTheNearestPartnerFirst) {
  const std::vector<Shape> shapes = rank_counts({48, 64, 97, 128});
  expect_published(C::reduce_scatter, "butterfly", shapes, [](const Shape& s) {
    const std::int64_t k = floor_log2(s.ranks);
    const bool folds = beyond(s.ranks) > 0;
    return Published{k + (folds ? 2 : 0), folds ? -1 : share(s.ranks),
                     k * power_below(s.ranks) + 2 * beyond(s.ranks)};
  });
  expect_peers(C::reduce_scatter, "butterfly", shapes,
               [](const Shape& s) { return folded(s.ranks, doubling(power_below(s.ranks))); });
}

}  // namespace
}  // namespace collscale::testing
