// SPDX-License-Identifier: Apache-2.0
#include "cli/selectors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "selector/nccl/selector.hpp"
#include "selector/openmpi/openmpi.hpp"
#include "topology/node_links.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

NcclCpu cpu_of(CpuVendor vendor) {
  switch (vendor) {
    case CpuVendor::intel:
      return NcclCpu::intel;
    case CpuVendor::amd:
      return NcclCpu::amd;
    case CpuVendor::arm:
      return NcclCpu::arm;
    case CpuVendor::unknown:
      break;
  }
  return NcclCpu::other;
}

/// What the network's plug-in, or its operator, sets NCCL_PROTO to.
std::string protocols_between_nodes(NicProtocols allowed) {
  return allowed == NicProtocols::all ? std::string() : std::string(name(allowed));
}

/// NCCL counts whole generations of PCIe x16: 12, 24 and 48 GB/s.
double pcie_as_nccl_counts(const std::optional<Figure>& pcie_Bps) {
  if (!pcie_Bps) return NcclNode{}.pcie_Bps;
  if (pcie_Bps->value <= 16e9) return 12e9;
  return pcie_Bps->value <= 32e9 ? 24e9 : 48e9;
}

}  // namespace

Expected<Selector> parse_selector(const std::string& text) {
  const std::string library = text.substr(0, text.find(':'));
  if (library == "nccl") {
    const auto version = parse_nccl_version(text);
    if (!version) return tl::unexpected(version.error());
    return NcclSelector{*version, {}, {variable("NCCL_ALGO"), variable("NCCL_PROTO")}};
  }
  if (library == "openmpi") {
    const auto version = parse_openmpi_version(text);
    if (!version) return tl::unexpected(version.error());
    return OpenMpiSelector{};
  }
  std::vector<std::string> names = nccl_selector_names();
  names.emplace_back("openmpi:4.1");
  return fail(fmt::format("no selector \"{}\"{}", text, suggestion(text, names)));
}

std::string selector_name(const Selector& selector) {
  const auto* const nccl = std::get_if<NcclSelector>(&selector);
  return nccl == nullptr ? "openmpi:4.1" : fmt::format("nccl:{}", name(nccl->version));
}

std::vector<std::string> selector_notes(const Selector& selector) {
  const auto* const nccl = std::get_if<NcclSelector>(&selector);
  if (nccl == nullptr)
    return {"openmpi:4.1 is the fixed rules of coll/tuned, observed on 4.1.4 with 2 to 16 ranks"};
  std::vector<std::string> notes{std::string(verification(nccl->version))};
  const NcclEnvironment& set = nccl->environment;
  if (!set.algorithms.empty()) notes.push_back("NCCL_ALGO=" + set.algorithms + " is set");
  if (!set.protocols.empty()) notes.push_back("NCCL_PROTO=" + set.protocols + " is set");
  return notes;
}

Expected<NcclNode> nccl_node(const System& system) {
  const Node& node = system.node;
  if (!node.compute_capability)
    return fail(
        fmt::format("selector nccl looks at the generation of the GPUs, and {} does not give "
                    "node.compute_capability",
                    system.name));
  NcclNode seen;
  seen.gpus = ranks_per_node(system);
  seen.compute_capability = static_cast<int>(std::lround(10 * node.compute_capability->value));
  seen.cpu = cpu_of(node.cpu);
  seen.nvlinks = node.scale_up.kind == ScaleUpKind::pcie
                     ? 0
                     : nvlinks_of(port_bandwidth_Bps(node), seen.compute_capability);
  seen.nvswitch = node.scale_up.kind == ScaleUpKind::nvswitch;
  seen.multicast = node.scale_up.in_network.has_value();
  const double per_device = node.nics.per_device ? node.nics.per_device->value : 1;
  seen.nics = std::llround(node.nics.per_node.value / per_device);
  seen.nic_Bps = node.nics.bandwidth_Bps.value * per_device;
  seen.pcie_Bps = pcie_as_nccl_counts(node.nics.pcie_Bps);
  if (node.nics.attached_to == NicAttachment::cpu)
    // A Grace CPU is one with its GPU: NCCL 2.27 and newer count that as PCIe next to the GPU.
    seen.nic_path = node.cpu == CpuVendor::arm ? NcclPath::p2c : NcclPath::phb;
  if (const auto& transport_s = node.nics.transport_latency_s)
    seen.net_latency_s = transport_s->value;
  seen.collnet = fabric_in_network(system) != nullptr;
  return seen;
}

Expected<NcclTuning> nccl_tuning(const NcclSelector& selector, const System& system,
                                 Collective collective, std::int64_t ranks) {
  const auto node = nccl_node(system);
  if (!node) return tl::unexpected(node.error());
  const std::int64_t per_node = std::min(ranks, ranks_per_node(system));
  const auto comm = make_comm(*node, selector.version, ranks, per_node, selector.graphs);
  if (!comm) return tl::unexpected(comm.error());
  NcclEnvironment environment = selector.environment;
  if (environment.protocols.empty() && comm->nodes > 1)
    environment.protocols = protocols_between_nodes(system.node.nics.protocols);
  return tune_nccl(selector.version, *comm, collective, environment);
}

Expected<Chooser> Chooser::make(const Selector& selector, const System& system,
                                Collective collective, std::int64_t ranks) {
  Chooser chooser;
  chooser.collective_ = collective;
  chooser.ranks_ = ranks;
  if (const auto* const nccl = std::get_if<NcclSelector>(&selector)) {
    auto tuning = nccl_tuning(*nccl, system, collective, ranks);
    if (!tuning) return tl::unexpected(tuning.error());
    chooser.tuning_ = *tuning;
    chooser.pieces_ = nccl->pieces;
  } else if (collective == Collective::send_recv) {
    return fail("Open MPI has no rules for send_recv: it is one message");
  }
  return chooser;
}

Expected<Selection> Chooser::choose(double size_bytes) const {
  if (const SizePiece* const piece = piece_at(pieces_, collective_, size_bytes))
    for (Selection& offer : offers(size_bytes))
      if (offer.algorithm == piece->algorithm && offer.protocol == piece->protocol)
        return std::move(offer);
  return choose_by_rules(size_bytes);
}

Expected<Selection> Chooser::choose_by_rules(double size_bytes) const {
  if (tuning_) return collscale::choose(*tuning_, size_bytes);
  return openmpi_selection(collective_, ranks_, size_bytes);
}

bool Chooser::has_seen(double size_bytes) const {
  return piece_at(pieces_, collective_, size_bytes) != nullptr;
}

std::vector<Selection> Chooser::offers(double size_bytes) const {
  std::vector<Selection> all;
  if (!tuning_) return all;
  const bool decides = !tuning_->point_to_point && tuning_->comm.ranks > 1;
  for (std::size_t a = 0; decides && a < kNcclAlgorithms; ++a)
    for (std::size_t p = 0; p < kNcclProtocols; ++p)
      if (tuning_->bandwidth_Bps[a][p] > 0)
        all.push_back(forced(*tuning_, static_cast<NcclAlgorithm>(a), static_cast<NcclProtocol>(p),
                             size_bytes));
  if (!decides) all.push_back(collscale::choose(*tuning_, size_bytes));
  std::erase_if(all, [](const Selection& one) { return one.algorithm.empty(); });
  return all;
}

bool Chooser::has(std::string_view algorithm, double size_bytes) const {
  const std::vector<Selection> all = offers(size_bytes);
  return std::any_of(all.begin(), all.end(),
                     [algorithm](const Selection& one) { return one.algorithm == algorithm; });
}

}  // namespace collscale
