// SPDX-License-Identifier: Apache-2.0
// Which command line of a log printed which of its tables.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace collscale {

/// For each line that begins a table the command that printed it; "" where the log does not say,
/// and for all other lines. A command line is one that `is_command`, and prints the first table
/// that follows. The tables behind a shell's loop are those of its commands in their order, if they
/// are as many; where all say the same ranks, however many they are.
std::vector<std::string> table_commands(const std::vector<std::string>& lines,
                                        const std::function<bool(std::string_view)>& is_title,
                                        const std::function<bool(std::string_view)>& is_command);

}  // namespace collscale
