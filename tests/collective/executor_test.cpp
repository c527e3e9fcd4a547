// SPDX-License-Identifier: Apache-2.0
// The reference executor itself: what it must notice, and each of its semantics on the smallest
// term that has it. Which algorithms are right is tested elsewhere.
#include "collective/executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reference_results.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using testing::Radix;
using testing::schedule_of;

// --- terms

Term chain(std::int64_t size, std::int64_t root = 0) {
  return restrict_to(root, ring_gather(size, 1)).value();
}

Phase pairwise_phase(std::int64_t size) {
  Phase p =
      phase(Frame::cyclic, Unit::one, size - 1, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  p.address = Address::pair;
  p.transfer = Transfer::move;
  p.lag = Lag::none;
  return p;
}

/// Every block is halved on its way: binomial when restricted to a root.
Phase halving_phase(std::int64_t size) {
  OffsetSet upper = residue_class(constant(2), constant(1));
  upper.divisor = units_of(1);
  Phase p =
      phase(Frame::cyclic, Unit::power_down, testing::ceil_log(2, size), {arc(units_of(1), upper)});
  p.address = Address::pair;
  p.transfer = Transfer::move;
  return p;
}

Term rooted(std::int64_t root, Phase p) {
  p.root = root;
  return {p};
}

Term switched(InNetwork network) {
  Phase p = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  p.network = network;
  if (network == InNetwork::multicast) p.address = Address::block;
  return {p};
}

/// Every rank of a node hands its block to the node's index 0.
Term hand_over(std::int64_t size) {
  Phase p = phase(Frame::cyclic, Unit::one, size - 1,
                  {to_receivers(arc(steps_of(-1, -1), singleton(steps_of(-1, -1))),
                                interval(constant(0), constant(1)))});
  p.lag = Lag::none;
  return {p};
}

Phase spread_phase(std::int64_t size, std::int64_t destinations) {
  Phase p = phase(Frame::cyclic, Unit::one, size - 1,
                  {arc(steps_of(1, 1), interval(steps_of(2 - destinations, 1), steps_of(2, 1)))});
  p.address = Address::spread;
  p.lag = Lag::none;
  return p;
}

Message message(std::int32_t source, std::int32_t destination, std::int32_t step,
                std::int32_t block, Transfer transfer = Transfer::copy) {
  Message m;
  m.source = source;
  m.destination = destination;
  m.source_step = m.destination_step = step;
  m.first_block = block;
  m.transfer = transfer;
  return m;
}

// --- schedules

const std::vector<std::int64_t> kCounts{2, 3, 4, 5, 7, 8, 13, 16, 21};

Schedule moving(Collective collective, std::string name, std::int64_t n, Term term,
                std::int64_t root = 0) {
  return schedule_of(collective, std::move(name), {n}, std::move(term), root);
}

Schedule on_nodes(Collective collective, std::vector<NodeRun> nodes, Term term) {
  std::int64_t ranks = 0;
  for (const NodeRun& run : nodes) ranks += run.nodes * run.ranks;
  Schedule s = schedule_of(collective, "nodes", {ranks}, std::move(term));
  s.nodes = std::move(nodes);
  return s;
}

template <class T>
void expect_right_with(const Schedule& s, std::int64_t elements) {
  const auto input = testing::inputs<T>(s, elements);
  const auto run = execute_on<T>(s, elements, input);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->output, testing::expected_output(s, elements, input)) << elements << " elements";
}

/// Right by tokens and on real arrays of awkward lengths; gives the report.
ExecutionReport expect_right(const Schedule& s) {
  SCOPED_TRACE(std::string(name(s.collective)) + "/" + s.algorithm +
               " n=" + std::to_string(s.ranks) + " root=" + std::to_string(s.root));
  const auto report = execute(s);
  EXPECT_TRUE(report) << report.error().message;
  for (const std::int64_t elements :
       {std::int64_t{0}, std::int64_t{1}, s.ranks - 1, 4 * s.ranks, 12 * s.ranks + 7})
    expect_right_with<std::int64_t>(s, elements);
  return report ? *report : ExecutionReport{};
}

std::string refusal(const Schedule& s) {
  ExecuteOptions options;
  options.check_states = false;
  const auto report = execute(s, options);
  if (report) return "accepted";
  EXPECT_EQ(report.error().code, ExitCode::failed) << report.error().message;
  return report.error().message;
}

// --- each semantic

