// SPDX-License-Identifier: Apache-2.0
// What the entries of a file's context are about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/record.hpp"

namespace collscale {

/// What came of a run rather than what it was made under: "contended_points", and what
/// measurements ended in ("slowest_group/layout:node", "slow/bytes:8", "group_times/...").
bool is_result(std::string_view key);

/// When, how often and by what name a file was written: "date", "executable", "load_avg",
/// "resumed".
bool is_occasion(std::string_view key);

/// One entry that two contexts have different values for; "" where one lacks it.
struct ContextDifference {
  std::string key, a, b;
};

/// Of what may explain a difference between two runs, neither results nor occasions; by key.
std::vector<ContextDifference> context_differences(const Context& a, const Context& b);

}  // namespace collscale
