// SPDX-License-Identifier: Apache-2.0
#include "collective/rank_layout.hpp"

#include <algorithm>

namespace collscale {
namespace {

using Piece = RankLayout::Piece;
using Pieces = std::vector<Piece>;

/// Afterwards every piece lies wholly below place `at`, or wholly at or above it.
void cut(Pieces& pieces, std::int64_t at) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece whole = pieces[i];
    const std::int64_t hop = whole.slope < 0 ? -whole.slope : whole.slope;
    const std::int64_t head = whole.slope > 0 ? floor_div(at - whole.start + hop - 1, hop)
                                              : floor_div(whole.start - at, hop) + 1;
    if (head <= 0 || head >= whole.last - whole.first) continue;
    pieces[i].last = whole.first + head;
    pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  {whole.first + head, whole.last, whole.start + head * whole.slope, whole.slope});
    ++i;
  }
}

/// Moves the places [low, full) round by `by`.
void rotate(Pieces& pieces, std::int64_t low, std::int64_t full, std::int64_t by) {
  if (full - low < 2) return;
  by = floor_mod(by, full - low);
  if (by == 0) return;
  cut(pieces, low);
  cut(pieces, full - by);
  for (Piece& piece : pieces)
    if (piece.start >= low) piece.start += piece.start >= full - by ? by - (full - low) : by;
}

/// Index → place: core → twist → mirror → shift.
Pieces places(const GroupMap& map, std::int64_t full) {
  const View& view = map.view;
  Pieces pieces = {{0, map.size, 0, 1}};
  const std::int64_t outside = full - view.core;
  if (view.core > 0 && view.core_map == View::CoreMap::neighbour && outside > 0) {
    pieces = {{0, outside, 1, 2}};
    if (outside < map.size) pieces.push_back({outside, map.size, 2 * outside, 1});
  }
  if (view.twist != 0) rotate(pieces, 1, full, view.twist);
  if (view.mirror)
    for (Piece& piece : pieces)
      piece = {piece.first, piece.last, full - 1 - piece.start, -piece.slope};
  if (view.shift != 0) rotate(pieces, 0, full, view.shift);
  return pieces;
}

std::int64_t weight_of(const GroupMap& map, int digit) {
  std::int64_t weight = 1;
  for (int below = 0; below < digit; ++below) weight *= map.radix[static_cast<std::size_t>(below)];
  return weight;
}

/// The digits that vary, as wheels; returns the turn of the last one, in places: the last digit
/// alone turned is a shift of all places.
std::int64_t set_wheels(const GroupMap& map, RankLayout& layout) {
  std::array<RankLayout::Wheel, View::kMaxDigits> digits{};
  std::size_t count = 0;
  for (int i = 0; i < map.view.digit_count; ++i) {
    const auto digit = static_cast<std::size_t>(map.view.digits[static_cast<std::size_t>(i)]);
    const std::int64_t radix = map.radix[digit];
    if (radix > 1)
      digits[count++] = {radix, weight_of(map, static_cast<int>(digit)),
                         floor_mod(map.view.rotation[digit], radix)};
  }
  if (count == 0) digits[count++] = {1, 1, 0};
  std::int64_t turn = digits[count - 1].rotation;
  for (std::size_t i = 0; i + 1 < count; ++i) turn *= digits[i].radix;
  digits[count - 1].rotation = 0;

  std::size_t wheels = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool counts_on =
        wheels > 0 && layout.wheels[wheels - 1].rotation == 0 && digits[i].rotation == 0 &&
        layout.wheels[wheels - 1].weight * layout.wheels[wheels - 1].radix == digits[i].weight;
    if (counts_on)
      layout.wheels[wheels - 1].radix *= digits[i].radix;
    else
      layout.wheels[wheels++] = digits[i];
  }
  layout.wheel_count = static_cast<int>(wheels);
  return turn;
}

