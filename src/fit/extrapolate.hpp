// SPDX-License-Identifier: Apache-2.0
// From a Profile to predictions with intervals, at any scale.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "fit/choice_check.hpp"
#include "fit/fewer_channels.hpp"
#include "fit/normal_form_check.hpp"
#include "fit/profile.hpp"
#include "fit/scenario_range.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Seconds that no run can be faster than, for a size in bytes on that many ranks; 0: no bound.
using BoundFunction = std::function<double(Collective, double size_bytes, std::int64_t ranks)>;

struct ExtrapolateOptions {
  /// "ring", "ring/LL128" where the data name protocols; "": "auto", or the only one there is.
  std::string algorithm;
  int replicates = 1000;  ///< bootstrap replicates; 0 leaves the spread of the runs out
  std::uint64_t seed = 1;
  int threads = 0;
  /// True where accelerator, network, library era and launch mode are known to match the data's;
  /// otherwise data of another system widens the interval (kOtherSystemFactor).
  bool matched_system = false;
  /// Empty: the bounds of the target system (model/bounds.hpp), where its own messages between
  /// nodes do not beat them: small ones drop that of latency, large ones lower the others.
  BoundFunction bound_s;
  /// Empty: what NCCL's channels change beyond the data is not looked at.
  ChannelFunction channels;
};

/// An answer with what stands beside it.
struct Extrapolation {
  Record record;
  /// The analytic engine's view of the target, with the algorithm that stands for the measured one;
  /// no algorithm where the engine prices none.
  Prediction model;
  ScenarioRange range;  ///< is in the intervals of the record
  NormalFormCheck normal_form;
  ChoiceCheck choice;   ///< of what a library chose, against the algorithms that its data name
  std::string mixture;  ///< what says that the data are of several settings, or ""
  /// "x256 beyond the largest measured size, 4 MiB on such nodes", or "".
  std::string beyond_sizes;
  std::string channels;  ///< of fewer_channels, or ""
  /// "faster than the 393 ms that 24,576 ranks took, which other sizes and scales do not bear out",
  /// or "".
  std::string below_measured;
};

/// One answer per ranks × size, sizes innermost. Its record: engine analytic, trust predicted, 50 %
/// and 95 % intervals, validated_to_ranks (the most ranks measured in that tier), the source in
/// words. The bottleneck is the analytic engine's for the target, as the source says; the breakdown
/// is empty: measured times do not come apart into terms. A size that was not measured widens the
/// interval and is named in the source.
///
/// Data of another number of ranks per node are mapped by nodes (target_place.hpp); of the measured
/// machine, more than half of whose nodes' ranks took part, as many go on doing so. Nothing is
/// rescaled to the target's link rates, so the answer reads "a system of the data's kind, this
/// large".
///
/// Fails when the profile has no such collective or algorithm, when a target lies in a tier of
/// which there are no data (across nodes from one node's records), or is more than the system has,
/// or where a size is more than x4 from those of a tier that has fewer than kFewestSizes.
Expected<std::vector<Extrapolation>> extrapolate_in_full(const Profile& profile,
                                                         const System& system,
                                                         Collective collective,
                                                         std::span<const double> sizes_bytes,
                                                         std::span<const std::int64_t> ranks,
                                                         const ExtrapolateOptions& options = {});

/// The records alone.
Expected<std::vector<Record>> extrapolate(const Profile& profile, const System& system,
                                          Collective collective,
                                          std::span<const double> sizes_bytes,
                                          std::span<const std::int64_t> ranks,
                                          const ExtrapolateOptions& options = {});

}  // namespace collscale
