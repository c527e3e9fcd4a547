// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_device_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "measure/clock.hpp"
#include "measure/nccl/nccl_communicators.hpp"
#include "measure/nccl/nccl_features.hpp"
#include "units/quantity.hpp"

namespace collscale {

Expected<int> usable_cuda_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver) {
    int driver = 0;
    cudaDriverGetVersion(&driver);
    const std::string text = fmt::format("no CUDA device here: {}", cudaGetErrorString(status));
    if (driver == 0) return fail(text + ": no driver is loaded", ExitCode::unavailable);
    return fail(fmt::format("{}: the driver is of CUDA {}.{}, the runtime that is loaded of {}",
                            text, driver / 1000, driver % 1000 / 10, cuda_runtime_version()),
                ExitCode::unavailable);
  }
  if (status != cudaSuccess) {
    return fail(fmt::format("no CUDA device here: {}", cudaGetErrorString(status)),
                ExitCode::unavailable);
  }
  if (count == 0) {
    return fail("no CUDA device here: the driver lists none", ExitCode::unavailable);
  }
  return count;
}

std::string cuda_device_pci_id(int device) {
  std::array<char, 32> text{};
  check_cuda(cudaDeviceGetPCIBusId(text.data(), static_cast<int>(text.size()), device),
             "cudaDeviceGetPCIBusId");
  return text.data();
}

std::string nccl_library_version() { return nccl_version_text(loaded_nccl_version()); }

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

namespace {

std::vector<std::size_t> free_memory_bytes(const std::vector<NcclDevice>& devices) {
  std::vector<std::size_t> bytes;
  for (const NcclDevice& device : devices) {
    std::size_t total = 0;
    set_device(device.device);
    check_cuda(cudaMemGetInfo(&bytes.emplace_back(), &total), "cudaMemGetInfo");
  }
  return bytes;
}

}  // namespace

NcclDeviceGroup::NcclDeviceGroup(const Setup& setup)
    : setup_(setup), devices_(static_cast<std::size_t>(setup.init.gpus)) {
  for (int gpu = 0; gpu < gpus(); ++gpu) {
    NcclDevice& device = devices_[static_cast<std::size_t>(gpu)];
    device.device = setup.init.first_device + gpu;
    set_device(device.device);
    if (!setup.null_stream) {
      check_cuda(cudaStreamCreateWithFlags(&device.stream, cudaStreamNonBlocking),
                 "cudaStreamCreateWithFlags");
    }
    if (setup.streams) setup.streams->add(device.device, device.stream);
  }
  const std::vector<NcclDevice> weighed = setup.weigh_memory ? devices_ : std::vector<NcclDevice>{};
  const std::vector<std::size_t> before = free_memory_bytes(weighed);
  world_ = init_communicators(setup.init, setup.live);
  const std::vector<std::size_t> after = free_memory_bytes(weighed);
  for (std::size_t i = 0; i < before.size(); ++i) {
    init_memory_bytes_ = std::max(init_memory_bytes_, static_cast<std::int64_t>(before[i]) -
                                                          static_cast<std::int64_t>(after[i]));
  }
}

NcclDeviceGroup::~NcclDeviceGroup() {
  if (setup_.streams) setup_.streams->clear();
  if (std::uncaught_exceptions() > 0) return;  // the process ends next
  begin_pools_at(0);
  release_captured();
  others_.clear();
  world_.reset();
  for (const NcclDevice& device : devices_) {
    cudaSetDevice(device.device);
    for (std::byte* const pool : {device.send, device.receive}) {
      if (setup_.registration == PoolRegistration::none) {
        cudaFree(pool);
      } else if (pool != nullptr) {
        nccl_free(pool);
      }
    }
    if (device.start != nullptr) cudaEventDestroy(device.start);
    if (device.stop != nullptr) cudaEventDestroy(device.stop);
    if (device.stream != nullptr) cudaStreamDestroy(device.stream);
  }
}

int NcclDeviceGroup::gpus() const { return static_cast<int>(devices_.size()); }

int NcclDeviceGroup::rank(int gpu) const {
  return in_use().members[static_cast<std::size_t>(gpu)].rank;
}

int NcclDeviceGroup::world_rank(int gpu) const { return setup_.init.first_rank + gpu; }

