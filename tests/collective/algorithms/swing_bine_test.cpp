// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// D. De Sensi et al., NSDI 2024, equations 2 and 3: ρ(s) = Σ_{i≤s} (−2)^i, and rank r's partner is
/// r + ρ(s) for even r, r − ρ(s) for odd r.
std::int64_t partner(std::int64_t r, std::int64_t s, std::int64_t n) {
  std::int64_t rho = 0;
  std::int64_t power = 1;
  for (std::int64_t i = 0; i <= s; ++i, power *= -2) rho += power;
  return wrap(r % 2 == 0 ? r + rho : r - rho, n);
}

std::vector<Pairs> near_to_far(std::int64_t core) {
  std::vector<Pairs> steps;
  for (std::int64_t s = 0; s < floor_log2(core); ++s)
    steps.push_back(each_sends(core, [&](std::int64_t r) { return partner(r, s, core); }));
  return steps;
}

std::vector<Pairs> folded(std::int64_t n, std::vector<Pairs> steps) {
  const std::int64_t core = power_below(n);
  if (core == n) return steps;
  Pairs before;
  for (std::int64_t r = core; r < n; ++r) before.insert({r, r - core});
  return joined(joined({before}, steps), backwards({before}));
}

TEST(SwingAndBine, AllReduceCostsAndPeersArePublished) {
  for (const char* algorithm : {"swing", "bine"}) {
    expect_published(C::all_reduce, algorithm, rank_counts({48, 64, 97, 128}), [](const Shape& s) {
      const std::int64_t core = power_below(s.ranks);
      const std::int64_t extra = core == s.ranks ? 0 : 2;
      const std::int64_t steps = 2 * floor_log2(core);
      return Published{steps + extra, 2 * share(core) + (extra > 0 ? 1 : 0),
                       steps * core + extra * (s.ranks - core)};
    });
    expect_peers(C::all_reduce, algorithm, rank_counts(), [](const Shape& s) {
      const std::vector<Pairs> out = near_to_far(power_below(s.ranks));
      return folded(s.ranks, joined(out, backwards(out)));
    });
  }
}

TEST(SwingAndBine, HalvesCostWhatIsPublishedForAnyRankCount) {
  const auto formula = [](const Shape& s) {
    const std::int64_t core = power_below(s.ranks);
    const bool folds = core < s.ranks;
    return Published{floor_log2(core) + (folds ? 2 : 0), folds ? -1 : share(s.ranks),
                     floor_log2(core) * core + 2 * (s.ranks - core)};
  };
  for (const C collective : {C::all_gather, C::reduce_scatter})
    for (const char* algorithm : {"swing", "bine"})
      expect_published(collective, algorithm, rank_counts({48, 64, 97, 128}), formula);
  const auto out = [](const Shape& s) {
    return folded(s.ranks, near_to_far(power_below(s.ranks)));
  };
  const auto back = [&](const Shape& s) { return backwards(out(s)); };
  expect_peers(C::reduce_scatter, "swing", rank_counts(), out);
  expect_peers(C::reduce_scatter, "bine", rank_counts(), out);
  expect_peers(C::all_gather, "swing", rank_counts(), back);
  expect_peers(C::all_gather, "bine", rank_counts(), out);
}

/// What a partner will need to know later: itself, and all that it will reach in later steps
/// (the published recursion that selects the blocks to send).
void reached(std::int64_t r, std::int64_t step, std::int64_t n, std::set<std::int64_t>& blocks) {
  blocks.insert(r);
  for (std::int64_t s = step; s < floor_log2(n); ++s) reached(partner(r, s, n), s + 1, n, blocks);
}

TEST(SwingAndBine, SendTheBlocksThatThePublishedRecursionSelects) {
  for (const std::int64_t n : {2, 4, 8, 16, 32, 64}) {
    const auto schedule =
        make_schedule(C::reduce_scatter, "swing", {.ranks = n, .ranks_per_node = n});
    ExecutionTrace trace;
    ExecuteOptions options;
    options.trace = &trace;
    ASSERT_TRUE(execute(*schedule, options));
    for (const ExecutedMessage& m : trace.messages) {
      std::set<std::int64_t> sent;
      for (const CellName& cell : m.cells) sent.insert(cell.block);
      std::set<std::int64_t> wanted;
      reached(m.destination, m.step + 1, n, wanted);
      EXPECT_EQ(sent, wanted) << n << " ranks, step " << m.step << ", rank " << m.source;
    }
  }
}

}  // namespace
}  // namespace collscale::testing
