// SPDX-License-Identifier: Apache-2.0
// The invariants by enumeration: right terms pass, each slip is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collective/invariants.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using testing::schedule_of;

template <class Change>
Term changed(Term term, Change&& change) {
  change(std::get<Phase>(term.node));
  return term;
}

std::string why_not(const Schedule& s) {
  const auto proved = prove(s);
  return proved ? "it was proved" : proved.error().message;
}

Schedule tree_of(Term term, std::int64_t n) {
  return schedule_of(Collective::broadcast, "tree", {n}, std::move(term));
}

TEST(Proof, InATreeEveryIndexButTheRootHearsOnce) {
  for (std::int64_t n = 2; n <= 200; ++n) {
    EXPECT_EQ(prove(tree_of(testing::btree(n), n)).value_or(-1), n - 1) << n;
    Schedule back = tree_of(dual(testing::btree(n)), n);
    back.collective = Collective::reduce;
    EXPECT_EQ(prove(back).value_or(-1), n - 1) << n;
  }
}

TEST(Proof, SlipsInATreeAreNamed) {
  const Term tree = testing::btree(13);
  EXPECT_THAT(why_not(tree_of(changed(tree, [](Phase& p) { p.arc_count = 2; }), 13)),
              HasSubstr("of 12 indices hear from another"));
  EXPECT_THAT(why_not(tree_of(changed(tree, [](Phase& p) { --p.steps; }), 13)), HasSubstr("V3"));
  EXPECT_THAT(why_not(tree_of(changed(tree, [](Phase& p) { p.unit = Unit::power_up; }), 13)),
              HasSubstr("who has not heard by then"));
  EXPECT_THAT(why_not(tree_of(changed(tree, [](Phase& p) { p.arcs[2] = p.arcs[0]; }), 13)),
              HasSubstr("hears a second time"));
  EXPECT_THAT(
      why_not(tree_of(changed(tree, [](Phase& p) { p.arcs[1].distance = units_of(-2); }), 13)),
      HasSubstr("V3"));
  EXPECT_THAT(why_not(tree_of(changed(tree, [](Phase& p) { p.lag = Lag::none; }), 13)),
              HasSubstr("who has not heard by then"));
}

TEST(Proof, ARestrictedExchangeMovesEveryOffsetToItsRank) {
  for (std::int64_t n = 2; n <= 40; ++n) {
    for (const Term& exchange : {testing::bruck_exchange(n, false),
                                 testing::bruck_exchange(n, true), testing::pairwise(n)}) {
      const Term scatter = *restrict_to(n / 3, exchange);
      EXPECT_EQ(prove(schedule_of(Collective::scatter, "x", {n}, scatter, n / 3)).value_or(-1),
                n - 1);
      EXPECT_EQ(prove(schedule_of(Collective::gather, "x", {n}, dual(scatter), n / 3)).value_or(-1),
                n - 1);
    }
  }
  const auto slip = [](auto&& change) {
    return why_not(
        schedule_of(Collective::scatter, "x", {12},
                    changed(*restrict_to(0, testing::bruck_exchange(12, false)), change)));
  };
  EXPECT_THAT(slip([](Phase& p) { p.arcs[0].distance = units_of(2); }), HasSubstr("V2"));
  EXPECT_THAT(slip([](Phase& p) { --p.steps; }), HasSubstr("V2"));
  EXPECT_THAT(slip([](Phase& p) { p.arcs[0].payload.lo = constant(2); }),
              HasSubstr("V2: offset 1"));
  EXPECT_THAT(slip([](Phase& p) { p.lag = Lag::none; }), HasSubstr("without waiting for it"));
}

Term spread_phase(std::int64_t m, std::int64_t sigma) {
  Phase p = phase(Frame::cyclic, Unit::one, m - 1,
                  {arc(steps_of(1, 1), interval(steps_of(2 - sigma, 1), steps_of(2, 1)))});
  p.address = Address::spread;
  p.lag = Lag::none;
  return {p};
}

TEST(Proof, BlocksWithSeveralDestinationsReachEachOfThemOnce) {
  for (std::int64_t m = 2; m <= 12; ++m) {
    for (std::int64_t sigma = 1; sigma <= m; ++sigma) {
      Schedule s = schedule_of(Collective::all_to_all, "x", {m}, spread_phase(m, sigma));
      s.spread = {sigma};
      EXPECT_EQ(prove(s).value_or(-1), sigma * (m - 1)) << m << " " << sigma;
      s.term = dual(s.term);
      s.combines = true;
      EXPECT_EQ(prove(s).value_or(-1), sigma * (m - 1)) << m << " " << sigma;
    }
  }
  Schedule s = schedule_of(Collective::all_to_all, "x", {8}, {});
  s.spread = {3};
  s.term = spread_phase(8, 4);
  EXPECT_THAT(why_not(s), HasSubstr("none of its 3 destinations"));
  s.term = spread_phase(8, 2);
  EXPECT_THAT(why_not(s), HasSubstr("14 of 21 destinations are served"));
  s.term = changed(spread_phase(8, 3), [](Phase& p) { --p.steps; });
  EXPECT_THAT(why_not(s), HasSubstr("18 of 21"));
  s.term = changed(spread_phase(8, 3), [](Phase& p) {
    p.arc_count = 2;
    p.arcs[1] = p.arcs[0];
  });
  EXPECT_THAT(why_not(s), HasSubstr("a second time"));
}

