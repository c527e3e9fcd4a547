// SPDX-License-Identifier: Apache-2.0
// The flow engine as price() takes it, that enumerates the steps of a stage on several threads.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/flow_engine.hpp"

namespace collscale {

class ParallelFlowEngine {
 public:
  ParallelFlowEngine(const FlowNetwork& network, std::uint64_t seed, std::int64_t threads);

  [[nodiscard]] const System& system() const { return first().system(); }
  [[nodiscard]] const Fabric& fabric() const { return first().fabric(); }
  [[nodiscard]] Expected<void> accepts(const Candidate& candidate) const {
    return first().accepts(candidate);
  }
  /// Enumerates the steps that will be asked for, one of each class.
  void begin(const std::vector<Lane>& lanes);
  StepLoads step(const std::vector<Lane>& lanes, std::int64_t step);
  StepLoads all_steps(const std::vector<const Lane*>& lanes) { return first().all_steps(lanes); }
  /// As FlowEngine's, and the same for any number of threads.
  [[nodiscard]] Expected<void> check_cut() const;

 private:
  struct Ahead {
    std::int64_t step = 0;
    StepLoads loads;
    Expected<void> whole;
  };
  [[nodiscard]] FlowEngine& first() { return engines_.front(); }
  [[nodiscard]] const FlowEngine& first() const { return engines_.front(); }

  const FlowNetwork& network_;
  std::uint64_t seed_;
  std::size_t threads_;
  std::vector<FlowEngine> engines_;  ///< more than the first where there is enough to do
  std::vector<Ahead> ahead_;
  Expected<void> whole_;
};

}  // namespace collscale
