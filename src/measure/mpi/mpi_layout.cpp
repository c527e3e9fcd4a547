// SPDX-License-Identifier: Apache-2.0
#include "measure/mpi/mpi_layout.hpp"

#include <algorithm>
#include <limits>

#include "stats/quantiles.hpp"

namespace collscale {
namespace {

/// The index of the group that `rank` is in, or -1.
int group_of(const RankGroups& groups, int rank) {
  for (std::size_t g = 0; g < groups.groups.size(); ++g) {
    const auto& ranks = groups.groups[g].ranks;
    if (std::find(ranks.begin(), ranks.end(), rank) != ranks.end()) return static_cast<int>(g);
  }
  return -1;
}

MPI_Comm split(const MpiCommunicator& all, const RankGroups& groups, int index) {
  int place = 0;
  if (index >= 0) {
    const auto& ranks = groups.groups[static_cast<std::size_t>(index)].ranks;
    place = static_cast<int>(std::find(ranks.begin(), ranks.end(), all.rank()) - ranks.begin());
  }
  MPI_Comm group = MPI_COMM_NULL;
  MPI_Comm_split(all.handle(), index >= 0 ? index : MPI_UNDEFINED, place, &group);
  return group == MPI_COMM_NULL ? MPI_COMM_SELF : group;
}

}  // namespace

std::vector<int> nodes_of_ranks(const MpiCommunicator& all) {
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(all.handle(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  int lowest = all.rank();
  MPI_Bcast(&lowest, 1, MPI_INT, 0, node);  // ordered by rank: the first is the lowest
  MPI_Comm_free(&node);
  std::vector<int> nodes(static_cast<std::size_t>(all.size()));
  MPI_Allgather(&lowest, 1, MPI_INT, nodes.data(), 1, MPI_INT, all.handle());
  std::vector<int> number(nodes.size(), -1);
  int next = 0;
  for (int& of_rank : nodes) {
    int& known = number[static_cast<std::size_t>(of_rank)];
    if (known < 0) known = next++;
    of_rank = known;
  }
  return nodes;
}

MpiGroups::MpiGroups(const MpiCommunicator& all, const RankGroups& groups)
    : all_(all),
      groups_(groups.groups.size()),
      index_(group_of(groups, all.rank())),
      group_(split(all, groups, index_)) {}

MpiGroups::~MpiGroups() {
  MPI_Comm group = group_.handle();
  if (group != MPI_COMM_SELF) MPI_Comm_free(&group);
}

void MpiGroups::barrier() const {
  all_.barrier();
  if (takes_part()) group_.barrier();
}

void MpiGroups::note_samples(std::span<const double> sample_s) {
  if (groups_ > 1) own_s_.insert(own_s_.end(), sample_s.begin(), sample_s.end());
}

std::vector<double> MpiGroups::take_group_medians_s() {
  if (groups_ < 2) return {};
  std::vector<double> medians(groups_, std::numeric_limits<double>::lowest());
  if (takes_part() && !own_s_.empty()) {
    group_.all_max(own_s_);
    medians[static_cast<std::size_t>(index_)] = median(own_s_);
  }
  own_s_.clear();
  all_.all_max(medians);
  return medians;
}

}  // namespace collscale
