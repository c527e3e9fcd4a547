// SPDX-License-Identifier: Apache-2.0
// Fitted figures put into a system, and what that is worth for an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fit/figure_fit.hpp"
#include "record/record.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// A system of the figures that can be fitted, by path; nullptr where it has none such. A launch
/// is added where it has none yet.
Figure* fittable_figure(System& system, std::string_view path);

/// Sets a figure, and the factor on what a library takes the same to be.
void set_figure(System& system, LatencyFactors& factors, const FittedFigure& figure,
                std::string source);

struct ApplyOptions {
  bool any_system = false;  ///< also where node design or NICs are others than the measured ones
};

/// A figure at its best, of what the topology says, what a fit found and how far it may lie above:
/// of shares the largest, of times the smallest.
struct FigureAtBest {
  std::string path;
  double value = 0;
};

/// What was applied. The tiers are those of the profile whose figures now stand in the system.
struct AppliedFigures {
  std::string system;  ///< in which they stand
  std::optional<FigureTier> node;
  std::optional<FigureTier> network;
  int figures = 0;
  LatencyFactors factors{};
  std::vector<FigureAtBest> at_best{};  ///< of every figure that was set
  std::vector<std::string> notes;       ///< what was not applied and why
};

/// The system with these figures where they are better than its own. Lower bounds hold with it: a
/// fit finds how fast something was, which is not how fast it can be.
System with_figures_at_best(System system, std::span<const FigureAtBest> figures);

/// Puts the figures of `tiers` into `system`, labelled calibrated. Fails, in one sentence, where
/// none of them was measured on nodes like the system's. A time of the network's tier holds at its
/// NIC rate only, a share at any.
Expected<AppliedFigures> apply_figures(System& system, std::span<const FigureTier> tiers,
                                       std::string_view profile, const ApplyOptions& options = {});

/// What the answer is, of what a fit was judged by: the library's choice (or what a record of that
/// kind would name), the fastest of what the library has, or neither.
enum class Judged { as_chosen, as_fastest, not_at_all };

/// Sets validated_to_ranks, and the 50 and 95 % intervals where the tier that the ranks lie in was
/// measured. Says in words what of the question lies outside of what was measured: nothing, or
/// "x4" ranks, "all_to_all", "above 512 MiB".
std::vector<std::string> judge_by(const AppliedFigures& applied, std::int64_t ranks_per_node,
                                  Judged judged, Record& record);

/// Sets the intervals where that tier was not measured, of an answer by NCCL's constants, from what
/// other systems taught; says which tier it is. Across nodes whose own figures were fitted on fewer
/// of their ranks they are as much wider as inside such a node. `applied`: nullptr where no profile
/// stands.
std::vector<std::string> judge_unmeasured(const AppliedFigures* applied, const System& system,
                                          Record& record);

/// Of the tier that so many ranks lie in, or else of the other; nothing where neither knows one.
std::optional<LibraryUse> library_of(const AppliedFigures& applied, std::int64_t ranks_per_node,
                                     std::int64_t ranks);

}  // namespace collscale