TEST(Executor, ScatterAndGatherFromEveryRoot) {
  for (const std::int64_t n : kCounts) {
    const double share = static_cast<double>(n - 1) / static_cast<double>(n);
    for (std::int64_t root = 0; root < n; ++root) {
      const std::vector<std::pair<Phase, std::int64_t>> phases{
          {pairwise_phase(n), 1}, {halving_phase(n), testing::ceil_log(2, n)}};
      for (const auto& [p, depth] : phases) {
        const Term term = rooted(root, p);
        const auto scatter = expect_right(moving(Collective::scatter, "rooted", n, term, root));
        EXPECT_EQ(scatter.depth, depth);
        EXPECT_EQ(scatter.messages, n - 1);
        EXPECT_NEAR(scatter.sent_fraction[static_cast<std::size_t>(root)], share, 1e-12);
        const auto gather = expect_right(moving(Collective::gather, "rooted", n, dual(term), root));
        EXPECT_EQ(gather.depth, depth);
        EXPECT_EQ(gather.sent_fraction[static_cast<std::size_t>(root)], 0);
      }
    }
  }
}

TEST(Executor, ScatterThenAllGatherIsABroadcastAndItsDualAReduce) {
  for (const std::int64_t n : kCounts) {
    const std::int64_t root = n / 2;
    const Term term = seq({rooted(root, halving_phase(n)), ring_gather(n, 1)});
    EXPECT_EQ(expect_right(moving(Collective::broadcast, "van de Geijn", n, term, root)).messages,
              n - 1 + n * (n - 1));
    expect_right(moving(Collective::reduce, "van de Geijn", n, dual(term), root));
  }
}

TEST(Executor, ScatterOverTwoLevels) {
  for (const Radix& radix : {Radix{4, 3}, Radix{3, 5}, Radix{2, 2}}) {
    const std::int64_t root = radix[0] * 1 + 1;
    View across = digits_view({1});
    across.fixed[0] = {0, 1};
    across.fixed_count = 1;
    const Term term = seq({over(across, rooted(1, halving_phase(radix[1]))),
                           over(digits_view({0}), rooted(1, pairwise_phase(radix[0])))});
    expect_right(schedule_of(Collective::scatter, "two levels", radix, term, root));
    expect_right(schedule_of(Collective::gather, "two levels", radix, dual(term), root));
  }
}

TEST(Executor, SwitchesMulticastAndSum) {
  for (const std::int64_t n : kCounts) {
    const double block = 1.0 / static_cast<double>(n);
    const Term multicast = switched(InNetwork::multicast);
    const auto gather = expect_right(moving(Collective::all_gather, "multicast", n, multicast));
    EXPECT_EQ(gather.depth, 2);
    EXPECT_EQ(gather.messages, 2 * n);
    EXPECT_THAT(gather.sent_fraction, Each(::testing::DoubleNear(block, 1e-12)));
    EXPECT_EQ(gather.redundant_fraction, 0);
    const auto scatter =
        expect_right(moving(Collective::reduce_scatter, "switch", n, dual(multicast)));
    EXPECT_THAT(scatter.sent_fraction, Each(::testing::DoubleNear(1, 1e-12)));
    const Term both = seq({dual(multicast), multicast});
    const auto reduce = expect_right(moving(Collective::all_reduce, "NVLS", n, both));
    EXPECT_EQ(reduce.depth, 4);
    EXPECT_THAT(reduce.sent_fraction, Each(::testing::DoubleNear(1 + block, 1e-12)));
    EXPECT_EQ(expect_right(moving(Collective::all_reduce, "piped", n, pipe(5, 0, both))).depth,
              4 + 5 - 1);
    const Term sharp = switched(InNetwork::all_reduce);
    const auto summed = expect_right(moving(Collective::all_reduce, "sharp", n, sharp));
    EXPECT_EQ(summed.depth, 2);
    EXPECT_EQ(summed.messages, 2 * n);
  }
}

TEST(Executor, EveryNodeHasASwitchOfItsOwn) {
  const Term multicast = over(digits_view({0}), switched(InNetwork::multicast));
  const Term across = over(digits_view({1}), switched(InNetwork::all_reduce));
  const Schedule s = schedule_of(Collective::all_reduce, "direct", {4, 3},
                                 seq({dual(multicast), across, multicast}));
  EXPECT_EQ(expect_right(s).depth, 6);
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  ASSERT_TRUE(execute(s, options));
  EXPECT_EQ(trace.switches, 3 + 4);
  for (const ExecutedMessage& m : trace.messages) {
    if (m.destination < 12) continue;
    if (m.phase == 2) {
      EXPECT_EQ(m.destination, 12 + 3 + m.source % 4);
    } else {
      EXPECT_EQ(m.destination, 12 + m.source / 4);
    }
  }
}

