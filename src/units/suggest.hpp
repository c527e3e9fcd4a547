// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the nearest valid name, for error messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace collscale {

/// Levenshtein distance with swapped neighbours as one edit ("rign", "ring"), case-blind.
int edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, or "" when none is near (more than a third of it differs).
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// `, did you mean "ring"?`, or `; valid: a, b, c` when nothing is near.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace collscale
