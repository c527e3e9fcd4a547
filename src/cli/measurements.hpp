// SPDX-License-Identifier: Apache-2.0
// The records that a fit is made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collective/collective.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// All records of the files, in order; of one collective where one is given. Several logs of one's
/// own in one file are of one source, unless they name several devices. Fails on the first file
/// that cannot be read, and when nothing is left.
Expected<std::vector<Record>> read_measurements(const std::vector<std::string>& files,
                                                std::optional<Collective> collective);

/// The records with the system's name where they have what was typed for it, a file or a family.
std::vector<Record> called_by_name(std::vector<Record> records, const std::string& typed,
                                   const System& system);

/// The records with racks for nodes where they were measured on `system` and its nodes are racks
/// (fit/racks.hpp): where they name it, or all with `is_same_system`. A note says that, or that it
/// may be so.
std::vector<Record> counted_by_nodes_of(const System& system, std::vector<Record> records,
                                        bool is_same_system);

/// Without the records that use another number of ranks on every node than `system` has, where
/// there are some that do not: of the measured machine itself they are another setting. A note says
/// it.
std::vector<Record> of_full_nodes(const System& system, std::vector<Record> records);

/// What the contexts of the files agree on; a file that cannot be read has none.
Context common_context(const std::vector<std::string>& files);

}  // namespace collscale