std::vector<std::vector<NodeRun>> uneven_nodes() {
  return {{{1, 3}, {1, 2}}, {{2, 3}, {1, 2}},         {{1, 1}, {2, 4}, {1, 3}},
          {{3, 2}, {1, 5}}, {{2, 4}, {2, 2}, {1, 1}}, {{5, 1}, {2, 2}}};
}

template <class F>
Term inside_each(const std::vector<NodeRun>& nodes, F&& term_of) {
  std::vector<Term> terms;
  for (std::size_t r = 0; r < nodes.size(); ++r)
    if (nodes[r].ranks > 1)
      terms.push_back(over(nodes_view(static_cast<std::int32_t>(r)), term_of(nodes[r].ranks)));
  return seq(std::move(terms));
}

TEST(Executor, UnevenNodesReduceThroughLeaders) {
  for (const auto& nodes : uneven_nodes()) {
    const std::int64_t leaders = node_count(nodes);
    const Term down = inside_each(nodes, [](std::int64_t g) { return chain(g); });
    const Term ring = seq({dual(ring_gather(leaders, -1)), ring_gather(leaders, 1)});
    for (const Term& among : {ring, halving_doubling_reduce(leaders)}) {
      const Term term = seq({dual(down), over(leaders_view(), among), down});
      const auto report = expect_right(on_nodes(Collective::all_reduce, nodes, term));
      EXPECT_GT(report.messages, 0);
      // Four channels: the leaders are other ranks in each, and each moves a quarter.
      expect_right(on_nodes(Collective::all_reduce, nodes, par({child(0.25, term, 4)})));
    }
  }
}

TEST(Executor, UnevenNodesGatherThroughLeaders) {
  for (const auto& nodes : uneven_nodes()) {
    const std::int64_t leaders = node_count(nodes);
    const Term collect = inside_each(nodes, [](std::int64_t g) { return hand_over(g); });
    const Term down = inside_each(nodes, [](std::int64_t g) { return chain(g); });
    for (const Term& among : {ring_gather(leaders, 1), recursive_doubling_gather(leaders)}) {
      const Term term = seq({collect, over(leaders_view(), among), down});
      expect_right(on_nodes(Collective::all_gather, nodes, term));
      expect_right(on_nodes(Collective::reduce_scatter, nodes, dual(term)));
      EXPECT_THAT(refusal(on_nodes(Collective::all_gather, nodes,
                                   seq({over(leaders_view(), among), down}))),
                  HasSubstr("does not hold"));
    }
  }
}

TEST(Executor, SendRecvMovesWholeBuffersAndBarriersNothing) {
  for (const std::int64_t n : kCounts) {
    const Term step{phase(Frame::cyclic, Unit::one, 1, {arc(constant(1), singleton(constant(1)))})};
    const auto sent = expect_right(moving(Collective::send_recv, "neighbour", n, step));
    EXPECT_EQ(sent.depth, 1);
    EXPECT_THAT(sent.sent_fraction, Each(1.0));
    const auto barrier = expect_right(moving(Collective::barrier, "bruck", n, testing::bruck(n)));
    EXPECT_EQ(barrier.depth, testing::ceil_log(2, n));
    EXPECT_THAT(barrier.sent_fraction, Each(0.0));
    EXPECT_THAT(refusal(moving(Collective::barrier, "hasty", n, testing::bruck((n + 1) / 2))),
                HasSubstr("lost"));
  }
}

TEST(Executor, TokensSpreadToExpertsAndComeBackSummed) {
  for (const std::int64_t g : {1, 2, 4})
    for (const std::int64_t nodes : {1, 3, 4})
      for (std::int64_t in_node = 1; in_node <= g; ++in_node)
        for (std::int64_t of_nodes = 1; of_nodes <= nodes; ++of_nodes) {
          const Term term = seq({over(digits_view({1}), {spread_phase(nodes, of_nodes)}),
                                 over(digits_view({0}), {spread_phase(g, in_node)})});
          Schedule dispatch = schedule_of(Collective::all_to_all, "dispatch", {g, nodes}, term);
          dispatch.spread = {in_node, of_nodes};
          expect_right(dispatch);
          Schedule combine = dispatch;
          combine.algorithm = "combine";
          combine.combines = true;
          combine.term = dual(term);
          expect_right(combine);
          if (g * nodes == 1) continue;
          Schedule one_level = dispatch;
          one_level.term = over(digits_view({1}), {spread_phase(nodes, of_nodes)});
          if (g > 1) {
            EXPECT_THAT(refusal(one_level), HasSubstr("lost"));
          }
        }
}

