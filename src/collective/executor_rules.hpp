// SPDX-License-Identifier: Apache-2.0
// What each collective demands, from its definition alone: who brings which block, who must hold
// what at the end, and how long blocks are. Nothing here looks at a term.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/schedule.hpp"

namespace collscale {

/// The token of what `origin` contributes to a cell.
std::uint64_t contribution_token(std::int64_t origin, std::int64_t cell);

/// What a rank owes at the end. may_hold: left over from passing on, right if it is whole.
enum class Duty : std::uint8_t { must_hold, may_hold, must_not_hold };

class Demands {
 public:
  explicit Demands(const Schedule& schedule);

  /// Blocks are (origin, destination) pairs: block = origin × ranks + destination.
  [[nodiscard]] bool pairs() const { return collective_ == Collective::all_to_all; }
  [[nodiscard]] std::int64_t blocks() const { return pairs() ? ranks_ * ranks_ : ranks_; }
  /// Bytes of a block over size_bytes.
  [[nodiscard]] double block_fraction() const;
  /// Elements of a block where the larger of a rank's buffers has `elements`.
  [[nodiscard]] std::int64_t block_length(std::int64_t elements, std::int64_t block) const;
  /// Every rank starts and ends with the same of every block, so blocks need no names.
  [[nodiscard]] bool blocks_alike() const;
  /// Destinations of a block: more than one in a mixture of experts.
  [[nodiscard]] std::int64_t copies() const;
  [[nodiscard]] std::int64_t spread(std::size_t digit) const {
    return spread_.empty() ? 1 : spread_[digit];
  }

  /// Calls f(rank, block) for everything that ranks bring, by rank, then by block. `blocks` may be
  /// less than blocks() where blocks_alike().
  template <class F>
  void for_each_contribution(std::int64_t blocks, F&& f) const {
    for (std::int64_t rank = 0; rank < ranks_; ++rank) {
      if (combines_) {
        const std::vector<std::int64_t> firsts = served_by(rank);
        for (std::int64_t origin = 0; origin < ranks_; ++origin)
          for (const std::int64_t first : firsts) f(rank, origin * ranks_ + first);
        continue;
      }
      const auto [first, last] = brought_by(rank, blocks);
      for (std::int64_t block = first; block < last; ++block) f(rank, block);
    }
  }
  [[nodiscard]] Duty duty(std::int64_t rank, std::int64_t block) const;
  /// How many ranks must hold a block at the end (of pairs).
  [[nodiscard]] std::int64_t holders() const { return combines_ ? 1 : copies(); }

 private:
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  [[nodiscard]] Range brought_by(std::int64_t rank, std::int64_t blocks) const;
  /// The first destinations whose window holds the rank, ascending.
  [[nodiscard]] std::vector<std::int64_t> served_by(std::int64_t rank) const;
  [[nodiscard]] bool in_window(std::int64_t rank, std::int64_t first) const;

  Collective collective_;
  std::int64_t ranks_;
  std::int64_t root_;
  std::vector<std::int64_t> radix_;
  std::vector<std::int64_t> spread_;
  bool combines_;
};

}  // namespace collscale
