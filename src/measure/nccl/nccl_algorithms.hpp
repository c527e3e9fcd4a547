// SPDX-License-Identifier: Apache-2.0
// The algorithms and protocols that NCCL can be told to use, by NCCL_ALGO and NCCL_PROTO. NCCL
// reads both when a communicator is made, so each choice has a communicator of its own. The header
// needs neither CUDA nor NCCL.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "units/error.hpp"

namespace collscale {

/// "ring" or "ring_ll128" as in a benchmark's name, and what the environment holds meanwhile.
struct NcclChoice {
  std::string name = "auto";
  std::string algorithm;  ///< of NCCL_ALGO: "Ring"; "": the variable is left as it is
  std::string protocol;   ///< of NCCL_PROTO and of the record: "LL128"; "": as it is
};

/// "auto", "ring", "ring_ll128"; a name that nccl_algorithm_names gives.
NcclChoice nccl_choice(std::string_view name);

/// What NCCL of this version may run the collective with: each algorithm, then with each protocol.
/// Empty for what is built from send and receive, which neither variable concerns.
std::vector<std::string> nccl_algorithm_names(Collective collective, int nccl_version);

/// The words of -a as names: "ring/ll128" is ring_ll128, "ring/all" ring with each protocol,
/// "all/ll" each algorithm with LL, "all/all" each with each; "all" is auto and each algorithm with
/// the protocol left to NCCL. Fails on a word that is none of these.
Expected<std::vector<std::string>> expand_nccl_algorithms(const std::vector<std::string>& words);

/// Calls `make` while the environment holds the choice, and puts the environment back. One thread
/// at a time.
void with_nccl_choice(const NcclChoice& choice, const std::function<void()>& make);

}  // namespace collscale