TEST(Proof, HandOversTakeEveryBlockFromOneThatHasIt) {
  const auto to_first = [](std::int64_t distance_offset) {
    return Term{
        phase(Frame::cyclic, Unit::one, 4,
              {to_receivers(arc(steps_of(-1 - distance_offset, -1), singleton(steps_of(-1, -1))),
                            singleton(constant(0)))})};
  };
  const auto gathering = [&](Term hand_over) {
    Schedule s = schedule_of(Collective::all_gather, "x", {5}, {});
    s.nodes = {{1, 5}};
    s.term = seq({over(nodes_view(0), std::move(hand_over)),
                  over(nodes_view(0), *restrict_to(0, ring_gather(5, 1)))});
    return s;
  };
  EXPECT_THAT(why_not(gathering(to_first(0))), HasSubstr("V5"));  // nobody gathers among leaders
  Schedule two = schedule_of(Collective::all_gather, "x", {10}, {});
  two.nodes = {{2, 5}};
  const auto whole = [&](Term hand_over) {
    two.term =
        seq({over(nodes_view(0), std::move(hand_over)), over(leaders_view(), ring_gather(2, 1)),
             over(nodes_view(0), *restrict_to(0, ring_gather(5, 1)))});
    return two;
  };
  EXPECT_EQ(prove(whole(to_first(0))).value_or(-1), 4 + 1 + 4);
  EXPECT_THAT(why_not(whole(to_first(1))), HasSubstr("lacks it"));
  EXPECT_THAT(why_not(whole(changed(
                  to_first(0), [](Phase& p) { p.arcs[0].payload = singleton(constant(-1)); }))),
              HasSubstr("V1"));
}

TEST(Proof, ASwitchGathersAllOffsetsAtOnce) {
  Phase p = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  p.network = InNetwork::multicast;
  p.address = Address::block;
  EXPECT_EQ(prove(schedule_of(Collective::all_gather, "x", {9}, {p})).value_or(-1), 8);
  EXPECT_EQ(
      prove(schedule_of(Collective::all_reduce, "x", {9}, seq({dual({p}), {p}}))).value_or(-1), 16);
  p.steps = 2;
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {9}, {p})),
              HasSubstr("one step and one arc of distance 0"));
  p.steps = 1;
  p.transfer = Transfer::move;
  EXPECT_THAT(why_not(schedule_of(Collective::all_gather, "x", {9}, {p})), HasSubstr("V6"));
}

TEST(Proof, StatesOfRootedAndSpreadPhasesMustFit) {
  const Term scatter = *restrict_to(0, testing::pairwise(6));
  const auto why = [&](Collective c, Term term) {
    return why_not(schedule_of(c, "x", {6}, std::move(term)));
  };
  EXPECT_EQ(why(Collective::broadcast, seq({scatter, ring_gather(6, 1)})), "it was proved");
  EXPECT_EQ(why(Collective::reduce, seq({dual(ring_gather(6, -1)), dual(scatter)})),
            "it was proved");
  EXPECT_THAT(why(Collective::scatter, seq({scatter, scatter})), HasSubstr("V5: a scatter over"));
  EXPECT_THAT(why(Collective::scatter, dual(scatter)), HasSubstr("V5: a gather to one rank"));
  EXPECT_THAT(why(Collective::gather, scatter), HasSubstr("V5: a scatter over"));
  EXPECT_THAT(why(Collective::scatter, Term{Seq{}}), HasSubstr("V5: digit 0 does not end"));
  EXPECT_THAT(why(Collective::send_recv, Term{Seq{}}), HasSubstr("no rank of this send_recv"));
  EXPECT_THAT(why(Collective::all_gather, spread_phase(6, 1)), HasSubstr("only an all_to_all"));
  Schedule s = schedule_of(Collective::all_to_all, "x", {6}, testing::pairwise(6));
  s.spread = {2};
  EXPECT_THAT(why_not(s), HasSubstr("the address must be spread"));
  s.spread = {7};
  EXPECT_THAT(why_not(s), HasSubstr("7 destinations along digit 0, expected 1 to 6"));
  s.spread = {2, 2};
  EXPECT_THAT(why_not(s), HasSubstr("over 2 digits, the ranks have 1"));
  s = schedule_of(Collective::all_gather, "x", {6}, ring_gather(6, 1));
  s.combines = true;
  EXPECT_THAT(why_not(s), HasSubstr("only an all_to_all brings"));
}

}  // namespace
}  // namespace collscale
