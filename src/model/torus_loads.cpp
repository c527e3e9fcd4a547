// SPDX-License-Identifier: Apache-2.0
#include "model/torus_loads.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {
namespace {

/// What enters a ring at a position, or leaves it there, by the parity of the other coordinates.
struct Weights {
  double even = 0;
  double odd = 0;
  [[nodiscard]] double all() const { return even + odd; }
  friend bool operator==(const Weights&, const Weights&) = default;
};

/// Stretches [first, last) of positions of one ring, as differences.
void add_stretch(double* differences, std::int64_t size, std::int64_t first, std::int64_t last,
                 double bytes) {
  differences[first] += bytes;
  differences[last] -= bytes;
  if (first <= last) return;
  differences[size] -= bytes;  // past the end, and on from the beginning
  differences[0] += bytes;
}

double highest_sum(const std::vector<double>& differences, std::int64_t line) {
  double most = 0;
  double load = 0;
  std::int64_t position = 0;
  for (const double each : differences) {
    load = position == 0 ? each : load + each;
    most = std::max(most, load);
    if (++position == line) position = 0;
  }
  return most;
}

/// The busiest link of a ring whose messages are products of these.
double busiest_of_ring(const std::vector<Weights>& enter, const std::vector<Weights>& leave,
                       bool ring) {
  const auto size = static_cast<std::int64_t>(enter.size());
  std::vector<double> plus(enter.size() + 1, 0.0);
  std::vector<double> minus(plus);
  for (std::int64_t a = 0; a < size; ++a) {
    const Weights& from = enter[static_cast<std::size_t>(a)];
    for (std::int64_t b = 0; b < size; ++b) {
      if (a == b) continue;
      const Weights& to = leave[static_cast<std::size_t>(b)];
      const double all = from.all() * to.all();
      const std::int64_t ahead = b > a ? b - a : b - a + size;
      double forward = b > a ? all : 0;
      if (ring) forward = 2 * ahead < size ? all : 0;
      if (ring && 2 * ahead == size) {
        const double alike = from.even * to.even + from.odd * to.odd;
        forward = a % 2 == 0 ? alike : all - alike;
      }
      add_stretch(plus.data(), size, a, b, forward);
      add_stretch(minus.data(), size, b, a, all - forward);
    }
  }
  return std::max(highest_sum(plus, size + 1), highest_sum(minus, size + 1));
}

/// Sums of the digits of 0 .. count − 1, mod 2.
std::vector<bool> parities(const std::vector<std::int64_t>& sizes) {
  std::vector<bool> odd = {false};
  for (const std::int64_t size : sizes) {
    const std::size_t before = odd.size();
    for (std::int64_t digit = 1; digit < size; ++digit)
      for (std::size_t i = 0; i < before; ++i) odd.push_back(odd[i] != (digit % 2 == 1));
  }
  return odd;
}

}  // namespace

TorusLoads::TorusLoads(const System& system, const Torus& torus, std::int64_t ranks)
    : per_node_(ranks_per_node(system)), ranks_(ranks) {
  std::int64_t stride = 1;
  for (const Dimension& dimension : torus.dimensions) {
    Axis& axis = axes_.emplace_back();
    axis.size = Divisor(std::llround(dimension.size.value));
    axis.stride = stride;
    axis.ring = dimension.wrap == Wrap::ring;
    stride *= axis.size.value();
  }
}

void TorusLoads::clear() {
  const Axis& last = axes_.back();
  const std::int64_t nodes = last.stride * last.size.value();
  for (Axis& axis : axes_) {
    const std::int64_t size = axis.size.value();
    axis.plus.assign(static_cast<std::size_t>(nodes / size * (size + 1)), 0.0);
    axis.minus = axis.plus;
    axis.all_pairs = 0;
  }
}

TorusLoads::Coordinates TorusLoads::coordinates(std::int64_t node) const {
  Coordinates at{};
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    const std::int64_t next = axes_[d].size.quotient(node);
    at[d] = node - next * axes_[d].size.value();
    node = next;
  }
  return at;
}

int TorusLoads::send(std::int64_t from, std::int64_t to, double bytes) {
  const Coordinates a = coordinates(from);
  const Coordinates b = coordinates(to);
  std::int64_t later = 0;
  for (std::size_t d = 0; d < axes_.size(); ++d) later += b[d];
  std::int64_t earlier = 0;
  std::int64_t at = from;  // with the coordinates that are already the destination's
  std::int64_t hops = 0;
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    Axis& axis = axes_[d];
    later -= b[d];
    if (a[d] != b[d]) {
      const std::int64_t size = axis.size.value();
      const std::int64_t ahead = b[d] > a[d] ? b[d] - a[d] : b[d] - a[d] + size;
      const bool forward =
          !axis.ring ? b[d] > a[d]
                     : 2 * ahead < size || (2 * ahead == size && (earlier + a[d] + later) % 2 == 0);
      const std::int64_t before = at - a[d] * axis.stride;  // position 0 of the line
      const std::int64_t line = before / (axis.stride * size) * axis.stride + before % axis.stride;
      if (forward)
        add_stretch(axis.plus.data() + line * (size + 1), size, a[d], b[d], bytes);
      else
        add_stretch(axis.minus.data() + line * (size + 1), size, b[d], a[d], bytes);
      hops += axis.ring ? std::min(ahead, size - ahead) : std::abs(b[d] - a[d]);
      at += (b[d] - a[d]) * axis.stride;
    }
    earlier += a[d];
  }
  return static_cast<int>(hops);
}

