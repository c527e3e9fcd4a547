// SPDX-License-Identifier: Apache-2.0
// Verification of one operation over MPI on host memory.
#pragma once

#include <algorithm>
#include <cstring>

#include "measure/host_buffer.hpp"
#include "measure/mpi/mpi_layout.hpp"
#include "measure/verify.hpp"

namespace collscale {

/// Send and receive memory for a whole sweep, touched once. The receive pool has kGuardBytes more
/// than the largest point needs.
struct HostPools {
  HostBuffer send;
  HostBuffer receive;
  std::size_t ones_bytes = 0;         ///< from the begin of `send`: what fill_ones has filled
  DataType ones_of = DataType::int8;  ///< with which type's
};

/// Fills the first `used` bytes of what operations read from with ones: harmless however often they
/// are reduced. Of the send pool that is what was not filled before, and the first `overwritten`
/// bytes; in place, reductions read from the receive pool.
inline void refill(HostPools& pools, const Scenario& scenario, std::size_t used,
                   std::size_t overwritten) {
  const std::span<std::byte> send = pools.send.bytes();
  const std::size_t filled = pools.ones_of == scenario.dtype ? std::min(used, pools.ones_bytes) : 0;
  fill_ones(scenario.dtype, send.first(std::min(filled, overwritten)));
  fill_ones(scenario.dtype, send.subspan(filled, used - filled));
  pools.ones_bytes = filled == 0 ? used : std::max(used, pools.ones_bytes);
  pools.ones_of = scenario.dtype;
  if (scenario.in_place && reduces(scenario.collective)) {
    fill_ones(scenario.dtype, pools.receive.bytes().first(used));
  }
}

/// A barrier is right when no rank leaves it before every rank has entered it. Sixteen times a
/// rank, each in turn, comes late, and looks before it enters for messages of ranks that have left
/// already. Such a message proves the barrier wrong, whatever the clocks; a barrier that lets go
/// early goes unseen only where no message ever arrives within the 10 ms that are waited.
class BarrierCheck {
 public:
  /// `group` are those whom the barrier is of; `name` is this rank's number for the user.
  BarrierCheck(const MpiCommunicator& group, int name) : group_(group), name_(name) {}
  /// Calls the barrier kRounds times, whatever the group.
  template <class Operation>
  Mismatch operator()(Operation&& barrier) const {
    Mismatch found;
    const int size = group_.size();
    for (int i = 0; i < kRounds; ++i) {
      if (size == 1) {
        barrier();
        continue;
      }
      const int late = size < kRounds
                           ? i % size
                           : static_cast<int>(static_cast<std::int64_t>(i) * size / kRounds);
      const int early = group_.rank() == late ? wait_for_an_early_one(found) : 0;
      barrier();
      tell(late, early);
    }
    return found;
  }

 private:
  static constexpr int kRounds = 16;
  [[nodiscard]] int wait_for_an_early_one(Mismatch& found) const;
  void tell(int late, int already_heard) const;
  const MpiCommunicator& group_;
  int name_;
};

/// Performs the operation twice on pattern data in the first slot, each time with other data, and
/// compares every element and the guard behind the last one: the second time, what the first one
/// left is wrong everywhere. Collective; the answer is the same on every rank.
/// `operation(send, receive)` is the collective under test. `ranks` is a MpiCommunicator, or
/// MpiGroups; then a rank in no group passes a layout without elements and an operation that does
/// nothing.
template <Coordinator Ranks, class Operation>
Mismatch verify_on_host(Ranks& ranks, const Scenario& scenario, const BufferLayout& layout,
                        HostPools& pools, Operation&& operation) {
  std::byte* const send = pools.send.data();
  std::byte* const receive = pools.receive.data();
  if (scenario.collective == Collective::barrier) {
    const BarrierCheck check(group_of(ranks), ranks.rank());
    return agree_on_mismatch(ranks, check([&] { operation(send, receive); }));
  }
  const int rank = group_of(ranks).rank();
  const auto element = static_cast<std::size_t>(element_bytes(scenario.dtype));
  const InPlaceInput input =
      scenario.in_place ? in_place_input(scenario, layout, rank) : InPlaceInput{};
  const std::int64_t elements =
      std::max(extents_of(scenario, layout, rank).receive, input.at + input.elements);
  const std::span<std::byte> used =
      pools.receive.bytes().first(static_cast<std::size_t>(elements) * element);
  const std::span<std::byte> behind = pools.receive.bytes().subspan(used.size());
  const std::span<std::byte> guard =
      behind.first(std::min(behind.size(), static_cast<std::size_t>(kGuardBytes)));
  std::fill(used.begin(), used.end(), kUntouched);
  Mismatch found;
  for (int round = 0; round < 2; ++round) {
    const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks, round);
    std::fill(guard.begin(), guard.end(), kUntouched);
    fill_send(scenario, layout, pattern, rank, pools.send.bytes());
    std::memcpy(receive + static_cast<std::size_t>(input.at) * element, send,
                static_cast<std::size_t>(input.elements) * element);
    operation(send, receive);
    Mismatch now = check_receive(scenario, layout, pattern, rank, used);
    check_guard(scenario.dtype, guard, elements, now);
    if (found.wrong == 0) {
      found = now;
    }
  }
  found.rank = ranks.rank();  // as the user counts
  return agree_on_mismatch(ranks, found);
}

}  // namespace collscale
