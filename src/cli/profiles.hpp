// SPDX-License-Identifier: Apache-2.0
// Profiles as predict takes them: a file, one that ships with the systems, or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/selectors.hpp"
#include "collective/collective.hpp"
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

/// The node's figures of the chosen profile, for a fit of the network behind such nodes; nothing
/// where it has none of that node design. Fails where a profile that was asked for cannot be read.
Expected<std::optional<FigureTier>> node_figures(const ProfileChoice& choice, const System& system);

/// Whose constants the profile's latencies are factors on, for so many ranks; none where the
/// collective is not of a modelled library, or that does not know the system's nodes.
std::optional<Selector> profile_library(const UsedProfile& used, const System& system,
                                        Collective collective, std::int64_t ranks);

/// Where no profile stands: NCCL as it is, on nodes that it knows.
std::optional<Selector> usual_library(const System& system, Collective collective,
                                      std::int64_t ranks);

/// "node figures from 252 measurements of ..., 2 to 8 ranks, median error 9 % (25 % without); ..."
std::string profile_sentence(const UsedProfile& used);
/// "held out 128 and 256 ranks: median error 6 %, 94 % of them inside the 95 % interval": of the
/// two largest scales where two are left to fit on, else of the largest; "" where there is one
/// scale.
std::string hold_out_sentence(const FigureTier& tier);
/// For the context of a results file.
void add_profile(const UsedProfile& used, Context& context);

/// topologies/profiles/NODE-DESIGN.json of the first folder of systems that has it; "" where none
/// has.
std::string ready_profile(const std::string& node_design);

}  // namespace collscale
