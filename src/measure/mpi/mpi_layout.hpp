// SPDX-License-Identifier: Apache-2.0
// Layouts over MPI: which node every rank is on, and the ranks of the program as groups that
// measure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "measure/coordinator.hpp"
#include "measure/layout.hpp"
#include "measure/mpi/mpi_communicator.hpp"

namespace collscale {

/// The node of every rank, numbered from 0 by the lowest rank on it; nodes are what shares memory
/// (MPI_Comm_split_type). Collective.
std::vector<int> nodes_of_ranks(const MpiCommunicator& all);

/// A Coordinator over all ranks, of which some form groups that measure at the same time, each on
/// a communicator of its own. What is agreed on is agreed on by all ranks, so that every rank
/// takes the same samples and holds the same result; ranks in no group come along. A sample is
/// thus the maximum over all groups. After the barrier of all ranks those of a group meet in one of
/// their own, so that they start as closely as if they were alone.
class MpiGroups {
 public:
  /// Collective over `all`, which outlives it.
  MpiGroups(const MpiCommunicator& all, const RankGroups& groups);
  ~MpiGroups();
  MpiGroups(const MpiGroups&) = delete;
  MpiGroups& operator=(const MpiGroups&) = delete;

  [[nodiscard]] int rank() const { return all_.rank(); }
  [[nodiscard]] int size() const { return all_.size(); }
  void barrier() const;
  void all_max(std::span<double> values) const { all_.all_max(values); }
  [[nodiscard]] std::int64_t agree(std::int64_t value) const { return all_.agree(value); }
  void send(int process, double value) const { all_.send(process, value); }
  [[nodiscard]] double receive(int process) const { return all_.receive(process); }

  /// True on ranks that are in a group; the others have nothing to run.
  [[nodiscard]] bool takes_part() const { return index_ >= 0; }
  /// This rank's group; of a rank in none, a communicator of one that stands for it.
  [[nodiscard]] const MpiCommunicator& group() const { return group_; }

  /// Keeps what this rank took for each of a round's samples (sampler.hpp calls it).
  void note_samples(std::span<const double> sample_s);
  void forget_samples() { own_s_.clear(); }
  /// The median over samples of each group's sample, a group's being its slowest rank's; they are
  /// then forgotten. Of one group alone an empty list. Collective over all ranks.
  std::vector<double> take_group_medians_s();

 private:
  const MpiCommunicator& all_;
  std::size_t groups_;
  int index_ = -1;
  MpiCommunicator group_;
  std::vector<double> own_s_;
};
static_assert(ClockPeers<MpiGroups>);

/// The ranks that a collective of this rank is among.
inline const MpiCommunicator& group_of(const MpiCommunicator& ranks) { return ranks; }
inline const MpiCommunicator& group_of(const MpiGroups& ranks) { return ranks.group(); }

}  // namespace collscale
