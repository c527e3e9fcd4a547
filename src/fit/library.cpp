// SPDX-License-Identifier: Apache-2.0
#include "fit/library.hpp"

#include <utility>

namespace collscale {

std::string text_of(const LibraryUse& use) {
  std::string text = use.name;
  const char* joint = " with ";
  for (const auto& [variable, value] :
       {std::pair{"NCCL_ALGO=", &use.algorithms}, std::pair{"NCCL_PROTO=", &use.protocols}}) {
    if (value->empty()) continue;
    text.append(joint).append(variable).append(*value);
    joint = " and ";
  }
  if (!use.pieces.empty()) text.append(joint).append("pieces of the sizes");
  return text;
}

const SizePiece* piece_at(std::span<const SizePiece> pieces, Collective collective,
                          double size_bytes) {
  const SizePiece* found = nullptr;
  for (const SizePiece& piece : pieces)
    if (piece.collective == collective && piece.from_bytes <= size_bytes) found = &piece;
  return found;
}

}  // namespace collscale
