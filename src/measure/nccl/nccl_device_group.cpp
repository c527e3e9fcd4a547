// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_device_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "measure/nccl/nccl_compat.hpp"
#include "measure/nccl/nccl_exchange.hpp"

namespace collscale {

struct NcclDeviceGroup::Device {
  int device = 0;
  ncclComm_t comm = nullptr;
  cudaStream_t stream = nullptr;
  std::byte* send = nullptr;
  std::byte* receive = nullptr;
};

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

void set_device(int device) { check_cuda(cudaSetDevice(device), "cudaSetDevice"); }

}  // namespace

Expected<int> usable_cuda_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    return fail(fmt::format("no CUDA device here: {}", cudaGetErrorString(status)),
                ExitCode::unavailable);
  }
  if (count == 0) {
    return fail("no CUDA device here: the driver lists none", ExitCode::unavailable);
  }
  return count;
}

std::string nccl_library_version() {
  int code = 0;
  check_nccl(ncclGetVersion(&code), "ncclGetVersion");
  return fmt::format("{}.{}.{}", code / 10000, code / 100 % 100, code % 100);
}

std::string cuda_runtime_version() {
  int code = 0;
  check_cuda(cudaRuntimeGetVersion(&code), "cudaRuntimeGetVersion");
  return fmt::format("{}.{}", code / 1000, code % 1000 / 10);
}

std::size_t nccl_id_bytes() { return sizeof(ncclUniqueId); }

std::vector<char> make_nccl_id() {
  ncclUniqueId id;
  check_nccl(ncclGetUniqueId(&id), "ncclGetUniqueId");
  return {id.internal, id.internal + sizeof(id.internal)};
}

Expected<void> check_nccl_can_run(const Scenario& scenario) {
  if (!is_measured_on_gpus(scenario.collective)) {
    return fail(fmt::format("{} is not measured over NCCL here", name(scenario.collective)));
  }
  if (reduces(scenario.collective) && scenario.op == ReduceOp::avg) {
    return fail(
        "operation avg: its result depends on the order of rounding, so it is not measured "
        "here; valid: sum, prod, min, max");
  }
  constexpr std::array kOutOfPlace = {Collective::all_to_all, Collective::all_to_all_v,
                                      Collective::gather, Collective::scatter,
                                      Collective::send_recv};
  if (scenario.in_place &&
      std::find(kOutOfPlace.begin(), kOutOfPlace.end(), scenario.collective) != kOutOfPlace.end()) {
    return fail(fmt::format("{} in place: NCCL has no such operation", name(scenario.collective)));
  }
  return {};
}

NcclDeviceGroup::NcclDeviceGroup(const Setup& setup)
    : devices_(static_cast<std::size_t>(setup.gpus)),
      first_rank_(setup.first_rank),
      ranks_(setup.ranks) {
  ncclUniqueId id;
  std::memcpy(id.internal, setup.id.data(), sizeof(id.internal));
  check_nccl(ncclGroupStart(), "ncclGroupStart");
  for (int gpu = 0; gpu < setup.gpus; ++gpu) {
    Device& device = devices_[static_cast<std::size_t>(gpu)];
    device.device = setup.first_device + gpu;
    set_device(device.device);
    check_cuda(cudaStreamCreateWithFlags(&device.stream, cudaStreamNonBlocking),
               "cudaStreamCreateWithFlags");
    check_nccl(ncclCommInitRank(&device.comm, ranks_, id, rank(gpu)), "ncclCommInitRank");
  }
  check_nccl(ncclGroupEnd(), "ncclGroupEnd");
}

NcclDeviceGroup::~NcclDeviceGroup() {
  for (const Device& device : devices_) {
    cudaSetDevice(device.device);
    cudaFree(device.send);
    cudaFree(device.receive);
    ncclCommDestroy(device.comm);
    cudaStreamDestroy(device.stream);
  }
}

int NcclDeviceGroup::gpus() const { return static_cast<int>(devices_.size()); }

int NcclDeviceGroup::rank(int gpu) const { return first_rank_ + gpu; }

std::string NcclDeviceGroup::device_name(int gpu) const {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, devices_[static_cast<std::size_t>(gpu)].device),
             "cudaGetDeviceProperties");
  return static_cast<const char*>(properties.name);
}

