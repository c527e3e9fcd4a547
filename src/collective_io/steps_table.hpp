// SPDX-License-Identifier: Apache-2.0
// The steps of an execution as rows of text.
#pragma once

#include <string>
#include <vector>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"

namespace collscale {

struct StepRow {
  std::string step;       ///< "3"
  std::string operation;  ///< "copies"; several are joined by " / "
  std::string amount;     ///< of one message: "S/8", "S/8 to S/4", "16 MiB"
  std::string messages;   ///< "0→1 [7]  1→2 [0]", or those of rank 0 and how many there are
};

struct StepTableOptions {
  double size_bytes = 0;    ///< 0: amounts are fractions of S
  bool all = false;         ///< every message, however many ranks there are
  std::int64_t few = 16;    ///< up to that many ranks every message is shown anyway
  std::string blank = " ";  ///< within a message, between its ends and its blocks
};

std::vector<StepRow> step_rows(const Schedule& schedule, const ExecutionTrace& trace,
                               const StepTableOptions& options = {});

}  // namespace collscale