/// The digits that do not vary: held at a value, or one axis of groups each.
void set_groups(const GroupMap& map, RankLayout& layout) {
  const View& view = map.view;
  for (int digit = 0; digit < static_cast<int>(map.radix.size()); ++digit) {
    bool varies = false;
    for (int i = 0; i < view.digit_count; ++i)
      varies = varies || view.digits[static_cast<std::size_t>(i)] == digit;
    bool fixed = false;
    for (int i = 0; i < view.fixed_count; ++i) {
      const View::Fixed& f = view.fixed[static_cast<std::size_t>(i)];
      if (f.digit != digit) continue;
      layout.base += fixed ? 0 : f.value * weight_of(map, digit);
      fixed = true;
    }
    const std::int64_t radix = map.radix[static_cast<std::size_t>(digit)];
    if (varies || fixed || radix == 1) continue;
    const std::int64_t weight = weight_of(map, digit);
    RankLayout::Axis* last = layout.group_axes > 0
                                 ? &layout.groups[static_cast<std::size_t>(layout.group_axes - 1)]
                                 : nullptr;
    if (last != nullptr && last->count * last->hop == weight)
      last->count *= radix;
    else
      layout.groups[static_cast<std::size_t>(layout.group_axes++)] = {radix, weight};
  }
}

}  // namespace

RankLayout rank_layout(const GroupMap& map) {
  RankLayout layout;
  const std::int64_t full = map.full_size();
  layout.pieces = places(map, full);
  if (map.view.nodes == View::Nodes::inside) {
    rotate(layout.pieces, 0, full, map.view.turn);
    layout.wheels[0] = {full, 1, 0};
    layout.wheel_count = 1;
    layout.base =
        map.ranks_before_node(map.nodes_before_run(static_cast<std::size_t>(map.view.node_run)));
    layout.groups[0] = {map.group_count, full};
    layout.group_axes = 1;
  } else if (map.view.nodes == View::Nodes::leaders) {
    // Place k is node k: within a run of equal nodes, ranks are a node apart.
    std::int64_t node = 0;
    for (const NodeRun& run : map.nodes) cut(layout.pieces, node += run.nodes);
    for (Piece& piece : layout.pieces) {
      std::int64_t first_node = 0;
      std::int64_t first_rank = 0;
      for (const NodeRun& run : map.nodes) {
        if (piece.start < first_node + run.nodes) {
          piece.start = first_rank + (piece.start - first_node) * run.ranks +
                        floor_mod(map.view.turn, run.ranks);
          piece.slope *= run.ranks;
          break;
        }
        first_node += run.nodes;
        first_rank += run.nodes * run.ranks;
      }
    }
    layout.wheels[0] = {full, 1, 0};
    layout.wheel_count = 1;
  } else if (map.view.members) {
    layout.wheels[0] = {full, 1, 0};
    layout.wheel_count = 1;
  } else {
    const std::int64_t turn = set_wheels(map, layout);
    rotate(layout.pieces, 0, full, turn);
    set_groups(map, layout);
  }
  return layout;
}

IndexLayout index_layout(const GroupMap& map) {
  const View& view = map.view;
  if (view.members || view.nodes != View::Nodes::none || view.twist != 0 || view.mirror ||
      view.shift != 0 || (view.core > 0 && view.core_map == View::CoreMap::neighbour))
    return {IndexLayout::Kind::other, 0};
  IndexLayout layout;
  std::int64_t expected_digit = -1;
  for (int i = 0; i < view.digit_count; ++i) {
    const int digit = view.digits[static_cast<std::size_t>(i)];
    if (map.radix[static_cast<std::size_t>(digit)] == 1) continue;
    if (view.rotation[static_cast<std::size_t>(digit)] %
            map.radix[static_cast<std::size_t>(digit)] !=
        0)
      layout.kind = IndexLayout::Kind::turning;
    if (expected_digit < 0) {
      layout.stride = 1;
      for (int below = 0; below < digit; ++below)
        layout.stride *= map.radix[static_cast<std::size_t>(below)];
    } else {
      for (; expected_digit < digit; ++expected_digit)
        if (map.radix[static_cast<std::size_t>(expected_digit)] != 1)
          layout.kind = IndexLayout::Kind::turning;
      if (digit < expected_digit) layout.kind = IndexLayout::Kind::turning;
    }
    expected_digit = digit + 1;
  }
  return layout;
}

}  // namespace collscale
