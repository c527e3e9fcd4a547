// SPDX-License-Identifier: Apache-2.0
// The engines' enumeration of flows against the executor's messages: two independent readings of a
// term.
#include "collective/flows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "collective/executor.hpp"
#include "collective/offsets.hpp"
#include "collective/placement.hpp"
#include "collective/walk.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using Pair = std::pair<std::int64_t, std::int64_t>;

/// Switches have other numbers in a trace: name each by the lowest of its ranks.
void name_switches_by_ranks(std::vector<Pair>& flows, std::int64_t ranks) {
  std::map<std::int64_t, std::int64_t> lowest;
  const auto meet = [&](std::int64_t vertex, std::int64_t rank) {
    if (vertex < ranks) return;
    std::int64_t& least = lowest.emplace(vertex, rank).first->second;
    least = std::min(least, rank);
  };
  for (const auto& [from, to] : flows) {
    meet(from, to);
    meet(to, from);
  }
  for (auto& [from, to] : flows) {
    if (from >= ranks) from = ranks + lowest.at(from);
    if (to >= ranks) to = ranks + lowest.at(to);
  }
  std::sort(flows.begin(), flows.end());
}

void expect_flows_are_the_executed_messages(const Schedule& schedule) {
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  const auto report = execute(schedule, options);
  ASSERT_TRUE(report) << report.error().message;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Pair>> executed;
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<double, double>> fractions;  // max, sum
  for (const ExecutedMessage& m : trace.messages) {
    executed[{m.phase, m.step}].push_back({m.source, m.destination});
    auto& [most, sum] = fractions[{m.phase, m.step}];
    most = std::max(most, m.fraction);
    sum += m.fraction;
  }
  WalkOptions walk_options;
  walk_options.zip = false;
  walk_options.expand_pipes = true;
  const auto program = walk(schedule, walk_options);
  ASSERT_TRUE(program);
  std::vector<Lane> lanes;
  testing::collect_lanes(*program, lanes);
  std::size_t steps_with_messages = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const Lane& lane = lanes[i];
    for (std::int64_t step = 0; step < lane.phase.steps; ++step) {
      std::vector<Pair> flows;
      double most = 0;
      double sum = 0;
      for (int a = 0; a < arc_count(lane); ++a) {
        std::size_t before = flows.size();
        for_each_flow(lane, step, a, [&](std::int64_t from, std::int64_t to) {
          flows.push_back({from, to});
        });
        if (flows.size() > before) most = std::max(most, message_fraction(lane, step, a));
        sum += mean_message_fraction(lane, step, a) * static_cast<double>(flows.size() - before);
      }
      const std::pair<std::int64_t, std::int64_t> key{static_cast<std::int64_t>(i) + 1, step};
      std::vector<Pair> wanted = executed[key];
      name_switches_by_ranks(flows, schedule.ranks);
      name_switches_by_ranks(wanted, schedule.ranks);
      ASSERT_EQ(flows, wanted) << "lane " << i << " step " << step;
      steps_with_messages += wanted.empty() ? 0 : 1;
      EXPECT_NEAR(sum, fractions[key].second, 1e-9) << "lane " << i << " step " << step;
      const bool bounded =
          lane.phase.frame == Frame::dihedral || lane.map.view.nodes == View::Nodes::leaders;
      if (bounded && lane.gathers_for_others) {
        EXPECT_GE(most, fractions[key].first - 1e-9);
      } else {
        EXPECT_NEAR(most, fractions[key].first, 1e-9) << "lane " << i << " step " << step;
      }
    }
  }
  EXPECT_EQ(steps_with_messages, static_cast<std::size_t>(std::count_if(
                                     executed.begin(), executed.end(),
                                     [](const auto& e) { return !e.second.empty(); })));
}

TEST(Flows, AreTheMessagesTheExecutorSends) {
  testing::for_each_schedule(testing::shapes(20, 3), [](const Schedule& s, const Shape&) {
    expect_flows_are_the_executed_messages(s);
  });
}

TEST(Flows, AreTheMessagesTheExecutorSendsForTheWholeCatalogue) {
  for (const std::int64_t n : {2, 3, 5, 6, 8, 11, 12, 16, 18, 24}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      SCOPED_TRACE(entry.schedule.algorithm + " n=" + std::to_string(n));
      expect_flows_are_the_executed_messages(entry.schedule);
    }
  }
}

