// SPDX-License-Identifier: Apache-2.0
#include "topology/torus_routes.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

TorusRoutes::TorusRoutes(const Torus& torus)
    : dimensions_(
          static_cast<int>(std::min<std::size_t>(torus.dimensions.size(), Torus::kMaxDimensions))) {
  for (int d = 0; d < dimensions_; ++d) {
    const Dimension& dimension = torus.dimensions[static_cast<std::size_t>(d)];
    const std::int64_t size = std::llround(dimension.size.value);
    Axis& axis = of(d);
    axis.size = Divisor(size);
    axis.stride = Divisor(nodes_);
    axis.ring = dimension.wrap == Wrap::ring;
    axis.line_cables = size == 1 ? 0 : axis.ring ? size : size - 1;
    nodes_ *= size;
  }
  for (int d = 0; d < dimensions_; ++d) of(d).lines = nodes_ / of(d).size.value();
}

void TorusRoutes::append(Path& path, std::int64_t source_node,
                         std::int64_t destination_node) const {
  std::array<std::int64_t, Torus::kMaxDimensions> from{};
  std::array<std::int64_t, Torus::kMaxDimensions> to{};
  std::int64_t source_rest = source_node;
  std::int64_t destination_rest = destination_node;
  std::int64_t later = 0;  // of the destination: coordinates of the dimensions still to come
  for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions_); ++d) {
    const Divisor& size = axes_[d].size;
    const std::int64_t source_next = size.quotient(source_rest);
    const std::int64_t destination_next = size.quotient(destination_rest);
    from[d] = source_rest - source_next * size.value();
    to[d] = destination_rest - destination_next * size.value();
    source_rest = source_next;
    destination_rest = destination_next;
    later += to[d];
  }
  std::int64_t earlier = 0;  // of the source: coordinates of the dimensions behind us
  std::int64_t at = source_node;
  for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions_); ++d) {
    const Axis& axis = axes_[d];
    later -= to[d];
    const std::int64_t a = from[d];
    const std::int64_t b = to[d];
    if (a != b) {
      const std::int64_t size = axis.size.value();
      const std::int64_t stride = axis.stride.value();
      bool plus = b > a;
      if (axis.ring) {
        const std::int64_t twice = 2 * (b > a ? b - a : b - a + size);
        // On a tie, who shares a ring differs in the source's earlier coordinates, the position,
        // and the destination's later ones.
        plus = twice < size || (twice == size && (earlier + a + later) % 2 == 0);
      }
      const std::int64_t before = axis.stride.quotient(at);
      const std::int64_t line = axis.size.quotient(before) * stride + (at - before * stride);
      const std::int64_t first = axis.first + line * axis.line_cables;
      if (plus) {
        for (std::int64_t p = a; p != b; p = p + 1 == size ? 0 : p + 1) path.push(first + p);
      } else {
        const std::int64_t minus = first + axis.lines * axis.line_cables;
        for (std::int64_t p = a; p != b;) {
          p = (p == 0 ? size : p) - 1;
          path.push(minus + p);
        }
      }
      at += (b - a) * stride;
    }
    earlier += a;
  }
}

int TorusRoutes::hops(std::int64_t source_node, std::int64_t destination_node) const {
  std::int64_t sum = 0;
  for (int d = 0; d < dimensions_; ++d) {
    const Axis& axis = of(d);
    const std::int64_t size = axis.size.value();
    const std::int64_t source_next = axis.size.quotient(source_node);
    const std::int64_t destination_next = axis.size.quotient(destination_node);
    const std::int64_t apart =
        std::abs((source_node - source_next * size) - (destination_node - destination_next * size));
    sum += axis.ring ? std::min(apart, size - apart) : apart;
    source_node = source_next;
    destination_node = destination_next;
  }
  return static_cast<int>(sum);
}

int TorusRoutes::diameter() const {
  std::int64_t sum = 0;
  for (int d = 0; d < dimensions_; ++d)
    sum += of(d).ring ? of(d).size.value() / 2 : of(d).size.value() - 1;
  return static_cast<int>(std::min<std::int64_t>(sum, 1 << 30));
}

std::vector<LinkTo> TorusRoutes::hops_from(std::int64_t node) const {
  std::vector<LinkTo> hops;
  for (int d = 0; d < dimensions_; ++d) {
    const Axis& axis = of(d);
    if (axis.line_cables == 0) continue;
    const std::int64_t size = axis.size.value();
    const std::int64_t stride = axis.stride.value();
    const std::int64_t before = axis.stride.quotient(node);
    const std::int64_t position = before % size;
    const std::int64_t line = before / size * stride + (node - before * stride);
    const std::int64_t first = axis.first + line * axis.line_cables;
    const std::int64_t origin = node - position * stride;
    if (axis.ring || position + 1 < size)
      hops.push_back({first + position, origin + (position + 1) % size * stride});
    const std::int64_t previous = (position + size - 1) % size;
    if (axis.ring || position > 0)
      hops.push_back(
          {first + axis.lines * axis.line_cables + previous, origin + previous * stride});
  }
  return hops;
}

TorusRoutes::Ends TorusRoutes::ends(int dimension, std::int64_t cable) const {
  const Axis& axis = of(dimension);
  const std::int64_t stride = axis.stride.value();
  const std::int64_t line = cable / axis.line_cables;
  const std::int64_t position = cable % axis.line_cables;
  const std::int64_t origin = line / stride * stride * axis.size.value() + line % stride;
  return {origin + position * stride, origin + (position + 1) % axis.size.value() * stride};
}

}  // namespace collscale
