// SPDX-License-Identifier: Apache-2.0
// An execution in GOAL, the group operation assembly language of LogGOPSim and its tools
// (T. Hoefler, C. Siebert, A. Lumsdaine: "Group Operation Assembly Language - A Flexible Way to
// Express Collective Communication", ICPP 2009; grammar: spcl/LogGOPSim, txt2bin.re).
#pragma once

#include <string>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"

namespace collscale {

struct GoalOptions {
  double size_bytes = 1 << 20;    ///< the collective's size
  double reduce_ns_per_byte = 0;  ///< what the receiver's addition costs
};

/// Every message is a send and a recv (tag: its number, so that no two can be mixed up), every
/// addition a calc after the recv. "requires" follows what the executor's message waited for at
/// that rank. Switches are ranks beyond those of the schedule. A message has its fraction of the
/// size, rounded to whole bytes, at least 1 unless it carries nothing.
std::string goal_text(const Schedule& schedule, const ExecutionTrace& trace,
                      const GoalOptions& options = {});

}  // namespace collscale