TEST(Flows, AreTheMessagesThatPassSwitches) {
  Phase multicast = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  multicast.network = InNetwork::multicast;
  Phase sum = multicast;
  sum.network = InNetwork::all_reduce;
  sum.address = Address::scope;
  const Term gather{multicast};
  for (const auto& [g, nodes] : {std::pair{2, 3}, {3, 2}, {4, 4}, {5, 1}}) {
    const View local = digits_view({0});
    const View across = digits_view({1});
    for (const Term& between : {Term{sum}, seq({dual(gather), gather}),
                                seq({dual(ring_gather(nodes, -1)), ring_gather(nodes, 1)})})
      expect_flows_are_the_executed_messages(testing::schedule_of(
          Collective::all_reduce, "switches in nodes", {g, nodes},
          seq({over(local, dual(gather)), over(across, between), over(local, gather)})));
  }
}

TEST(Flows, AreTheMessagesOfScatterAndGather) {
  for (const std::int64_t n : {2, 5, 8, 13}) {
    for (const std::int64_t root : {std::int64_t{0}, n - 1}) {
      for (const Term& all : {testing::bruck_exchange(n, true), testing::bruck_exchange(n, false),
                              testing::pairwise(n)}) {
        const Term scatter = *restrict_to(root, all);
        expect_flows_are_the_executed_messages(
            testing::schedule_of(Collective::scatter, "scatter", {n}, scatter, root));
        expect_flows_are_the_executed_messages(
            testing::schedule_of(Collective::gather, "gather", {n}, dual(scatter), root));
      }
    }
  }
}

TEST(Flows, AreTheMessagesBetweenUnevenNodes) {
  // Partial sums to the first rank of every node, a ring of those, and the results back.
  std::vector<Term> terms;
  Schedule s = testing::schedule_of(Collective::all_reduce, "leaders", {16}, Term{});
  s.nodes = {{2, 3}, {1, 4}, {3, 2}};
  for (const bool back : {false, true}) {
    if (back)
      terms.push_back(over(leaders_view(), seq({dual(ring_gather(6, -1)), ring_gather(6, 1)})));
    for (std::int32_t run = 0; run < 3; ++run) {
      const Term chain =
          *restrict_to(0, ring_gather(s.nodes[static_cast<std::size_t>(run)].ranks, 1));
      terms.push_back(over(nodes_view(run), back ? chain : dual(chain)));
    }
  }
  s.term = seq(std::move(terms));
  expect_flows_are_the_executed_messages(s);
}

/// The definition, one rank at a time.
std::vector<Pair> by_definition(const Lane& lane, std::int64_t step, int arc_number) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  const std::int64_t s = forward_step(phase, step);
  const std::int64_t u = unit_value(phase, s);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  std::vector<Pair> flows;
  for (std::int64_t group = 0; group < lane.map.group_count; ++group) {
    if (phase.network != InNetwork::none) {
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t rank = lane.map.rank(group, i);
        const std::int64_t hub = switch_of(lane, group);
        flows.push_back(arc_number == 0 ? Pair{rank, hub} : Pair{hub, rank});
      }
      continue;
    }
    for (std::int64_t w = 0; w < size; ++w) {
      bool receives = true;
      if (arc.has_payload) {
        const Offsets x = offsets_at(phase, arc.payload, s, size);
        receives = x.count() > 0;
        if (phase.root >= 0) {
          receives = false;
          x.for_each([&](std::int64_t j) {
            std::int64_t y = j;
            if (phase.address == Address::pair && phase.unit == Unit::power_up)
              y = j % (phase.base * u);
            if (phase.address == Address::pair && phase.unit == Unit::power_down) y = j - j % u;
            receives = receives || ahead(phase, phase.root, y, size) == w;
          });
        }
      }
      if (arc.has_receivers)
        receives = receives && offsets_at(phase, arc.receivers, s, size).contains(w);
      const std::int64_t v = behind(phase, w, evaluate(arc.distance, s, u), size);
      if (!receives || v == kNoRank || v == w) continue;
      const Pair pair{lane.map.rank(group, v), lane.map.rank(group, w)};
      flows.push_back(phase.dual ? Pair{pair.second, pair.first} : pair);
    }
  }
  std::sort(flows.begin(), flows.end());
  return flows;
}