TEST(Executor, AnyElementSize) {
  for (const std::int64_t n : {2, 5, 8}) {
    for (const Algorithm& a : algorithms()) {
      const auto s = make_schedule(a.collective, a.name, {n, n, 1, 0});
      ASSERT_TRUE(s) << s.error().message;
      SCOPED_TRACE(s->algorithm);
      expect_right_with<std::uint8_t>(*s, 3 * n + 1);
      expect_right_with<float>(*s, 3 * n + 1);
      expect_right_with<double>(*s, 3 * n + 1);
    }
  }
}

// --- lists

Schedule listed(Collective collective, std::int64_t n, std::vector<Message> messages,
                std::int64_t root = 0) {
  return moving(collective, "list", n, list(std::move(messages)), root);
}

std::vector<Message> broadcast_list(std::int32_t n) {
  std::vector<Message> messages;
  for (std::int32_t rank = 1; rank < n; ++rank)
    for (std::int32_t block = 0; block < n; ++block)
      messages.push_back(message(rank - 1, rank, rank, block));
  return messages;
}

TEST(Executor, ListsRunInTheOrderOfTheirSteps) {
  for (const std::int64_t n : kCounts) {
    auto messages = broadcast_list(static_cast<std::int32_t>(n));
    std::reverse(messages.begin(), messages.end());  // the order of the list says nothing
    const auto report = expect_right(listed(Collective::broadcast, n, messages));
    EXPECT_EQ(report.depth, n - 1);
    const Schedule reduce = moving(Collective::reduce, "list", n, dual(list(messages)));
    EXPECT_EQ(expect_right(reduce).depth, n - 1);
  }
}

TEST(Executor, ListsMixWithTermsAndParts) {
  for (const std::int64_t n : kCounts) {
    const Term copies = list(broadcast_list(static_cast<std::int32_t>(n)));
    expect_right(moving(Collective::broadcast, "halves", n,
                        par({child(0.25, copies), child(0.75, chain(n))})));
    EXPECT_EQ(expect_right(moving(Collective::broadcast, "piped", n, pipe(4, 0, copies))).depth,
              n - 1 + 3);
  }
}

TEST(Executor, ExchangesOfAListReadBeforeTheyWrite) {
  const auto swap = {
      message(0, 1, 0, 0, Transfer::accumulate), message(1, 0, 0, 0, Transfer::accumulate),
      message(0, 1, 0, 1, Transfer::accumulate), message(1, 0, 0, 1, Transfer::accumulate)};
  EXPECT_EQ(expect_right(listed(Collective::all_reduce, 2, swap)).depth, 1);
}

TEST(Executor, ADeadlockNamesTheRanksThatWaitForEachOther) {
  for (std::int32_t n : {2, 3, 5, 8}) {
    // Everyone receives before it sends.
    std::vector<Message> messages;
    for (std::int32_t rank = 0; rank < n; ++rank) {
      Message m = message(rank, (rank + 1) % n, 0, rank);
      m.source_step = 7;
      m.destination_step = 3;
      messages.push_back(m);
    }
    const std::string text = refusal(listed(Collective::send_recv, n, messages));
    EXPECT_THAT(text, HasSubstr("deadlock: "));
    for (std::int32_t rank = 0; rank < n; ++rank)
      EXPECT_THAT(text, HasSubstr("rank " + std::to_string(rank) + " in its step 3 waits"));
    messages[0].source_step = 3;  // one that does not insist
    EXPECT_EQ(expect_right(listed(Collective::send_recv, n, messages)).depth, n);
  }
}

TEST(Executor, ListsThatNameNoRanksOrBlocksAreRefused) {
  for (const Message& m : {message(0, 3, 0, 0), message(-1, 0, 0, 0), message(1, 1, 0, 0),
                           message(0, 1, 0, 3), message(0, 1, 0, -1)})
    EXPECT_FALSE(execute(listed(Collective::broadcast, 3, {m})));
}

// --- what must be noticed

