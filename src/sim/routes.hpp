// SPDX-License-Identifier: Apache-2.0
// The way of a flow between two ranks of a job: where they are placed, over what is left of the
// fabric. Packed and whole it is Fabric::path and nothing more.
//
// What failures do:
// - ecmp: the first choice is that of the whole fabric; a flow whose link is dead is hashed again
//   at that switch, among the links from which its destination's leaf can still be reached. Others
//   keep their way (resilient hashing). Shares are per switch: what lies further up does not weigh.
// - adaptive, spray: a bundle loses the capacity of its dead members, no more; but where the living
//   ones at both ends lead to no switch in common there is no way.
// - planes under ecmp: a flow takes a plane in which both its NICs live.
// - A NIC that is dead in every plane: its ranks use the next live NIC of their node, both ways, as
//   NCCL would when it is started again; on another rail they change rails above the leaf.
// - torus: a flow whose way is broken takes a shortest one that is whole, along the dimensions in
//   their order as far as that goes. Dragonfly: it is hashed again; where that finds no whole way
//   of the routing it takes one of the shortest (of these with the fewest global links), as hash
//   picks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/job_placement.hpp"
#include "topology/fabric.hpp"
#include "topology/faults.hpp"
#include "topology/system.hpp"

namespace collscale {

class Routes {
 public:
  /// Packed and whole.
  explicit Routes(const System& system);
  Routes(const System& system, JobPlacement placement, const Faults& faults);

  [[nodiscard]] const Fabric& fabric() const { return fabric_; }
  [[nodiscard]] const JobPlacement& placement() const { return placement_; }
  [[nodiscard]] bool whole() const { return changed_.empty(); }
  [[nodiscard]] bool plain() const { return placement_.packed() && whole(); }
  [[nodiscard]] bool has_dead_nics() const { return !local_nic_.empty(); }

  /// The way between two ranks of the job, length 0 where it is cut (or they are the same).
  [[nodiscard]] Path path(std::int64_t source, std::int64_t destination, std::uint64_t hash) const {
    return path_of_ranks(placement_.rank(source), placement_.rank(destination), hash);
  }
  /// The same between ranks of the system.
  [[nodiscard]] Path path_of_ranks(std::int64_t source, std::int64_t destination,
                                   std::uint64_t hash) const;
  /// At which level a path turns round, as Fabric::turning_level.
  [[nodiscard]] int turning_level(const Path& path) const { return fabric_.turning_level(path); }

  /// Links of the fabric that have lost capacity, in order, with what is left of it.
  [[nodiscard]] std::span<const LinkFault> changed() const { return changed_; }
  [[nodiscard]] double capacity_Bps(std::int64_t link) const;
  /// Some rank of the node uses another NIC than its own.
  [[nodiscard]] bool node_lacks_nic(std::int64_t node) const;

  /// Why a rank of the job does not reach another: one sentence.
  [[nodiscard]] std::string cut_between(std::int64_t source, std::int64_t destination) const;

 private:
  [[nodiscard]] bool dead(std::int64_t link) const {
    return !dead_.empty() && dead_[static_cast<std::size_t>(link)];
  }
  [[nodiscard]] Path clos_path(std::int64_t source, std::int64_t destination,
                               std::uint64_t hash) const;
  [[nodiscard]] Path direct_path(std::int64_t source, std::int64_t destination,
                                 std::uint64_t hash) const;
  [[nodiscard]] bool is_whole(const Path& path) const;
  [[nodiscard]] bool dead_at(const Path& path, int way, int depth) const;
  void find_dead_nics();
  [[nodiscard]] std::int64_t nic_local(std::int64_t node, std::int64_t local) const {
    return local_nic_.empty()
               ? local
               : local_nic_[static_cast<std::size_t>(node * fabric_.ranks_per_node() + local)];
  }
  struct Search;

  Fabric fabric_;
  JobPlacement placement_;
  std::vector<LinkFault> changed_;
  std::vector<bool> dead_;  ///< by link; empty when none is
  /// Of links in bundles that have lost members: the same with every link apart, and which bundles.
  std::shared_ptr<const Routes> apart_;
  std::vector<bool> maimed_;
  std::vector<std::int32_t> local_nic_;  ///< by rank: the local rank whose NIC it uses, −1: none
};

}  // namespace collscale
