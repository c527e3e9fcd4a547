// SPDX-License-Identifier: Apache-2.0
// The executor's memory: cells, the intervals they divide blocks into, and which cells a payload
// names.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "collective/executor.hpp"
#include "collective/program.hpp"

namespace collscale {

template <class T>
struct Cell {
  std::uint64_t token = 0;
  std::int64_t contributions = 0;
  std::vector<T> values;
};

/// How the collective's data divide: `blocks` blocks (pairs: ranks²) of `atoms` intervals each.
class Division {
 public:
  Division(const Schedule& schedule, const Program& program);

  [[nodiscard]] bool pairs() const { return pairs_; }
  [[nodiscard]] std::int64_t ranks() const { return ranks_; }
  [[nodiscard]] std::int64_t blocks() const { return pairs_ ? ranks_ * ranks_ : ranks_; }
  [[nodiscard]] std::int64_t atoms() const { return static_cast<std::int64_t>(edges_.size()) - 1; }
  [[nodiscard]] std::int64_t cells() const { return blocks() * atoms(); }
  /// Of size_bytes.
  [[nodiscard]] double fraction(std::int64_t atom) const {
    const auto a = static_cast<std::size_t>(atom);
    return (edges_[a + 1] - edges_[a]) / static_cast<double>(ranks_);
  }
  /// Elements [first, second) of a block of `length` elements that the atom holds.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> slice(std::int64_t length,
                                                            std::int64_t atom) const;

  /// The cells that offset `x` names at local index `w`, or (scope) the whole scope of w.
  void append_block(const Lane& lane, std::int64_t group, std::int64_t w, std::int64_t x,
                    std::vector<CellName>& into) const;
  void append_pair(const Lane& lane, std::int64_t step, std::int64_t group, std::int64_t w,
                   std::int64_t x, std::vector<CellName>& into) const;
  void append_scope(const Lane& lane, std::int64_t group, std::int64_t w,
                    std::vector<CellName>& into) const;

 private:
  void collect_edges(const Program& program);
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> atoms_of(double low, double high) const;
  void append(const std::vector<std::int64_t>& blocks, double low, double high,
              std::vector<CellName>& into) const;
  [[nodiscard]] std::vector<std::int64_t> matching(const std::vector<std::int64_t>& digits) const;

  std::int64_t ranks_ = 0;
  bool pairs_ = false;
  std::vector<std::int64_t> radix_;
  std::vector<double> edges_;
};

/// Receivers (forward direction) of a step as local indices: W, or those to whom a root's block is
/// new.
std::vector<std::int64_t> receivers_of(const Lane& lane, std::int64_t step, int arc);

/// The token of what `origin` contributes to a cell.
std::uint64_t contribution_token(std::int64_t origin, std::int64_t cell);

/// Whether `rank` brings a contribution to the block before the collective.
bool contributes(const Schedule& schedule, std::int64_t rank, std::int64_t block);
/// The ranks [first, second) that must have contributed, once each, to what `rank` holds of the
/// block at the end; an empty range: it must hold nothing.
std::pair<std::int64_t, std::int64_t> contributors(const Schedule& schedule, std::int64_t rank,
                                                   std::int64_t block);

}  // namespace collscale