TEST(Executor, NoticesWhatIsLostDoubledOrForeign) {
  for (const std::int64_t n : {3, 4, 8}) {
    auto messages = broadcast_list(static_cast<std::int32_t>(n));
    messages.pop_back();
    EXPECT_THAT(refusal(listed(Collective::broadcast, n, messages)),
                HasSubstr("0 of 1 contributions to block " + std::to_string(n - 1) +
                          ": contributions are lost"));
    std::vector<Message> sums;
    for (std::int32_t rank = 1; rank < n; ++rank)
      for (std::int32_t block = 0; block < n; ++block)
        sums.push_back(message(rank, 0, rank, block, Transfer::give));
    EXPECT_EQ(refusal(listed(Collective::reduce, n, sums)), "accepted");
    auto twice = sums;
    twice[0].transfer = Transfer::accumulate;  // rank 1 keeps what it gave: left where not owed
    EXPECT_THAT(refusal(listed(Collective::reduce, n, twice)), HasSubstr("not owed"));
    twice.push_back(message(1, 0, 99, 0, Transfer::give));
    EXPECT_THAT(refusal(listed(Collective::reduce, n, twice)), HasSubstr("counted twice"));
    // As many contributions as owed, but rank 1's twice and rank 2's not at all.
    auto other = sums;
    other[0].transfer = Transfer::accumulate;
    other.erase(other.begin() + n);
    other.push_back(message(2, 1, 98, 0, Transfer::move));
    EXPECT_THAT(refusal(listed(Collective::reduce, n, other)), HasSubstr("holds something else"));
    other.back() = message(1, 0, 99, 0, Transfer::give);
    EXPECT_THAT(refusal(listed(Collective::reduce, n, other)), HasSubstr("another's"));
  }
}

TEST(Executor, NoticesSendingWhatIsNotHeldAndOverwriting) {
  EXPECT_THAT(refusal(listed(Collective::broadcast, 3, {message(1, 2, 0, 0)})),
              HasSubstr("message 1 -> 2, block 0: the sender does not hold it"));
  EXPECT_THAT(
      refusal(listed(Collective::all_gather, 3, {message(0, 1, 0, 0), message(0, 1, 1, 2)})),
      HasSubstr("block 2: the sender does not hold it"));
  EXPECT_THAT(refusal(listed(Collective::all_reduce, 2, {message(0, 1, 0, 0)})),
              HasSubstr("block 0: the receiver holds something else there"));
  EXPECT_THAT(
      refusal(listed(Collective::gather, 2,
                     {message(1, 0, 0, 1, Transfer::copy), message(1, 0, 1, 1, Transfer::move)})),
      HasSubstr("the receiver holds something else there"));
  EXPECT_THAT(refusal(listed(Collective::gather, 2, {message(1, 0, 0, 1)})), HasSubstr("not owed"));
}

TEST(Executor, NoticesADroppedHandOver) {
  for (const std::int64_t n : {3, 5, 6, 7, 12}) {
    const Seq folded = std::get<Seq>(halving_doubling_reduce(n).node);
    ASSERT_EQ(folded.terms.size(), 3U);
    EXPECT_THAT(refusal(moving(Collective::all_reduce, "no hand-over", n,
                               seq({folded.terms[1], folded.terms[2]}))),
                ::testing::AnyOf(HasSubstr("lost"), HasSubstr("holds something else")));
    EXPECT_THAT(refusal(moving(Collective::all_reduce, "not handed back", n,
                               seq({folded.terms[0], folded.terms[1]}))),
                HasSubstr("0 of " + std::to_string(n)));
  }
}

TEST(Executor, NoticesBlocksOfTheWrongKind) {
  EXPECT_THAT(refusal(moving(Collective::all_gather, "pairs", 4, {pairwise_phase(4)})),
              HasSubstr("by origin and destination"));
  EXPECT_THAT(refusal(moving(Collective::all_to_all, "ring", 4, ring_gather(4, 1))),
              HasSubstr("by owner"));
}

// --- size

TEST(Executor, AThousandRanks) {
  const auto ring = make_schedule(Collective::all_reduce, "ring", {1024, 8, 1, 0});
  const auto run = execute(*ring);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->messages, 2 * 1023 * 1024);
  EXPECT_EQ(run->depth, 2 * 1023);
  for (const std::int64_t n : {1000, 1024}) {
    const auto folded = make_schedule(Collective::all_reduce, "halving_doubling", {n, 8, 1, 0});
    ASSERT_TRUE(execute(*folded)) << n;
    ASSERT_TRUE(execute(moving(Collective::broadcast, "piped", n, pipe(4, 0, chain(n)))));
  }
  const auto pairs =
      execute(moving(Collective::all_to_all, "pairwise", 1024, Term{pairwise_phase(1024)}));
  ASSERT_TRUE(pairs) << pairs.error().message;
  EXPECT_EQ(pairs->messages, 1023 * 1024);
}

TEST(Executor, TooManyRanksForMemoryAreRefusedWithTheReason) {
  const auto s = make_schedule(Collective::all_gather, "ring", {100'000, 8, 1, 0});
  const auto refused = execute(*s);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("100000 ranks are too many"));
  EXPECT_THAT(refused.error().message, HasSubstr("GB"));
}

}  // namespace
}  // namespace collscale
