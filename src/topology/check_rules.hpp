// SPDX-License-Identifier: Apache-2.0
// Rules of check_system that have files of their own.
#pragma once

#include <vector>

#include "topology/check.hpp"

namespace collscale {

/// A stated figure names its source, a derived one its arithmetic; a placeholder ("TODO", "...") is
/// neither.
void check_sources(std::vector<Problem>& problems, const System& system);

/// Warns of groups below the top of a clos that hold no node. Of a system whose other figures fit.
void check_empty_groups(std::vector<Problem>& problems, const System& system);

}  // namespace collscale
