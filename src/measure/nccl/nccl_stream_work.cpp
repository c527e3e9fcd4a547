// SPDX-License-Identifier: Apache-2.0
// What is put on the GPUs' streams: operations, events around them, graphs of them.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "measure/nccl/nccl_communicators.hpp"
#include "measure/nccl/nccl_exchange.hpp"

namespace collscale {
namespace {

ncclDataType_t nccl_type(DataType type) {
  switch (type) {
    case DataType::int8:
      return ncclInt8;
    case DataType::uint8:
      return ncclUint8;
    case DataType::int32:
      return ncclInt32;
    case DataType::uint32:
      return ncclUint32;
    case DataType::int64:
      return ncclInt64;
    case DataType::uint64:
      return ncclUint64;
    case DataType::float16:
      return ncclFloat16;
    case DataType::bfloat16:
      return ncclBfloat16;
    case DataType::float8_e4m3:
      return kNcclFloat8E4M3;
    case DataType::float8_e5m2:
      return kNcclFloat8E5M2;
    case DataType::float64:
      return ncclFloat64;
    case DataType::float32:
      break;
  }
  return ncclFloat32;
}

ncclRedOp_t nccl_op(ReduceOp op) {
  switch (op) {
    case ReduceOp::prod:
      return ncclProd;
    case ReduceOp::min:
      return ncclMin;
    case ReduceOp::max:
      return ncclMax;
    case ReduceOp::avg:
      return ncclAvg;
    case ReduceOp::sum:
      break;
  }
  return ncclSum;
}

/// Ends an ncclGroup that an error left open, so that the next begins anew.
class OpenGroup {
 public:
  OpenGroup() { check_nccl(ncclGroupStart(), "ncclGroupStart"); }
  ~OpenGroup() {
    if (open_) ncclGroupEnd();
  }
  OpenGroup(const OpenGroup&) = delete;
  OpenGroup& operator=(const OpenGroup&) = delete;
  void end() {
    open_ = false;
    check_nccl(ncclGroupEnd(), "ncclGroupEnd");
  }
  double end_simulated_s() {
    open_ = false;
    return nccl_simulated_group_end_s();
  }

