// SPDX-License-Identifier: Apache-2.0
// A term in the notation of docs/schedules.md, one node per line, indented.
#pragma once

#include <string>

#include "collective/schedule.hpp"

namespace collscale {

/// Every line ends with a newline. Example:
///   Seq
///     Dual cyclic, 3 steps: d = -1, X = {-s-1}
///     cyclic, 3 steps: d = 1, X = {s+1}
std::string term_text(const Term& term);

}  // namespace collscale
