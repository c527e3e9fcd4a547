// SPDX-License-Identifier: Apache-2.0
// The sweeps a user writes: "8B:1GiB:x2" (by factor), "8B:64B:+8B" (by step), "8B,1KiB,1MiB"
// (list); the end of a range is always included.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

/// Sizes in bytes, ascending and without repetition.
Expected<std::vector<double>> parse_sizes(std::string_view text);
/// The same where a bare 8M means MiB, as among nccl-tests' flags: "1K:1M:x4".
Expected<std::vector<double>> parse_nccl_tests_sizes(std::string_view text);
/// Rank counts: "8:100000:x2", "8,64,512". Every count is at least 1.
Expected<std::vector<std::int64_t>> parse_ranks(std::string_view text);

}  // namespace collscale