 private:
  bool open_ = true;
};

}  // namespace

Expected<void> check_nccl_can_run(const Scenario& scenario) {
  if (!is_measured_on_gpus(scenario.collective)) {
    return fail(fmt::format("{} is not measured over NCCL here", name(scenario.collective)));
  }
  constexpr std::array kOutOfPlace = {Collective::all_to_all, Collective::all_to_all_v,
                                      Collective::gather, Collective::scatter,
                                      Collective::send_recv};
  if (scenario.in_place &&
      std::find(kOutOfPlace.begin(), kOutOfPlace.end(), scenario.collective) != kOutOfPlace.end()) {
    return fail(fmt::format("{} in place: NCCL has no such operation", name(scenario.collective)));
  }
  // Read from src/device/onerank.cu; seen with 2.28.9: "ncclAllReduce: invalid argument".
  if (scenario.ranks == 1 && reduces(scenario.collective) && scenario.op == ReduceOp::avg &&
      (scenario.dtype == DataType::float8_e4m3 || scenario.dtype == DataType::float8_e5m2)) {
    return fail(fmt::format("{} of {} with avg on one rank: NCCL has no such operation",
                            name(scenario.collective), name(scenario.dtype)));
  }
  return {};
}

void NcclDeviceGroup::begin_group() { check_nccl(ncclGroupStart(), "ncclGroupStart"); }

void NcclDeviceGroup::end_group() { check_nccl(ncclGroupEnd(), "ncclGroupEnd"); }

void NcclDeviceGroup::enqueue(const Scenario& scenario, const BufferLayout& layout,
                              std::int64_t offset) {
  const ncclDataType_t type = nccl_type(scenario.dtype);
  const ncclRedOp_t op = nccl_op(scenario.op);
  const auto count = static_cast<std::size_t>(layout.count);
  const std::size_t block_bytes = count * static_cast<std::size_t>(element_bytes(scenario.dtype));
  const int root = static_cast<int>(scenario.root);
  const std::vector<NcclCommunicators::Member>& members = in_use().members;
  OpenGroup group;
  for (std::size_t gpu = 0; gpu < devices_.size(); ++gpu) {
    const NcclDevice& device = devices_[gpu];
    const NcclCommunicators::Member& member = members[gpu];
    if (member.comm == nullptr) continue;
    std::byte* receive = device.receive + offset;
    const std::byte* send = scenario.in_place ? receive : device.send + offset;
    const std::size_t own_block = static_cast<std::size_t>(member.rank) * block_bytes;
    switch (scenario.collective) {
      case Collective::all_reduce:
        check_nccl(ncclAllReduce(send, receive, count, type, op, member.comm, device.stream),
                   "ncclAllReduce");
        break;
      case Collective::all_gather:
        check_nccl(ncclAllGather(scenario.in_place ? send + own_block : send, receive, count, type,
                                 member.comm, device.stream),
                   "ncclAllGather");
        break;
      case Collective::reduce_scatter:
        check_nccl(ncclReduceScatter(send, scenario.in_place ? receive + own_block : receive, count,
                                     type, op, member.comm, device.stream),
                   "ncclReduceScatter");
        break;
      case Collective::all_to_all:
        nccl_all_to_all(send, receive, count, block_bytes, type, static_cast<int>(scenario.ranks),
                        member.comm, device.stream);
        break;
      case Collective::broadcast:
        check_nccl(ncclBroadcast(send, receive, count, type, root, member.comm, device.stream),
                   "ncclBroadcast");
        break;
      case Collective::reduce:
        check_nccl(ncclReduce(send, receive, count, type, op, root, member.comm, device.stream),
                   "ncclReduce");
        break;
      default:
        enqueue_exchange(scenario, layout, type,
                         {member.rank, member.comm, device.stream, send, receive});
        break;
    }
  }
  group.end();
}

void NcclDeviceGroup::enqueue_messages(std::span<const std::pair<int, int>> from_to,
                                       std::int64_t bytes) {
  const std::vector<NcclCommunicators::Member>& members = in_use().members;
  const auto count = static_cast<std::size_t>(bytes);
  OpenGroup group;
  for (std::size_t gpu = 0; gpu < devices_.size(); ++gpu) {
    const NcclDevice& device = devices_[gpu];
    const NcclCommunicators::Member& member = members[gpu];
    for (const auto& [from, to] : from_to) {
      if (from == member.rank) {
        check_nccl(ncclSend(device.send, count, ncclUint8, to, member.comm, device.stream),
                   "ncclSend");
      }
      if (to == member.rank) {
        check_nccl(ncclRecv(device.receive, count, ncclUint8, from, member.comm, device.stream),
                   "ncclRecv");
      }
    }
  }
  group.end();
}

void NcclDeviceGroup::enqueue_copies(std::int64_t offset, std::int64_t bytes) {
  for (const NcclDevice& device : devices_) {
    set_device(device.device);
    check_cuda(
        cudaMemcpyAsync(device.receive + offset, device.send + offset,
                        static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, device.stream),
        "cudaMemcpyAsync on the device");
  }
}

std::optional<double> NcclDeviceGroup::simulate_s(const Scenario& scenario,
                                                  const BufferLayout& layout) {
  OpenGroup group;
  enqueue(scenario, layout, 0);
  const double estimate_s = group.end_simulated_s();
  return estimate_s > 0 ? std::optional(estimate_s) : std::nullopt;
}

void NcclDeviceGroup::record_start() {
  for (NcclDevice& device : devices_) {
    set_device(device.device);
    for (cudaEvent_t* const event : {&device.start, &device.stop}) {
      if (*event == nullptr) check_cuda(cudaEventCreate(event), "cudaEventCreate");
    }
    check_cuda(cudaEventRecord(device.start, device.stream), "cudaEventRecord");
  }
}

void NcclDeviceGroup::record_stop() {
  for (const NcclDevice& device : devices_) {
    set_device(device.device);
    check_cuda(cudaEventRecord(device.stop, device.stream), "cudaEventRecord");
  }
}

double NcclDeviceGroup::elapsed_s() const {
  double longest_s = 0;
  for (int gpu = 0; gpu < gpus(); ++gpu) {
    if (rank(gpu) >= 0) longest_s = std::max(longest_s, elapsed_s(gpu));
  }
  return longest_s;
}

double NcclDeviceGroup::elapsed_s(int gpu) const {
  const NcclDevice& device = devices_[static_cast<std::size_t>(gpu)];
  float ms = 0;
  check_cuda(cudaEventElapsedTime(&ms, device.start, device.stop), "cudaEventElapsedTime");
  return static_cast<double>(ms) * 1e-3;
}

void NcclDeviceGroup::release_captured() {
  for (NcclDevice& device : devices_) {
    if (device.captured == nullptr) continue;
    cudaSetDevice(device.device);
    cudaGraphExecDestroy(device.captured);
    device.captured = nullptr;
  }
}

void NcclDeviceGroup::capture(const std::function<void()>& enqueue_all) {
  release_captured();
  for (const NcclDevice& device : devices_) {
    set_device(device.device);
    check_cuda(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeThreadLocal),
               "cudaStreamBeginCapture");
  }
  enqueue_all();
  for (NcclDevice& device : devices_) {
    set_device(device.device);
    cudaGraph_t graph = nullptr;
    check_cuda(cudaStreamEndCapture(device.stream, &graph), "cudaStreamEndCapture");
    device.captured = instantiate(graph);
    check_cuda(cudaGraphDestroy(graph), "cudaGraphDestroy");
  }
}

void NcclDeviceGroup::launch_captured() {
  for (const NcclDevice& device : devices_) {
    set_device(device.device);
    check_cuda(cudaGraphLaunch(device.captured, device.stream), "cudaGraphLaunch");
  }
}

}  // namespace collscale
