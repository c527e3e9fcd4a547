// SPDX-License-Identifier: Apache-2.0
// The parts of a system's picture. Each is drawn at a place and returns where it ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/system.hpp"
#include "topology_picture/canvas.hpp"

namespace collscale {

/// A box of the folded picture: what there is on one level of the fabric, how often, and what joins
/// it to the level below.
struct Level {
  std::string name;
  std::string count;               ///< "25 groups of 64 switches"
  std::vector<std::string> lines;  ///< ports, groups, latency
  std::vector<std::string> links;  ///< to the level below: number, rate, oversubscription
  Colour colour{};
  bool several = false;
};

/// Top level first; the node is not among them.
std::vector<Level> levels_of(const System& system);

/// "7 of 128 ports used" and the like, and rates as the drawings write them.
std::string rate_words(double bandwidth_Bps);
std::string plural(double count, const std::string& one, const std::string& several);

/// What the system is: title, description, figures by label. Returns the base of what follows.
double draw_header(Canvas& canvas, const System& system, double width);
/// Boxes of the levels, one above the other, `width` wide.
double draw_levels(Canvas& canvas, const System& system, double x, double y, double width);
/// The inside of a node.
double draw_node(Canvas& canvas, const System& system, double x, double y);
/// What follows from the figures, a line each.
double draw_numbers(Canvas& canvas, const System& system, double x, double y);

/// The fabric in full, from x, y on; false, with nothing drawn, where its links are too many.
bool draw_fabric(Canvas& canvas, const System& system, const Clos& clos, double x, double y);
bool draw_fabric(Canvas& canvas, const System& system, const Torus& torus, double x, double y);
bool draw_fabric(Canvas& canvas, const System& system, const Dragonfly& dragonfly, double x,
                 double y);

/// Of a NIC on a rail.
Colour rail_colour(std::int64_t rail, std::int64_t rails);

}  // namespace collscale
