// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// Hensgen, Finkel, Manber 1988: in round k rank r signals r + 2^k.
TEST(Dissemination, SignalsTwiceAsFarInEveryRound) {
  const auto shapes = rank_counts(2, 65);
  expect_peers(C::barrier, "dissemination", shapes, [](const Shape& s) {
    std::vector<Pairs> rounds;
    for (std::int64_t k = 0; k < log2_ceil(s.ranks); ++k) {
      Pairs round;
      for (std::int64_t r = 0; r < s.ranks; ++r)
        round.insert({r, (r + (std::int64_t{1} << k)) % s.ranks});
      rounds.push_back(round);
    }
    return rounds;
  });
  expect_published(C::barrier, "dissemination", shapes, [](const Shape& s) {
    const std::int64_t k = log2_ceil(s.ranks);
    return Published{.depth = k, .most_sent = 0, .messages = s.ranks * k};
  });
}

TEST(RecursiveDoublingBarrier, SignalsPartnersThatDifferInOneBit) {
  const auto shapes = rank_counts(2, 65);
  const auto rounds_of = [](const Shape& s) {
    std::int64_t core = 1;
    while (core * 2 <= s.ranks) core *= 2;
    std::vector<Pairs> rounds;
    Pairs lean;
    Pairs back;
    for (std::int64_t r = core; r < s.ranks; ++r) {
      lean.insert({r, r - core});
      back.insert({r - core, r});
    }
    if (!lean.empty()) rounds.push_back(lean);
    for (std::int64_t bit = 1; bit < core; bit *= 2) {
      Pairs round;
      for (std::int64_t r = 0; r < core; ++r) round.insert({r, r ^ bit});
      rounds.push_back(round);
    }
    if (!back.empty()) rounds.push_back(back);
    return rounds;
  };
  expect_peers(C::barrier, "recursive_doubling", shapes, rounds_of);
  expect_published(C::barrier, "recursive_doubling", shapes, [&](const Shape& s) {
    std::int64_t messages = 0;
    for (const Pairs& round : rounds_of(s)) messages += static_cast<std::int64_t>(round.size());
    return Published{.depth = static_cast<std::int64_t>(rounds_of(s).size()),
                     .most_sent = 0,
                     .messages = messages};
  });
}

}  // namespace
}  // namespace collscale::testing
