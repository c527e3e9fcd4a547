// SPDX-License-Identifier: Apache-2.0
// What of an execution is shown together: the rows of the table and of the picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"

namespace collscale {

/// Messages shown together. One step of one phase; where parts of the data go their own ways (Par,
/// Pipe), the messages that start at the same time, whichever phases they belong to.
struct Round {
  std::int64_t phase = 0;             ///< of its first message
  std::vector<std::size_t> messages;  ///< places in the trace, ascending
};

/// True where rounds go by time instead of by step.
bool rounds_by_time(const Schedule& schedule);

std::vector<Round> rounds(const Schedule& schedule, const ExecutionTrace& trace);

/// Whether the term depends on where ranks lie (digits of several nodes, uneven nodes, members).
bool depends_on_nodes(const Schedule& schedule);

}  // namespace collscale
