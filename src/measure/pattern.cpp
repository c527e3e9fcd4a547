// SPDX-License-Identifier: Apache-2.0
#include "measure/pattern.hpp"

#include <algorithm>

namespace collscale {

std::int64_t largest_exact_integer(DataType type) {
  switch (type) {
    case DataType::int8:
      return 127;
    case DataType::uint8:
      return 255;
    case DataType::bfloat16:
      return 256;  // 8 significant bits
    case DataType::float16:
      return 2048;  // 11
    case DataType::float32:
      return 1 << 24;
    case DataType::int32:
    case DataType::uint32:
    case DataType::int64:
    case DataType::uint64:
    case DataType::float64:
      return (std::int64_t{1} << 31) - 1;
  }
  return 1;
}

Pattern::Pattern(Collective collective, DataType type, ReduceOp op, std::int64_t ranks)
    : reducing_(reduces(collective)), op_(op) {
  const std::int64_t limit = largest_exact_integer(type);
  constexpr std::int64_t kLargestPeriod = 251;  // prime, so that ranks and indices do not resonate
  if (!reducing_ || op == ReduceOp::min || op == ReduceOp::max) {
    period_ = static_cast<std::uint64_t>(std::min(kLargestPeriod, limit + 1));
  } else if (op == ReduceOp::prod) {
    // Ones and twos; a few twos only, so that the product stays below 2^6.
    stride_ = (ranks + 5) / 6;
    period_ = static_cast<std::uint64_t>(3 * stride_);
  } else {
    // n ranks send at most `limit / n`; where there are more ranks than that allows, all but every
    // stride-th send 0.
    stride_ = ranks <= limit ? 1 : (ranks + limit - 1) / limit;
    const std::int64_t largest =
        std::max<std::int64_t>(1, limit / std::max<std::int64_t>(ranks, 1));
    period_ =
        static_cast<std::uint64_t>(stride_ > 1 ? stride_ : std::min(kLargestPeriod, largest + 1));
  }
  if (!reducing_) {
    return;
  }
  for (std::uint32_t key = 0; key < period_; ++key) {
    std::int64_t result = contribution(0, key);
    for (std::int64_t rank = 1; rank < ranks; ++rank) {
      const std::int64_t value = contribution(rank, key);
      switch (op) {
        case ReduceOp::sum:
        case ReduceOp::avg:
          result += value;
          break;
        case ReduceOp::prod:
          result *= value;
          break;
        case ReduceOp::min:
          result = std::min(result, value);
          break;
        case ReduceOp::max:
          result = std::max(result, value);
          break;
      }
    }
    reduced_.push_back(static_cast<int>(result));
  }
}

int Pattern::contribution(std::int64_t rank, std::uint32_t key) const {
  const std::int64_t shifted = (rank + key) % static_cast<std::int64_t>(period_);
  if (op_ == ReduceOp::prod) {
    return shifted == 0 ? 2 : 1;
  }
  return stride_ > 1 ? static_cast<int>(shifted == 0) : static_cast<int>(shifted);
}

}  // namespace collscale
