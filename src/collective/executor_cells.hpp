// SPDX-License-Identifier: Apache-2.0
// The executor's memory: how blocks divide into cells, who holds them, and which cells the payload
// of a lane names.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "collective/executor_rules.hpp"
#include "collective/program.hpp"

namespace collscale {

/// How the collective's data divide: blocks of `atoms` intervals each. cell = block × atoms + atom.
class Division {
 public:
  /// `by_owner`: every block by its owner. Otherwise blocks that the term never tells apart are
  /// one: only the digits by which some lane names blocks count.
  Division(const Schedule& schedule, const Demands& demands, const Program& program, bool by_owner);

  [[nodiscard]] std::int64_t blocks() const { return blocks_; }
  [[nodiscard]] std::int64_t atoms() const { return static_cast<std::int64_t>(edges_.size()) - 1; }
  [[nodiscard]] std::int64_t cells() const { return blocks() * atoms(); }
  [[nodiscard]] const std::vector<double>& edges() const { return edges_; }
  /// Of size_bytes.
  [[nodiscard]] double fraction(std::int64_t atom) const {
    const auto a = static_cast<std::size_t>(atom);
    return (edges_[a + 1] - edges_[a]) * block_fraction_;
  }
  /// Elements [first, second) of a block of `length` elements that the atom holds.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> slice(std::int64_t length,
                                                            std::int64_t atom) const;
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> atoms_of(double low, double high) const;
  /// What one value of a digit adds to the number of a block named by a rank; 0: not told apart.
  [[nodiscard]] std::int64_t place(std::size_t digit) const { return places_[digit]; }

 private:
  void collect(const Schedule& schedule, const Program& program,
               std::array<bool, View::kMaxDigits>& told_apart);

  std::int64_t blocks_ = 0;
  double block_fraction_ = 0;
  std::array<std::int64_t, View::kMaxDigits> places_{};
  std::vector<double> edges_;
};

/// Who holds what: contributions and the sum of their tokens, by rank and cell. Pairs are in few
/// places and kept sparsely, everything else in one array.
class Store {
 public:
  static constexpr std::int64_t kNone = -1;

  Store(std::int64_t ranks, std::int64_t cells, bool sparse);

  /// The slot of a cell that holds something, or kNone.
  [[nodiscard]] std::int64_t find(std::int64_t rank, std::int64_t cell) const {
    if (sparse_) return find_sparse(rank, cell);
    const std::int64_t slot = rank * cells_ + cell;
    return counts_[static_cast<std::size_t>(slot)] > 0 ? slot : kNone;
  }
  /// The slot of a cell that holds nothing yet.
  std::int64_t make(std::int64_t rank, std::int64_t cell) {
    return sparse_ ? make_sparse(rank, cell) : rank * cells_ + cell;
  }
  void drop(std::int64_t rank, std::int64_t cell, std::int64_t slot) {
    if (sparse_) return drop_sparse(rank, cell);
    tokens_[static_cast<std::size_t>(slot)] = 0;
    counts_[static_cast<std::size_t>(slot)] = 0;
  }
  [[nodiscard]] std::uint64_t& token(std::int64_t slot) {
    return tokens_[static_cast<std::size_t>(slot)];
  }
  [[nodiscard]] std::uint32_t& count(std::int64_t slot) {
    return counts_[static_cast<std::size_t>(slot)];
  }
  [[nodiscard]] std::size_t slots() const { return counts_.size(); }
  /// Sparse: f(rank, slot) for every holder of a cell.
  template <class F>
  void for_each_holder(std::int64_t cell, F&& f) const {
    for (std::int32_t at = heads_[static_cast<std::size_t>(cell)]; at >= 0;
         at = links_[static_cast<std::size_t>(at)].next)
      f(std::int64_t{links_[static_cast<std::size_t>(at)].rank}, std::int64_t{at});
  }

 private:
  struct Link {
    std::int32_t rank = 0;
    std::int32_t next = -1;
  };
  [[nodiscard]] std::int64_t find_sparse(std::int64_t rank, std::int64_t cell) const;
  std::int64_t make_sparse(std::int64_t rank, std::int64_t cell);
  void drop_sparse(std::int64_t rank, std::int64_t cell);

  std::int64_t cells_;
  bool sparse_;
  std::vector<std::uint64_t> tokens_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::int32_t> heads_;  ///< sparse: first holder by cell
  std::vector<Link> links_;
  std::int32_t free_ = -1;
};

using Cells = std::vector<std::int64_t>;

/// Whether blocks of a lane's phase stand for even intervals of the scope (a core, or leaders, that
/// start and end with everything).
bool splits_scope(const Lane& lane);
/// Whether the digit is one of those that vary within the lane's groups.
bool varies_in_group(const GroupMap& map, std::size_t digit);

/// Which cells the payload of one lane names. Appends to `into`.
class Payload {
 public:
  Payload(const Schedule& schedule, const Demands& demands, const Division& division,
          const Lane& lane);

  [[nodiscard]] std::int64_t rank(std::int64_t group, std::int64_t index) const {
    return ranks_[static_cast<std::size_t>(group * lane_.map.size + index)];
  }
  void scope(std::int64_t group, std::int64_t w, Cells& into) const;
  /// The block that index `owner` of the group owns.
  void block(std::int64_t group, std::int64_t owner, Cells& into) const;
  /// From the group index `origin` to `destination`; the other digits as they stand for `w`.
  void pair(std::int64_t group, std::int64_t w, std::int64_t origin, std::int64_t destination,
            Cells& into);

 private:
  void append(std::int64_t base, std::int64_t first, std::int64_t last, Cells& into) const;

  const Schedule& schedule_;
  const Demands& demands_;
  const Division& division_;
  const Lane& lane_;
  std::int64_t first_atom_ = 0;
  std::int64_t last_atom_ = 0;
  bool splits_ = false;
  std::vector<std::int64_t> ranks_;        ///< by group and index
  std::vector<std::int64_t> bases_;        ///< by rank: its digits that a block address fixes
  std::vector<std::int64_t> others_;       ///< what the free digits add
  std::vector<std::int64_t> scope_bases_;  ///< the same for the whole scope
  std::vector<std::int64_t> scope_others_;
  std::vector<std::int64_t> node_starts_;     ///< of uneven nodes
  std::vector<std::int64_t> found_, longer_;  ///< scratch
};

/// How far block j has moved after a step of an all_to_all phase.
std::int64_t moved_by(const Phase& phase, std::int64_t step, std::int64_t j);

}  // namespace collscale
