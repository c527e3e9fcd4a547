// SPDX-License-Identifier: Apache-2.0
// A shell's loop as a log shows it: the commands that it ran.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace collscale {

/// Whether a line begins a loop: "$ for n in 2 4 8; do", "for n in 2 4 8".
bool begins_loop(std::string_view line);

/// The commands of "for n in 2 4 8; do mpirun -np $n ./x; done" in their order, with what the
/// variables stand for; ends of lines count as ';'. Values are words, {1..8} and seq. Nothing where
/// the loop does not end, or where the text does not say what it goes over: while, if.
std::optional<std::vector<std::string>> commands_of_loop(std::string_view script);

}  // namespace collscale
