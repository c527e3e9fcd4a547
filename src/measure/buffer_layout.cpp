// SPDX-License-Identifier: Apache-2.0
#include "measure/buffer_layout.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

namespace {

/// Elements before block `index` of the ramp, 0 <= index <= ranks. With weights
/// 1 + (skew − 1) k / (n − 1) the sum of the first i is i + (skew − 1) i (i − 1) / (2 (n − 1)), and
/// that of all is n (1 + skew) / 2.
std::int64_t ramp_begin(const Scenario& scenario, const BufferLayout& layout, std::int64_t index) {
  const std::int64_t total = layout.count * scenario.ranks;
  if (index >= scenario.ranks) {
    return total;
  }
  const auto i = static_cast<double>(index);
  const auto n = static_cast<double>(scenario.ranks);
  const double weight = i + (scenario.skew - 1) * i * (i - 1) / (2 * std::max(n - 1, 1.0));
  const double share = weight / (n * (1 + scenario.skew) / 2);
  return static_cast<std::int64_t>(std::floor(static_cast<double>(total) * share));
}

/// The result of a reduce or a gather is the root's alone.
bool root_alone_receives(Collective collective) {
  return collective == Collective::reduce || collective == Collective::gather;
}

}  // namespace

bool is_measured_on_gpus(Collective collective) {
  return collective != Collective::barrier;  // streams have none
}

BufferLayout buffer_layout(Collective collective, DataType type, double size_bytes,
                           std::int64_t ranks) {
  const std::int64_t element = element_bytes(type);
  const std::int64_t elements = static_cast<std::int64_t>(size_bytes) / element;
  std::int64_t block = elements / ranks;
  const std::int64_t per_16_bytes = std::max<std::int64_t>(1, 16 / element);
  if (block >= per_16_bytes) {
    block -= block % per_16_bytes;
  }
  BufferLayout layout;
  switch (collective) {
    case Collective::all_gather:
    case Collective::gather:
      layout = {block, block, block * ranks, 0};
      break;
    case Collective::reduce_scatter:
    case Collective::scatter:
      layout = {block, block * ranks, block, 0};
      break;
    case Collective::all_to_all:
    case Collective::all_to_all_v:
    case Collective::all_gather_v:  // the largest block may be nearly the total
      layout = {block, block * ranks, block * ranks, 0};
      break;
    case Collective::all_reduce:
    case Collective::broadcast:
    case Collective::reduce:
    case Collective::send_recv:
      layout = {elements, elements, elements, 0};
      break;
    case Collective::barrier:
      break;
  }
  layout.size_bytes = std::max(layout.send_elements, layout.receive_elements) * element;
  return layout;
}

BufferExtents extents_of(const Scenario& scenario, const BufferLayout& layout, std::int64_t rank) {
  const bool is_root = rank == scenario.root;
  BufferExtents extents{layout.send_elements, layout.receive_elements};
  switch (scenario.collective) {
    case Collective::reduce:
    case Collective::gather:
      extents.receive = is_root ? extents.receive : 0;
      break;
    case Collective::broadcast:
    case Collective::scatter:
      extents.send = is_root ? extents.send : 0;
      break;
    case Collective::all_gather_v:
      extents.send = block_of(scenario, layout, rank).elements;
      break;
    default:
      break;
  }
  return extents;
}

std::int64_t received_by_all(const Scenario& scenario, const BufferLayout& layout) {
  return layout.receive_elements * (root_alone_receives(scenario.collective) ? 1 : scenario.ranks);
}

InPlaceInput in_place_input(const Scenario& scenario, const BufferLayout& layout,
                            std::int64_t rank) {
  InPlaceInput input{0, extents_of(scenario, layout, rank).send};
  switch (scenario.collective) {
    case Collective::gather:
    case Collective::all_gather:
    case Collective::all_gather_v:
      input.at = block_of(scenario, layout, rank).begin;
      break;
    default:
      break;
  }
  if (root_alone_receives(scenario.collective) && rank != scenario.root) {
    input.elements = 0;
  }
  return input;
}

Block block_of(const Scenario& scenario, const BufferLayout& layout, std::int64_t index) {
  if (!has_unequal_blocks(scenario.collective)) {
    return {index * layout.count, layout.count};
  }
  const std::int64_t begin = ramp_begin(scenario, layout, index);
  return {begin, ramp_begin(scenario, layout, index + 1) - begin};
}

Block exchanged_block(const Scenario& scenario, const BufferLayout& layout, std::int64_t rank,
                      std::int64_t peer) {
  if (!has_unequal_blocks(scenario.collective)) {
    return {peer * layout.count, layout.count};
  }
  // The ramp, read from `rank` on and around.
  const std::int64_t place = rank + peer;
  const bool around = place >= scenario.ranks;
  const Block block = block_of(scenario, layout, around ? place - scenario.ranks : place);
  const std::int64_t skipped = ramp_begin(scenario, layout, rank);
  const std::int64_t wrapped = around ? layout.count * scenario.ranks : 0;
  return {block.begin + wrapped - skipped, block.elements};
}

}  // namespace collscale
