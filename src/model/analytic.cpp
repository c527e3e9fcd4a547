// SPDX-License-Identifier: Apache-2.0
#include "model/analytic.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/run_loads.hpp"
#include "model/step_load.hpp"
#include "scenario/price.hpp"
#include "topology/job_box.hpp"

namespace collscale {
namespace {

double largest(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

bool keeps_the_order_of_ranks(const View& view) {
  for (std::size_t d = 1; d < view.rotation.size(); ++d)
    if (view.rotation[d] != 0) return false;
  return view.nodes == View::Nodes::none && !view.members && view.fixed_count == 0 &&
         view.twist == 0 && view.shift == 0 && !view.mirror &&
         (view.core == 0 || view.core_map == View::CoreMap::first);
}

/// The hand-overs before and after a folded algorithm's core: one step from, or to, the core.
bool hands_over_a_fold(const Phase& phase) { return phase.steps == 1 && phase.arc_count == 1; }

/// All ranks in the order of their numbers, each step alike for all: what step_load knows.
bool is_regular(const Lane& lane) {
  const Phase& phase = lane.phase;
  if (phase.network != InNetwork::none || phase.root >= 0 || lane.scope_fraction <= 0 ||
      phase.address == Address::spread || phase.frame == Frame::dihedral ||
      phase.lag != Lag::previous || !keeps_the_order_of_ranks(lane.map.view))
    return false;
  for (int arc = 0; arc < phase.arc_count; ++arc)
    if (phase.arcs[static_cast<std::size_t>(arc)].has_receivers && !hands_over_a_fold(phase))
      return false;
  return true;
}

/// Steps that differ in the distance of their messages only.
bool has_many_distances(const Lane& lane) {
  const Phase& phase = lane.phase;
  return phase.address == Address::pair && phase.frame == Frame::cyclic && phase.root < 0 &&
         phase.arc_count == 1 && !phase.arcs[0].has_receivers;
}

}  // namespace

class AnalyticEngine {
 public:
  AnalyticEngine(const System& system, std::int64_t ranks)
      : system_(job_system(system, ranks)),
        fabric_(system_),
        shape_(fabric_shape(system_, fabric_, ranks)),
        runs_(system_, fabric_, shape_) {}

  [[nodiscard]] const System& system() const { return system_; }
  [[nodiscard]] const Fabric& fabric() const { return fabric_; }

  [[nodiscard]] static Expected<void> accepts(const Candidate&) { return {}; }

  void begin(const std::vector<Lane>& lanes) {
    regular_ = fabric_.is_clos() && is_regular(lanes);
    if (!regular_) runs_.begin(lanes);
    // On a torus or dragonfly nodes are counted: of very many steps some stand for their
    // neighbours.
    constexpr std::int64_t kMostNodes = 500'000;  // in all steps of a stage
    alike_ = 1;
    looked_at_ = -1;
    if (fabric_.is_clos() || !std::all_of(lanes.begin(), lanes.end(), has_many_distances)) return;
    const std::int64_t nodes = shape_.ranks / shape_.ranks_per_node + 1;
    alike_ = std::max<std::int64_t>(1, lanes.front().phase.steps * nodes / kMostNodes);
  }
  StepLoads step(const std::vector<Lane>& lanes, std::int64_t step) {
    if (alike_ > 1) {
      if (looked_at_ != step / alike_) of_looked_at_ = runs_.step(step);
      looked_at_ = step / alike_;
      return of_looked_at_;
    }
    if (!regular_) return runs_.step(step);
    return loads_of(step_load(shape_, lanes, step), mean_message_fraction(lanes.front(), step, 0));
  }
  StepLoads all_steps(const std::vector<const Lane*>& lanes) {
    return all_steps(lanes, RunLoads::Edges::counted);
  }
  StepLoads all_steps_without_edges(const std::vector<const Lane*>& lanes) {
    return all_steps(lanes, RunLoads::Edges::left_out);
  }

 private:
  StepLoads all_steps(const std::vector<const Lane*>& lanes, RunLoads::Edges edges) {
    if (lanes.size() == 1 && is_all_pairs(*lanes.front())) {
      const double bytes = message_fraction(*lanes.front(), 0, 0);
      StepLoads loads = loads_of(all_pairs_load(shape_, bytes), bytes);
      runs_.add_all_pairs(bytes, loads);
      return loads;
    }
    return runs_.all_steps(lanes, edges);
  }

