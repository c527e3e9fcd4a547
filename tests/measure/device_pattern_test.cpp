// SPDX-License-Identifier: Apache-2.0
// The functions behind the kernels, run on the host, against what fills and checks host memory.
#include "measure/nccl/device_pattern.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "measure/nccl/device_plan.hpp"

namespace collscale {
namespace {

constexpr std::array kTypes = {DataType::int8,    DataType::uint8,       DataType::int32,
                               DataType::uint32,  DataType::int64,       DataType::uint64,
                               DataType::float16, DataType::bfloat16,    DataType::float32,
                               DataType::float64, DataType::float8_e4m3, DataType::float8_e5m2};
constexpr std::array kCollectives = {
    Collective::all_reduce,   Collective::all_gather,  Collective::reduce_scatter,
    Collective::all_to_all,   Collective::broadcast,   Collective::reduce,
    Collective::gather,       Collective::scatter,     Collective::send_recv,
    Collective::all_to_all_v, Collective::all_gather_v};
constexpr std::array kOps = {ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max};

/// Any measured case.
struct Case {
  Scenario scenario;
  BufferLayout layout;
  std::int64_t rank = 0;
  std::int64_t element = 1;
  int round = 0;
  int threads = 1;

  static Case any() {
    Case any;
    any.scenario.collective = *rc::gen::elementOf(kCollectives);
    any.scenario.dtype = *rc::gen::elementOf(kTypes);
    any.scenario.op = *rc::gen::elementOf(kOps);
    any.scenario.ranks = *rc::gen::inRange<std::int64_t>(2, 40);
    any.scenario.root = *rc::gen::inRange<std::int64_t>(0, any.scenario.ranks);
    any.scenario.skew = has_unequal_blocks(any.scenario.collective) ? 3 : 1;
    any.rank = *rc::gen::inRange<std::int64_t>(0, any.scenario.ranks);
    any.element = element_bytes(any.scenario.dtype);
    any.round = *rc::gen::inRange(0, 2);
    any.threads = *rc::gen::inRange(1, 100);
    any.layout = buffer_layout(any.scenario.collective, any.scenario.dtype,
                               static_cast<double>(any.element * *rc::gen::inRange<std::int64_t>(
                                                                     any.scenario.ranks, 40000)),
                               any.scenario.ranks);
    return any;
  }
  [[nodiscard]] Pattern pattern() const {
    return {scenario.collective, scenario.dtype, scenario.op, scenario.ranks, round};
  }
};

std::vector<std::byte> filled(const Case& of, const Pattern& pattern, std::int64_t rank) {
  const std::int64_t elements = extents_of(of.scenario, of.layout, rank).send;
  std::vector<std::byte> bytes(static_cast<std::size_t>(elements * of.element));
  DeviceRow row = sent_row(pattern, rank, elements);
  if (!row.table.empty()) row.row.table = row.table.data();
  for (int thread = 0; thread < of.threads; ++thread) {
    fill_pattern({bytes.data(), element_format(of.scenario.dtype), row.row, row.runs.front()},
                 thread, of.threads);
  }
  return bytes;
}

DeviceFindings checked(const Case& of, const Pattern& pattern, std::span<const std::byte> received,
                       std::span<const std::byte> guard) {
  DeviceRow row = received_row(of.scenario, of.layout, pattern, of.rank);
  if (!row.table.empty()) row.row.table = row.table.data();
  DeviceFindings findings;
  const CheckTask task{received.data(),
                       element_format(of.scenario.dtype),
                       row.row,
                       row.runs.data(),
                       static_cast<std::int64_t>(row.runs.size()),
                       guard.data(),
                       static_cast<std::int64_t>(guard.size()) / of.element,
                       &findings};
  for (int thread = 0; thread < of.threads; ++thread) {
    check_pattern(task, thread, of.threads);
  }
  return findings;
}

/// What a right operation leaves in the rank's receive buffer.
std::vector<std::byte> received(const Case& of, const Pattern& pattern) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(of.layout.receive_elements * of.element),
                               kUntouched);
  DeviceRow row = received_row(of.scenario, of.layout, pattern, of.rank);
  if (!row.table.empty()) row.row.table = row.table.data();
  for (const PatternRun& run : row.runs) {
    fill_pattern({bytes.data(), element_format(of.scenario.dtype), row.row, run}, 0, 1);
  }
  return bytes;
}

const std::vector<std::byte> kGuard(256, kUntouched);

RC_GTEST_PROP(DevicePattern, FillsAsTheHostDoes, ()) {
  const Case of = Case::any();
  const Pattern pattern = of.pattern();
  const std::vector<std::byte> device = filled(of, pattern, of.rank);
  std::vector<std::byte> host(device.size());
  fill_send(of.scenario, of.layout, pattern, of.rank, host);
  RC_ASSERT(device == host);
}

RC_GTEST_PROP(DevicePattern, FindsNothingWhereTheHostFindsNothing, ()) {
  const Case of = Case::any();
  const Pattern pattern = of.pattern();
  const std::vector<std::byte> bytes = received(of, pattern);
  RC_ASSERT(check_receive(of.scenario, of.layout, pattern, of.rank, bytes).wrong == 0);
  const DeviceFindings findings = checked(of, pattern, bytes, kGuard);
  RC_ASSERT(findings.wrong == 0U);
  RC_ASSERT(findings.wrong_beyond == 0U);
}

RC_GTEST_PROP(DevicePattern, FindsWhatTheHostFinds, ()) {
  const Case of = Case::any();
  const Pattern pattern = of.pattern();
  std::vector<std::byte> bytes = received(of, pattern);
  RC_PRE(!bytes.empty());
  const int mistakes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < mistakes; ++i) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] ^= std::byte{0x41};
  }
  const Mismatch host = check_receive(of.scenario, of.layout, pattern, of.rank, bytes);
  const DeviceFindings device = checked(of, pattern, bytes, kGuard);
  RC_ASSERT(static_cast<std::int64_t>(device.wrong) == host.wrong);
  if (host.wrong > 0) {
    RC_ASSERT(static_cast<std::int64_t>(device.first) == host.index);
    RC_ASSERT(expected_at(of.scenario, of.layout, pattern, of.rank, host.index) == host.want);
    const auto got = std::span(bytes).subspan(static_cast<std::size_t>(host.index * of.element),
                                              static_cast<std::size_t>(of.element));
    const double value = element_value(of.scenario.dtype, got);
    RC_ASSERT(value == host.got || (value != value && host.got != host.got));
  }
}

RC_GTEST_PROP(DevicePattern, FindsWhatWasWrittenBehindTheEnd, ()) {
  const Case of = Case::any();
  const Pattern pattern = of.pattern();
  const std::vector<std::byte> bytes = received(of, pattern);
  std::vector<std::byte> guard = kGuard;
  guard[*rc::gen::inRange<std::size_t>(0, guard.size())] = std::byte{0};
  Mismatch host;
  check_guard(of.scenario.dtype, guard, 0, host);
  const DeviceFindings device = checked(of, pattern, bytes, guard);
  RC_ASSERT(device.wrong == 0U);
  RC_ASSERT(device.wrong_beyond == 1U);
  RC_ASSERT(static_cast<std::int64_t>(device.first_beyond) == host.index);
}

}  // namespace
}  // namespace collscale
