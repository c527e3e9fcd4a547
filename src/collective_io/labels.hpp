// SPDX-License-Identifier: Apache-2.0
// How ranks, blocks, fractions and operations are written, for tables and pictures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"

namespace collscale {

/// "3", or "switch 0" for the vertices beyond the ranks.
std::string vertex_name(const Schedule& schedule, std::int64_t vertex);

/// Blocks are (origin, destination) pairs: there are ranks² of them.
bool blocks_are_pairs(const Schedule& schedule, const ExecutionTrace& trace);

/// "0-3,7" of ascending numbers.
std::string ranges(const std::vector<std::int64_t>& numbers);

/// What a message carries: "7", "0-3,7", "all", "3→0-7" for pairs; where only an interval of the
/// blocks travels, with it: "7 part 2/8", or of all of them "part 2/8".
std::string payload_label(const Schedule& schedule, const ExecutionTrace& trace,
                          const ExecutedMessage& message);
/// Number of the blocks in a message.
std::int64_t block_count(const ExecutedMessage& message);

/// 0.125 → "S/8", 0.1875 → "3S/16", 1 → "S", 0 → "0". Not a ratio of small numbers: "0.1234 S".
std::string fraction_of_size(double fraction);
/// As a fraction of S where `size_bytes` is 0, else as bytes: "16 MiB".
std::string amount(double fraction, double size_bytes);

/// "copies", "adds", "hands over, adds", "moves".
std::string_view operation_words(Transfer transfer);
/// "copy", "accumulate", "give", "move": the terms of the algebra, for files.
std::string_view operation_name(Transfer transfer);

/// The finding: "ring all_reduce, 8 ranks: 14 steps, every rank sends 1.75 S". `rounds`: as they
/// are drawn; "depth 1" where they are others than the chain of messages that wait for each other.
std::string headline(const Schedule& schedule, const ExecutionReport& report, std::int64_t rounds);

}  // namespace collscale
