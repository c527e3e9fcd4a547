// SPDX-License-Identifier: Apache-2.0
// Open MPI's numbers of its algorithms, as users set them, by name.
#pragma once

#include <string>
#include <string_view>

#include "collective/collective.hpp"

namespace collscale {

/// What "--mca coll_tuned_allreduce_algorithm 4" (or OMPI_MCA_coll_tuned_allreduce_algorithm=4) of
/// a command makes of the collective: "ring". "auto" where it says none, or lacks
/// coll_tuned_use_dynamic_rules, without which the library takes no notice.
std::string forced_algorithm(std::string_view command, Collective collective);

/// "4" of all_reduce -> "ring", "0" -> "auto"; the text where it is no number of Open MPI's: of
/// reduce_scatter, which two functions are, with numbers of their own.
std::string openmpi_algorithm_named(std::string_view text, Collective collective);

}  // namespace collscale