LevelCounts TorusLoads::add(const LoadEntry& entry, const LoadSamples& samples,
                            std::size_t counted_turns) {
  LevelCounts levels;
  if (entry.kind != LoadEntry::Kind::messages) return levels;
  const auto turns = static_cast<double>(samples.turn_count(entry.lane));
  for_each_between_blocks(
      entry.box, per_node_, ranks_, [&](std::int64_t from, std::int64_t to, const Progression& p) {
        if (from == to) return;
        const auto messages = static_cast<double>(p.count);
        levels[static_cast<std::size_t>(send(from, to, turns * messages * entry.bytes))] +=
            messages * static_cast<double>(counted_turns);
      });
  return levels;
}

double TorusLoads::ranks_on(std::int64_t node) const {
  return static_cast<double>(std::clamp<std::int64_t>(ranks_ - node * per_node_, 0, per_node_));
}

double TorusLoads::all_pairs_on(const Axis& axis) const {
  const std::int64_t size = axis.size.value();
  const Axis& last = axes_.back();
  const std::int64_t nodes = last.stride * last.size.value();
  const std::int64_t lines_later = nodes / (axis.stride * size);
  std::vector<std::int64_t> earlier_sizes, later_sizes;
  for (const Axis& other : axes_)
    if (&other != &axis)
      (other.stride < axis.stride || (other.stride == axis.stride && &other < &axis) ? earlier_sizes
                                                                                     : later_sizes)
          .push_back(other.size.value());
  const std::vector<bool> earlier_odd = parities(earlier_sizes);
  const std::vector<bool> later_odd = parities(later_sizes);

  // Most rings are alike: each kind once.
  std::vector<std::vector<Weights>> enter, leave;
  const auto keep = [](std::vector<std::vector<Weights>>& known, std::vector<Weights>&& one) {
    if (std::find(known.rbegin(), known.rend(), one) == known.rend()) known.push_back(one);
  };
  for (std::int64_t later = 0; later < lines_later; ++later) {
    std::vector<Weights> one(static_cast<std::size_t>(size));
    for (std::int64_t p = 0; p < size; ++p)
      for (std::int64_t earlier = 0; earlier < axis.stride; ++earlier) {
        const double ranks = ranks_on(earlier + axis.stride * (p + size * later));
        Weights& here = one[static_cast<std::size_t>(p)];
        (earlier_odd[static_cast<std::size_t>(earlier)] ? here.odd : here.even) += ranks;
      }
    keep(enter, std::move(one));
  }
  for (std::int64_t earlier = 0; earlier < axis.stride; ++earlier) {
    std::vector<Weights> one(static_cast<std::size_t>(size));
    for (std::int64_t p = 0; p < size; ++p)
      for (std::int64_t later = 0; later < lines_later; ++later) {
        const double ranks = ranks_on(earlier + axis.stride * (p + size * later));
        Weights& here = one[static_cast<std::size_t>(p)];
        (later_odd[static_cast<std::size_t>(later)] ? here.odd : here.even) += ranks;
      }
    keep(leave, std::move(one));
  }
  double most = 0;
  for (const auto& from : enter)
    for (const auto& to : leave) most = std::max(most, busiest_of_ring(from, to, axis.ring));
  return most;
}

int TorusLoads::add_all_pairs(Partners partners, double bytes) {
  // Of the same local rank: one of each node, for every local rank.
  if (partners == Partners::alike) bytes /= static_cast<double>(per_node_);
  const std::int64_t nodes = (ranks_ + per_node_ - 1) / per_node_;
  std::int64_t farthest = 0;
  for (Axis& axis : axes_) {
    axis.all_pairs += all_pairs_on(axis) * bytes;
    const std::int64_t used = std::min(axis.size.value(), (nodes + axis.stride - 1) / axis.stride);
    farthest += axis.ring ? std::min(used - 1, axis.size.value() / 2) : used - 1;
  }
  return static_cast<int>(farthest);
}

DirectLoads::PerTier TorusLoads::busiest(LoadSamples::Directions) {
  PerTier busiest{};
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    const Axis& axis = axes_[d];
    const std::int64_t line = axis.size.value() + 1;
    const double most =
        axis.all_pairs + std::max(highest_sum(axis.plus, line), highest_sum(axis.minus, line));
    busiest[d] = {most, most};
  }
  return busiest;
}

}  // namespace collscale
