// SPDX-License-Identifier: Apache-2.0
// The search by its rules. Lines are of NVIDIA/nccl v2.28.9-1, src/graph/, unless a tag is named;
// [P] read there, [D] derived.
#include <algorithm>
#include <array>
#include <cmath>

#include "selector/nccl/search_limits.hpp"

namespace collscale {
namespace nccl {
namespace {

// [P] search.cc:976-990; what other versions have instead, at their tags
constexpr std::array kIntra = {40.0, 30.0, 20.0, 18.0, 15.0, 12.0, 10.0,
                               9.0,  7.0,  6.0,  5.0,  4.0,  3.0};
constexpr std::array kInter = {48.0, 30.0, 28.0, 24.0, 20.0, 18.0, 15.0, 12.0, 10.0, 9.0,
                               7.0,  6.0,  5.0,  4.0,  3.0,  2.4,  1.2,  0.24, 0.12};
constexpr std::array kIntra90 = {60.0, 50.0, 40.0, 30.0, 24.0, 20.0, 15.0, 12.0, 11.0, 6.0, 3.0};
constexpr std::array kIntra90To20 = {60.0, 50.0, 40.0, 30.0, 24.0, 20.0, 15.0, 12.0, 6.0, 3.0};
constexpr std::array kInter90 = {48.0, 45.0, 42.0, 40.0, 30.0, 24.0, 22.0, 20.0, 17.5,
                                 15.0, 12.0, 6.0,  3.0,  2.4,  1.2,  0.24, 0.12};
constexpr std::array kIntra100To26 = {90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 24.0, 20.0, 19.0};
constexpr std::array kIntra100To28 = {90.0, 80.0, 70.0, 60.0, 50.0, 40.0,
                                      30.0, 24.0, 20.0, 19.0, 18.0};
constexpr std::array kIntra100 = {90.0, 80.0, 70.0, 60.0, 50.0, 45.0,
                                  40.0, 30.0, 24.0, 20.0, 19.0, 18.0};  // [P] v2.29.7-1:987
constexpr std::array kInter100To28 = {96.0, 48.0, 45.1, 42.0, 40.0, 30.0, 24.0, 22.0, 20.0,
                                      17.5, 15.0, 12.0, 6.0,  3.0,  2.4,  1.2,  0.24, 0.12};
constexpr std::array kInter100In29 = {96.0, 80.0, 48.0, 45.1, 42.0, 40.0, 30.0, 24.0, 22.0, 20.0,
                                      17.5, 15.0, 12.0, 6.0,  3.0,  2.4,  1.2,  0.24, 0.12};
constexpr std::array kInter100 = {96.0, 86.0, 80.0, 48.0, 45.1, 42.0, 40.0, 30.0, 24.0, 22.0,
                                  20.0, 17.5, 15.0, 12.0, 6.0,  3.0,  2.4,  1.2,  0.24, 0.12};

constexpr double kWorthTrying = 0.49;        // [P] search.cc:1137: half the speed, not less
constexpr double kFast = 25.0;               // [P] search.cc:964: channels below are not doubled
constexpr double kFastHopper = 50.0;         // [P] search.cc:965: nor these, beyond 4 channels
constexpr std::int64_t kMaxHeads = 32;       // [P] device.h:207
constexpr std::int64_t kMaxHeadsTo20 = 8;    // [P] v2.20.5-1 device.h:160
constexpr std::int64_t kMaxDirectHeads = 8;  // [P] device.h:193
constexpr double kSlack = 1e-9;              // of quotients of figures with a few digits

std::int64_t times(double capacity, double speed) {
  return static_cast<std::int64_t>(std::floor(capacity / speed + kSlack));
}

NcclGraph graph(std::int64_t channels, double intra_GBps, double inter_GBps) {
  return {.channels = channels, .intra_Bps = intra_GBps * 1e9, .inter_Bps = inter_GBps * 1e9};
}

/// [P] search.cc:961-974: twice the channels at half the speed.
void duplicate(NcclGraph& graph, int compute_capability, std::int64_t max_channels) {
  const double speed = graph.intra_Bps / 1e9;
  if (graph.channels == 0 || speed < kFast) return;
  if (compute_capability > 80 && speed < kFastHopper && graph.channels > 4) return;
  const std::int64_t channels = std::min(2 * graph.channels, max_channels);
  const auto factor = static_cast<double>((channels + graph.channels - 1) / graph.channels);
  graph.intra_Bps /= factor;
  graph.inter_Bps /= factor;
  graph.channels = channels;
}

/// [P] search.cc:1045-1139: from fast to slow, the most bandwidth, the faster of equals.
template <class Fits>
NcclGraph most_bandwidth(std::span<const double> speeds, double max_GBps, const Fits& fits) {
  NcclGraph best;
  double best_speed = 0;
  for (const double speed : speeds) {
    if (speed > max_GBps + kSlack && speed != speeds.back()) continue;
    if (best.channels > 0 && speed / best_speed <= kWorthTrying) break;
    const std::int64_t channels = fits(speed);
    if (static_cast<double>(channels) * speed <= static_cast<double>(best.channels) * best_speed)
      continue;
    best = graph(channels, speed, speed);
    best_speed = speed;
  }
  return best;
}

/// [P] search.cc:1175-1183: once found, of heads the speed to the network, of trees that in the
/// node is raised step by step towards twice the other, as far as the links carry it.
double raised(std::span<const double> speeds, double other_GBps, double most_GBps) {
  double best = other_GBps;
  for (auto speed = speeds.rbegin(); speed != speeds.rend(); ++speed) {
    if (*speed <= other_GBps) continue;
    if (best >= 2 * other_GBps) break;
    if (*speed > most_GBps + kSlack) break;
    best = *speed;
  }
  return best;
}

}  // namespace

std::span<const double> speeds(NcclVersion version, int compute_capability, bool between_nodes) {
  const int minor = version.minor;
  if (compute_capability >= 100 && minor >= 25) {
    if (!between_nodes) {
      if (minor <= 26) return kIntra100To26;
      return minor <= 28 ? std::span<const double>(kIntra100To28) : kIntra100;
    }
    if (minor <= 26) return kInter90;  // [P] v2.26.6-1:924: the same list
    if (minor <= 28) return kInter100To28;
    return minor == 29 ? std::span<const double>(kInter100In29) : kInter100;
  }
  if (compute_capability >= 90) {
    if (between_nodes) return kInter90;
    return minor <= 20 ? std::span<const double>(kIntra90To20) : kIntra90;
  }
  return between_nodes ? std::span<const double>(kInter) : kIntra;
}

Limits limits_of(const NcclNode& node, NcclVersion version, std::int64_t local_ranks,
                 bool between_nodes) {
  const double link = nccl_nvlink_GBps(version, node.compute_capability);
  return {.nvlink_GBps = static_cast<double>(node.nvlinks) * link,
          .pcie_GBps = node.pcie_Bps / 1e9,
          .nic_GBps = node.nic_Bps / 1e9,
          .nics = node.nics,
          .gpus = local_ranks,
          // [P] init.cc:1018: half of MAXCHANNELS, 64 from 2.25 (device.h:86), 32 before
          .max_channels = version.minor >= 25 ? 32 : 16,
          .between_nodes = between_nodes};
}

std::int64_t rings_that_fit(const Limits& limits, double intra_GBps, double inter_GBps) {
  std::int64_t channels = limits.max_channels;
  if (limits.gpus > 1) channels = std::min(channels, times(limits.intra_GBps(), intra_GBps));
  if (limits.between_nodes) {
    channels = std::min(channels, limits.nics * times(limits.nic_GBps, inter_GBps));
    channels = std::min(channels, limits.gpus * times(limits.pcie_GBps, inter_GBps));
  }
  return channels;
}

std::int64_t heads_that_fit(const Limits& limits, double intra_GBps, double inter_GBps) {
  std::int64_t heads = std::min(limits.gpus, times(limits.nvlink_GBps, intra_GBps) - 1);
  if (limits.between_nodes) {
    heads = std::min(heads, limits.nics);
    if (inter_GBps > std::min(limits.nic_GBps, limits.pcie_GBps) + kSlack) heads = 0;
  }
  return std::max<std::int64_t>(heads, 0);
}

}  // namespace nccl

double nccl_nvlink_GBps(NcclVersion version, int compute_capability) {
  // [P] topo.h:16-21, 274-283; v2.19.4-1 topo.h:17; v2.25.1-1 topo.h:19
  if (compute_capability >= 100 && version.minor >= 25) return version.minor >= 27 ? 40.1 : 40.0;
  if (compute_capability >= 90) return version.minor >= 20 ? 20.6 : 20.0;
  if (compute_capability == 86) return 12.0;
  if (compute_capability >= 70) return 20.0;
  return 18.0;
}

std::int64_t nvlinks_of(double nominal_Bps, int compute_capability) {
  // [R] NVLink 2 to 4: 25 GB/s per link and direction, NVLink 5: 50 GB/s
  const double link_Bps = compute_capability >= 100 ? 50e9 : 25e9;
  return static_cast<std::int64_t>(std::lround(nominal_Bps / link_Bps));
}

NcclGraphs search_graphs(const NcclNode& node, NcclVersion version, std::int64_t local_ranks,
                         bool between_nodes) {
  const nccl::Limits limits = nccl::limits_of(node, version, local_ranks, between_nodes);
  const int generation = node.compute_capability;
  const auto speeds = nccl::speeds(version, generation, between_nodes);
  const double to_network = std::min(limits.nic_GBps, limits.pcie_GBps);
  const double fastest = between_nodes ? to_network : limits.intra_GBps();

  NcclGraphs found;
  found.ring = nccl::most_bandwidth(
      speeds, fastest, [&](double speed) { return nccl::rings_that_fit(limits, speed, speed); });
  if (found.ring.channels == 0) {
    // [P] search.cc:1189-1196: "simple order"
    found.ring = nccl::graph(1, 0.1, 0.1);
  }
  nccl::duplicate(found.ring, generation, limits.max_channels);
  found.ring.intra_path = local_ranks == 1         ? NcclPath::local
                          : limits.nvlink_GBps > 0 ? NcclPath::nvlink
                                                   : NcclPath::phb;
  // The search tries the same order of GPUs in every channel first, which it finds unless channels
  // begin at different GPUs, each at its own NIC [D]; so logged for a broadcast on 1,024 ranks
  // (NVIDIA/nccl issue 1304).
  found.ring.same_channels = !between_nodes || local_ranks == 1 || node.nics == 1;
  found.ring.inter_path = node.nic_path;
  found.tree = found.ring;  // as many channels as rings, each at a ring's speed [D]
  if (between_nodes && found.tree.channels > 0) {
    // [P] search.cc:1170-1183: a chain takes NVLink less than a ring does, and on two nodes a tree
    // has twice the network's bandwidth: the speed in the node is raised towards twice the other.
    const double inter = found.tree.inter_Bps / 1e9;
    const double most =
        limits.intra_GBps() * static_cast<double>(limits.gpus) /
        static_cast<double>(found.tree.channels * std::max<std::int64_t>(1, limits.gpus - 1));
    if (local_ranks > 1) found.tree.intra_Bps = 1e9 * nccl::raised(speeds, inter, most);
  }

  if (between_nodes && node.collnet) {
    found.collnet_chain = found.ring;
    const std::int64_t most = std::min({nccl::kMaxDirectHeads, local_ranks, node.nics});
    for (const double speed : speeds) {
      if (speed > to_network) continue;
      found.collnet_direct = nccl::graph(most, speed, speed);
      break;
    }
    nccl::duplicate(found.collnet_direct, generation, most);
    found.collnet_direct.intra_path = found.ring.intra_path;
  }

  const bool nvls = node.multicast && node.nvswitch && node.nvlinks > 0 && generation >= 90 &&
                    local_ranks >= 2;  // [P] nvls.cc:161, search.cc:1036
  if (!nvls) return found;
  const std::int64_t most =
      std::min(version.minor >= 21 ? nccl::kMaxHeads : nccl::kMaxHeadsTo20, local_ranks);
  const auto heads = [&](double speed) {
    const std::int64_t fit = std::min(most, nccl::heads_that_fit(limits, speed, speed));
    return between_nodes || fit == most ? fit : 0;  // one node: all GPUs or none (search.cc:1043)
  };
  // [P] search.cc:423-427: more heads first, then more bandwidth
  double speed_found = 0;
  for (const double speed : speeds) {
    if (speed > fastest + nccl::kSlack) continue;
    if (found.nvls.channels > 0 && speed / speed_found <= nccl::kWorthTrying) break;
    const std::int64_t channels = heads(speed);
    const bool more = channels > found.nvls.channels ||
                      static_cast<double>(channels) * speed >
                          static_cast<double>(found.nvls.channels) * speed_found;
    if (channels == 0 || !more) continue;
    found.nvls = nccl::graph(channels, speed, speed);
    speed_found = speed;
    if (channels == most) break;  // nothing better to look for (search.cc:511)
  }
  if (found.nvls.channels > 0)
    found.nvls.inter_Bps =
        1e9 * nccl::raised(speeds, speed_found, between_nodes ? to_network : speeds.front());
  return found;
}

}  // namespace collscale
