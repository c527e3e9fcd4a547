// SPDX-License-Identifier: Apache-2.0
#include "model/box_ends.hpp"

#include <cstdlib>

namespace collscale {
namespace {

struct Division {
  std::int64_t quotient, rest;
};
/// Of what is not negative: ranks mostly fit into 32 bits, whose division costs a third.
Division divide(std::int64_t n, std::int64_t by) {
  if (((n | by) >> 32) != 0) return {n / by, n % by};
  const auto n32 = static_cast<std::uint32_t>(n);
  const auto by32 = static_cast<std::uint32_t>(by);
  return {n32 / by32, n32 % by32};
}

/// In one progression: both ends in one aligned block.
double within_blocks(const Progression& p, std::int64_t block) {
  const std::int64_t distance = std::abs(p.destination - p.source);
  const bool alike = p.source_hop == p.destination_hop;
  if (distance >= block && (alike || p.count == 1)) return 0;
  const bool aligned = p.source_hop % block == 0 && p.destination_hop % block == 0;
  if (p.count == 1 || (aligned && alike))
    return divide(p.source, block).quotient == divide(p.destination, block).quotient
               ? static_cast<double>(p.count)
               : 0;
  if (aligned) {  // the ends' blocks part or approach by a constant: they meet once at most
    const std::int64_t apart =
        divide(p.destination, block).quotient - divide(p.source, block).quotient;
    const std::int64_t closer = (p.source_hop - p.destination_hop) / block;
    const std::int64_t k = apart / closer;
    return k * closer == apart && k >= 0 && k < p.count ? 1 : 0;
  }
  if (alike) {
    const std::int64_t low = std::min(p.source, p.destination);
    const std::int64_t crossing = floor_sum(p.count, low + distance, p.source_hop, block) -
                                  floor_sum(p.count, low, p.source_hop, block);
    return static_cast<double>(p.count - crossing);
  }
  if (p.source_hop == 0 || p.destination_hop == 0) {
    const bool fixed_source = p.source_hop == 0;
    const std::int64_t fixed = fixed_source ? p.source : p.destination;
    const std::int64_t low = fixed / block * block;
    return static_cast<double>(
        Hop(fixed_source ? p.destination_hop : p.source_hop)
            .within(fixed_source ? p.destination : p.source, p.count, low, low + block)
            .size());
  }
  double same = 0;
  for (std::int64_t k = 0; k < p.count; ++k)
    same += (p.source + k * p.source_hop) / block == (p.destination + k * p.destination_hop) / block
                ? 1
                : 0;
  return same;
}

double within_blocks(const FlowBox& box, int side, std::int64_t source, std::int64_t destination,
                     std::int64_t block) {
  if (side + 1 >= box.side_count) {
    Progression p{source, destination, 0, 0, 1};
    if (side < box.side_count) {
      const FlowBox::Side& last = box.sides[static_cast<std::size_t>(side)];
      p = {source, destination, last.source_hop, last.destination_hop, last.count};
    }
    return within_blocks(p, block);
  }
  const FlowBox::Side& here = box.sides[static_cast<std::size_t>(side)];
  const bool aligned = here.source_hop == here.destination_hop && here.source_hop % block == 0;
  if (aligned)
    return static_cast<double>(here.count) *
           within_blocks(box, side + 1, source, destination, block);
  double sum = 0;
  for (std::int64_t k = 0; k < here.count; ++k)
    sum += within_blocks(box, side + 1, source + k * here.source_hop,
                         destination + k * here.destination_hop, block);
  return sum;
}

}  // namespace

std::int64_t floor_sum(std::int64_t n, std::int64_t a, std::int64_t h, std::int64_t m) {
  std::int64_t sum = 0;
  // Bring a and h into [0, m).
  const std::int64_t whole_h = floor_div(h, m);
  sum += whole_h * (n * (n - 1) / 2);
  h -= whole_h * m;
  const std::int64_t whole_a = floor_div(a, m);
  sum += whole_a * n;
  a -= whole_a * m;
  while (true) {
    const std::int64_t top = a + h * n;  // the first value not summed
    if (top < m) return sum;
    // Count lattice points by columns of the transposed line.
    const Division columns = divide(top, m);
    n = columns.quotient;
    const Division by_h = divide(m, h);
    const Division first = divide(columns.rest, h);
    sum += by_h.quotient * (n * (n - 1) / 2) + first.quotient * n;
    m = h;
    h = by_h.rest;
    a = first.rest;
  }
}

double messages_of(const FlowBox& box) {
  double product = 1;
  for (int i = 0; i < box.side_count; ++i)
    product *= static_cast<double>(box.sides[static_cast<std::size_t>(i)].count);
  return product;
}

double count_within_blocks(const FlowBox& box, std::int64_t block) {
  if (box.side_count <= 1) return within_blocks(box, 0, box.source, box.destination, block);
  // The longest side last: it is summed, the others are walked.
  FlowBox sorted = box;
  for (int i = 1; i < sorted.side_count; ++i) {
    FlowBox::Side& last = sorted.sides[static_cast<std::size_t>(sorted.side_count - 1)];
    FlowBox::Side& here = sorted.sides[static_cast<std::size_t>(i - 1)];
    if (here.count > last.count) std::swap(here, last);
  }
  return within_blocks(sorted, 0, sorted.source, sorted.destination, block);
}

BoxEnd::BoxEnd(const FlowBox& box, End end, std::int64_t window)
    : end_(end), source_(box.source), destination_(box.destination) {
  for (int i = 0; i < box.side_count; ++i)
    sides_[static_cast<std::size_t>(count_++)] = box.sides[static_cast<std::size_t>(i)];
  if (count_ == 0) sides_[static_cast<std::size_t>(count_++)] = {1, 0, 0};
  const auto hop = [end](const FlowBox::Side& side) {
    return end == End::source ? side.source_hop : side.destination_hop;
  };
  if (count_ > 1) {
    // The innermost side is the one with most elements within the window, the others go from far to
    // near, so that whole stretches outside are skipped.
    const auto elements = [&](const FlowBox::Side& side) {
      const std::int64_t h = std::max<std::int64_t>(1, std::abs(hop(side)));
      return std::min(side.count, window / h + 1);
    };
    const auto begin = sides_.begin();
    const auto last = begin + count_;
    std::iter_swap(
        std::max_element(begin, last,
                         [&](const auto& a, const auto& b) { return elements(a) < elements(b); }),
        last - 1);
    for (auto i = begin; i + 1 < last; ++i)
      for (auto j = i; j > begin && std::abs(hop(*j)) > std::abs(hop(*(j - 1))); --j)
        std::iter_swap(j, j - 1);
  }
  for (int i = count_ - 1; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    hops_[at] = Hop(hop(sides_[at]));
    const std::int64_t reach = (sides_[at].count - 1) * hops_[at].value();
    below_[at] = (i + 1 < count_ ? below_[at + 1] : 0) + std::min<std::int64_t>(0, reach);
    above_[at] = (i + 1 < count_ ? above_[at + 1] : 0) + std::max<std::int64_t>(0, reach);
  }
}

}  // namespace collscale
