// SPDX-License-Identifier: Apache-2.0
#include "sim/max_min.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <limits>
#include <random>
#include <vector>

#include "sim/max_min_phase.hpp"
#include "support/systems.hpp"
#include "topology/fabric.hpp"

namespace collscale {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Instance {
  RoutedFlows flows;
  std::vector<double> capacity_Bps;
};

/// What a random instance has beside routes and capacities.
struct Kind {
  bool equal_bytes = false;
  bool plain = false;  ///< no weights, caps, counts
  bool staggered = false;
};

Instance random_instance(std::uint32_t seed, const Kind& kind) {
  std::mt19937 random(seed);
  const auto up_to = [&](std::size_t most) { return random() % most; };
  const auto unit = [&] { return static_cast<double>(random()) / 4294967296.0; };
  Instance instance;
  const std::size_t links = 1 + up_to(12);
  for (std::size_t l = 0; l < links; ++l)  // equal capacities, too: ties are the hard cases
    instance.capacity_Bps.push_back(up_to(2) == 0 ? 1 + static_cast<double>(up_to(4))
                                                  : 0.1 + 10 * unit());
  const std::size_t flows = 1 + up_to(24);
  for (std::size_t f = 0; f < flows; ++f) {
    std::vector<std::int32_t> route;
    for (std::size_t l = 0; l < links; ++l)
      if (up_to(3) == 0) route.push_back(static_cast<std::int32_t>(l));
    if (route.empty()) route.push_back(static_cast<std::int32_t>(up_to(links)));
    std::shuffle(route.begin(), route.end(), random);
    RoutedFlow flow;
    flow.bytes = kind.equal_bytes ? 7 : 10 * unit();
    if (!kind.plain) {
      if (up_to(3) == 0) flow.weight = 0.2 + 3 * unit();
      if (up_to(3) == 0) flow.count = static_cast<double>(1 + up_to(5));
      if (up_to(3) == 0) flow.most_Bps = 0.05 + 3 * unit();
    }
    if (kind.staggered) flow.start_s = up_to(3) == 0 ? 5 * unit() : static_cast<double>(up_to(3));
    instance.flows.add(route, flow);
  }
  return instance;
}

/// Progressive filling as the textbook has it: look at every link for every bottleneck. Only the
/// flows that `active` names.
std::vector<double> brute_force(const Instance& instance, const std::vector<bool>& active) {
  const RoutedFlows& flows = instance.flows;
  std::vector<double> rate(flows.size(), 0.0);
  std::vector<bool> rises = active;
  while (std::find(rises.begin(), rises.end(), true) != rises.end()) {
    double level = kInfinity;
    std::size_t full = instance.capacity_Bps.size();
    std::size_t capped = flows.size();
    for (std::size_t l = 0; l < instance.capacity_Bps.size(); ++l) {
      double left = instance.capacity_Bps[l];
      double weight = 0;
      for (std::size_t f = 0; f < flows.size(); ++f) {
        const auto route = flows.route(f);
        const auto times =
            static_cast<double>(std::count(route.begin(), route.end(), static_cast<int>(l)));
        left -= rate[f] * flows.flow(f).count * times;
        if (rises[f]) weight += flows.flow(f).weight * flows.flow(f).count * times;
      }
      if (weight > 0 && left / weight < level) {
        level = left / weight;
        full = l;
      }
    }
    for (std::size_t f = 0; f < flows.size(); ++f) {
      const double cap = flows.flow(f).most_Bps / flows.flow(f).weight;
      if (rises[f] && cap < level) {
        level = cap;
        capped = f;
      }
    }
    for (std::size_t f = 0; f < flows.size(); ++f) {
      const auto route = flows.route(f);
      const bool stops = capped < flows.size() ? f == capped
                                               : std::find(route.begin(), route.end(),
                                                           static_cast<int>(full)) != route.end();
      if (!rises[f] || !stops) continue;
      rate[f] = level * flows.flow(f).weight;
      rises[f] = false;
    }
  }
  return rate;
}

/// The fluid run as the textbook has it: all rates anew at every start and end.
std::vector<double> brute_force_ends(const Instance& instance) {
  const RoutedFlows& flows = instance.flows;
  std::vector<double> left;
  std::vector<double> end(flows.size(), -1.0);
  for (std::size_t f = 0; f < flows.size(); ++f) left.push_back(flows.flow(f).bytes);
  double now = 0;
  while (std::find(end.begin(), end.end(), -1.0) != end.end()) {
    std::vector<bool> active(flows.size());
    double next = kInfinity;
    for (std::size_t f = 0; f < flows.size(); ++f) {
      active[f] = end[f] < 0 && flows.flow(f).start_s <= now;
      if (end[f] < 0 && !active[f]) next = std::min(next, flows.flow(f).start_s);
    }
    const auto rate = brute_force(instance, active);
    for (std::size_t f = 0; f < flows.size(); ++f)
      if (active[f]) next = std::min(next, now + left[f] / rate[f]);
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (!active[f]) continue;
      if (now + left[f] / rate[f] <= next * (1 + 1e-13)) end[f] = next;
      left[f] -= rate[f] * (next - now);
    }
    now = next;
  }
  return end;
}

