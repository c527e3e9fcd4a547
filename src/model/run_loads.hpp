// SPDX-License-Identifier: Apache-2.0
// Loads of any phase by arithmetic on progressions: a step is a handful of boxes of messages
// (collective/flow_boxes.hpp), and how many of a box leave or enter a node or a switch group is a
// few multiplications, whatever the number of ranks (box_ends.hpp, load_samples.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "collective/rank_layout.hpp"
#include "model/direct_loads.hpp"
#include "model/load_samples.hpp"
#include "model/step_load.hpp"
#include "scenario/price.hpp"

namespace collscale {

class RunLoads {
 public:
  RunLoads(const System& system, const Fabric& fabric, const FabricShape& shape)
      : system_(system),
        fabric_(fabric),
        shape_(shape),
        samples_(shape),
        direct_(make_direct_loads(system, fabric, shape.ranks)) {}

  /// The steps asked for next are of this stage; its lanes must live on.
  void begin(const std::vector<Lane>& lanes);
  /// One step of all lanes of the stage; edges of one group of the first lane.
  StepLoads step(std::int64_t step);
  enum class Edges : std::uint8_t { counted, left_out };
  /// All steps of all lanes; edges of all messages. Ends the stage.
  StepLoads all_steps(const std::vector<const Lane*>& lanes, Edges wanted);
  /// Of a torus or dragonfly: all pairs on its links, beside what ports and NICs carry of them.
  void add_all_pairs(double bytes, StepLoads& loads);

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  /// A lane that stands for several that differ by a turn only (LoadSamples::add_turns).
  struct Representative {
    const Lane* lane = nullptr;
    std::vector<std::int64_t> turns{};  ///< of each of them, from this one on
    RankLayout layout{};                ///< made when needed: no pieces before
    std::size_t whole_nodes = kNone;    ///< the turns of all of them through whole nodes, if made
    /// Of lanes that order the ranks of a node: `turns` are numbers of these orders.
    const std::vector<std::vector<std::int32_t>>* orders = nullptr;
    [[nodiscard]] double copies() const { return static_cast<double>(turns.size()); }
  };
  /// What the busiest links carry, before it is divided by what they could.
  struct Busiest {
    double port = 0;
    double link_s = 0;  ///< of a node's links, seconds per byte
    int node_hops = 1;
    double nic = 0;
    std::array<LoadSamples::Uplinks, Fabric::kMaxTiers> up{};
    DirectLoads::PerTier direct{};  ///< of torus and dragonfly, in place of `up`
    double smallest_message = 0;
    bool switch_in_node = false;
    bool switch_in_fabric = false;
  };
  /// Of the turns of a lane, so many meet on the busiest port, NIC and part of a switch group, if
  /// all messages of one turn begin and end at the same local rank.
  struct Meeting {
    double port = 1;
    double nic = 1;
    double part = 1;  ///< of a tier that has parts
    double all = 1;
  };
  /// Loads of the steps of a stage, for stages like it: an all_reduce goes down the tree that it
  /// went up, and a library takes the same tree with more channels for larger sizes.
  struct Known {
    std::vector<Lane> lanes;
    std::vector<std::vector<std::int64_t>> turns;
    struct Step {
      std::int64_t step = 0;
      Busiest busiest;
      bool of_one_turn = false;
      bool reversible = false;  ///< loads links alike backwards
      ArcEdges edges{};
    };
    std::vector<Step> steps;
  };
  /// Loads of one turn of lanes that run together.
  struct KnownSum {
    std::vector<Lane> lanes;
    Busiest of_one_turn;
  };
  enum class Likeness : std::uint8_t { none, same, but_turned };

  void clear();
  void find_representatives(const std::vector<const Lane*>& lanes);
  [[nodiscard]] const RankLayout& layout_of(std::size_t number);
  /// Whether the stage asked about sends what a known one sends: backwards, or as it does; the same
  /// or from other local ranks and another part of the data.
  [[nodiscard]] Likeness likeness(const Known& stage, bool backwards) const;
  [[nodiscard]] const Known::Step* find_known(std::int64_t step) const;
  /// Of representatives, by number.
  using Numbers = std::vector<std::size_t>;
  [[nodiscard]] Numbers all_numbers() const;
  [[nodiscard]] bool turn_together(const Numbers& numbers) const;
  /// How much of the data these carry, as a multiple of what lanes alike but turned do; 0 if they
  /// are not alike.
  [[nodiscard]] double part_of_alike(const Numbers& numbers, const std::vector<Lane>& known,
                                     bool backwards) const;
  [[nodiscard]] Meeting meeting(std::size_t number) const;
  /// All messages begin and end at one local rank, the same of every node.
  [[nodiscard]] bool at_one_local_rank(const Numbers& numbers) const;
  /// The entries become those of one turn.
  void keep_one_turn();
  [[nodiscard]] Busiest of_all_turns(std::size_t number, const Busiest& of_one, double part) const;
  [[nodiscard]] bool keeps_rails(const FlowBox& box) const;
  /// Where messages of a step differ, it ends with the largest; over all steps the mean adds up.
  enum class Bytes { largest, mean };
  void add_step(std::size_t number, std::int64_t step, double count, Bytes which, ArcEdges* edges);
  void add_lane(std::size_t number, ArcEdges* edges);
  void add_all_to_all_in_groups(const Lane& lane, double copies, ArcEdges* edges);
  const LoadEntry& add_entry(std::size_t number, int arc, const FlowBox& box, double bytes);
  [[nodiscard]] bool may_add_evenly(const Lane& lane) const;
  bool take_whole_nodes(std::size_t number, FlowBox& box);
  [[nodiscard]] std::size_t counted_turns(const LoadEntry& entry) const;
  void add_edges(const LoadEntry& entry, double times, LevelCounts& edges) const;
  void add_lanes(const Numbers& numbers, double times, ArcEdges* edges);
  [[nodiscard]] Numbers first_of_pairs(const Numbers& numbers) const;
  /// Enters what these send in all steps; the directions in which it is to be loaded.
  LoadSamples::Directions add_all(const Numbers& numbers, ArcEdges* edges);
  /// What these, none within nodes, load together, if one turn of them says it.
  std::optional<Busiest> sum_between_nodes(const Numbers& numbers);
  Busiest busiest(LoadSamples::Directions directions, LoadSamples::Steps steps);
  [[nodiscard]] StepLoads loads_of(const Busiest& busiest) const;
  void set_direct(const DirectLoads::PerTier& busiest, StepLoads& loads) const;

  const System& system_;
  const Fabric& fabric_;
  const FabricShape& shape_;
  LoadSamples samples_;
  std::unique_ptr<DirectLoads> direct_;  ///< none: a clos
  std::vector<Representative> lanes_;
  std::vector<LoadEntry> entries_;
  LevelCounts direct_levels_;  ///< of the last entry's messages
  bool one_step_ = false;      ///< of which edges are counted, of one group of the first lane
  EvenLoads even_;
  std::size_t turned_lanes_ = 0;  ///< that the samples know
  bool reversible_ = true;        ///< the entries load links alike when they run backwards
  std::vector<Known> known_;      ///< the last stages
  std::vector<KnownSum> known_sums_;
  std::size_t like_ = kNone;  ///< the known stage that is like the one asked about
  bool backwards_ = false;    ///< and it runs this way
  Likeness likeness_ = Likeness::none;
};

}  // namespace collscale
