// SPDX-License-Identifier: Apache-2.0
// What `collscale topo show` says about each kind of fabric, beside its figures.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "topology/system.hpp"

namespace collscale {

/// A line about the fabric, a blank one, and a table of its counts.
std::string fabric_text(const System& system, bool colour);
/// For a column of a list: "3 tiers, 8 rails", "torus 16×16×24", "dragonfly, 74 groups".
std::string tiers_words(const System& system);
/// The fields that only systems of this kind have.
nlohmann::ordered_json fabric_json(const System& system);

}  // namespace collscale
