// SPDX-License-Identifier: Apache-2.0
// Where the local indices of a lane's groups lie among the ranks, in a form whose walk needs no
// division: index → place by a few straight pieces, place → rank by wheels that turn, group → rank
// by axes. GroupMap::rank says the same, one rank at a time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "collective/lane.hpp"
#include "collective/offsets.hpp"

namespace collscale {

struct RankLayout {
  /// Index i of [first, last) is at place start + slope·(i − first). A core, a twist, a mirror, a
  /// shift and uneven nodes are a few such pieces each.
  struct Piece {
    std::int64_t first, last, start, slope;
  };
  /// A digit, or several that count on like one: value v adds ((v + rotation) mod radix)·weight to
  /// the rank. The last wheel never turns (its rotation is a shift of the places).
  struct Wheel {
    std::int64_t radix, weight, rotation;
  };
  /// `count` groups whose ranks are `hop` apart; several axes span all groups, the first fastest.
  struct Axis {
    std::int64_t count, hop;
  };
  std::vector<Piece> pieces;  ///< in order of index, without gaps
  std::array<Wheel, View::kMaxDigits> wheels{};
  int wheel_count = 0;
  std::array<Axis, View::kMaxDigits> groups{};
  int group_axes = 0;
  std::int64_t base = 0;  ///< rank of the first group's origin

  /// Index i is at place i, and places are `wheels[0].weight` ranks apart.
  [[nodiscard]] bool plain() const {
    return pieces.size() == 1 && pieces[0].slope == 1 && wheel_count == 1;
  }
  [[nodiscard]] const Piece& piece_at(std::int64_t index) const {
    std::size_t low = 0;
    for (std::size_t high = pieces.size(); high - low > 1;) {
      const std::size_t middle = (low + high) / 2;
      (pieces[middle].first <= index ? low : high) = middle;
    }
    return pieces[low];
  }
  /// Rank − base of a place, counted from wheel `from` on.
  [[nodiscard]] std::int64_t rank_of(std::int64_t place, int from) const {
    std::int64_t rank = 0;
    for (int i = from; i + 1 < wheel_count; ++i) {
      const Wheel& wheel = wheels[static_cast<std::size_t>(i)];
      rank += (place + wheel.rotation) % wheel.radix * wheel.weight;
      place /= wheel.radix;
    }
    return rank + place * wheels[static_cast<std::size_t>(wheel_count - 1)].weight;
  }
};

/// For member lists: places only (one wheel of weight 1), the lists say the ranks.
RankLayout rank_layout(const GroupMap& map);

/// How the local indices of a map lie among the ranks, for closed forms. even: rank = base +
/// stride·index. turning: digits, rotated or apart. other: anything else.
struct IndexLayout {
  enum class Kind : std::uint8_t { even, turning, other } kind = Kind::even;
  std::int64_t stride = 1;
};
IndexLayout index_layout(const GroupMap& map);

}  // namespace collscale
