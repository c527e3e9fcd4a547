// SPDX-License-Identifier: Apache-2.0
#include "measure/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace collscale {

namespace {

// Integers up to largest_exact_integer() are all the patterns hold, so the conversions are exact.
struct Bfloat16 {
  std::uint16_t bits;
};
struct Float16 {
  std::uint16_t bits;
};

/// 1 sign bit and 7 bits of exponent and mantissa. All exponents are finite but the last, which
/// has infinity in e5m2 and nothing but its last code as NaN in e4m3 (OCP 8-bit floating point).
template <int mantissa_bits>
struct Float8 {
  static constexpr int kBias = (1 << (6 - mantissa_bits)) - 1;
  std::uint8_t bits;
};
using Float8E4M3 = Float8<3>;
using Float8E5M2 = Float8<2>;

template <class T>
T encode(int value) {
  return static_cast<T>(value);
}
template <>
Bfloat16 encode<Bfloat16>(int value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return {static_cast<std::uint16_t>(bits >> 16U)};
}
template <>
Float16 encode<Float16>(int value) {
  if (value == 0) {
    return {0};
  }
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const std::uint32_t exponent = ((bits >> 23U) & 0xffU) - 127U + 15U;
  return {static_cast<std::uint16_t>((exponent << 10U) | ((bits >> 13U) & 0x3ffU))};
}

template <int mantissa_bits>
Float8<mantissa_bits> encode_float8(int value) {
  if (value == 0) {
    return {0};
  }
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const std::uint32_t exponent = (bits >> 23U) - 127U + Float8<mantissa_bits>::kBias;
  const std::uint32_t mantissa = (bits & 0x7fffffU) >> (23U - mantissa_bits);
  return {static_cast<std::uint8_t>((exponent << unsigned{mantissa_bits}) | mantissa)};
}
template <>
Float8E4M3 encode<Float8E4M3>(int value) {
  return encode_float8<3>(value);
}
template <>
Float8E5M2 encode<Float8E5M2>(int value) {
  return encode_float8<2>(value);
}

template <class T>
double decode(T value) {
  return static_cast<double>(value);
}
template <>
double decode(Bfloat16 value) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16U));
}
template <>
double decode(Float16 value) {
  const int exponent = (value.bits >> 10U) & 0x1f;
  const double fraction = static_cast<double>(value.bits & 0x3ffU) / 1024;
  const double sign = (value.bits & 0x8000U) != 0U ? -1 : 1;
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  const double scale =
      exponent == 0
          ? 0x1p-14
          : std::bit_cast<double>(static_cast<std::uint64_t>(exponent - 15 + 1023) << 52U);
  return sign * scale * (exponent == 0 ? fraction : 1 + fraction);
}