std::int64_t NcclDeviceGroup::largest_cache_bytes() const {
  int most = 0;
  for (const Device& device : devices_) {
    int bytes = 0;
    check_cuda(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device.device),
               "cudaDeviceGetAttribute");
    most = std::max(most, bytes);
  }
  return most;
}

void NcclDeviceGroup::reserve(std::int64_t pool_bytes) {
  const auto bytes = static_cast<std::size_t>(pool_bytes);
  for (Device& device : devices_) {
    set_device(device.device);
    for (std::byte** pool : {&device.send, &device.receive}) {
      check_cuda(cudaFree(*pool), "cudaFree");
      *pool = nullptr;
      void* memory = nullptr;
      check_cuda(cudaMalloc(&memory, bytes), "cudaMalloc");
      *pool = static_cast<std::byte*>(memory);
      check_cuda(cudaMemset(memory, 1, bytes), "cudaMemset");
    }
    // The streams do not wait for the legacy stream that cudaMemset ran on.
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
}

void NcclDeviceGroup::upload(int gpu, Pool pool, std::int64_t offset,
                             std::span<const std::byte> bytes) {
  const Device& device = devices_[static_cast<std::size_t>(gpu)];
  set_device(device.device);
  std::byte* base = pool == Pool::send ? device.send : device.receive;
  check_cuda(cudaMemcpy(base + offset, bytes.data(), bytes.size(), cudaMemcpyHostToDevice),
             "cudaMemcpy to the device");
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

void NcclDeviceGroup::download(int gpu, Pool pool, std::int64_t offset,
                               std::span<std::byte> bytes) {
  const Device& device = devices_[static_cast<std::size_t>(gpu)];
  set_device(device.device);
  const std::byte* base = pool == Pool::send ? device.send : device.receive;
  check_cuda(cudaMemcpy(bytes.data(), base + offset, bytes.size(), cudaMemcpyDeviceToHost),
             "cudaMemcpy from the device");
}

void NcclDeviceGroup::fill(int gpu, Pool pool, std::int64_t offset, std::int64_t bytes, int value) {
  const Device& device = devices_[static_cast<std::size_t>(gpu)];
  set_device(device.device);
  std::byte* base = pool == Pool::send ? device.send : device.receive;
  check_cuda(cudaMemset(base + offset, value, static_cast<std::size_t>(bytes)), "cudaMemset");
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
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
  begin_group();
  for (int gpu = 0; gpu < gpus(); ++gpu) {
    const Device& device = devices_[static_cast<std::size_t>(gpu)];
    std::byte* receive = device.receive + offset;
    const std::byte* send = scenario.in_place ? receive : device.send + offset;
    const std::size_t own_block = static_cast<std::size_t>(rank(gpu)) * block_bytes;
    switch (scenario.collective) {
      case Collective::all_reduce:
        check_nccl(ncclAllReduce(send, receive, count, type, op, device.comm, device.stream),
                   "ncclAllReduce");
        break;
      case Collective::all_gather:
        check_nccl(ncclAllGather(scenario.in_place ? send + own_block : send, receive, count, type,
                                 device.comm, device.stream),
                   "ncclAllGather");
        break;
      case Collective::reduce_scatter:
        check_nccl(ncclReduceScatter(send, scenario.in_place ? receive + own_block : receive, count,
                                     type, op, device.comm, device.stream),
                   "ncclReduceScatter");
        break;
      case Collective::all_to_all:
        nccl_all_to_all(send, receive, count, block_bytes, type, ranks_, device.comm,
                        device.stream);
        break;
      case Collective::broadcast:
        check_nccl(ncclBroadcast(send, receive, count, type, root, device.comm, device.stream),
                   "ncclBroadcast");
        break;
      case Collective::reduce:
        check_nccl(ncclReduce(send, receive, count, type, op, root, device.comm, device.stream),
                   "ncclReduce");
        break;
      default:
        enqueue_exchange(scenario, layout, type,
                         {rank(gpu), device.comm, device.stream, send, receive});
        break;
    }
  }
  end_group();
}

void NcclDeviceGroup::synchronise() {
  for (const Device& device : devices_) {
    set_device(device.device);
    check_cuda(cudaStreamSynchronize(device.stream), "cudaStreamSynchronize");
    ncclResult_t asynchronous = ncclSuccess;
    check_nccl(ncclCommGetAsyncError(device.comm, &asynchronous), "ncclCommGetAsyncError");
    check_nccl(asynchronous, "NCCL, while the collective ran");
  }
}

}  // namespace collscale
