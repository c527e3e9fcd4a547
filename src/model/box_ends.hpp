// SPDX-License-Identifier: Apache-2.0
// Which messages of a box (collective/flow_boxes.hpp) have an end in a stretch of ranks, and how
// many have both in one: a few multiplications, whatever the number of messages.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "collective/flow_boxes.hpp"
#include "topology/divisor.hpp"

namespace collscale {

/// Σ_{k=0}^{n−1} ⌊(a + h·k) / m⌋ in O(log m) (the Euclid-like algorithm; R. Graham, D. Knuth,
/// O. Patashnik, "Concrete Mathematics", 2nd ed., section 3.5). m > 0; a, h of any sign.
std::int64_t floor_sum(std::int64_t n, std::int64_t a, std::int64_t h, std::int64_t m);

/// How many messages a box has.
double messages_of(const FlowBox& box);
/// And how many of them have both ends in one aligned block of `block` ranks.
double count_within_blocks(const FlowBox& box, std::int64_t block);

/// The k in [first, last).
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
  [[nodiscard]] std::int64_t size() const { return std::max<std::int64_t>(0, last - first); }
};

/// How far apart the elements of a progression are; the division by it is a multiplication. Ranks
/// are below 2^46.
class Hop {
 public:
  Hop() = default;
  explicit Hop(std::int64_t hop)
      : hop_(hop), divisor_(std::max<std::int64_t>(1, hop < 0 ? -hop : hop)) {}
  [[nodiscard]] std::int64_t value() const { return hop_; }

  /// The k in [0, count) with low ≤ at + k·hop < high.
  [[nodiscard]] Range within(std::int64_t at, std::int64_t count, std::int64_t low,
                             std::int64_t high) const {
    std::int64_t first = low - at;
    std::int64_t end = high - at;
    if (hop_ <= 0) {
      if (hop_ == 0) return first <= 0 && end > 0 ? Range{0, count} : Range{0, 0};
      std::swap(first, end);  // −hop·k in [1 − end, 1 − first)
      first = 1 - first;
      end = 1 - end;
    }
    if (end <= 0) return {0, 0};
    const std::int64_t length = divisor_.value();
    const std::int64_t reach = (count - 1) * length;
    if (first > reach) return {0, 0};
    return {first <= 0 ? 0 : divisor_.quotient(first + length - 1),
            end > reach ? count : divisor_.quotient(end + length - 1)};
  }

 private:
  std::int64_t hop_ = 0;
  Divisor divisor_;
};

/// A progression of messages.
struct Progression {
  std::int64_t source = 0, destination = 0, source_hop = 0, destination_hop = 0, count = 0;
  [[nodiscard]] Progression part(std::int64_t first, std::int64_t length) const {
    return {source + first * source_hop, destination + first * destination_hop, source_hop,
            destination_hop, length};
  }
};

enum class End { source, destination };

/// One end of a box, made ready for stretches of about `window` ranks.
class BoxEnd {
 public:
  BoxEnd(const FlowBox& box, End end, std::int64_t window);

  /// No message has this end in [low, high).
  [[nodiscard]] bool misses(std::int64_t low, std::int64_t high) const {
    return low > position() + above_[0] || high <= position() + below_[0];
  }
  /// f(progression) for the messages that have this end in [low, high).
  template <class F>
  void for_each(std::int64_t low, std::int64_t high, F&& f) const {
    visit(0, source_, destination_, low, high, f);
  }

 private:
  [[nodiscard]] std::int64_t position() const {
    return end_ == End::source ? source_ : destination_;
  }
  template <class F>
  void visit(int i, std::int64_t source, std::int64_t destination, std::int64_t low,
             std::int64_t high, F& f) const {
    const auto at = static_cast<std::size_t>(i);
    const FlowBox::Side& side = sides_[at];
    const std::int64_t position = end_ == End::source ? source : destination;
    if (i + 1 == count_ || at + 1 == kMaxSides) {
      const Range range = hops_[at].within(position, side.count, low, high);
      if (range.first < range.last)
        f(Progression{source, destination, side.source_hop, side.destination_hop, side.count}.part(
            range.first, range.last - range.first));
      return;
    }
    const Range range =
        hops_[at].within(position, side.count, low - above_[at + 1], high - below_[at + 1]);
    for (std::int64_t k = range.first; k < range.last; ++k)
      visit(i + 1, source + k * side.source_hop, destination + k * side.destination_hop, low, high,
            f);
  }

  static constexpr std::size_t kMaxSides = View::kMaxDigits + 1;
  End end_;
  int count_ = 0;  ///< of sides, at least one; only so many are set
  std::int64_t source_;
  std::int64_t destination_;
  std::array<FlowBox::Side, kMaxSides> sides_;
  std::array<Hop, kMaxSides> hops_;
  std::array<std::int64_t, kMaxSides> below_;  ///< how far sides from i on reach down
  std::array<std::int64_t, kMaxSides> above_;
};

}  // namespace collscale
