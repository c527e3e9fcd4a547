// SPDX-License-Identifier: Apache-2.0
// Profiles as predict takes them: a file, one that ships with the systems, or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fit/figures.hpp"
#include "fit/profile.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct ProfileChoice {
  std::string profile;      ///< a file, "none", or "": the ready one of the system's node design
  bool any_system = false;  ///< --any-system
};

/// A profile that stands in a system.
struct UsedProfile {
  std::string path;
  bool ready = false;
  AppliedFigures applied;
};

/// Puts the figures of the chosen profile into `system`; nothing where there is none. Fails where
/// a profile that was asked for cannot be read, or was measured on other nodes.
Expected<std::optional<UsedProfile>> use_profile(const ProfileChoice& choice, System& system);

/// "node figures from 252 measurements of ..., 2 to 8 ranks, median error 9 % (25 % without); ..."
std::string profile_sentence(const UsedProfile& used);
/// For the context of a results file.
void add_profile(const UsedProfile& used, Context& context);

/// topologies/profiles/NODE-DESIGN.json of the first folder of systems that has it; "" where none
/// has.
std::string ready_profile(const std::string& node_design);

}  // namespace collscale
