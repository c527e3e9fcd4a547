// SPDX-License-Identifier: Apache-2.0
// The library's algorithms one by one. Open MPI's component coll/tuned looks at the control
// variable coll_tuned_<function>_algorithm when a communicator is made, provided that its dynamic
// rules were enabled when MPI was initialised. So the variable is set through MPI's tool interface,
// the communicator is duplicated, and the variable is set back: the duplicate keeps the algorithm,
// and communicators with different ones live side by side. Other libraries offer no choice here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "measure/mpi/mpi_communicator.hpp"
#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

/// To be called before MPI is initialised: lets Open MPI's algorithms be chosen. What the user has
/// set stays as it is.
void enable_algorithm_choice();

/// A library's name in our spelling: "in-order_binary" -> "in_order_binary".
std::string mpi_algorithm_name(std::string_view library_name);

/// One rank's view; all ranks make and use it alike. Needs a live MpiSession.
class MpiAlgorithms {
 public:
  explicit MpiAlgorithms(const MpiCommunicator& ranks);
  ~MpiAlgorithms();
  MpiAlgorithms(const MpiAlgorithms&) = delete;
  MpiAlgorithms& operator=(const MpiAlgorithms&) = delete;

  /// Those that can be chosen for a collective, in the library's order, without "auto"; empty where
  /// there is no choice.
  [[nodiscard]] std::vector<std::string> names(Collective collective) const;

  /// Fails with a sentence where the library would run another algorithm instead: for this number
  /// of ranks, or for so few bytes. Known for Open MPI 4.1.
  [[nodiscard]] static Expected<void> check_runs(const Scenario& scenario);

  /// The ranks, on a communicator that runs the algorithm for the collective; for "auto", those
  /// given at construction. `algorithm` is one of names(). Collective when it is asked for the
  /// first time; valid as long as this object.
  MpiCommunicator communicator(Collective collective, const std::string& algorithm);

 private:
  MpiCommunicator ranks_;
  std::map<std::pair<Collective, std::string>, MpiCommunicator> made_;
  bool has_tools_ = false;
};

}  // namespace collscale
