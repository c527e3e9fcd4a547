// SPDX-License-Identifier: Apache-2.0
// Round trips of a message between two ranks over MPI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "measure/host_buffer.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/verify.hpp"

namespace collscale {

class MpiPingPong {
 public:
  /// Messages of `size_bytes`, at most what an int holds, in buffers whose pages are written.
  MpiPingPong(const MpiCommunicator& ranks, std::int64_t size_bytes,
              PagePolicy pages = PagePolicy::system)
      : comm_(ranks.handle()),
        count_(static_cast<int>(size_bytes)),
        send_(size_bytes, pages),
        receive_(size_bytes + kGuardBytes, pages) {}

  [[nodiscard]] std::span<std::byte> send() const { return send_.bytes(); }
  /// With kGuardBytes behind the message.
  [[nodiscard]] std::span<std::byte> receive() const { return receive_.bytes(); }

  /// `round_trips` times there and back; the rank that `starts` sends first.
  void operator()(int partner, bool starts, std::int64_t round_trips) const {
    for (std::int64_t i = 0; i < round_trips; ++i) {
      if (starts) MPI_Send(send_.data(), count_, MPI_BYTE, partner, 0, comm_);
      MPI_Recv(receive_.data(), count_, MPI_BYTE, partner, 0, comm_, MPI_STATUS_IGNORE);
      if (!starts) MPI_Send(send_.data(), count_, MPI_BYTE, partner, 0, comm_);
    }
  }

 private:
  MPI_Comm comm_;
  int count_;
  HostBuffer send_, receive_;
};

}  // namespace collscale
