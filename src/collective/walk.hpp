// SPDX-License-Identifier: Apache-2.0
// The walk behind make_program and the executor: resolves scopes, views, weights and copies.
#pragma once

#include "collective/program.hpp"

namespace collscale {

struct WalkOptions {
  bool zip = true;            ///< congruent children of a Par become one stage of several lanes
  bool expand_pipes = false;  ///< every chunk of a Pipe is a part of its own, with its own interval
  bool check_states = true;   ///< V5 and the counting form of V1; the executor's tests do without
};

Expected<Program> walk(const Schedule& schedule, const WalkOptions& options);

}  // namespace collscale
