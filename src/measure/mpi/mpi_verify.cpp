// SPDX-License-Identifier: Apache-2.0
#include "measure/mpi/mpi_verify.hpp"

#include <unistd.h>

#include "measure/clock.hpp"

namespace collscale {

namespace {
constexpr int kTag = 7301;
constexpr double kLateness_s = 10e-3;
constexpr useconds_t kBetweenLooks_us = 100;  // leaves the core to ranks that share it
}  // namespace

int BarrierCheck::wait_for_an_early_one(Mismatch& found) const {
  const double until_s = steady_now_s() + kLateness_s;
  while (steady_now_s() < until_s) {
    int arrived = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, kTag, group_.handle(), &arrived, MPI_STATUS_IGNORE);
    if (arrived != 0) {
      int early = 0;
      MPI_Recv(&early, 1, MPI_INT, MPI_ANY_SOURCE, kTag, group_.handle(), MPI_STATUS_IGNORE);
      if (found.wrong++ == 0) {
        found.kind = Mismatch::Kind::left_early;
        found.rank = early;
        found.index = name_;
      }
      return 1;
    }
    usleep(kBetweenLooks_us);
  }
  return 0;
}

void BarrierCheck::tell(int late, int already_heard) const {
  if (group_.rank() != late) {
    MPI_Send(&name_, 1, MPI_INT, late, kTag, group_.handle());
    return;
  }
  for (int i = 1 + already_heard; i < group_.size(); ++i) {
    int left = 0;
    MPI_Recv(&left, 1, MPI_INT, MPI_ANY_SOURCE, kTag, group_.handle(), MPI_STATUS_IGNORE);
  }
}

}  // namespace collscale
