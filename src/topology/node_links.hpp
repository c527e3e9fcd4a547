// SPDX-License-Identifier: Apache-2.0
// The links between the ranks of a node, one direction each, and the way from every local rank to
// every other over them: worked out once for a node design, some bytes for each pair of its ranks.
//
// full_mesh: one link from each rank to each other. links: as wired; ranks that are not joined use
// the way of fewest links, the widest of those (its narrowest link counts), the one over the lowest
// ranks where several are as wide; the way back is the same the other way round. pcie: every switch
// has a link up to the host and one down from it, which ranks of different switches take. nvswitch:
// none, the ports are all there is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "topology/system.hpp"

namespace collscale {

class NodeLinks {
 public:
  static constexpr int kMaxWay = 4;      ///< links of a way, see Path
  static constexpr int kMaxWidths = 6;   ///< different capacities
  static constexpr int kMaxRanks = 128;  ///< of a node, where it has links

  /// None.
  NodeLinks() = default;
  /// Of a node in which check_system finds no error (but for ways that are too long or missing).
  explicit NodeLinks(const Node& node);

  struct Link {
    std::int32_t from = 0;  ///< local ranks; of pcie switches, −1: the host
    std::int32_t to = 0;
    std::int32_t width = 0;   ///< its number among the widths
    std::int32_t number = 0;  ///< and its own among the links of that width
    double capacity_Bps = 0;  ///< efficiency applied
  };
  /// The links are those of PCIe switches to the host and back.
  [[nodiscard]] bool through_host() const { return !links_.empty() && links_.front().to < 0; }
  [[nodiscard]] bool empty() const { return links_.empty(); }
  [[nodiscard]] std::span<const Link> all() const { return links_; }
  [[nodiscard]] const Link& at(std::size_t link) const { return links_[link]; }
  /// The other direction of the same cable.
  [[nodiscard]] static std::size_t reverse(std::size_t link) { return link ^ 1U; }

  /// Links of one capacity.
  struct Width {
    double capacity_Bps = 0;
    std::int64_t count = 0;
  };
  [[nodiscard]] std::span<const Width> widths() const { return widths_; }

  /// By number in all(): the links from one local rank to another, in order. None between ranks of
  /// one PCIe switch, and where no way leads there.
  [[nodiscard]] std::span<const std::uint16_t> way(std::int64_t from, std::int64_t to) const {
    const std::size_t pair = static_cast<std::size_t>(from * ranks_ + to);
    return {ways_.data() + first_[pair], static_cast<std::size_t>(first_[pair + 1] - first_[pair])};
  }
  /// How many latencies a message between ranks takes at most: the links of the longest way; 1 of
  /// PCIe, whose latency is that of a whole message.
  [[nodiscard]] int longest_way() const { return longest_; }
  /// Of a way.
  [[nodiscard]] int hops(std::int64_t from, std::int64_t to) const {
    return longest_ > 1 ? static_cast<int>(way(from, to).size()) : 1;
  }

 private:
  void add_cable(std::int32_t a, std::int32_t b, double capacity_Bps);
  void find_ways(const std::vector<double>& cables);
  void find_ways_through_host(std::int64_t switch_ranks);

  std::int64_t ranks_ = 0;
  std::vector<Link> links_;  ///< 2k and 2k + 1: the directions of cable k
  std::vector<Width> widths_;
  std::vector<std::uint32_t> first_;  ///< by pair of ranks, in ways_
  std::vector<std::uint16_t> ways_;
  int longest_ = 1;
};

/// What a rank of the node can send at once, one direction, as the hardware's makers count it:
/// nvswitch and pcie its port, else the links of the rank that has most.
double port_bandwidth_Bps(const Node& node);

}  // namespace collscale
