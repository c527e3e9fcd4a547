// SPDX-License-Identifier: Apache-2.0
// Dispatch and combine of a mixture of experts with a limit on nodes (DeepSeek-V3, arXiv
// 2412.19437, section 3.2.2): what crosses the network, and to whom.
#include <gmock/gmock.h>

#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (std::int64_t n = 2; n <= 20; ++n)
    for (std::int64_t g = 1; g <= n; ++g)
      for (const std::int64_t experts : {1, 2, 3, 8})
        for (const std::int64_t nodes : {1, 2, 4}) {
          if (n % g != 0) continue;
          Shape s{.ranks = n, .ranks_per_node = g};
          s.options.experts_per_token = experts;
          s.options.nodes_per_token = nodes;
          all.push_back(s);
        }
  return all;
}

/// Nodes that hold copies of a token, and copies in each of them.
std::int64_t nodes_of(const Shape& s) {
  return std::min(
      {s.options.nodes_per_token, s.ranks / s.ranks_per_node, s.options.experts_per_token});
}
std::int64_t copies_in_node(const Shape& s) {
  const std::int64_t nodes = nodes_of(s);
  return std::min(s.ranks_per_node, (s.options.experts_per_token + nodes - 1) / nodes);
}

/// Everyone to everyone that differs in the digit of `size` values above `below`.
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

/// Along the rail to the nodes, then in the node.
std::vector<Pairs> dispatch_peers(const Shape& s) {
  std::vector<Pairs> steps;
  add_level(steps, s.ranks, s.ranks_per_node, s.ranks / s.ranks_per_node);
  add_level(steps, s.ranks, 1, s.ranks_per_node);
  return steps;
}

TEST(MoeDispatch, GoesAlongTheRailAndThenWithinTheNode) {
  expect_peers(C::all_to_all, "moe_dispatch", shapes(), dispatch_peers);
  expect_peers(C::all_to_all, "moe_combine", shapes(),
               [](const Shape& s) { return reversed(dispatch_peers(s)); });
}

/// Of what a rank's tokens take once: M (N−1)/N over the network, instead of a copy per expert.
double over_network(const Shape& s) {
  const auto nodes = static_cast<double>(s.ranks / s.ranks_per_node);
  return static_cast<double>(nodes_of(s)) * (nodes - 1) / nodes;
}

TEST(MoeDispatch, CrossesTheNetworkOncePerNodeInsteadOfOncePerExpert) {
  for (const char* algorithm : {"moe_dispatch", "moe_combine"}) {
    expect_published(C::all_to_all, algorithm, shapes(), [](const Shape& s) {
      const std::int64_t g = s.ranks_per_node;
      const std::int64_t nodes = s.ranks / g;
      const auto copies = static_cast<double>(nodes_of(s) * copies_in_node(s));
      // The buffer of size S holds every copy: S / copies is what the tokens take once.
      const auto in_node = static_cast<double>(g - 1) / static_cast<double>(g);
      return Published{.depth = (g > 1 ? 1 : 0) + (nodes > 1 ? 1 : 0),
                       .most_sent = over_network(s) / copies + in_node,
                       .messages = s.ranks * (g - 1 + nodes - 1)};
    });
    for (const Shape& s : shapes()) {
      ExecutionTrace trace;
      ExecuteOptions options;
      options.trace = &trace;
      ASSERT_TRUE(execute(*make_schedule(C::all_to_all, algorithm, s), options));
      std::vector<double> crossed(static_cast<std::size_t>(s.ranks), 0.0);
      for (const ExecutedMessage& m : trace.messages)
        if (m.source / s.ranks_per_node != m.destination / s.ranks_per_node)
          crossed[static_cast<std::size_t>(m.source)] += m.fraction;
      const auto copies = static_cast<double>(nodes_of(s) * copies_in_node(s));
      for (const double fraction : crossed) EXPECT_NEAR(fraction * copies, over_network(s), 1e-9);
    }
  }
}

TEST(MoeDispatch, SaysWhatItCannotServe) {
  Shape s{.ranks = 16, .ranks_per_node = 8};
  s.options.experts_per_token = 0;
  EXPECT_THAT(make_schedule(C::all_to_all, "moe_dispatch", s).error().message,
              ::testing::HasSubstr("0 experts per token"));
  s.options.experts_per_token = 8;
  s.options.nodes_per_token = 0;
  EXPECT_THAT(make_schedule(C::all_to_all, "moe_combine", s).error().message,
              ::testing::HasSubstr("0 nodes per token"));
  EXPECT_THAT(make_schedule(C::all_to_all, "moe_combine", {.ranks = 20, .ranks_per_node = 8})
                  .error()
                  .message,
              ::testing::HasSubstr("16 or 24 ranks"));
}

}  // namespace
}  // namespace collscale::testing