int NcclDeviceGroup::group(int gpu) const {
  return in_use().members[static_cast<std::size_t>(gpu)].group;
}

std::string NcclDeviceGroup::device_name(int gpu) const {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, devices_[static_cast<std::size_t>(gpu)].device),
             "cudaGetDeviceProperties");
  return static_cast<const char*>(properties.name);
}

std::int64_t NcclDeviceGroup::largest_cache_bytes() const {
  int most = 0;
  for (const NcclDevice& device : devices_) {
    int bytes = 0;
    check_cuda(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device.device),
               "cudaDeviceGetAttribute");
    most = std::max(most, bytes);
  }
  return most;
}

Expected<void> NcclDeviceGroup::check_memory(std::int64_t pool_bytes) const {
  for (std::size_t gpu = 0; gpu < devices_.size(); ++gpu) {
    std::size_t free_bytes = 0;
    std::size_t total_bytes = 0;
    set_device(devices_[gpu].device);
    check_cuda(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
    if (2 * static_cast<double>(pool_bytes) > static_cast<double>(free_bytes)) {
      return fail(fmt::format(
          "out of memory: two buffers of {} are needed on each GPU, and that of rank {} has {} of "
          "{} free; expected a smaller -e, or no other program on it",
          format_size(static_cast<double>(pool_bytes)), world_rank(static_cast<int>(gpu)),
          format_size(static_cast<double>(free_bytes)),
          format_size(static_cast<double>(total_bytes))));
    }
  }
  return {};
}

void NcclDeviceGroup::reserve(std::int64_t pool_bytes) {
  const auto bytes = static_cast<std::size_t>(pool_bytes);
  for (NcclDevice& device : devices_) {
    const std::string who =
        fmt::format("rank {}", world_rank(static_cast<int>(&device - devices_.data())));
    set_device(device.device);
    for (std::byte** pool : {&device.send, &device.receive}) {
      void* memory = nullptr;
      if (setup_.registration == PoolRegistration::none) {
        check_cuda(cudaMalloc(&memory, bytes),
                   fmt::format("cudaMalloc of {}", format_size(static_cast<double>(bytes))).c_str(),
                   who);
      } else {
        memory = nccl_allocate(bytes);
      }
      *pool = static_cast<std::byte*>(memory);
      check_cuda(cudaMemset(memory, 1, bytes), "cudaMemset");
    }
    device.pool_bytes = bytes;
    // The streams do not wait for the legacy stream that cudaMemset ran on.
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  register_pools(*world_, devices_, setup_.registration);
}

const NcclDevice& NcclDeviceGroup::device(int gpu) const {
  return devices_[static_cast<std::size_t>(gpu)];
}

void NcclDeviceGroup::begin_pools_at(std::int64_t bytes) {
  for (NcclDevice& device : devices_) {
    if (device.pool_bytes == 0) continue;
    device.send += bytes - pools_begin_;
    device.receive += bytes - pools_begin_;
  }
  pools_begin_ = bytes;
}

void NcclDeviceGroup::download(int gpu, Pool pool, std::int64_t offset,
                               std::span<std::byte> bytes) {
  const NcclDevice& device = devices_[static_cast<std::size_t>(gpu)];
  set_device(device.device);
  const std::byte* base = pool == Pool::send ? device.send : device.receive;
  check_cuda(cudaMemcpy(bytes.data(), base + offset, bytes.size(), cudaMemcpyDeviceToHost),
             "cudaMemcpy from the device");
}

void NcclDeviceGroup::upload(int gpu, Pool pool, std::int64_t offset,
                             std::span<const std::byte> bytes) {
  const NcclDevice& device = devices_[static_cast<std::size_t>(gpu)];
  set_device(device.device);
  std::byte* base = pool == Pool::send ? device.send : device.receive;
  check_cuda(cudaMemcpy(base + offset, bytes.data(), bytes.size(), cudaMemcpyHostToDevice),
             "cudaMemcpy to the device");
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

void NcclDeviceGroup::fill(int gpu, Pool pool, std::int64_t offset, std::int64_t bytes, int value) {
  const NcclDevice& device = devices_[static_cast<std::size_t>(gpu)];
  set_device(device.device);
  std::byte* base = pool == Pool::send ? device.send : device.receive;
  check_cuda(cudaMemset(base + offset, value, static_cast<std::size_t>(bytes)), "cudaMemset");
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

const NcclCommunicators& NcclDeviceGroup::in_use() const {
  for (const auto& other : others_) {
    if (other->choice == choice_) return *other;
  }
  return *world_;
}

void NcclDeviceGroup::use_groups(const RankGroups* groups) {
  if (groups == groups_) return;
  release_captured();
  others_.clear();
  groups_ = groups;
  choice_ = "auto";
  use_choice(choice_);
}

void NcclDeviceGroup::use_choice(const std::string& algorithm) {
  const bool made = std::any_of(others_.begin(), others_.end(),
                                [&](const auto& other) { return other->choice == algorithm; });
  if (!made && (groups_ != nullptr || algorithm != "auto")) {
    auto split = split_communicators(*world_, groups_, nccl_choice(algorithm));
    const std::int64_t began_at = pools_begin_;
    begin_pools_at(0);
    register_pools(*split, devices_, setup_.registration);
    begin_pools_at(began_at);
    others_.push_back(std::move(split));
  }
  choice_ = algorithm;
}

std::string NcclDeviceGroup::refusal(const Scenario& scenario, const BufferLayout& layout) {
  try {
    use_choice(scenario.algorithm);
    // A simulation asks this process alone; an operation that only others refuse would hang.
    if (check_nccl_has(NcclFeature::simulation, "")) {
      static_cast<void>(simulate_s(scenario, layout));
    } else {
      enqueue(scenario, layout, 0);
      synchronise();
    }
    return "";
  } catch (const NcclError& answer) {
    if (answer.status() != ncclInvalidUsage && answer.status() != ncclInvalidArgument) throw;
    return answer.what();
  }
}

void NcclDeviceGroup::drop_choice(const std::string& algorithm) {
  release_captured();
  std::erase_if(others_, [&](const auto& other) {
    if (other->choice != algorithm) return false;
    other->abort();
    return true;
  });
  choice_ = "auto";
}

double NcclDeviceGroup::time_init_s() {
  NcclInit init = setup_.init;
  init.time_limit_s.reset();
  std::unique_ptr<NcclCommunicators> made;
  if (groups_ != nullptr) {
    const double start_s = steady_now_s();
    made = split_communicators(*world_, groups_, {});
    return steady_now_s() - start_s;
  }
  const NcclIds ids = init.new_ids();
  init.new_ids = [&ids] { return ids; };
  const double start_s = steady_now_s();
  made = init_communicators(init, setup_.live);
  return steady_now_s() - start_s;
}

namespace {

/// A rank that has lost another one says so; the other, where it is here, knows why.
[[noreturn]] void report_asynchronous(const NcclCommunicators& communicators, int first_rank) {
  ncclResult_t told = ncclSuccess;
  std::size_t of = 0;
  for (std::size_t i = 0; i < communicators.members.size(); ++i) {
    ncclResult_t state = ncclSuccess;
    const ncclComm_t comm = communicators.members[i].comm;
    if (comm == nullptr || ncclCommGetAsyncError(comm, &state) != ncclSuccess) continue;
    if (state != ncclSuccess && (told == ncclSuccess || told == ncclRemoteError)) {
      told = state;
      of = i;
    }
  }
  throw NcclError(told, fmt::format("NCCL, while the collective ran, rank {}",
                                    first_rank + static_cast<int>(of))
                            .c_str());
}

}  // namespace

void NcclDeviceGroup::synchronise() {
  setup_.init.enter_step();
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    set_device(devices_[i].device);
    if (const cudaError_t status = cudaStreamSynchronize(devices_[i].stream);
        status != cudaSuccess) {
      check_cuda(status, "cudaStreamSynchronize",
                 fmt::format("rank {}", world_rank(static_cast<int>(i))));
    }
    const ncclComm_t comm = in_use().members[i].comm;
    if (comm == nullptr) continue;
    ncclResult_t asynchronous = ncclSuccess;
    check_nccl(ncclCommGetAsyncError(comm, &asynchronous), "ncclCommGetAsyncError");
    if (asynchronous != ncclSuccess) report_asynchronous(in_use(), setup_.init.first_rank);
  }
}

}  // namespace collscale
