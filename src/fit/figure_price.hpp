// SPDX-License-Identifier: Apache-2.0
// Measured points and what the analytic engine says of them, for the fit of figures.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fit/library.hpp"
#include "fit/series.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/system.hpp"

namespace collscale {

/// A measured point with what ran there.
struct MeasuredPoint {
  Collective collective = Collective::all_reduce;
  std::int64_t ranks = 0;
  double units = 0;  ///< nodes, or ranks inside one
  double size_bytes = 0;
  double log_time = 0;
  bool is_named = false;               ///< the record says what ran: it could be nothing else
  std::optional<Selection> selection;  ///< nothing where nobody knows
  bool is_told = false;                ///< the library itself said that it is the selection
  bool is_as_ruled = false;            ///< is_told, and by its rules it would be the same
  bool is_seen = false;                ///< answers know it, too, by pieces of the sizes
  std::vector<Selection> offers;       ///< what the library could have run; empty: any algorithm
  int block = 0;                       ///< what the bootstrap draws: a collective at a scale
};

/// Our algorithm of a name that also says whose it is: "ring_ompi" and "allreduce_nccl_ring" are
/// "ring", "rabenseifner_mpich" is "halving_doubling". Any other name as it is, and one of which no
/// algorithm of ours is left.
std::string priced_algorithm(Collective collective, std::string_view algorithm);

/// Points of one tier by (collective, ranks, size); those with several algorithms one after
/// another.
std::vector<MeasuredPoint> points_of(std::span<const Series> all, const System& system,
                                     bool network, const Library& library);

/// chosen: what ran. fastest: the fastest of what could have, unless it was seen what did; not of
/// points that name theirs.
enum class Question { chosen, fastest };

/// Prices the same points again and again: schedules anew only where a share of a bandwidth is
/// another. The points must live on.
class PointPricer {
 public:
  explicit PointPricer(std::span<const MeasuredPoint> points);
  ~PointPricer();
  PointPricer(const PointPricer&) = delete;
  PointPricer& operator=(const PointPricer&) = delete;
  /// ln of the predicted times, in the order of the points; NaN where one cannot be priced.
  std::vector<double> log_times(const System& system, const LatencyFactors& factors,
                                Question question);

 private:
  class Group;
  std::span<const MeasuredPoint> points_;
  std::vector<double> shares_;
  std::vector<std::unique_ptr<Group>> groups_;  ///< with these shares
};

/// The same once.
std::vector<double> log_times(std::span<const MeasuredPoint> points, const System& system,
                              const LatencyFactors& factors, Question question);

}  // namespace collscale
