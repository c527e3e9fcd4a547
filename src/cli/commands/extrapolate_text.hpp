// SPDX-License-Identifier: Apache-2.0
// What `collscale extrapolate` prints: the answers as a table, what stands beside them in
// sentences, and the alternatives.
#pragma once

#include <string>
#include <vector>

#include "fit/alternatives.hpp"
#include "fit/extrapolate.hpp"
#include "topology/system.hpp"

namespace collscale {

/// A row per answer.
std::string answers_table(const std::vector<Extrapolation>& answers, bool colour);

/// Lines below it: how far beyond the data, what dominates according to whom, how many of the
/// system's figures are assumed, what the intervals allow for, what the normal form says.
std::string answers_notes(const std::vector<Extrapolation>& answers, const System& system);

/// An answer, and what could be in its place.
struct WithAlternatives {
  const Extrapolation* answer = nullptr;
  std::vector<Alternative> alternatives;
};

/// A row per answer and alternative, then why others have none.
std::string alternatives_table(const std::vector<WithAlternatives>& all, bool colour);

}  // namespace collscale
