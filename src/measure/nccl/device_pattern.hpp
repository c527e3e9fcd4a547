// SPDX-License-Identifier: Apache-2.0
// What the kernels do that fill buffers with a Pattern (measure/pattern.hpp) and check what
// arrived: functions that compile for the device and for the host alike, so that tests run them
// without a GPU. Plain C++17 without the standard library: older CUDA toolkits read it too.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define COLLSCALE_HOST_DEVICE __host__ __device__
#else
#define COLLSCALE_HOST_DEVICE
#endif

namespace collscale {

// Of Pattern; device_plan.hpp asserts that they are the same.
constexpr std::int64_t kDeviceCycle = 16381;
constexpr std::uint64_t kDeviceStep = 0x9e3779b97f4a7c15U;

/// How an element lies in memory: the sizes of integers, and of IEEE-like numbers the mantissa and
/// the bias of the exponent besides.
struct ElementFormat {
  int bytes = 4;
  int mantissa_bits = 0;  ///< 0: an integer
  int exponent_bias = 0;
};

/// One row of a pattern: Pattern::Row with its table in the device's memory.
struct PatternRow {
  std::uint32_t period = 1;
  std::uint32_t round = 0;
  const std::int32_t* table = nullptr;  ///< by key; null: the value is the key
};

/// `elements` of a buffer from element `begin` on hold the row's values from index `from` on, with
/// the shift of the rank that they are from.
struct PatternRun {
  std::int64_t begin = 0;
  std::int64_t elements = 0;
  std::int64_t from = 0;
  std::int64_t shift = 0;
};

struct FillTask {
  void* buffer = nullptr;
  ElementFormat format;
  PatternRow row;
  PatternRun run;
};

/// How many elements are wrong and the first of them, among those received and in the guard behind.
struct DeviceFindings {
  unsigned long long wrong = 0;
  unsigned long long first = ~0ULL;
  unsigned long long wrong_beyond = 0;
  unsigned long long first_beyond = ~0ULL;
};

struct CheckTask {
  const void* buffer = nullptr;
  ElementFormat format;
  PatternRow row;
  const PatternRun* runs = nullptr;
  std::int64_t run_count = 0;
  const void* guard = nullptr;  ///< every byte of it 0xff
  std::int64_t guard_elements = 0;
  DeviceFindings* findings = nullptr;
};

COLLSCALE_HOST_DEVICE inline std::int32_t pattern_value(const PatternRow& row, std::int64_t index,
                                                        std::int64_t shift) {
  const auto wide = static_cast<std::uint64_t>(index % kDeviceCycle + shift) * kDeviceStep;
  std::uint64_t key = (((wide >> 32U) * row.period) >> 32U) + row.round;
  key -= key >= row.period ? row.period : 0;
  return row.table == nullptr ? static_cast<std::int32_t>(key) : row.table[key];
}

/// The bits of a whole number, 0 or more, that the format holds exactly.
COLLSCALE_HOST_DEVICE inline std::uint64_t encoded(const ElementFormat& format,
                                                   std::int32_t value) {
  const auto number = static_cast<std::uint64_t>(value);
  if (format.mantissa_bits == 0 || value == 0) {
    return number;
  }
#ifdef __CUDA_ARCH__
  const int exponent = 31 - __clz(value);
#else
  const int exponent = 31 - __builtin_clz(static_cast<unsigned>(value));
#endif
  const int up = format.mantissa_bits - exponent;  // exact, so what goes down is 0
  const std::uint64_t mantissa = up >= 0 ? number << up : number >> -up;
  const std::uint64_t hidden_one = std::uint64_t{1} << format.mantissa_bits;
  return (static_cast<std::uint64_t>(exponent + format.exponent_bias) << format.mantissa_bits) +
         (mantissa - hidden_one);
}

/// Counts, and keeps the least index; many threads may do so at once on the device.
COLLSCALE_HOST_DEVICE inline void note(unsigned long long& wrong, unsigned long long& first,
                                       unsigned long long more, unsigned long long index) {
  if (more == 0) {
    return;
  }
#ifdef __CUDA_ARCH__
  atomicAdd(&wrong, more);
  atomicMin(&first, index);
#else
  wrong += more;
  first = index < first ? index : first;
#endif
}

template <class Word>
COLLSCALE_HOST_DEVICE void fill_words(const FillTask& task, std::int64_t thread,
                                      std::int64_t threads) {
  Word* const begin = static_cast<Word*>(task.buffer) + task.run.begin;
  for (std::int64_t i = thread; i < task.run.elements; i += threads) {
    begin[i] = static_cast<Word>(
        encoded(task.format, pattern_value(task.row, task.run.from + i, task.run.shift)));
  }
}

template <class Word>
COLLSCALE_HOST_DEVICE void check_words(const CheckTask& task, std::int64_t thread,
                                       std::int64_t threads) {
  const Word* const buffer = static_cast<const Word*>(task.buffer);
  unsigned long long wrong = 0;
  unsigned long long first = ~0ULL;
  for (std::int64_t r = 0; r < task.run_count; ++r) {
    const PatternRun run = task.runs[r];
    for (std::int64_t i = thread; i < run.elements; i += threads) {
      const auto want =
          static_cast<Word>(encoded(task.format, pattern_value(task.row, run.from + i, run.shift)));
      if (buffer[run.begin + i] != want) {
        const auto at = static_cast<unsigned long long>(run.begin + i);
        first = at < first ? at : first;
        ++wrong;
      }
    }
  }
  note(task.findings->wrong, task.findings->first, wrong, first);

  const Word* const guard = static_cast<const Word*>(task.guard);
  wrong = 0;
  first = ~0ULL;
  for (std::int64_t i = thread; i < task.guard_elements; i += threads) {
    if (guard[i] != static_cast<Word>(~std::uint64_t{0})) {
      const auto at = static_cast<unsigned long long>(i);
      first = at < first ? at : first;
      ++wrong;
    }
  }
  note(task.findings->wrong_beyond, task.findings->first_beyond, wrong, first);
}

/// Thread `thread` of `threads`; together they do the whole.
COLLSCALE_HOST_DEVICE inline void fill_pattern(const FillTask& task, std::int64_t thread,
                                               std::int64_t threads) {
  switch (task.format.bytes) {
    case 1:
      return fill_words<std::uint8_t>(task, thread, threads);
    case 2:
      return fill_words<std::uint16_t>(task, thread, threads);
    case 8:
      return fill_words<std::uint64_t>(task, thread, threads);
    default:
      return fill_words<std::uint32_t>(task, thread, threads);
  }
}

COLLSCALE_HOST_DEVICE inline void check_pattern(const CheckTask& task, std::int64_t thread,
                                                std::int64_t threads) {
  switch (task.format.bytes) {
    case 1:
      return check_words<std::uint8_t>(task, thread, threads);
    case 2:
      return check_words<std::uint16_t>(task, thread, threads);
    case 8:
      return check_words<std::uint64_t>(task, thread, threads);
    default:
      return check_words<std::uint32_t>(task, thread, threads);
  }
}

}  // namespace collscale
