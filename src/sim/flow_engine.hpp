// SPDX-License-Identifier: Apache-2.0
// The flow engine as price() takes it (scenario/price.hpp), over a network that many engines share:
// one engine per hash seed and thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scenario/candidates.hpp"
#include "scenario/price.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/all_pairs.hpp"
#include "sim/flow.hpp"
#include "sim/flow_sink.hpp"
#include "sim/link_loads.hpp"
#include "sim/routed_flows.hpp"
#include "sim/routes.hpp"

namespace collscale {

/// What does not depend on the hash seed: a system, a job on it, and the ways between its ranks.
class FlowNetwork {
 public:
  /// Errors: ranks that the system does not have, a placement that does not fit, memory that would
  /// not suffice for `engines` engines at once (checked before any is taken).
  static Expected<FlowNetwork> make(const System& whole, std::int64_t ranks,
                                    const FlowOptions& options, std::int64_t engines = 1);

  [[nodiscard]] const System& system() const { return system_; }
  [[nodiscard]] std::int64_t ranks() const { return ranks_; }
  [[nodiscard]] const Routes& routes() const { return routes_; }
  /// The same with links in bundles that are shared evenly: for all pairs of many ranks.
  [[nodiscard]] const Routes& even_routes() const { return even_routes_; }
  /// Whether the engine will price a schedule; the same for every seed.
  [[nodiscard]] Expected<void> accepts(const Candidate& candidate) const;
  /// All pairs of each group of the lane, of too many to go one by one.
  [[nodiscard]] static bool summed_by_groups(const Lane& lane);
  /// What they load on the links of even_routes, as for_each_pair_load (all_pairs.hpp), as
  /// fractions of the size.
  int for_each_pair_load_of(const Lane& lane, const PairLoad& f,
                            const std::function<void(std::int64_t, std::int64_t)>& cut) const;

 private:
  FlowNetwork(const System& system, std::int64_t ranks, JobPlacement placement,
              const Faults& faults);
  [[nodiscard]] double messages_of(const Program& program) const;

  System system_;
  System even_system_;
  std::int64_t ranks_;
  Routes routes_;
  Routes even_routes_;
};

/// Up to `wanted` engines, fewer where memory is scarce; one at least.
std::int64_t engines_that_fit(const System& system, const FlowOptions& options,
                              std::int64_t wanted);

class FlowEngine {
 public:
  FlowEngine(const FlowNetwork& network, std::uint64_t seed);

  [[nodiscard]] const System& system() const { return network_.system(); }
  [[nodiscard]] const Fabric& fabric() const { return network_.routes().fabric(); }
  [[nodiscard]] Expected<void> accepts(const Candidate& candidate) const {
    return network_.accepts(candidate);
  }
  StepLoads step(const std::vector<Lane>& lanes, std::int64_t step);
  StepLoads all_steps(const std::vector<const Lane*>& lanes);
  /// Fails where some flow found no whole way: the failures cut the fabric.
  [[nodiscard]] Expected<void> check_cut() const;

  /// Everything that goes into step() and all_steps(), one flow at a time.
  void flows_of_step(const std::vector<Lane>& lanes, std::int64_t step, AnyFlowSink sink) const;
  void flows_of_all_steps(const std::vector<const Lane*>& lanes, AnyFlowSink sink) const;

 private:
  /// What links within nodes add to what `loads_` says of the resources.
  void set_links(StepLoads& loads, const LinkLoads& summed, double node_hops) const;
  const FlowNetwork& network_;
  FlowHashing hashing_;
  LinkLoads loads_;
};

}  // namespace collscale
