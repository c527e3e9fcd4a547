// SPDX-License-Identifier: Apache-2.0
// A collective that is wrong on purpose, in the ways in which libraries have been wrong.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "measure/mpi/mpi_operation.hpp"

namespace collscale {

enum class Fault {
  wrong_element,         ///< one element on the guilty rank differs in one bit
  swapped_blocks,        ///< the first and the last block (or half) have changed places
  missing_contribution,  ///< what the guilty rank sent is not in the result
  stale_buffer,          ///< the result is that of the operation before
  off_by_one_block,      ///< every block is where the one before it belongs
  beyond_the_end,        ///< one byte behind the last element is written
};
inline constexpr std::array kFaults = {Fault::wrong_element,        Fault::swapped_blocks,
                                       Fault::missing_contribution, Fault::stale_buffer,
                                       Fault::off_by_one_block,     Fault::beyond_the_end};
inline constexpr std::array<std::string_view, 6> kFaultNames = {
    "wrong_element", "swapped_blocks",   "missing_contribution",
    "stale_buffer",  "off_by_one_block", "beyond_the_end"};

/// One byte value that no operation may notice among the others: 0 of a sum, 1 of a product, ...
template <class T>
void fill_neutral(ReduceOp op, std::byte* data, std::int64_t elements) {
  const T neutral = static_cast<T>(op == ReduceOp::prod ? 1 : op == ReduceOp::min ? 127 : 0);
  for (std::int64_t i = 0; i < elements; ++i) {
    std::memcpy(data + static_cast<std::size_t>(i) * sizeof(T), &neutral, sizeof(T));
  }
}

/// Performs the operation rightly and then spoils it. Works on float.
class FaultyOperation {
 public:
  FaultyOperation(const Scenario& scenario, const BufferLayout& layout,
                  const MpiCommunicator& ranks, Fault fault, int guilty)
      : scenario_(scenario),
        layout_(layout),
        honest_(scenario, layout, ranks),
        fault_(fault),
        rank_(ranks.rank()),
        guilty_(guilty) {}

  void operator()(const std::byte* send, std::byte* receive) {
    if (scenario_.collective == Collective::barrier) {
      return;  // nobody waits for anybody
    }
    const std::int64_t elements = extents_of(scenario_, layout_, rank_).receive;
    const std::size_t bytes = static_cast<std::size_t>(elements) * sizeof(float);
    // Of what is received in place the scatter's root has its own block alone.
    std::byte* const result = receive + static_cast<std::size_t>(result_at()) * sizeof(float);
    if (fault_ == Fault::missing_contribution) {
      forget_contribution(send, receive);
      return;
    }
    honest_(send, receive);
    if (rank_ != guilty_) {
      return;
    }
    switch (fault_) {
      case Fault::wrong_element:
        result[bytes / 2] ^= std::byte{1};
        break;
      case Fault::swapped_blocks: {
        const std::size_t size = first_block_bytes(bytes);
        std::swap_ranges(result, result + size, result + bytes - size);
        break;
      }
      case Fault::stale_buffer: {
        std::vector<std::byte> now(result, result + bytes);
        if (!before_.empty()) {
          std::copy(before_.begin(), before_.end(), result);
        }
        before_ = std::move(now);
        break;
      }
      case Fault::off_by_one_block:
        std::rotate(result, result + first_block_bytes(bytes), result + bytes);
        break;
      case Fault::beyond_the_end: {
        // In place the buffer is as long as the longer of input and output.
        const InPlaceInput input =
            scenario_.in_place ? in_place_input(scenario_, layout_, rank_) : InPlaceInput{};
        const std::int64_t end = std::max(result_at() + elements, input.at + input.elements);
        receive[static_cast<std::size_t>(end) * sizeof(float)] = std::byte{7};
        break;
      }
      case Fault::missing_contribution:
        break;
    }
  }

 private:
  [[nodiscard]] std::int64_t result_at() const {
    const bool own_block = scenario_.in_place && scenario_.collective == Collective::scatter &&
                           rank_ == scenario_.root;
    return own_block ? rank_ * layout_.count : 0;
  }
  [[nodiscard]] std::size_t first_block_bytes(std::size_t bytes) const {
    const auto block =
        static_cast<std::size_t>(scenario_.collective == Collective::all_to_all_v
                                     ? exchanged_block(scenario_, layout_, rank_, 0).elements
                                     : block_of(scenario_, layout_, 0).elements);
    return block * sizeof(float) < bytes ? block * sizeof(float) : bytes / 2;
  }

  // Of a reduction the guilty rank takes part with what changes nothing. Of the others, what
  // everybody has from it stays as it was.
  void forget_contribution(const std::byte* send, std::byte* receive) {
    const auto total = static_cast<std::size_t>(layout_.size_bytes);
    if (reduces(scenario_.collective)) {
      std::vector<std::byte> neutral(send, send + total);
      if (rank_ == guilty_) {
        fill_neutral<float>(scenario_.op, neutral.data(), layout_.send_elements);
        const InPlaceInput input =
            scenario_.in_place ? in_place_input(scenario_, layout_, rank_) : InPlaceInput{};
        std::copy_n(neutral.begin(), static_cast<std::size_t>(input.elements) * sizeof(float),
                    receive);
      }
      honest_(neutral.data(), receive);
      return;
    }
    std::vector<std::byte> before(receive, receive + total);
    honest_(send, receive);
    if (extents_of(scenario_, layout_, rank_).receive == 0) {
      return;
    }
    Block lost{0, layout_.count};  // send_recv, broadcast and scatter: all there is
    switch (scenario_.collective) {
      case Collective::all_gather:
      case Collective::all_gather_v:
      case Collective::gather:
        lost = block_of(scenario_, layout_, guilty_);
        break;
      case Collective::all_to_all:
      case Collective::all_to_all_v:
        lost = exchanged_block(scenario_, layout_, rank_, guilty_);
        break;
      default:
        break;
    }
    std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(lost.begin) * 4,
                static_cast<std::size_t>(lost.elements) * sizeof(float),
                receive + static_cast<std::size_t>(lost.begin) * sizeof(float));
  }

  Scenario scenario_;
  BufferLayout layout_;
  MpiOperation honest_;
  Fault fault_;
  int rank_;
  int guilty_;
  std::vector<std::byte> before_;
};

}  // namespace collscale