template <int mantissa_bits>
double decode_float8(Float8<mantissa_bits> value) {
  constexpr unsigned kOne = 1U << unsigned{mantissa_bits};  // of the exponent; 1.0 of the mantissa
  const unsigned magnitude = value.bits & 0x7fU;
  const double sign = (value.bits & 0x80U) != 0U ? -1 : 1;
  if (mantissa_bits == 2 && magnitude == 0x7cU) {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (magnitude > (mantissa_bits == 2 ? 0x7cU : 0x7eU)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const unsigned exponent = magnitude / kOne;
  const unsigned mantissa = magnitude % kOne + (exponent == 0 ? 0 : kOne);
  const int power = static_cast<int>(std::max(exponent, 1U)) - Float8<mantissa_bits>::kBias;
  return sign * std::ldexp(mantissa, power - mantissa_bits);
}
template <>
double decode(Float8E4M3 value) {
  return decode_float8(value);
}
template <>
double decode(Float8E5M2 value) {
  return decode_float8(value);
}

/// Calls f(T{}) with the C++ type of `type`.
template <class F>
auto with_type(DataType type, F&& f) {
  switch (type) {
    case DataType::int8:
      return f(std::int8_t{});
    case DataType::uint8:
      return f(std::uint8_t{});
    case DataType::int32:
      return f(std::int32_t{});
    case DataType::uint32:
      return f(std::uint32_t{});
    case DataType::int64:
      return f(std::int64_t{});
    case DataType::uint64:
      return f(std::uint64_t{});
    case DataType::float16:
      return f(Float16{});
    case DataType::bfloat16:
      return f(Bfloat16{});
    case DataType::float8_e4m3:
      return f(Float8E4M3{});
    case DataType::float8_e5m2:
      return f(Float8E5M2{});
    case DataType::float32:
      return f(float{});
    case DataType::float64:
      break;
  }
  return f(double{});
}

/// The first `count` values from `from` on, as the type has them.
template <class T>
std::vector<T> values_of(const Pattern::Row& row, std::int64_t from, std::size_t count) {
  constexpr std::size_t kBlock = 1024;  // its keys stay in the first cache
  std::array<std::uint32_t, kBlock> keys;
  std::vector<T> by_key(row.by_key.size());
  std::transform(row.by_key.begin(), row.by_key.end(), by_key.begin(), encode<T>);
  const T* const table = by_key.data();  // in a register: bytes that are written might alias it
  std::vector<T> values(count);
  T* at = values.data();
  for (std::size_t i = 0; i < count; i += kBlock) {
    const auto block = std::span(keys).first(std::min(kBlock, count - i));
    row.keys(from + static_cast<std::int64_t>(i), block);
    for (const std::uint32_t key : block) {
      *at++ = by_key.empty() ? encode<T>(static_cast<int>(key)) : table[key];
    }
  }
  return values;
}

/// Calls f(i, values) for i = 0 and further on, with the values that belong there.
template <class T, class F>
void for_blocks(const Pattern::Row& row, std::int64_t from, std::int64_t count, F&& f) {
  const std::vector<T> cycle =
      values_of<T>(row, from, static_cast<std::size_t>(std::min(count, Pattern::kCycle)));
  for (std::int64_t i = 0; i < count; i += Pattern::kCycle) {
    f(i, std::span(cycle).first(static_cast<std::size_t>(std::min(count - i, Pattern::kCycle))));
  }
}

/// Compares `count` elements from `first` on with those of `row` from `from` on.
template <class T>
void check_run(std::span<const std::byte> buffer, std::int64_t first, std::int64_t count,
               const Pattern::Row& row, std::int64_t from, Mismatch& found) {
  const std::byte* const begin = buffer.data() + static_cast<std::size_t>(first) * sizeof(T);
  for_blocks<T>(row, from, count, [&](std::int64_t i, std::span<const T> expected) {
    const std::byte* at = begin + static_cast<std::size_t>(i) * sizeof(T);
    if (std::memcmp(at, expected.data(), expected.size_bytes()) == 0) {
      return;
    }
    for (std::size_t k = 0; k < expected.size(); ++k, at += sizeof(T)) {
      if (std::memcmp(at, &expected[k], sizeof(T)) == 0) {
        continue;
      }
      if (found.wrong++ == 0) {
        T got;
        std::memcpy(&got, at, sizeof(T));
        found.index = first + i + static_cast<std::int64_t>(k);
        found.got = decode(got);
        found.want = decode(expected[k]);
      }
    }
  });
}

/// Significant bits of a floating-point type, the leading one included; 0 of an integer.
template <class T>
constexpr int significant_bits() {
  if constexpr (std::is_same_v<T, Bfloat16>) return 8;
  if constexpr (std::is_same_v<T, Float16>) return 11;
  if constexpr (std::is_same_v<T, Float8E4M3>) return 4;
  if constexpr (std::is_same_v<T, Float8E5M2>) return 3;
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::digits;
  return 0;
}

/// How far an average of `sum` over `ranks` may lie from the exact one, which is `want`. NCCL
/// divides sums of integers, rounding towards zero. Floating-point inputs it multiplies by 1/n,
/// rounded, before it adds: 1/n, each of two products, and their sum are rounded. Where n is a
/// power of two nothing is.
template <class T>
double tolerance_of_average(double want, double sum, std::int64_t ranks) {
  constexpr int kBits = significant_bits<T>();
  if (kBits == 0 || std::has_single_bit(static_cast<std::uint64_t>(ranks))) {
    return 0;
  }
  // Below its smallest normal number the type of 1/n, and of the products, has even steps.
  const double step = kBits == 4 ? 0x1p-9 : kBits == 3 ? 0x1p-16 : kBits == 11 ? 0x1p-24 : 0;
  return 3.5 * std::ldexp(want, -kBits) + step * (sum + 2);
}

template <class T>
void check_averages(std::span<const std::byte> buffer, Block block, const Pattern& pattern,
                    std::int64_t from, std::int64_t ranks, Mismatch& found) {
  for (std::int64_t i = 0; i < block.elements; ++i) {
    T value;
    std::memcpy(&value, &buffer[static_cast<std::size_t>(block.begin + i) * sizeof(T)], sizeof(T));
    const double got = decode(value);
    const double sum = pattern.reduced(from + i);
    const double exact = sum / static_cast<double>(ranks);
    const double want = significant_bits<T>() == 0 ? std::trunc(exact) : exact;
    // Not a number differs from everything.
    const bool near = std::abs(got - want) <= tolerance_of_average<T>(want, sum, ranks);
    if (!near && found.wrong++ == 0) {
      found.index = block.begin + i;
      found.got = got;
      found.want = want;
    }
  }
}

}  // namespace

void fill_send(const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern,
               std::int64_t rank, std::span<std::byte> buffer) {
  const Pattern::Row row = pattern.row(rank);
  with_type(scenario.dtype, [&](auto type) {
    using T = decltype(type);
    const std::int64_t elements = extents_of(scenario, layout, rank).send;
    for_blocks<T>(row, 0, elements, [&](std::int64_t i, std::span<const T> values) {
      std::memcpy(buffer.data() + static_cast<std::size_t>(i) * sizeof(T), values.data(),
                  values.size_bytes());
    });
  });
}

void fill_ones(DataType type, std::span<std::byte> buffer) {
  with_type(type, [&](auto kind) {
    using T = decltype(kind);
    const T one = encode<T>(1);
    for (std::size_t at = 0; at + sizeof(T) <= buffer.size(); at += sizeof(T)) {
      std::memcpy(buffer.data() + at, &one, sizeof(T));
    }
  });
}

std::vector<ExpectedRun> expected_runs(const Scenario& scenario, const BufferLayout& layout,
                                       std::int64_t rank) {
  constexpr std::int64_t kReduced = -1;
  const std::int64_t count = layout.count;
  const bool is_root = rank == scenario.root;
  std::vector<ExpectedRun> runs;
  switch (scenario.collective) {
    case Collective::all_reduce:
      runs.push_back({{0, count}, kReduced, 0});
      break;
    case Collective::reduce:
      if (is_root) runs.push_back({{0, count}, kReduced, 0});
      break;
    case Collective::reduce_scatter:
      runs.push_back({{0, count}, kReduced, rank * count});
      break;
    case Collective::gather:
      if (!is_root) break;
      [[fallthrough]];
    case Collective::all_gather:
    case Collective::all_gather_v:
      for (std::int64_t origin = 0; origin < scenario.ranks; ++origin) {
        runs.push_back({block_of(scenario, layout, origin), origin, 0});
      }
      break;
    case Collective::all_to_all:
    case Collective::all_to_all_v:
      for (std::int64_t origin = 0; origin < scenario.ranks; ++origin) {
        runs.push_back({exchanged_block(scenario, layout, rank, origin), origin,
                        exchanged_block(scenario, layout, origin, rank).begin});
      }
      break;
    case Collective::broadcast:
      runs.push_back({{0, count}, scenario.root, 0});
      break;
    case Collective::scatter:
      // In place the root's own block stays where it is among the others.
      runs.push_back(
          {{scenario.in_place && is_root ? rank * count : 0, count}, scenario.root, rank * count});
      break;
    case Collective::send_recv:
      runs.push_back({{0, count}, (rank + scenario.ranks - 1) % scenario.ranks, 0});
      break;
    case Collective::barrier:
      break;
  }
  return runs;
}

double element_value(DataType type, std::span<const std::byte> element) {
  return with_type(type, [&](auto kind) {
    std::memcpy(&kind, element.data(), sizeof(kind));
    return decode(kind);
  });
}

Mismatch check_receive(const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern,
                       std::int64_t rank, std::span<const std::byte> buffer) {
  Mismatch found;
  found.rank = rank;
  with_type(scenario.dtype, [&](auto type) {
    for (const auto& [block, origin, from] : expected_runs(scenario, layout, rank)) {
      if (origin < 0 && scenario.op == ReduceOp::avg) {
        check_averages<decltype(type)>(buffer, block, pattern, from, scenario.ranks, found);
        continue;
      }
      check_run<decltype(type)>(buffer, block.begin, block.elements,
                                origin < 0 ? pattern.reduced_row() : pattern.row(origin), from,
                                found);
    }
  });
  return found;
}

void check_guard(DataType type, std::span<const std::byte> guard, std::int64_t elements,
                 Mismatch& found) {
  const auto size = static_cast<std::size_t>(element_bytes(type));
  const auto untouched = [](std::byte value) { return value == kUntouched; };
  if (std::all_of(guard.begin(), guard.end(), untouched)) {
    return;
  }
  for (std::size_t at = 0; at + size <= guard.size(); at += size) {
    const auto element = guard.subspan(at, size);
    if (std::all_of(element.begin(), element.end(), untouched)) {
      continue;
    }
    if (found.wrong++ == 0) {
      found.kind = Mismatch::Kind::beyond_end;
      found.index = elements + static_cast<std::int64_t>(at / size);
    }
  }
}

std::string describe(const Mismatch& mismatch, std::int64_t elements) {
  switch (mismatch.kind) {
    case Mismatch::Kind::beyond_end:
      return fmt::format("rank {}, element {}: written beyond the end of what it receives",
                         mismatch.rank, mismatch.index);
    case Mismatch::Kind::left_early:
      return fmt::format("rank {} left the barrier before rank {} had entered it", mismatch.rank,
                         mismatch.index);
    case Mismatch::Kind::element:
      break;
  }
  return fmt::format("rank {}, element {}: got {:.9g}, want {:.9g} ({} of {} elements wrong)",
                     mismatch.rank, mismatch.index, mismatch.got, mismatch.want, mismatch.wrong,
                     elements);
}

}  // namespace collscale