/// Every stride-th step, and where that is every one, all of them together.
void expect_flows_by_definition(const Lane& lane, std::int64_t stride = 1) {
  for (int a = 0; a < arc_count(lane) && stride == 1; ++a) {
    std::vector<Pair> flows;
    std::vector<Pair> wanted;
    for_each_flow_of_all_steps(lane, a, [&](std::int64_t from, std::int64_t to) {
      flows.push_back({from, to});
    });
    for (std::int64_t step = 0; step < lane.phase.steps; ++step) {
      const std::vector<Pair> more = by_definition(lane, step, a);
      wanted.insert(wanted.end(), more.begin(), more.end());
    }
    std::sort(flows.begin(), flows.end());
    std::sort(wanted.begin(), wanted.end());
    ASSERT_EQ(flows, wanted) << "all steps, arc " << a;
  }
  for (std::int64_t step = 0; step < lane.phase.steps; step += stride) {
    for (int a = 0; a < arc_count(lane); ++a) {
      std::vector<Pair> flows;
      for_each_flow(lane, step, a, [&](std::int64_t from, std::int64_t to) {
        flows.push_back({from, to});
      });
      std::sort(flows.begin(), flows.end());
      ASSERT_EQ(flows, by_definition(lane, step, a)) << "step " << step << " arc " << a;
    }
  }
}

/// One phase of every kind, for groups of m.
std::vector<Phase> every_kind_of_phase(std::int64_t m) {
  std::vector<Phase> kinds;
  const auto add = [&](const Term& term) {
    if (const auto* sequence = std::get_if<Seq>(&term.node)) {
      for (const Term& part : sequence->terms) kinds.push_back(std::get<Phase>(part.node));
    } else {
      kinds.push_back(std::get<Phase>(term.node));
    }
  };
  add(ring_gather(m, 1));
  add(testing::biring(m));
  add(testing::bruck(m));
  add(testing::btree(m));
  add(testing::pairwise(m));
  add(testing::pat(m, 2));
  add({phase(Frame::cyclic, Unit::one, 1,
             {to_receivers(arc(constant(-(m / 2))), interval(constant(0), constant(m - m / 2)))})});
  add({phase(Frame::absolute, Unit::one, 1,
             {to_receivers(arc(constant(-1)), residue_class(constant(2), constant(0)))})});
  // Hand-overs, one rank a step: a linear gather, a rank that sends on while another receives.
  for (const std::int64_t collector : {std::int64_t{0}, m - 1})
    add({phase(
        Frame::cyclic, Unit::one, m - 1,
        {to_receivers(arc(steps_of(-1, -1), singleton(steps_of(-1, -1))),
                      singleton(constant(collector))),
         to_receivers(arc(steps_of(1, 1)), singleton(steps_of(-1, 2))),
         to_receivers(arc(constant(-1)), cut_below(singleton(steps_of(m, -1)), m / 2 + 1))})});
  Phase multicast = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  multicast.network = InNetwork::multicast;
  add({multicast});
  const std::int64_t far = m - 1;
  for (const std::int64_t root : {std::int64_t{0}, m / 3, far}) {
    add(*restrict_to(root, ring_gather(m, 1)));
    add(*restrict_to(root, ring_gather(m, -1)));
    add(*restrict_to(root, testing::biring(m)));
    add(*restrict_to(root, testing::bruck(m)));
    add(*restrict_to(root, testing::bruck_exchange(m, true)));
    add(*restrict_to(root, testing::bruck_exchange(m, false)));
    add(*restrict_to(root, testing::pairwise(m)));
  }
  if (m != core_size(m)) return kinds;
  for (const Frame frame : {Frame::exclusive_or, Frame::dihedral}) {
    for (const bool up : {false, true}) {
      add(testing::cube_like(frame, up, m));
      for (const std::int64_t root : {std::int64_t{0}, m / 3, far})
        add(*restrict_to(root, testing::cube_like(frame, up, m)));
    }
    // Masks of several bits: every one there is.
    add({phase(frame, Unit::one, m - 1, {arc(steps_of(1, 1))})});
  }
  for (const bool up : {false, true}) {
    Term exchange = testing::bruck_exchange(m, up);
    std::get<Phase>(exchange.node).frame = Frame::exclusive_or;
    add(exchange);
    add(*restrict_to(m / 3, exchange));
  }
  return kinds;
}

void expect_every_kind_by_definition(const GroupMap& map) {
  for (const Phase& phase : every_kind_of_phase(map.size)) {
    for (const bool dual : {false, true}) {
      Lane lane;
      lane.map = map;
      lane.phase = phase;
      lane.phase.dual = dual;
      ASSERT_NO_FATAL_FAILURE(expect_flows_by_definition(lane))
          << "frame " << static_cast<int>(phase.frame) << " unit " << static_cast<int>(phase.unit)
          << " root " << phase.root << " size " << map.size;
    }
  }
}

