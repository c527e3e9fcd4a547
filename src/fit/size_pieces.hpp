// SPDX-License-Identifier: Apache-2.0
// Which algorithm and protocol ran at which sizes, where nobody says: pieces of the size axis, one
// sequence for each collective over all measured scales, found by the times.
//
//   minimise  Σ sizes [ mean over scales of min(|ln measured ÷ priced|, 1) + kAgainst where the
//             library's own rules say otherwise ] + kSwitch for each change along the sizes
//
// by dynamic programming over what the library could have run (Bellman and Roth, JASA 64, 1969,
// for pieces of a curve).
#pragma once

#include <span>
#include <vector>

#include "fit/figure_price.hpp"
#include "fit/library.hpp"

namespace collscale {

/// `offer_logs[i][j]`: ln of the priced time of offer j of point i; NaN where it has none. Points
/// that name their algorithm, follow pieces already, or have fewer than two offers, say nothing.
std::vector<SizePiece> find_pieces(std::span<const MeasuredPoint> points,
                                   std::span<const std::vector<double>> offer_logs);

/// Puts what the pieces say in the place of each point's selection, where it was on offer; a
/// selection that the library itself told stays.
void apply_pieces(std::span<const SizePiece> pieces, std::span<MeasuredPoint> points);

/// The pieces of what the library itself told, of collectives of which that is not what its rules
/// say at more than a tenth of the points: an answer then follows what was told.
std::vector<SizePiece> told_pieces(std::span<const MeasuredPoint> points);

}  // namespace collscale
