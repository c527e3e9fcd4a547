// SPDX-License-Identifier: Apache-2.0
// The links between the nodes of a torus or mesh, numbered arithmetically, and dimension-order
// routes over them: first along x as far as needed, then y, and so on (W. Dally, B. Towles:
// "Principles and Practices of Interconnection Networks", 2004, section 8.4.2).
//
// Node number = x + y·size_x + z·size_x·size_y + ... A cable of a dimension lies between position p
// and p + 1 (the last one of a ring between its end and 0). Numbers of links, one range after
// another: dimension by dimension, plus[cable] minus[cable], cable = line × cables of a line + p,
// where the line is the node's number without that dimension.
//
// In a ring the shorter way is taken. Where both are equally long, half of the nodes go each way:
// the parity of the coordinates decides, so that all pairs of a torus, and shifts by half a ring of
// 4, 8, 12.. nodes, load both directions alike.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "topology/divisor.hpp"
#include "topology/path.hpp"
#include "topology/system.hpp"

namespace collscale {

class TorusRoutes {
 public:
  explicit TorusRoutes(const Torus& torus);

  [[nodiscard]] int dimensions() const { return dimensions_; }
  /// Nodes at all points of the grid.
  [[nodiscard]] std::int64_t nodes() const { return nodes_; }
  /// Cables of a dimension: two links each.
  [[nodiscard]] std::int64_t cables(int dimension) const {
    return of(dimension).lines * of(dimension).line_cables;
  }
  /// Numbers the links of a dimension from here on, those in plus direction first.
  void place(int dimension, std::int64_t first_link) { of(dimension).first = first_link; }

  void append(Path& path, std::int64_t source_node, std::int64_t destination_node) const;
  /// Links of that route.
  [[nodiscard]] int hops(std::int64_t source_node, std::int64_t destination_node) const;
  /// Links of the longest route.
  [[nodiscard]] int diameter() const;

  /// Links that leave a node: dimension by dimension, plus before minus.
  [[nodiscard]] std::vector<LinkTo> hops_from(std::int64_t node) const;

  struct Ends {
    std::int64_t from = 0;  ///< nodes
    std::int64_t to = 0;
  };
  /// Of the cable of a dimension in plus direction.
  [[nodiscard]] Ends ends(int dimension, std::int64_t cable) const;

 private:
  struct Axis {
    Divisor size;
    Divisor stride;  ///< nodes before the next position
    std::int64_t lines = 1;
    std::int64_t line_cables = 0;
    std::int64_t first = 0;
    bool ring = true;
  };
  [[nodiscard]] Axis& of(int dimension) { return axes_[static_cast<std::size_t>(dimension)]; }
  [[nodiscard]] const Axis& of(int dimension) const {
    return axes_[static_cast<std::size_t>(dimension)];
  }

  std::array<Axis, Torus::kMaxDimensions> axes_{};
  int dimensions_ = 0;
  std::int64_t nodes_ = 1;
};

}  // namespace collscale