void expect_near(double actual, double expected, const char* what) {
  RC_LOG() << std::setprecision(17) << what << ": " << actual << " instead of " << expected << '\n';
  RC_ASSERT(std::abs(actual - expected) <= 1e-9 * std::max(std::abs(expected), 1e-3));
}

RC_GTEST_PROP(MaxMin, RatesEqualThoseOfBruteForce, (std::uint32_t seed)) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Instance instance = random_instance(seed + i, {});
    const auto solved = max_min_rates(instance.flows, instance.capacity_Bps);
    const auto wanted = brute_force(instance, std::vector<bool>(instance.flows.size(), true));
    for (std::size_t f = 0; f < wanted.size(); ++f)
      expect_near(solved->rate_Bps[f], wanted[f], "rate");
  }
}

RC_GTEST_PROP(MaxMin, EveryFlowHasABottleneckAndNoLinkIsOverfull, (std::uint32_t seed)) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Instance instance = random_instance(seed + i, {});
    const RoutedFlows& flows = instance.flows;
    const auto solved = max_min_rates(flows, instance.capacity_Bps);
    std::vector<double> used(instance.capacity_Bps.size(), 0.0);
    std::vector<double> fastest(instance.capacity_Bps.size(), 0.0);
    for (std::size_t f = 0; f < flows.size(); ++f) {
      for (const std::int32_t link : flows.route(f)) {
        const auto l = static_cast<std::size_t>(link);
        used[l] += solved->rate_Bps[f] * flows.flow(f).count;
        fastest[l] = std::max(fastest[l], solved->rate_Bps[f] / flows.flow(f).weight);
      }
    }
    for (std::size_t l = 0; l < used.size(); ++l)
      RC_ASSERT(used[l] <= instance.capacity_Bps[l] * (1 + 1e-9));
    for (std::size_t f = 0; f < flows.size(); ++f) {
      const double level = solved->rate_Bps[f] / flows.flow(f).weight;
      bool stopped = solved->rate_Bps[f] >= flows.flow(f).most_Bps * (1 - 1e-9);
      for (const std::int32_t link : flows.route(f)) {
        const auto l = static_cast<std::size_t>(link);
        stopped = stopped || (used[l] >= instance.capacity_Bps[l] * (1 - 1e-9) &&
                              level >= fastest[l] * (1 - 1e-9));
      }
      RC_ASSERT(stopped);
    }
  }
}

