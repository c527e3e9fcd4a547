// SPDX-License-Identifier: Apache-2.0
// One MPI collective, ready to be called: data type, operation and counts resolved once, so that a
// call is the MPI call and nothing else.
#pragma once

#include <cstddef>
#include <vector>

#include "measure/buffer_layout.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

/// Fails with a sentence where MPI has no such operation: a type or operation it lacks (half,
/// bfloat16, avg), or more elements than its int counts can say.
Expected<void> check_mpi_can_run(const Scenario& scenario, const BufferLayout& layout);

/// The scenario as MPI runs it: its broadcast has one buffer, so it is always in place; a barrier
/// has none, so it never is.
Scenario as_mpi_runs_it(Scenario scenario);

/// Performs the collective over all ranks of a communicator. In place, `receive` holds the input
/// and gets the result, and `send` is not used (except by the ranks other than the root in reduce
/// and gather). send_recv is a ring shift, as nccl-tests': every rank sends to the next and
/// receives from the one before.
class MpiOperation {
 public:
  /// `scenario` must have passed check_mpi_can_run.
  MpiOperation(const Scenario& scenario, const BufferLayout& layout, const MpiCommunicator& ranks);
  void operator()(const std::byte* send, std::byte* receive) const;

 private:
  Scenario scenario_;
  BufferLayout layout_;
  MPI_Comm comm_;
  int rank_;
  std::vector<int> counts_;  // of the blocks, where they are unequal
  std::vector<int> begins_;
};

}  // namespace collscale