  /// Digits are the local rank, the node, the leaf group; not, say, the dimensions of a torus.
  [[nodiscard]] bool numbered_by_levels(const std::vector<std::int64_t>& radix) const {
    if (radix.size() == 1) return true;
    if (radix.front() != std::min(shape_.ranks, shape_.ranks_per_node)) return false;
    return radix.size() == 2 || (radix.size() == 3 && !shape_.tiers.empty() &&
                                 radix[0] * radix[1] == shape_.tiers.front().group_ranks);
  }

  /// All ranks of full nodes, by local rank and node.
  [[nodiscard]] bool is_regular(const std::vector<Lane>& lanes) const {
    const Lane& first = lanes.front();
    const std::int64_t in_node = std::min(shape_.ranks, shape_.ranks_per_node);
    if (shape_.ranks % in_node != 0) return false;
    return std::all_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
      // Lanes that run together go the same ways: rings that enter nodes at different ranks do, the
      // dimensions of a torus do not.
      const View& view = lane.map.view;
      const std::vector<std::int64_t>& radix = lane.map.radix;
      return collscale::is_regular(lane) && numbered_by_levels(radix) &&
             view.digit_count == first.map.view.digit_count && view.digits == first.map.view.digits;
    });
  }

  [[nodiscard]] StepLoads loads_of(const StepLoad& load, double message) const {
    StepLoads loads;
    loads.even[kScaleUpResource] =
        std::max(largest(load.scale_up_out), largest(load.scale_up_in)) / shape_.scale_up_Bps;
    if (shape_.node_links != nullptr)
      loads.set_links(busiest_link_s(shape_, load.node_links), load.node_hops);
    const double nic = std::max(largest(load.nic_out), largest(load.nic_in));
    loads.even[kNicResource] = nic / shape_.nic_Bps;
    loads.hashed = loads.even;
    if (message > 0) loads.hashed[kNicResource] *= nic_collision_factor(shape_, nic / message);
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
      const FabricShape::Tier& tier = shape_.tiers[t];
      const std::size_t r = static_cast<std::size_t>(kFirstTierResource) + t;
      loads.even[r] = largest(load.tiers[t].bytes) / (tier.link_Bps * tier.links_per_part);
      loads.hashed[r] =
          loads.even[r] * collision_factor(shape_, tier, largest(load.tiers[t].flows));
    }
    loads.edges = load.edges;
    return loads;
  }

  System system_;  ///< as the job sees it
  Fabric fabric_;
  FabricShape shape_;
  RunLoads runs_;
  bool regular_ = false;         ///< the stage that steps are asked of
  std::int64_t alike_ = 1;       ///< successive steps, the first of which stands for all
  std::int64_t looked_at_ = -1;  ///< the last that was looked at, of `alike_` each
  StepLoads of_looked_at_;
};

Expected<void> check_analytic(const System& system) {
  // The links of a torus are counted one by one: half a gigabyte.
  constexpr double kMostLinks = 1 << 26;
  const auto* torus = std::get_if<Torus>(&system.fabric);
  if (torus == nullptr) return {};
  const double links = 2 * system.nodes.value * static_cast<double>(torus->dimensions.size());
  if (links <= kMostLinks) return {};
  return fail(
      fmt::format("the analytic engine counts at most {:.0f} links of a torus, found {:.3g} "
                  "({})",
                  kMostLinks, links, system.name));
}

AnalyticPricer::AnalyticPricer(const System& system, std::int64_t ranks)
    : engine_(std::make_unique<AnalyticEngine>(system, ranks)) {}

AnalyticPricer::~AnalyticPricer() = default;

ScheduleCost AnalyticPricer::price(const Program& program) {
  return collscale::price(program, *engine_);
}

Expected<std::vector<Prediction>> predict_analytic(const System& system, Collective collective,
                                                   std::string_view algorithm, std::int64_t ranks,
                                                   std::span<const double> sizes_bytes,
                                                   const PriceOptions& options) {
  if (auto known = check_analytic(system); !known) return tl::unexpected(known.error());
  AnalyticEngine engine(system, ranks);
  return predict_with(engine, collective, algorithm, ranks, sizes_bytes, options);
}

}  // namespace collscale