RC_GTEST_PROP(MaxMinPhase, EndsEqualThoseOfBruteForce, (std::uint32_t seed, bool staggered)) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    const Instance instance = random_instance(seed + i, {.staggered = staggered});
    const auto phase = max_min_phase(instance.flows, instance.capacity_Bps);
    const auto wanted = brute_force_ends(instance);
    for (std::size_t f = 0; f < wanted.size(); ++f) expect_near(phase->end_s[f], wanted[f], "end");
    RC_ASSERT(phase->makespan_s == *std::max_element(phase->end_s.begin(), phase->end_s.end()));
  }
}

// Theorem A: equal sizes, same start. The link with most flows by capacity is full from the first
// to the last moment, since no other slows its flows.
RC_GTEST_PROP(MaxMinPhase, OfEqualFlowsEndsWithTheFullestLink, (std::uint32_t seed)) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Instance instance = random_instance(seed + i, {.equal_bytes = true, .plain = true});
    const auto phase = max_min_phase(instance.flows, instance.capacity_Bps);
    expect_near(phase->makespan_s, max_load_s(instance.flows, instance.capacity_Bps), "makespan");
  }
}

RC_GTEST_PROP(MaxMinPhase, NeverBeatsTheFullestLink, (std::uint32_t seed)) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Instance instance = random_instance(seed + i, {});
    const auto phase = max_min_phase(instance.flows, instance.capacity_Bps);
    RC_ASSERT(phase->makespan_s >= max_load_s(instance.flows, instance.capacity_Bps) * (1 - 1e-12));
  }
}

/// Random pairs on a random clos.
Instance on_fabric(std::uint32_t seed, double smallest, double largest) {
  std::mt19937 random(seed);
  const auto one_of = [&](auto... values) {
    const std::array all = {values...};
    return all[random() % all.size()];
  };
  test::ClosOptions options;
  options.nodes = one_of(8, 16);
  options.per_node = options.nics = one_of(1, 4);
  options.children = {static_cast<double>(one_of(2, 4)), 2, 4};
  options.oversubscription = {static_cast<double>(one_of(1, 2)), static_cast<double>(one_of(1, 2)),
                              1};
  options.routing = one_of(Routing::ecmp, Routing::spray);
  options.planes = one_of(1, 2);
  const System system = test::clos_system(options);
  const Fabric fabric(system);
  Instance instance;
  for (const LinkClass& of : fabric.classes())
    instance.capacity_Bps.insert(instance.capacity_Bps.end(), static_cast<std::size_t>(of.count),
                                 of.capacity_Bps);
  const auto ranks = static_cast<std::uint32_t>(max_ranks(system));
  for (std::uint32_t i = 0; i < 3 * ranks; ++i) {
    const double part = static_cast<double>(random()) / 4294967296.0;
    instance.flows.add(fabric.path(random() % ranks, random() % ranks, random()),
                       {.bytes = smallest + part * (largest - smallest)});
  }
  return instance;
}

RC_GTEST_PROP(MaxMinPhase, OfEqualFlowsOnAClosEndsWithTheFullestLink, (std::uint32_t seed)) {
  const Instance instance = on_fabric(seed, 1e9, 1e9);
  const auto phase = max_min_phase(instance.flows, instance.capacity_Bps);
  expect_near(phase->makespan_s, max_load_s(instance.flows, instance.capacity_Bps), "makespan");
}

// Each event's local repair against a progressive filling of all that is left, on fabrics.
RC_GTEST_PROP(MaxMinPhase, OfUnequalFlowsOnAClosEqualsSolvingAnewAtEveryEnd, (std::uint16_t seed)) {
  const Instance instance = on_fabric(seed, 1e8, 1e9);
  const auto phase = max_min_phase(instance.flows, instance.capacity_Bps);
  const RoutedFlows& flows = instance.flows;
  std::vector<double> left;
  for (const RoutedFlow& flow : flows.flows()) left.push_back(flow.bytes);
  double now = 0;
  std::vector<std::size_t> active(flows.size());
  for (std::size_t f = 0; f < active.size(); ++f) active[f] = f;
  while (!active.empty()) {
    RoutedFlows those;
    for (const std::size_t f : active) those.add(flows.route(f), flows.flow(f));
    const auto solved = max_min_rates(those, instance.capacity_Bps);
    double step = kInfinity;
    for (std::size_t i = 0; i < active.size(); ++i)
      step = std::min(step, left[active[i]] / solved->rate_Bps[i]);
    now += step;
    std::vector<std::size_t> rest;
    for (std::size_t i = 0; i < active.size(); ++i) {
      double& bytes = left[active[i]];
      if (bytes / solved->rate_Bps[i] <= step + 1e-13 * now) {
        expect_near(phase->end_s[active[i]], now, "end");
        continue;
      }
      bytes -= solved->rate_Bps[i] * step;
      rest.push_back(active[i]);
    }
    active = std::move(rest);
  }
}

