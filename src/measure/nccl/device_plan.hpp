// SPDX-License-Identifier: Apache-2.0
// From a scenario and its Pattern to what the kernels of device_pattern.hpp are given. Needs
// neither CUDA nor NCCL.
#pragma once

#include <cstdint>
#include <vector>

#include "measure/nccl/device_pattern.hpp"
#include "measure/pattern.hpp"
#include "measure/verify.hpp"

namespace collscale {

static_assert(kDeviceCycle == Pattern::kCycle && kDeviceStep == Pattern::kStep);

/// Widths and biases: IEEE 754 for half, float and double; bfloat16 is float's upper half; OCP
/// 8-bit floating point 1.0 for the 8-bit types.
inline ElementFormat element_format(DataType type) {
  const auto bytes = static_cast<int>(element_bytes(type));
  switch (type) {
    case DataType::float8_e4m3:
      return {bytes, 3, 7};
    case DataType::float8_e5m2:
      return {bytes, 2, 15};
    case DataType::float16:
      return {bytes, 10, 15};
    case DataType::bfloat16:
      return {bytes, 7, 127};
    case DataType::float32:
      return {bytes, 23, 127};
    case DataType::float64:
      return {bytes, 52, 1023};
    default:
      return {bytes, 0, 0};
  }
}

/// A row, its runs, and the table that row.table is to point to: empty where it stays null.
struct DeviceRow {
  PatternRow row;
  std::vector<PatternRun> runs;
  std::vector<std::int32_t> table;
};

/// What `rank` sends.
inline DeviceRow sent_row(const Pattern& pattern, std::int64_t rank, std::int64_t elements) {
  Pattern::Row row = pattern.row(rank);
  const Pattern::Keys keys = row.key_parameters();
  return {
      {keys.period, keys.round, nullptr}, {{0, elements, 0, keys.shift}}, std::move(row.by_key)};
}

/// What `rank` is to have received.
inline DeviceRow received_row(const Scenario& scenario, const BufferLayout& layout,
                              const Pattern& pattern, std::int64_t rank) {
  DeviceRow device;
  for (const ExpectedRun& run : expected_runs(scenario, layout, rank)) {
    Pattern::Row row = run.origin < 0 ? pattern.reduced_row() : pattern.row(run.origin);
    const Pattern::Keys keys = row.key_parameters();
    device.row = {keys.period, keys.round, nullptr};
    device.runs.push_back({run.block.begin, run.block.elements, run.from, keys.shift});
    device.table = std::move(row.by_key);  // only one run where there is one
  }
  return device;
}

/// The value of one element that `rank` is to have received.
inline double expected_at(const Scenario& scenario, const BufferLayout& layout,
                          const Pattern& pattern, std::int64_t rank, std::int64_t index) {
  DeviceRow device = received_row(scenario, layout, pattern, rank);
  if (!device.table.empty()) device.row.table = device.table.data();
  for (const PatternRun& run : device.runs) {
    if (index >= run.begin && index < run.begin + run.elements) {
      return pattern_value(device.row, run.from + index - run.begin, run.shift);
    }
  }
  return 0;
}

}  // namespace collscale
