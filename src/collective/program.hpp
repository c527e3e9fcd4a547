// SPDX-License-Identifier: Apache-2.0
// The one walk over a term. It resolves scopes, views and weights and gives a small tree whose
// leaves are stages of lanes; the engines of time (model/, sim/) combine the leaves by its kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collective/lane.hpp"
#include "collective/schedule.hpp"
#include "units/error.hpp"

namespace collscale {

/// stage: the lanes run together, step by step: one latency per step, loads added (congruent
/// children of a Par are zipped like this, so two channels on one port are not twice the messages).
/// sequence: one part after the other, per rank. concurrent: parts that are not congruent, at the
/// same time. pipeline: `chunks` chunks go through the parts; lanes carry the bytes of ONE chunk.
/// messages: an explicit List, which no engine of time knows more about.
struct Program {
  enum class Kind : std::uint8_t {
    stage,
    sequence,
    concurrent,
    pipeline,
    messages
  } kind = Kind::stage;
  std::vector<Lane> lanes;     ///< of a stage: all have the same steps and lag
  std::vector<Program> parts;  ///< of the other kinds
  std::int32_t chunks = 1;     ///< of a pipeline
  std::int32_t window = 0;
  /// Of a sequence or pipeline: the lanes of every stage below are so many equal runs of lanes, of
  /// children of a Par that were zipped; each goes from stage to stage without the others.
  std::int32_t strands = 1;
  std::shared_ptr<const std::vector<Message>> messages;  ///< of a List
  /// The interval of every block's byte range that the List moves.
  double part_low = 0;
  double part_high = 1;
};

/// Fails when the term breaks an invariant (docs/schedules.md): it names which, and where.
Expected<Program> make_program(const Schedule& schedule);

}  // namespace collscale
