// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/device_verify.hpp"

#include <algorithm>
#include <cstring>
#include <exception>

#include <fmt/format.h>

#include "measure/nccl/device_kernels.hpp"
#include "measure/nccl/device_plan.hpp"
#include "measure/nccl/nccl_communicators.hpp"

namespace collscale {
namespace {

using Pool = NcclDeviceGroup::Pool;

/// Elements of the receive buffer of which this rank's operation may write some: none where it
/// receives nothing and has no input there.
std::int64_t writable_elements(const Scenario& scenario, const BufferLayout& layout, int rank) {
  if (scenario.in_place) {
    return std::max(layout.send_elements, layout.receive_elements);
  }
  return extents_of(scenario, layout, rank).receive == 0 ? 0 : layout.receive_elements;
}

/// Where in the receive pool the result begins: NCCL leaves that of an in-place reduce_scatter at
/// the rank's own block.
std::int64_t result_begin(const Scenario& scenario, const BufferLayout& layout, int rank) {
  const bool own_block = scenario.in_place && scenario.collective == Collective::reduce_scatter;
  return own_block ? rank * layout.count : 0;
}

/// What a task needs in the device's memory, in the order in which it lies there: findings, runs,
/// table. Aligned, since the sizes of the first two are multiples of 8.
std::vector<std::byte> packed(const DeviceRow& row) {
  const DeviceFindings none;
  const std::size_t runs = row.runs.size() * sizeof(PatternRun);
  const std::size_t table = row.table.size() * sizeof(std::int32_t);
  std::vector<std::byte> bytes(sizeof(none) + runs + table);
  std::memcpy(bytes.data(), &none, sizeof(none));
  if (runs > 0) std::memcpy(bytes.data() + sizeof(none), row.runs.data(), runs);
  if (table > 0) std::memcpy(bytes.data() + sizeof(none) + runs, row.table.data(), table);
  return bytes;
}

/// Where no kernel of this program runs on the GPU, the sentence says for which it was built.
void check_launch(cudaError_t status, const char* what, const NcclDevice& device) {
  if (status != cudaErrorNoKernelImageForDevice && status != cudaErrorUnsupportedPtxVersion) {
    check_cuda(status, what);
    return;
  }
  int major = 0;
  int minor = 0;
  std::string text = cudaGetErrorString(status);
  if (!text.empty() && text.back() == '.') text.pop_back();
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device.device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device.device);
  throw std::runtime_error(fmt::format(
      "{}: {}: GPU {} is of architecture {}{}, and this program was built for {}; build it with "
      "cmake -DCOLLSCALE_CUDA_ARCHITECTURES={}{}",
      what, text, device.device, major, minor, COLLSCALE_BUILT_ARCHITECTURES, major, minor));
}

}  // namespace

DeviceVerifier::DeviceVerifier(NcclDeviceGroup& gpus)
    : gpus_(gpus), workspaces_(static_cast<std::size_t>(gpus.gpus())) {}

DeviceVerifier::~DeviceVerifier() {
  // Freeing waits for the GPU, which after a failure may never be done; the process ends next.
  if (std::uncaught_exceptions() > 0) return;
  for (std::size_t gpu = 0; gpu < workspaces_.size(); ++gpu) {
    if (workspaces_[gpu].memory != nullptr) {
      cudaSetDevice(gpus_.device(static_cast<int>(gpu)).device);
      cudaFree(workspaces_[gpu].memory);
    }
  }
}

std::byte* DeviceVerifier::place(int gpu, DeviceRow& row) {
  const NcclDevice& device = gpus_.device(gpu);
  set_device(device.device);
  const std::vector<std::byte> bytes = packed(row);
  Workspace& workspace = workspaces_[static_cast<std::size_t>(gpu)];
  if (workspace.bytes < bytes.size()) {
    check_cuda(cudaFree(workspace.memory), "cudaFree");
    workspace = {};
    check_cuda(cudaMalloc(&workspace.memory, bytes.size()),
               fmt::format("cudaMalloc of {} bytes", bytes.size()).c_str(),
               fmt::format("rank {}", gpus_.world_rank(gpu)));
    workspace.bytes = bytes.size();
  }
  // Memory that is not page-locked is read before the call returns.
  check_cuda(cudaMemcpyAsync(workspace.memory, bytes.data(), bytes.size(), cudaMemcpyHostToDevice,
                             device.stream),
             "cudaMemcpyAsync to the device");
  auto* const begin = static_cast<std::byte*>(workspace.memory);
  if (!row.table.empty()) {
    row.row.table = reinterpret_cast<const std::int32_t*>(begin + sizeof(DeviceFindings) +
                                                          row.runs.size() * sizeof(PatternRun));
  }
  return begin;
}

