// SPDX-License-Identifier: Apache-2.0
#include "measure/buffer_layout.hpp"

#include <algorithm>

namespace collscale {

bool is_measured(Collective collective) {
  switch (collective) {
    case Collective::all_reduce:
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::all_to_all:
    case Collective::broadcast:
    case Collective::reduce:
      return true;
    case Collective::gather:
    case Collective::scatter:
    case Collective::send_recv:
    case Collective::barrier:
      return false;
  }
  return false;
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
      layout = {block, block, block * ranks, 0};
      break;
    case Collective::reduce_scatter:
      layout = {block, block * ranks, block, 0};
      break;
    case Collective::all_to_all:
      layout = {block, block * ranks, block * ranks, 0};
      break;
    default:
      layout = {elements, elements, elements, 0};
  }
  layout.size_bytes = std::max(layout.send_elements, layout.receive_elements) * element;
  return layout;
}

}  // namespace collscale
