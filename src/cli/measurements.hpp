// SPDX-License-Identifier: Apache-2.0
// The records that a fit is made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collective/collective.hpp"
#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

/// All records of the files, in order; of one collective where one is given. Fails on the first
/// file that cannot be read, and when nothing is left.
Expected<std::vector<Record>> read_measurements(const std::vector<std::string>& files,
                                                std::optional<Collective> collective);

/// What the contexts of the files agree on; a file that cannot be read has none.
Context common_context(const std::vector<std::string>& files);

}  // namespace collscale