TEST(MaxMin, AnEntryWithACountIsAsManyEqualFlows) {
  const std::vector<double> capacity = {10, 6};
  RoutedFlows one_by_one;
  for (int i = 0; i < 4; ++i) one_by_one.add(std::vector<int>{0}, {.bytes = 3});
  one_by_one.add(std::vector<int>{0, 1}, {.bytes = 3});
  RoutedFlows together;
  together.add(std::vector<int>{0}, {.bytes = 3, .count = 4});
  together.add(std::vector<int>{0, 1}, {.bytes = 3});
  const auto a = max_min_rates(one_by_one, capacity);
  const auto b = max_min_rates(together, capacity);
  EXPECT_DOUBLE_EQ(a->rate_Bps[0], 2);
  EXPECT_EQ(a->rate_Bps[0], b->rate_Bps[0]);
  EXPECT_EQ(a->rate_Bps[4], b->rate_Bps[1]);
  EXPECT_EQ(max_min_phase(one_by_one, capacity)->makespan_s,
            max_min_phase(together, capacity)->makespan_s);
}

TEST(MaxMin, ThreeFlowsOnTwoLinksAsInTheTextbook) {
  RoutedFlows flows;
  flows.add(std::vector<int>{0, 1}, {});
  flows.add(std::vector<int>{0}, {});
  flows.add(std::vector<int>{1}, {});
  const auto solved = max_min_rates(flows, std::vector<double>{1, 3});
  EXPECT_DOUBLE_EQ(solved->rate_Bps[0], 0.5);
  EXPECT_DOUBLE_EQ(solved->rate_Bps[1], 0.5);
  EXPECT_DOUBLE_EQ(solved->rate_Bps[2], 2.5);
}

TEST(MaxMin, AFlowOfNoBytesOrNoLinkEndsWhenItStarts) {
  RoutedFlows flows;
  flows.add(std::vector<int>{0}, {.bytes = 0, .start_s = 2});
  flows.add(std::vector<int>{}, {.bytes = 5, .start_s = 3});
  flows.add(std::vector<int>{}, {.bytes = 5, .most_Bps = 10});
  const auto phase = max_min_phase(flows, std::vector<double>{1});
  EXPECT_EQ(phase->end_s, (std::vector<double>{2, 3, 0.5}));
}

TEST(MaxMin, RefusesWhatCannotBeSolvedInOneSentence) {
  const auto message = [](const std::vector<int>& route, const RoutedFlow& flow) {
    RoutedFlows flows;
    flows.add(route, flow);
    const auto solved = max_min_rates(flows, std::vector<double>{1, 0});
    return solved ? std::string("none") : solved.error().message;
  };
  EXPECT_EQ(message({0}, {}), "none");
  EXPECT_EQ(message({2}, {}), "flow 0 crosses link 2: there are 2 links, from 0 on");
  EXPECT_EQ(message({1}, {}),
            "flow 0 crosses link 1, whose capacity is 0 B/s: more than 0 is needed");
  EXPECT_EQ(message({0}, {.weight = 0}), "flow 0: weight is 0, more than 0 is needed");
  EXPECT_EQ(message({0}, {.bytes = -1}), "flow 0: bytes is -1, 0 or more is needed");
}

}  // namespace
}  // namespace collscale
