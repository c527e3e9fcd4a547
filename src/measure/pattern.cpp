// SPDX-License-Identifier: Apache-2.0
#include "measure/pattern.hpp"

#include <algorithm>
#include <utility>

namespace collscale {

std::int64_t largest_exact_integer(DataType type) {
  switch (type) {
    case DataType::int8:
      return 127;
    case DataType::uint8:
      return 255;
    case DataType::float8_e5m2:
      return 8;  // 3 significant bits
    case DataType::float8_e4m3:
      return 16;  // 4
    case DataType::bfloat16:
      return 256;  // 8
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

namespace {

constexpr std::int64_t kLargestPeriod = 65521;  // prime, so that ranks and indices do not resonate
constexpr std::int64_t kColumns = 250;          // of a sum's table; even, for the order of its keys
constexpr std::int64_t kMostTwos = 6;           // of a product: 2^6 is exact in every type

/// Scrambles a rank and a column.
std::uint32_t mixed(std::int64_t rank, std::uint32_t column) {
  std::uint64_t x = static_cast<std::uint64_t>(rank) * 0x9e3779b97f4a7c15U + column;
  x = (x ^ (x >> 29U)) * 0xbf58476d1ce4e5b9U;
  return static_cast<std::uint32_t>(x >> 32U);
}

}  // namespace

Pattern::Pattern(Collective collective, DataType type, ReduceOp op, std::int64_t ranks, int round)
    : reducing_(reduces(collective)), op_(op), ranks_(std::max<std::int64_t>(ranks, 1)) {
  // One less: 255 in a byte is what buffers are filled with before they receive.
  const std::int64_t limit = largest_exact_integer(type) - 1;
  if (!reducing_) {
    period_ = static_cast<std::uint64_t>(std::min(kLargestPeriod, limit + 1));
  } else if (op == ReduceOp::min || op == ReduceOp::max) {
    plan_extreme(limit);
  } else if (op == ReduceOp::prod) {
    plan_product();
  } else if (op == ReduceOp::avg) {
    plan_average(limit);
  } else {
    plan_sum(limit);
  }
  round_ = static_cast<std::uint64_t>(round) % period_;
}

// n ranks send 0 to limit / n, at random, in 250 columns. Sorting the columns by their sums and
// taking them in turn from the lower and the upper half gives neighbouring keys different sums.
// Where there are more ranks than `limit`, one in `stride` sends 1, and in every second column one
// in 2 × stride.
void Pattern::plan_sum(std::int64_t limit) {
  if (ranks_ > limit) {
    stride_ = (ranks_ + limit - 1) / limit;
    period_ = static_cast<std::uint64_t>(4 * stride_);
    for (std::uint32_t key = 0; key < period_; ++key) {
      const std::int64_t every = key % 2 == 0 ? stride_ : 2 * stride_;
      const std::int64_t first = (every - (key / 2) % every) % every;
      reduced_.push_back(first < ranks_ ? static_cast<int>((ranks_ - first - 1) / every + 1) : 0);
    }
    return;
  }
  largest_ = static_cast<int>(std::min<std::int64_t>(limit / ranks_, 1 << 14));
  period_ = kColumns;
  std::vector<std::pair<int, std::uint32_t>> sums;
  for (std::uint32_t column = 0; column < kColumns; ++column) {
    std::int64_t sum = 0;
    for (std::int64_t rank = 0; rank < ranks_; ++rank) {
      sum += mixed(rank, column) % static_cast<std::uint32_t>(largest_ + 1);
    }
    sums.emplace_back(static_cast<int>(sum), column);
  }
  std::sort(sums.begin(), sums.end());
  for (std::size_t key = 0; key < kColumns; ++key) {
    const auto& [sum, column] = sums[key / 2 + (key % 2 == 0 ? 0 : kColumns / 2)];
    reduced_.push_back(sum);
    order_.push_back(column);
  }
}

// Up to six ranks in a row send 2, the others 1; how many differs from key to key, and where the
// row begins moves over all ranks.
void Pattern::plan_product() {
  const std::int64_t counts = std::min(kMostTwos, ranks_) + 1;
  constexpr std::int64_t kFewestPlaces = 36;
  stride_ = ranks_ > kFewestPlaces ? kMostTwos : 1;
  const std::int64_t places = std::max(kFewestPlaces, (ranks_ + kMostTwos - 1) / kMostTwos);
  period_ = static_cast<std::uint64_t>(counts * places);
  for (std::uint64_t key = 0; key < period_; ++key) {
    reduced_.push_back(1 << (key % static_cast<std::uint64_t>(counts)));
  }
}

// One rank, another one from key to key, has the extreme value, and that value differs from key to
// key too; the others are at random between it and the other end.
void Pattern::plan_extreme(std::int64_t limit) {
  largest_ = static_cast<int>(std::min<std::int64_t>(limit, 1000));
  const auto lows = static_cast<std::uint64_t>(largest_ / 2);
  period_ = (static_cast<std::uint64_t>(std::max<std::int64_t>(ranks_, 1)) / lows + 1) * lows;
  for (std::uint64_t key = 0; key < period_; ++key) {
    const int low = static_cast<int>(key % lows);
    reduced_.push_back(op_ == ReduceOp::min ? low : largest_ - low);
  }
}

// Two neighbouring ranks send the same, 1, 2 or 4 times the number of ranks where the type allows,
// so that without either of them half is missing; the others send 0.
void Pattern::plan_average(std::int64_t limit) {
  largest_ = static_cast<int>(
      4 * std::clamp<std::int64_t>(ranks_, 1, std::max<std::int64_t>(limit / 8, 1)));
  period_ = static_cast<std::uint64_t>(3 * ranks_);
  for (std::uint32_t key = 0; key < period_; ++key) {
    int sum = 0;
    for (const std::int64_t rank : {key % ranks_, (key + 1) % ranks_}) {
      sum += ranks_ > 1 || sum == 0 ? contribution(rank, key) : 0;
    }
    reduced_.push_back(sum);
  }
}

Pattern::Row Pattern::row(std::int64_t rank) const {
  Row row;
  row.pattern_ = this;
  row.shift_ = reducing_ ? 0 : rank * kRankStride;
  for (std::uint32_t key = 0; reducing_ && key < period_; ++key) {
    row.by_key.push_back(contribution(rank, key));
  }
  return row;
}

Pattern::Row Pattern::reduced_row() const {
  Row row;
  row.pattern_ = this;
  row.by_key = reduced_;
  return row;
}

Pattern::Keys Pattern::Row::key_parameters() const {
  return {static_cast<std::uint32_t>(pattern_->period_),
          static_cast<std::uint32_t>(pattern_->round_), shift_};
}

// As key(), without a product or a branch per index.
void Pattern::Row::keys(std::int64_t first, std::span<std::uint32_t> keys) const {
  const auto period = static_cast<std::uint32_t>(pattern_->period_);
  const auto round = static_cast<std::uint32_t>(pattern_->round_);
  while (!keys.empty()) {
    const std::int64_t begin = first % kCycle;
    const auto left = static_cast<std::size_t>(kCycle - begin);
    const std::span<std::uint32_t> run = keys.first(std::min(keys.size(), left));
    auto wide = static_cast<std::uint64_t>(begin + shift_) * kStep;
    for (std::uint32_t& key : run) {
      const auto at = static_cast<std::uint32_t>(((wide >> 32U) * period) >> 32U) + round;
      key = std::min(at, at - period);  // below the period the difference wraps and is the larger
      wide += kStep;
    }
    keys = keys.subspan(run.size());
    first += static_cast<std::int64_t>(run.size());
  }
}

int Pattern::contribution(std::int64_t rank, std::uint32_t key) const {
  switch (op_) {
    case ReduceOp::avg:
      return rank == key % ranks_ || rank == (key + 1) % ranks_ ? largest_ >> (key % 3) : 0;
    case ReduceOp::sum:
      if (stride_ > 1) {
        const std::int64_t every = key % 2 == 0 ? stride_ : 2 * stride_;
        return (rank + key / 2) % every == 0 ? 1 : 0;
      }
      return static_cast<int>(mixed(rank, order_[key]) % static_cast<std::uint32_t>(largest_ + 1));
    case ReduceOp::prod: {
      const std::int64_t counts = std::min(kMostTwos, ranks_) + 1;
      const std::int64_t place = (rank + key / counts * stride_) % ranks_;
      return place < key % counts ? 2 : 1;
    }
    case ReduceOp::min:
    case ReduceOp::max: {
      const int low = static_cast<int>(key % static_cast<std::uint32_t>(largest_ / 2));
      const bool decides = key % ranks_ == rank;
      const auto above = static_cast<std::uint32_t>(largest_ - low);
      const int value = decides ? low : low + 1 + static_cast<int>(mixed(rank, key) % above);
      return op_ == ReduceOp::min ? value : largest_ - value;
    }
  }
  return 0;
}

}  // namespace collscale