/// A view of all ranks, numbered by `radix` and in nodes where there are any.
GroupMap placed(const testing::Radix& radix, const View& view, const DigitShift& rotation = {},
                const std::vector<NodeRun>& nodes = {}) {
  Schedule schedule = testing::schedule_of(Collective::all_reduce, "", radix, Term{});
  schedule.nodes = nodes;
  CopyShift shift;
  shift.rotation = rotation;
  auto map = place(whole_map(radix), view, shift, schedule);
  EXPECT_TRUE(map) << (map ? "" : map.error().message);
  return map ? *map : GroupMap{};
}

TEST(Flows, FollowTheDefinitionForEveryOrderOfAGroup) {
  for (const std::int64_t m : {2, 3, 6, 8, 16, 23}) {
    for (int order = 0; order < 8; ++order) {
      View view;
      if ((order & 1) != 0) view.mirror = true;
      if ((order & 2) != 0) view.shift = static_cast<std::int32_t>(m / 2 + 1);
      if ((order & 4) != 0) view.twist = 1 + static_cast<std::int32_t>(m) / 3;
      ASSERT_NO_FATAL_FAILURE(expect_every_kind_by_definition(placed({m}, view)))
          << "order " << order;
      view.core = core_size(m);
      view.core_map = View::CoreMap::neighbour;
      ASSERT_NO_FATAL_FAILURE(expect_every_kind_by_definition(placed({m}, view)))
          << "core, order " << order;
    }
  }
}

TEST(Flows, FollowTheDefinitionOverAnyDigits) {
  using Digits = std::vector<int>;
  for (const testing::Radix& radix : {testing::Radix{3, 2, 4}, {2, 4, 2}, {1, 8, 2}}) {
    for (const Digits& digits : {Digits{0},
                                 {1},
                                 {2},
                                 {0, 1},
                                 {1, 2},
                                 {0, 2},
                                 {1, 0},
                                 {2, 0},
                                 {2, 1},
                                 {0, 1, 2},
                                 {1, 2, 0},
                                 {2, 1, 0}}) {
      for (int variant = 0; variant < 6; ++variant) {
        View view;
        view.digit_count = static_cast<std::int8_t>(digits.size());
        for (std::size_t i = 0; i < digits.size(); ++i)
          view.digits[i] = static_cast<std::int8_t>(digits[i]);
        if (variant >= 4) {  // hold one digit
          for (int d = 0; d < 3; ++d)
            if (std::find(digits.begin(), digits.end(), d) == digits.end())
              view.fixed[static_cast<std::size_t>(view.fixed_count++)] = {
                  static_cast<std::int8_t>(d),
                  static_cast<std::int32_t>(radix[static_cast<std::size_t>(d)] - 1)};
        }
        std::array<std::int32_t, View::kMaxDigits> rotation{};
        if ((variant & 1) != 0) rotation = {3, 0, 0, 0};
        if (variant == 2) rotation = {1, 1, 4, 0};
        if (variant == 3) view.shift = 1;
        if (variant == 5) view.mirror = true;
        const GroupMap map = placed(radix, view, rotation);
        if (map.size < 2) continue;
        ASSERT_NO_FATAL_FAILURE(expect_every_kind_by_definition(map))
            << "digits " << digits.front() << " of " << digits.size() << " variant " << variant;
      }
    }
  }
}

TEST(Flows, FollowTheDefinitionInMemberLists) {
  View view;
  view.members = std::make_shared<const std::vector<std::vector<std::int32_t>>>(
      std::vector<std::vector<std::int32_t>>{{7, 3, 5, 1}, {0, 2, 6, 4}});
  expect_every_kind_by_definition(placed({8}, view));
}

TEST(Flows, FollowTheDefinitionInUnevenNodes) {
  const std::vector<NodeRun> nodes = {{3, 4}, {1, 2}, {4, 5}};  // 34 ranks on 8 nodes
  for (const std::int32_t turn : {0, 3}) {
    for (std::int32_t run = 0; run < 3; ++run) {
      View inside = nodes_view(run);
      inside.turn = turn;
      ASSERT_NO_FATAL_FAILURE(expect_every_kind_by_definition(placed({34}, inside, {}, nodes)));
    }
    for (int order = 0; order < 4; ++order) {
      View leaders = leaders_view();
      leaders.turn = turn;
      leaders.mirror = (order & 1) != 0;
      leaders.shift = (order & 2) != 0 ? 5 : 0;
      ASSERT_NO_FATAL_FAILURE(expect_every_kind_by_definition(placed({34}, leaders, {}, nodes)));
    }
  }
}

