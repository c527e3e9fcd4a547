// SPDX-License-Identifier: Apache-2.0
// Per-rank clocks through a plan.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/event/plan.hpp"
#include "sim/event/ring.hpp"
#include "sim/routes.hpp"

namespace collscale {

/// What makes ranks late.
struct Disturbance {
  const DelayLaw* law = nullptr;             ///< null: none
  const std::vector<float>* slow = nullptr;  ///< factor by rank; null: none
  std::uint64_t seed = 1;
};

class Clocks {
 public:
  Clocks(const Routes& routes, std::int64_t ranks, const Disturbance& disturbance, int threads);

  /// Takes every rank's clock in `t` through the plan.
  void run(const Plan& plan, std::vector<double>& t);

 private:
  /// Of a pipeline: when each message of the chunk before arrived.
  struct Chunks {
    double period_s = 0;
    bool first = true;
    std::size_t at = 0;
    std::vector<double> arrived;
    std::vector<bool> hears;  ///< by rank: of some message
    /// Of this chunk: by how much later than the one before its messages arrived, at least and
    /// most.
    double least_s = 0;
    double most_s = 0;
  };

  /// The parts one after the other, of each strand by itself.
  void run_parts(const Plan& plan, std::vector<double>& t);
  /// Those of the present strand.
  [[nodiscard]] std::span<const Lane> lanes_of(const Plan& plan) const {
    const std::size_t all = plan.lanes->size();
    const std::size_t first = all * strand_ / strands_;
    return std::span(*plan.lanes).subspan(first, all * (strand_ + 1) / strands_ - first);
  }
  void run_steps(const Plan& plan, std::vector<double>& t);
  void run_arcs(const Plan& plan, const Lane& lane, int first_arc, int end_arc,
                std::vector<double>& t);
  void step(const Plan& plan, const Lane& lane, std::int64_t step, int first_arc, int end_arc,
            const Plan::Class& steps, std::vector<double>& t);
  bool exchange(const Plan& plan, const Lane& lane, std::int64_t step, const Plan::Class& steps,
                std::vector<double>& t);
  bool run_ring(const Plan& plan, const Lane& lane, int arc, const Plan::Class& steps,
                std::vector<double>& t);
  void run_chain(const Plan& plan, std::vector<double>& t);
  void run_at_once(const Plan& plan, std::vector<double>& t);
  void run_gathering(const Plan& plan, std::vector<double>& t);
  void run_pipeline(const Plan& plan, std::vector<double>& t);

  /// Messages come from here on as for_each_flow gives those of an arc.
  void begin(const Plan& plan, const Plan::Class& steps, const Lane& lane, int arc) {
    kinds_ = nullptr;
    if (steps.kinds.empty()) return;
    const auto number = static_cast<std::size_t>(&lane - plan.lanes->data());
    kinds_ = steps.kinds[number * Plan::kMostArcs + static_cast<std::size_t>(arc)].data();
  }
  /// The kind of the next message: its level, or what its way says.
  [[nodiscard]] std::size_t kind(std::int64_t source, std::int64_t destination) {
    if (kinds_ != nullptr) return *kinds_++;
    const JobPlacement& placement = routes_.placement();
    return static_cast<std::size_t>(
        routes_.fabric().turning_level(placement.rank(source), placement.rank(destination)));
  }
  /// The message's factor, by its ends.
  [[nodiscard]] double factor(std::int64_t source, std::int64_t destination) const;
  /// When a message that could arrive then does, behind that of the chunk before.
  double arrival(std::int64_t destination, double at, double slow);
  /// Delays of all ranks in a step of the present stream; null without.
  const float* delays(std::int64_t step);
  [[nodiscard]] double delay_of(std::int64_t rank, std::int64_t step) const;
  [[nodiscard]] StepKeys keys_of(std::int64_t step) const;
  void next_stream() {
    ++stream_;
    row_pair_ = -1;
  }

  const Routes& routes_;
  std::int64_t ranks_;
  Disturbance disturbance_;
  int threads_;
  RankKeys keys_;
  std::uint64_t stream_ = 0;
  std::vector<float> rows_;
  std::int64_t row_pair_ = -1;
  std::vector<std::uint32_t> received_;  ///< by rank: in which step it last received
  std::uint32_t epoch_ = 0;
  Chunks* chunks_ = nullptr;
  std::size_t strand_ = 0;
  std::size_t strands_ = 1;
  const std::uint32_t* kinds_ = nullptr;   ///< of the next message; null: by level
  std::vector<double> next_, own_, edge_;  ///< room for a step
};

}  // namespace collscale
