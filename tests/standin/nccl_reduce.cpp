// SPDX-License-Identifier: Apache-2.0
#include "nccl_reduce.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace standin {
namespace {

// How a type lies in memory, and what is computed with. CUDA's own conversions, so that those of
// the program under test are held against others.
template <class T>
struct Plain {
  using Stored = T;
  using Value = T;
  static Value load(Stored stored) { return stored; }
  static Stored store(Value value) { return value; }
};
struct Half {
  using Stored = std::uint16_t;
  using Value = float;
  static Value load(Stored stored) {
    __half_raw raw;
    raw.x = stored;
    return __half2float(__half(raw));
  }
  static Stored store(Value value) { return static_cast<__half_raw>(__float2half_rn(value)).x; }
};
struct Bfloat16 {
  using Stored = std::uint16_t;
  using Value = float;
  static Value load(Stored stored) {
    __nv_bfloat16_raw raw;
    raw.x = stored;
    return __bfloat162float(__nv_bfloat16(raw));
  }
  static Stored store(Value value) {
    return static_cast<__nv_bfloat16_raw>(__float2bfloat16_rn(value)).x;
  }
};
template <__nv_fp8_interpretation_t kKind>
struct Float8 {
  using Stored = std::uint8_t;
  using Value = float;
  static Value load(Stored stored) {
    return __half2float(__half(__nv_cvt_fp8_to_halfraw(stored, kKind)));
  }
  static Stored store(Value value) { return __nv_cvt_float_to_fp8(value, __NV_SATFINITE, kKind); }
};

template <class F>
auto with_type(ncclDataType_t type, F&& f) {
  switch (type) {
    case ncclInt8:
      return f(Plain<std::int8_t>{});
    case ncclUint8:
      return f(Plain<std::uint8_t>{});
    case ncclInt32:
      return f(Plain<std::int32_t>{});
    case ncclUint32:
      return f(Plain<std::uint32_t>{});
    case ncclInt64:
      return f(Plain<std::int64_t>{});
    case ncclUint64:
      return f(Plain<std::uint64_t>{});
    case ncclFloat16:
      return f(Half{});
    case ncclBfloat16:
      return f(Bfloat16{});
    case ncclFloat8e4m3:
      return f(Float8<__NV_E4M3>{});
    case ncclFloat8e5m2:
      return f(Float8<__NV_E5M2>{});
    case ncclFloat64:
      return f(Plain<double>{});
    default:
      return f(Plain<float>{});
  }
}

template <class C>
typename C::Value read(const std::byte* at) {
  typename C::Stored stored;
  std::memcpy(&stored, at, sizeof(stored));
  return C::load(stored);
}

template <class C>
void write(std::byte* at, typename C::Value value) {
  const typename C::Stored stored = C::store(value);
  std::memcpy(at, &stored, sizeof(stored));
}

// Integers wrap around, as on the device.
template <class T>
T add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  } else {
    return a + b;
  }
}
template <class T>
T multiply(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  } else {
    return a * b;
  }
}

template <class C, class F>
void for_each(std::byte* into, const std::byte* from, std::size_t count, F&& f) {
  constexpr std::size_t kBytes = sizeof(typename C::Stored);
  for (std::size_t i = 0; i < count * kBytes; i += kBytes) {
    write<C>(into + i, f(read<C>(into + i), read<C>(from + i)));
  }
}

}  // namespace

std::size_t bytes_of(ncclDataType_t type) {
  return with_type(type, [](auto codec) { return sizeof(typename decltype(codec)::Stored); });
}

void combine(ncclDataType_t type, ncclRedOp_t op, std::byte* into, const std::byte* from,
             std::size_t count) {
  with_type(type, [&](auto codec) {
    using C = decltype(codec);
    using V = typename C::Value;
    switch (op) {
      case ncclProd:
        return for_each<C>(into, from, count, [](V a, V b) { return multiply(a, b); });
      case ncclMax:
        return for_each<C>(into, from, count, [](V a, V b) { return std::max(a, b); });
      case ncclMin:
        return for_each<C>(into, from, count, [](V a, V b) { return std::min(a, b); });
      default:
        return for_each<C>(into, from, count, [](V a, V b) { return add(a, b); });
    }
  });
}

void scale(ncclDataType_t type, std::byte* into, double factor, std::size_t count) {
  with_type(type, [&](auto codec) {
    using C = decltype(codec);
    using V = typename C::Value;
    const V by = static_cast<V>(factor);
    for_each<C>(into, into, count, [by](V a, V) { return multiply(a, by); });
  });
}

void divide_integers(ncclDataType_t type, std::byte* into, int ranks, std::size_t count) {
  with_type(type, [&](auto codec) {
    using C = decltype(codec);
    using V = typename C::Value;
    for_each<C>(into, into, count,
                [ranks](V a, V) { return static_cast<V>(a / static_cast<V>(ranks)); });
  });
}

bool is_integer(ncclDataType_t type) { return type <= ncclUint64; }

double value_of(ncclDataType_t type, const std::byte* element) {
  return with_type(type,
                   [&](auto codec) { return static_cast<double>(read<decltype(codec)>(element)); });
}

void spoil(ncclDataType_t type, std::byte* element) {
  // The highest bits but the sign: an exponent, or much of an integer.
  element[bytes_of(type) - 1] ^= std::byte{0x30};
}

}  // namespace standin
