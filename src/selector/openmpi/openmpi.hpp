// SPDX-License-Identifier: Apache-2.0
// Which algorithm Open MPI 4.1 runs: the fixed decision rules of its component coll/tuned, which
// serves every intra-communicator of two or more ranks unless the user changes priorities or loads
// rules of his own. The rules look at the number of ranks, at one size, and at whether the
// operation commutes; the machine does not matter.
//
// Source [P: read in the primary source; scripts/check-openmpi-choice compares with the library]:
// open-mpi/ompi, ompi/mca/coll/tuned/coll_tuned_decision_fixed.c at v4.1.4. That file is the same
// in v4.1.0 to v4.1.8. It asks for no segments and no fan-out anywhere, so nothing is pipelined.
// Some algorithms hand small or odd cases to others (ompi/mca/coll/base/, same tag): that is
// followed, so `algorithm` of a selection is what really runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "selector/selection.hpp"
#include "units/error.hpp"

namespace collscale {

/// MPI functions that have rules, under the names of the parameters coll_tuned_<name>_algorithm.
enum class OpenMpiFunction {
  allgather,
  allreduce,
  alltoall,
  barrier,
  bcast,
  gather,
  reduce,
  reduce_scatter,
  reduce_scatter_block,
  scatter,
};
std::string_view name(OpenMpiFunction function);
Expected<OpenMpiFunction> parse_openmpi_function(std::string_view text);
std::vector<OpenMpiFunction> openmpi_functions();

/// What `ompi_info --param coll tuned --level 9` lists for coll_tuned_<function>_algorithm, number
/// 1 first.
std::vector<std::string_view> openmpi_algorithms(OpenMpiFunction function);
/// "rabenseifner" for allreduce 6; "" where the function has no such number.
std::string_view openmpi_algorithm(OpenMpiFunction function, int number);

/// One call, as the rules see it. `in place` is not told apart: only alltoall does (it then runs
/// an algorithm of its own).
struct OpenMpiCall {
  OpenMpiFunction function = OpenMpiFunction::allreduce;
  std::int64_t ranks = 2;
  /// The whole message of allreduce, bcast, reduce and reduce_scatter; one rank's block in
  /// allgather, alltoall, gather, reduce_scatter_block and scatter; nothing for barrier.
  double bytes = 0;
  double element_bytes = 4;  ///< some algorithms need as many elements as ranks
  bool commutative = true;   ///< predefined operations are
};

/// Numbers of the algorithm: what the rule names, and what that one runs in its place.
struct OpenMpiChoice {
  int chosen = 0;
  int runs = 0;
};
/// From 2 ranks.
OpenMpiChoice openmpi_choice(const OpenMpiCall& call);

/// What the algorithm of this number runs for the call: itself, or the one that it hands over to.
int openmpi_runs(const OpenMpiCall& call, int number);

/// "openmpi:4.1", "openmpi", "4.1" or a release of it ("4.1.4") gives "4.1"; other versions have
/// other rules, and the sentence names this one.
Expected<std::string> parse_openmpi_version(std::string_view text);

/// The function that an MPI program calls for a collective; reduce_scatter is
/// MPI_Reduce_scatter_block, as in our own benchmark. Fails for send_recv, which has no rules.
Expected<OpenMpiFunction> openmpi_function(Collective collective);

/// The choice for a collective among `ranks`, with `size_bytes` as nccl-tests counts: the larger of
/// one rank's two buffers, so n blocks for all_gather, reduce_scatter, all_to_all, gather and
/// scatter. library_algorithm is what the rule names, algorithm what runs in our registry ("" where
/// it has no such algorithm). Fails below 2 ranks (another component serves one rank alone, without
/// messages) and for sizes that are negative.
Expected<Selection> openmpi_selection(Collective collective, std::int64_t ranks, double size_bytes,
                                      bool commutative = true, double element_bytes = 4);

}  // namespace collscale
