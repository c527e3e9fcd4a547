// SPDX-License-Identifier: Apache-2.0
// What a library does at a point, as the fit of figures asks it: which algorithm and protocol ran,
// and which could have. The answers are a selector's (cli/library_choice.hpp), so that the fit
// knows no library.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fit/series.hpp"
#include "selector/selection.hpp"
#include "units/error.hpp"

namespace collscale {

/// From a size on, up to the next piece of the same collective, so it ran.
struct SizePiece {
  Collective collective = Collective::all_reduce;
  double from_bytes = 0;
  std::string algorithm;  ///< in our registry's names
  std::string protocol;
  bool operator==(const SizePiece&) const = default;
};

/// The last that begins at or before the size; nullptr where the collective has none.
const SizePiece* piece_at(std::span<const SizePiece> pieces, Collective collective,
                          double size_bytes);

/// A library and what of it is in use, as NCCL_ALGO and NCCL_PROTO would say it: "^LL128"; "": all.
struct LibraryUse {
  std::string name;  ///< "nccl:2.28"; "": none that is modelled
  std::string algorithms;
  std::string protocols;
  std::vector<SizePiece> pieces;  ///< what ran in place of the library's own choice; empty: that
  bool operator==(const LibraryUse&) const = default;
};

/// "nccl:2.28", "nccl:2.28 with NCCL_PROTO=^LL128", "nccl:2.28 with pieces of the sizes"
std::string text_of(const LibraryUse& use);

/// What ran at a point of a series; nothing where nobody knows, which is priced as the fastest of
/// what could. A selection without a library's name for it is an algorithm that the record names.
/// Fails where the choice is known and cannot be priced: the point is left out.
using ChooseFunction = std::function<Expected<std::optional<Selection>>(
    const Series& series, std::int64_t ranks, double size_bytes)>;

/// All that the library could run there; empty where it is not modelled, and any of our algorithms
/// could.
using OfferFunction = std::function<std::vector<Selection>(Collective collective,
                                                           std::int64_t ranks, double size_bytes)>;

struct Library {
  LibraryUse use;
  ChooseFunction choose;  ///< empty: named algorithms as they are named, others unknown
  OfferFunction offers;   ///< empty: nothing
};

}  // namespace collscale
