// SPDX-License-Identifier: Apache-2.0
// What a library ran at measured points, for the fit of figures: by the context of the files that
// the measurements are in, and by the algorithms that records name.
#pragma once

#include <optional>
#include <vector>

#include "cli/selectors.hpp"
#include "fit/library.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"

namespace collscale {

/// The selector of the library that the context tells: NCCL's of that version, or the nearest that
/// is modelled; Open MPI's. NCCL without a version, or records of engine nccl without any word, are
/// taken for the default version. None for other libraries (RCCL, MPICH).
std::optional<Selector> selector_of(const Context& context, Engine engine);

/// The library as the records tell it, which a series' own algorithm and protocol restrict; then
/// with less of it in use, for the times to say so. The system must live on.
std::vector<Library> libraries_of(const std::optional<Selector>& selector, const System& system);

/// All that the library could run at a point (Chooser::offers); nothing where it does not know such
/// a node. The communicators are made once each; the system must live on.
OfferFunction offers_of(const Selector& selector, const System& system);

/// The selector of a fitted use; none where that library is not modelled.
std::optional<Selector> selector_of(const LibraryUse& use);

}  // namespace collscale
