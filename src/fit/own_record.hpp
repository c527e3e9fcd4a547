// SPDX-License-Identifier: Apache-2.0
// What a series' own hold-out errors say of its next prediction: how wide its interval has to be,
// and how much of it is a straight line.
//
// Of what MPI chooses itself no law is known to hold: over TCP, and with a rank on each core, times
// grow as a power of the nodes, which no tree and no ring does. So the line in ln t over ln g
// through the two largest scales stands beside the laws, and what the two would have missed of the
// scales that there are decides between them, by weights that fall exponentially with the loss:
// prediction with expert advice (Cesa-Bianchi and Lugosi, Prediction, Learning, and Games, 2006,
// section 2.2).
#pragma once

#include <array>
#include <span>

#include "fit/octaves.hpp"
#include "fit/uncertainty.hpp"

namespace collscale {

struct OwnRecord {
  double width_factor = 1;  ///< on the prior widths, see own_width_factor
  /// The line's share in ln t, 0 to 1, by octave of the size from 1 B; 0 where none stands beside
  /// the laws.
  std::array<double, kOctaves> line_shares{};
};

/// Of a series with its `scales` smallest scales alone, whatever larger ones `errors` tell of.
OwnRecord own_record(const Priors& priors, std::span<const OriginError> errors, int scales);

}  // namespace collscale
