// SPDX-License-Identifier: Apache-2.0
// What the families have in common: the node, and figures that keep the first error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "topology_io/family.hpp"

namespace collscale {

inline Figure assumed(double value, std::string source) {
  return {value, Label::assumed, std::move(source)};
}

/// Keeps the first error of several figures.
struct Take {
  const Parameters& parameters;
  std::optional<Error> error{};
  Figure operator()(std::string_view name, Quantity quantity, std::string_view fallback) {
    const Expected<Figure> figure = parameters.figure(name, quantity, fallback);
    if (figure) return *figure;
    if (!error) error = figure.error();
    return {};
  }
};

/// A node from the parameters gpus, scale_up, nic and queue_pairs, each accelerator with a NIC of
/// its own. The rest is assumed: latencies are NCCL's constants for the ring with protocol LL128
/// (NVIDIA/nccl v2.28.9-1, src/graph/tuning.cc); the efficiencies are ideal.
Node generic_node(Take& take, std::string_view gpus_fallback, std::string_view nic_fallback,
                  std::string_view scale_up_fallback = "450GB/s");

/// One of the names of an enumeration, the first where the parameter is not given.
Expected<std::size_t> parameter_choice(const Parameters& parameters, std::string_view parameter,
                                       const std::vector<std::string>& names);

}  // namespace collscale
