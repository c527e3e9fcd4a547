// SPDX-License-Identifier: Apache-2.0
// `collscale calibrate`: fits the parameters of a cost model to measurements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/profiles.hpp"
#include "cli/terminal.hpp"
#include "collective/collective.hpp"
#include "units/error.hpp"

namespace collscale {

struct CalibrateCommandOptions {
  std::vector<std::string> results;
  std::string topology;
  std::optional<Collective> collective;  ///< none: all that the records hold
  ProfileChoice profile{};               ///< whose node figures stand behind a network's fit
  bool same_system = false;              ///< the topology is the measured machine
  std::string output;                    ///< the profile; "-" is stdout
  std::uint64_t seed = 1;                ///< of the bootstrap
};

Expected<void> run(const CalibrateCommandOptions& options, const Terminal& terminal);

}  // namespace collscale