TEST(Flows, FollowTheDefinitionInLongRuns) {
  // Long enough for tiles, runs across and stretches of a turn.
  for (const bool turned : {false, true}) {
    for (const int digit : {0, 1}) {
      Lane lane;
      lane.map = placed({6, 2500}, digits_view({digit}), {turned ? 4 : 0, 0, 0, 0});
      lane.phase = std::get<Phase>(testing::bruck(lane.map.size).node);
      ASSERT_NO_FATAL_FAILURE(expect_flows_by_definition(lane, 2));
    }
  }
  for (const testing::Radix& radix :
       {testing::Radix{1 << 14, 1}, {8, 2500}, {5000, 3}, {16, 1 << 10}}) {
    const std::int64_t ranks = radix[0] * radix[1];
    for (const bool turned : {false, true}) {
      std::vector<Phase> phases = {std::get<Phase>(testing::bruck(ranks).node),
                                   std::get<Phase>(testing::btree(ranks).node)};
      if (ranks == core_size(ranks)) {
        for (const Frame frame : {Frame::exclusive_or, Frame::dihedral}) {
          for (const bool up : {false, true}) {
            const Term gather = testing::cube_like(frame, up, ranks);
            phases.push_back(std::get<Phase>(gather.node));
          }
        }
        for (const std::int64_t mask : {3, 0x0f0, 0x1555, 0x2aaa, 0x3fff})
          phases.push_back(phase(Frame::exclusive_or, Unit::one, 1, {arc(constant(mask))}));
      }
      for (const Phase& p : phases) {
        Lane lane;
        lane.map = placed(radix, View{});
        lane.map.view.rotation[0] = turned ? 3 : 0;
        lane.phase = p;
        ASSERT_NO_FATAL_FAILURE(expect_flows_by_definition(lane, 3)) << ranks << " " << turned;
      }
    }
  }
}

TEST(Flows, StepClassesCountEveryStepOnceAndHoldLikeSteps) {
  for (const std::int64_t n : {2, 7, 16, 23}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      const auto program = make_program(entry.schedule);
      ASSERT_TRUE(program);
      std::vector<Lane> lanes;
      testing::collect_lanes(*program, lanes);
      for (const Lane& lane : lanes) {
        std::int64_t steps = 0;
        double bytes = 0;
        for (const StepClass& c : step_classes(lane)) {
          steps += c.count;
          for (int a = 0; a < lane.phase.arc_count; ++a)
            bytes += static_cast<double>(c.count) * mean_message_fraction(lane, c.first, a);
        }
        EXPECT_EQ(steps, lane.phase.steps) << entry.schedule.algorithm;
        double each = 0;
        for (std::int64_t s = 0; s < lane.phase.steps; ++s)
          for (int a = 0; a < lane.phase.arc_count; ++a) each += mean_message_fraction(lane, s, a);
        EXPECT_NEAR(bytes, each, 1e-9) << entry.schedule.algorithm << " n=" << n;
      }
    }
  }
}

TEST(Flows, TheGainOfAPhaseIsThatOfItsSteps) {
  for (const std::int64_t m : {2, 5, 8, 12, 23, 64}) {
    std::vector<Phase> phases = every_kind_of_phase(m);
    for (const std::int64_t aggregation : {1, 4, 16}) {
      if (2 * aggregation > m) continue;
      const Term pat = testing::pat(m, aggregation);
      for (const Term& part : std::get<Seq>(pat.node).terms)
        phases.push_back(std::get<Phase>(part.node));
    }
    for (const Phase& phase : phases) {
      if (phase.network != InNetwork::none) continue;
      std::int64_t gain = 0;
      for (std::int64_t s = 0; s < phase.steps; ++s)
        for (int a = 0; a < phase.arc_count; ++a) {
          const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
          if (arc.has_payload) gain += offsets_at(phase, arc.payload, s, m).count();
        }
      EXPECT_EQ(total_gain(phase, m), gain) << "size " << m;
    }
  }
}

TEST(Flows, ARingHasOneStepClassWhateverItsLength) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {1'000'000, 8, 8, 0});
  const auto program = make_program(*s);
  ASSERT_TRUE(program);
  const auto classes = step_classes(program->parts[0].lanes[0]);
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(classes[0].count, 999'999);
}

}  // namespace
}  // namespace collscale
