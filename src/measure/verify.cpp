// SPDX-License-Identifier: Apache-2.0
#include "measure/verify.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace collscale {

namespace {

// Integers up to largest_exact_integer() are all the patterns hold, so the conversions are exact.
struct Bfloat16 {
  std::uint16_t bits;
};
struct Float16 {
  std::uint16_t bits;
};

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
    case DataType::float32:
      return f(float{});
    case DataType::float64:
      break;
  }
  return f(double{});
}

/// Compares `count` elements from `first` on with want(0), want(1), ...
template <class T, class Want>
void check_run(std::span<const std::byte> buffer, std::int64_t first, std::int64_t count,
               Want&& want, Mismatch& found) {
  const std::byte* at = buffer.data() + static_cast<std::size_t>(first) * sizeof(T);
  for (std::int64_t i = 0; i < count; ++i, at += sizeof(T)) {
    const T expected = encode<T>(want(i));
    if (std::memcmp(at, &expected, sizeof(T)) == 0) {
      continue;
    }
    if (found.wrong++ == 0) {
      T got;
      std::memcpy(&got, at, sizeof(T));
      found.index = first + i;
      found.got = decode(got);
      found.want = decode(expected);
    }
  }
}

}  // namespace

void fill_send(const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern,
               std::int64_t rank, std::span<std::byte> buffer) {
  with_type(scenario.dtype, [&](auto type) {
    using T = decltype(type);
    std::byte* at = buffer.data();
    for (std::int64_t i = 0; i < layout.send_elements; ++i, at += sizeof(T)) {
      const T value = encode<T>(pattern.sent(rank, i));
      std::memcpy(at, &value, sizeof(T));
    }
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

Mismatch check_receive(const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern,
                       std::int64_t rank, std::span<const std::byte> buffer) {
  Mismatch found;
  found.rank = rank;
  const std::int64_t count = layout.count;
  with_type(scenario.dtype, [&](auto type) {
    using T = decltype(type);
    switch (scenario.collective) {
      case Collective::all_reduce:
      case Collective::reduce:
        if (scenario.collective == Collective::all_reduce || rank == scenario.root) {
          check_run<T>(
              buffer, 0, count, [&](auto i) { return pattern.reduced(i); }, found);
        }
        break;
      case Collective::reduce_scatter:
        check_run<T>(
            buffer, 0, count, [&](auto i) { return pattern.reduced(rank * count + i); }, found);
        break;
      case Collective::all_gather:
      case Collective::all_to_all: {
        const bool to_all = scenario.collective == Collective::all_to_all;
        for (std::int64_t origin = 0; origin < scenario.ranks; ++origin) {
          const std::int64_t from = to_all ? rank * count : 0;
          check_run<T>(
              buffer, origin * count, count, [&](auto i) { return pattern.sent(origin, from + i); },
              found);
        }
        break;
      }
      case Collective::broadcast:
        check_run<T>(
            buffer, 0, count, [&](auto i) { return pattern.sent(scenario.root, i); }, found);
        break;
      default:
        break;  // not measured: is_measured()
    }
  });
  return found;
}

std::int64_t in_place_offset(const Scenario& scenario, const BufferLayout& layout,
                             std::int64_t rank) {
  return scenario.collective == Collective::all_gather ? rank * layout.count : 0;
}

std::string describe(const Mismatch& mismatch, std::int64_t elements) {
  return fmt::format("rank {}, element {}: got {:.9g}, want {:.9g} ({} of {} elements wrong)",
                     mismatch.rank, mismatch.index, mismatch.got, mismatch.want, mismatch.wrong,
                     elements);
}

}  // namespace collscale
