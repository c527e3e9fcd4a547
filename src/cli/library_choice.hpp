// SPDX-License-Identifier: Apache-2.0
// What a library ran at measured points, for the fit of figures: by the context of the files that
// the measurements are in, and by the algorithms that records name.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cli/selectors.hpp"
#include "fit/figure_fit.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"

namespace collscale {

/// The selector of the library that the context tells: NCCL's of that version, or the nearest that
/// is modelled; Open MPI's. NCCL without a version, or records of engine nccl without any word, are
/// taken for the default version. None for other libraries (RCCL, MPICH).
std::optional<Selector> selector_of(const Context& context, Engine engine);

/// Asks the selector, with the algorithm forced that a series names. The system must live on.
ChooseFunction chooser_of(std::optional<Selector> selector, const System& system);

}  // namespace collscale
