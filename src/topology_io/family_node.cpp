// SPDX-License-Identifier: Apache-2.0
#include "topology_io/family_node.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {
constexpr std::string_view kScaleUpLatency = "1.9us";
constexpr std::string_view kNicLatency = "4us";
}  // namespace

Node generic_node(Take& take, std::string_view gpus_fallback, std::string_view nic_fallback,
                  std::string_view scale_up_fallback) {
  const std::string family(take.parameters.family());
  Node node;
  node.name = "generic";
  node.accelerators = take("gpus", Quantity::count, gpus_fallback);
  node.ranks_per_accelerator = assumed(1, "one rank per accelerator in the family " + family);
  node.scale_up.bandwidth_Bps = take("scale_up", Quantity::bandwidth, scale_up_fallback);
  node.scale_up.efficiency = assumed(1, "ideal, in the family " + family);
  node.scale_up.latency_s =
      assumed(*parse_time_s(kScaleUpLatency),
              "NCCL's constant for NVLink, ring, LL128 (v2.28.9-1, tuning.cc)");
  node.nics.per_node = node.accelerators;
  node.nics.bandwidth_Bps = take("nic", Quantity::bandwidth, nic_fallback);
  node.nics.latency_s =
      assumed(*parse_time_s(kNicLatency),
              "NCCL's constant for the network, ring, LL128 (v2.28.9-1, tuning.cc)");
  node.nics.queue_pairs = take("queue_pairs", Quantity::count, "1");
  node.nics.overhead_s = assumed(1e-6, "NCCL's network overhead with Intel CPUs (v2.28.9-1)");
  node.compute_capability = assumed(9, "Hopper, in the family " + family);
  node.cpu = CpuVendor::intel;
  node.scale_up.in_network = {
      assumed(0.68, "as hgx-h100: NCCL's NVLS model over the nominal bandwidth"),
      assumed(12.5e-6, "as hgx-h100: half of NCCL's constant for NVLS")};
  return node;
}

Expected<std::size_t> parameter_choice(const Parameters& parameters, std::string_view parameter,
                                       const std::vector<std::string>& names) {
  if (!parameters.has(parameter)) return std::size_t{0};
  const std::string_view text = parameters.text(parameter);
  const auto known = std::find(names.begin(), names.end(), text);
  if (known != names.end()) return static_cast<std::size_t>(known - names.begin());
  return parameters.fail_at(parameter,
                            fmt::format("unknown value \"{}\"{}", text, suggestion(text, names)));
}

}  // namespace collscale
