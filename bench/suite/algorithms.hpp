// SPDX-License-Identifier: Apache-2.0
// -a: which algorithms are measured, and how they take turns.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/suite/points.hpp"
#include "measure/point_result.hpp"

namespace collscale {

/// The algorithms for a collective that were asked for: `wanted` holds "auto", "all" or names; all
/// is auto and everything in `available`. What this collective lacks is left out.
std::vector<std::string> chosen_algorithms(const std::vector<std::string>& wanted,
                                           const std::vector<std::string>& available);

/// Fails with one sentence where none of the collectives has a name that was asked for.
Expected<void> check_algorithms(
    const std::vector<std::string>& wanted, const std::vector<Collective>& collectives,
    const std::function<std::vector<std::string>(Collective)>& available,
    const std::string& library);

/// The same for those that take turns.
std::string turn_key(Scenario scenario);

/// Measures points that follow one another in `points` and differ in the algorithm alone in turns,
/// A B C A B C A B C, each with a third of its samples, so that a drift of the machine meets all of
/// them alike.
class TurnTaking {
 public:
  using Measure = std::function<PointResult(const BenchPoint&, const PointPlan&)>;
  static constexpr int kTurns = 3;

  /// `points` outlives this.
  TurnTaking(const std::vector<BenchPoint>& points, PointPlan plan, Measure measure);
  /// Measures all that take turns with `point`, or gives what was measured then. A point that is
  /// asked for again is measured again, alone.
  PointResult operator()(const BenchPoint& point);

 private:
  const std::vector<BenchPoint>& points_;
  PointPlan plan_;
  Measure measure_;
  std::map<std::string, PointResult> waiting_;  // by name of the benchmark
};

/// Of `turn` (from 0): its share of the samples, and as many operations per sample as the first
/// one.
PointPlan plan_of_turn(PointPlan plan, int turn, int turns, std::int64_t batch);

}  // namespace collscale