void DeviceVerifier::fill(int gpu, const Scenario& scenario, const BufferLayout& layout,
                          const Pattern& pattern) {
  const NcclDevice& device = gpus_.device(gpu);
  const int rank = gpus_.rank(gpu);
  DeviceRow row = sent_row(pattern, rank, extents_of(scenario, layout, rank).send);
  PatternRun& run = row.runs.front();
  if (run.elements == 0) return;
  place(gpu, row);
  run.begin = scenario.in_place ? in_place_input(scenario, layout, rank).at : 0;
  std::byte* const buffer = scenario.in_place ? device.receive : device.send;
  check_launch(launch_fill({buffer, element_format(scenario.dtype), row.row, run}, device.stream),
               "the kernel that fills buffers", device);
}

void DeviceVerifier::start_check(int gpu, const Scenario& scenario, const BufferLayout& layout,
                                 const Pattern& pattern) {
  const NcclDevice& device = gpus_.device(gpu);
  const int rank = gpus_.rank(gpu);
  const std::int64_t element = element_bytes(scenario.dtype);
  DeviceRow row = received_row(scenario, layout, pattern, rank);
  std::byte* const begin = place(gpu, row);
  std::int64_t elements = 0;
  for (const PatternRun& run : row.runs) {
    elements += run.elements;
  }
  CheckTask task;
  task.buffer = device.receive + result_begin(scenario, layout, rank) * element;
  task.format = element_format(scenario.dtype);
  task.row = row.row;
  task.runs = reinterpret_cast<const PatternRun*>(begin + sizeof(DeviceFindings));
  task.run_count = static_cast<std::int64_t>(row.runs.size());
  const std::int64_t writable = writable_elements(scenario, layout, rank);
  task.guard = device.receive + writable * element;
  task.guard_elements =
      std::max<std::int64_t>(layout.receive_elements - writable, 0) + kGuardBytes / element;
  task.findings = reinterpret_cast<DeviceFindings*>(begin);
  check_launch(launch_check(task, std::max(elements, task.guard_elements), device.stream),
               "the kernel that checks results", device);
}

Mismatch DeviceVerifier::finish_check(int gpu, const Scenario& scenario, const BufferLayout& layout,
                                      const Pattern& pattern) {
  const NcclDevice& device = gpus_.device(gpu);
  const int rank = gpus_.rank(gpu);
  DeviceFindings findings;
  set_device(device.device);
  check_cuda(cudaMemcpyAsync(&findings, workspaces_[static_cast<std::size_t>(gpu)].memory,
                             sizeof(findings), cudaMemcpyDeviceToHost, device.stream),
             "cudaMemcpyAsync from the device");
  check_cuda(cudaStreamSynchronize(device.stream), "cudaStreamSynchronize",
             fmt::format("rank {}", gpus_.world_rank(gpu)));
  Mismatch found;
  if (reduces(scenario.collective) && scenario.op == ReduceOp::avg) {
    // Averages are rounded, and the kernel knows equal bytes alone; it has looked at the guard.
    const std::int64_t begin = result_begin(scenario, layout, rank);
    const std::int64_t elements = extents_of(scenario, layout, rank).receive;
    std::vector<std::byte> got(static_cast<std::size_t>(elements * element_bytes(scenario.dtype)));
    gpus_.download(gpu, Pool::receive, begin * element_bytes(scenario.dtype), got);
    found = check_receive(scenario, layout, pattern, rank, got);
    findings.wrong = 0;
    if (found.wrong > 0) {
      found.rank = gpus_.world_rank(gpu);
      return found;
    }
  }
  found.rank = gpus_.world_rank(gpu);
  found.wrong = static_cast<std::int64_t>(findings.wrong + findings.wrong_beyond);
  if (findings.wrong > 0) {
    const std::int64_t element = element_bytes(scenario.dtype);
    found.index = static_cast<std::int64_t>(findings.first);
    std::vector<std::byte> got(static_cast<std::size_t>(element));
    gpus_.download(gpu, Pool::receive,
                   (result_begin(scenario, layout, rank) + found.index) * element, got);
    found.got = element_value(scenario.dtype, got);
    found.want = expected_at(scenario, layout, pattern, rank, found.index);
  } else if (findings.wrong_beyond > 0) {
    found.kind = Mismatch::Kind::beyond_end;
    found.index = writable_elements(scenario, layout, rank) +
                  static_cast<std::int64_t>(findings.first_beyond);
  }
  return found;
}

}  // namespace collscale
