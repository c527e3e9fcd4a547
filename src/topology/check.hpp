// SPDX-License-Identifier: Apache-2.0
// What is wrong with a system, as far as its own figures tell.
#pragma once

#include <string>
#include <vector>

#include "topology/system.hpp"

namespace collscale {

struct Problem {
  std::string field;     ///< as for_each_figure names it: "fabric.tiers[0].radix", "fabric.rails"
  std::string message;   ///< what was found and what was expected, without the field
  bool is_error = true;  ///< false: a warning; the system can be used, and the message says how
};

/// Figures in their range; rails that divide ranks and NICs; groups that cover the nodes; ports
/// that fit the switches; uplinks that match the oversubscription. Empty: nothing to object to. A
/// system with an error must not be given to a Fabric.
std::vector<Problem> check_system(const System& system);

}  // namespace collscale
