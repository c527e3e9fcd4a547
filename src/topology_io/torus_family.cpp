// SPDX-License-Identifier: Apache-2.0
// A torus or mesh from the sizes of its dimensions: "torus:dims=4x4x4".
#include <fmt/format.h>

#include <cmath>

#include "topology_io/family_node.hpp"
#include "units/quantity.hpp"

namespace collscale {

namespace {

constexpr std::string_view kLetters = "xyzwvu";

Expected<std::vector<Dimension>> parse_dimensions(const Parameters& parameters,
                                                  const Figure& link) {
  std::string_view text = parameters.has("dims") ? parameters.text("dims") : "4x4x4";
  const std::string_view mesh = parameters.text("mesh");
  std::vector<Dimension> dimensions;
  while (dimensions.empty() || !text.empty()) {
    const std::size_t end = std::min(text.find('x'), text.size());
    const Expected<double> size = parse_figure_value(Quantity::count, text.substr(0, end));
    if (!size || end + 1 == text.size())
      return parameters.fail_at(
          "dims", fmt::format("found \"{}\", expected sizes as in 4x4x4", parameters.text("dims")));
    if (dimensions.size() == Torus::kMaxDimensions)
      return parameters.fail_at("dims",
                                fmt::format("found \"{}\", expected at most {} dimensions",
                                            parameters.text("dims"), Torus::kMaxDimensions));
    text.remove_prefix(std::min(end + 1, text.size()));
    Dimension dimension;
    dimension.size = assumed(*size, "parameter dims of torus");
    dimension.link_Bps = link;
    const char letter = kLetters[dimensions.size()];
    const bool open = mesh == "all" || mesh.find(letter) != std::string_view::npos;
    dimension.wrap = open ? Wrap::mesh : Wrap::ring;
    dimensions.push_back(dimension);
  }
  const std::string_view known = kLetters.substr(0, dimensions.size());
  if (mesh != "all" && mesh.find_first_not_of(known) != std::string_view::npos)
    return parameters.fail_at(
        "mesh", fmt::format("found \"{}\", expected letters of {} or all", mesh, known));
  return dimensions;
}

}  // namespace

const std::vector<Parameters::Spec>& torus_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"dims", "nodes along x, y, z.., default 4x4x4; at most 6 dimensions"},
      {"mesh", "dimensions whose ends are not joined: letters of xyzwvu, or all; default none"},
      {"link", "bandwidth of a link to a neighbour, default 400Gbps"},
      {"gpus", "accelerators of a node, each with a NIC into the node's switch, default 1"},
      {"nic", "bandwidth of a NIC, default its part of all links of the node"},
      {"scale_up", "bandwidth of an accelerator within the node, default 450GB/s"},
      {"efficiency", "attainable share of line rate on NICs and links, default 1"},
      {"queue_pairs", "flows of a message, default 1"},
      {"hop_latency", "from a node's switch to its neighbour's, default 600ns"},
  };
  return specs;
}

Expected<System> make_torus(const Parameters& parameters) {
  Take take{parameters};
  System system;
  system.name = "torus";
  system.description = "torus or mesh computed from parameters";
  system.node = generic_node(take, "1", "400Gbps");
  Torus torus;
  const Figure link = take("link", Quantity::bandwidth, "400Gbps");
  torus.efficiency = take("efficiency", Quantity::share, "1");
  torus.hop_latency_s = take("hop_latency", Quantity::time, "600ns");
  if (take.error) return tl::unexpected<Error>(*take.error);
  auto dimensions = parse_dimensions(parameters, link);
  if (!dimensions) return tl::unexpected<Error>(dimensions.error());
  torus.dimensions = std::move(*dimensions);
  double nodes = 1;
  for (const Dimension& dimension : torus.dimensions) nodes *= dimension.size.value;
  system.nodes = assumed(nodes, "product of the dimensions of torus");
  if (!parameters.has("nic")) {
    const double ports = 2 * static_cast<double>(torus.dimensions.size());
    system.node.nics.bandwidth_Bps =
        assumed(ports * link.value / system.node.accelerators.value,
                "its part of all links of the node, in the family torus");
  }
  system.fabric = std::move(torus);
  return system;
}

}  // namespace collscale
