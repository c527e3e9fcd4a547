// SPDX-License-Identifier: Apache-2.0
// Nodes without a switch against what others measured: whether a pair has one link and all ranks
// together have all links, as rings over several orders say (docs/models.md, bandwidth).
#include <gtest/gtest.h>

#include "model/analytic.hpp"
#include "sim/event/event.hpp"
#include "sim/flow.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

System one_node(ScaleUpKind kind, std::int64_t ranks, double efficiency) {
  test::ClosOptions options;
  options.nodes = 1;
  options.per_node = options.nics = ranks;
  options.children = {1};
  options.oversubscription = {1};
  options.kind = kind;
  System system = test::clos_system(options);
  system.node.scale_up.efficiency = test::figure(efficiency);
  return system;
}

/// Bus bandwidth of a large all_reduce round rings, GB/s; every engine says the same.
double ring_GBps(const System& system, std::int64_t ranks, double bytes) {
  const double sizes[] = {bytes};
  const auto n = static_cast<double>(ranks);
  const double time_s =
      predict_analytic(system, Collective::all_reduce, "ring", ranks, sizes)->front().time_s;
  const double flow_s =
      simulate_flow(system, Collective::all_reduce, "ring", ranks, sizes)->front().time_s;
  const double event_s = simulate_event(system, Collective::all_reduce, "ring", ranks, sizes)
                             ->front()
                             .prediction.time_s;
  EXPECT_NEAR(flow_s / time_s, 1, 1e-9);
  EXPECT_NEAR(event_s / time_s, 1, 1e-9);
  return bytes / time_s * 2 * (n - 1) / n / 1e9;
}

// S. Bekman, "Machine Learning Engineering", network chapter (github.com/stas00/ml-engineering):
// all_reduce of 4 GiB on MI300X, 47.671 GB/s with 2 GPUs, 312.912 with 8; github.com/hisohara/
// ai-scripts, training/01_rccl-smoketest: 315.9 with 8. A link has 64 GB/s.
TEST(MeasuredNodes, Mi300XHasOneLinkForAPairAndAllLinksForEight) {
  System system = one_node(ScaleUpKind::full_mesh, 8, 47.671 / 64);
  system.node.scale_up.link_Bps = test::figure(64e9);
  constexpr double kBytes = 4.0 * (1 << 30);
  EXPECT_NEAR(ring_GBps(system, 2, kBytes) / 47.671, 1, 0.001);
  const double eight = ring_GBps(system, 8, kBytes);
  EXPECT_NEAR(eight / 312.912, 1, 0.07);
  EXPECT_NEAR(eight / 315.9, 1, 0.06);
  EXPECT_GT(ring_GBps(system, 4, kBytes), 2.9 * 47.671);  // three links
}

// github.com/ai-dynamo/aiconfigurator, 095f58a, systems/data/l40s/comm/nccl, NCCL 2.27.3: 20.1 GB/s
// with 2 GPUs, 5.86 with 4. (2.1 with 8: more share the host than uplinks tell.)
TEST(MeasuredNodes, L40SOverTheHostIsAsFastAsItsUplink) {
  System system = one_node(ScaleUpKind::pcie, 8, 0.648);
  system.node.scale_up.bandwidth_Bps = test::figure(31e9);
  system.node.scale_up.uplink_Bps = test::figure(9.1e9);
  system.node.scale_up.switch_ranks = test::figure(2);
  EXPECT_NEAR(ring_GBps(system, 2, 256e6) / 20.1, 1, 0.02);
  EXPECT_NEAR(ring_GBps(system, 4, 256e6) / 5.86, 1, 0.02);
}

}  // namespace
}  // namespace collscale
