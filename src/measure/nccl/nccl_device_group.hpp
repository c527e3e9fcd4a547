// SPDX-License-Identifier: Apache-2.0
// The GPUs of one process, each a rank of one NCCL communicator, with a stream and two pools of
// device memory. The header needs neither CUDA nor NCCL. Failures of either library throw
// std::runtime_error: other ranks may be waiting in a collective, so the program can only end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "measure/buffer_layout.hpp"
#include "measure/heartbeat.hpp"
#include "measure/layout.hpp"
#include "measure/nccl/nccl_abort.hpp"
#include "measure/nccl/nccl_algorithms.hpp"
#include "measure/nccl/nccl_ids.hpp"
#include "measure/nccl/nccl_stream_watch.hpp"
#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

/// CUDA devices this process may use. Fails (ExitCode::unavailable) with the reason where there is
/// none: no driver, no device, or a driver older than the CUDA runtime.
Expected<int> usable_cuda_devices();

/// "0000:1B:00.0": the same for the same GPU, whatever a process numbers it.
std::string cuda_device_pci_id(int device);

/// NCCL's version as "2.28.9", and the CUDA runtime's as "13.0".
std::string nccl_library_version();
std::string cuda_runtime_version();

/// Fails where NCCL has no such operation: all_to_all, gather, scatter and send_recv in place; the
/// average of 8-bit floating-point numbers on one rank; a barrier.
Expected<void> check_nccl_can_run(const Scenario& scenario);

/// Whether NCCL is told of the pools: not at all, each rank's own (ncclCommRegister), or as
/// symmetric windows of all ranks (ncclCommWindowRegister). Registered pools are NCCL's own memory.
enum class PoolRegistration { none, local, symmetric };

/// How communicators are made.
struct NcclInit {
  int first_device = 0;  ///< the process's devices are numbered from here
  int gpus = 1;
  int first_rank = 0;
  int ranks = 1;  ///< of the whole communicator
  /// Collective over the processes: unique ids, the same on all of them. Several share the work of
  /// initialising (ncclCommInitRankScalable).
  std::function<NcclIds()> new_ids;
  /// A communicator is first initialised without blocking, and aborted after so long.
  std::optional<double> time_limit_s;
  std::optional<int> cta_policy;   ///< ncclConfig_t::CTAPolicy
  Heartbeat* heartbeat = nullptr;  ///< what waits for other ranks, or for the GPUs, enters a step
  void enter_step() const {
    if (heartbeat != nullptr) heartbeat->enter();
  }
};

struct NcclDevice;
struct NcclCommunicators;

class NcclDeviceGroup {
 public:
  enum class Pool { send, receive };

  struct Setup {
    NcclInit init;
    PoolRegistration registration = PoolRegistration::none;
    bool null_stream = false;                    ///< the legacy default stream
    bool weigh_memory = false;                   ///< for init_memory_bytes
    std::shared_ptr<NcclAbort> live{};           ///< learns of every communicator
    std::shared_ptr<NcclStreamWatch> streams{};  ///< learns of every GPU's stream
  };

  /// Collective over all processes of the communicator.
  explicit NcclDeviceGroup(const Setup& setup);
  ~NcclDeviceGroup();
  NcclDeviceGroup(const NcclDeviceGroup&) = delete;
  NcclDeviceGroup& operator=(const NcclDeviceGroup&) = delete;

  [[nodiscard]] int gpus() const;
  /// In the communicator that is in use, which has scenario.ranks; -1: takes no part.
  [[nodiscard]] int rank(int gpu) const;
  /// Among all ranks, as the user counts.
  [[nodiscard]] int world_rank(int gpu) const;
  /// Which of the groups in use the GPU is in; 0 where there is one; -1: in none.
  [[nodiscard]] int group(int gpu) const;
  /// "NVIDIA H100 80GB HBM3"
  [[nodiscard]] std::string device_name(int gpu) const;

  /// The largest L2 of this process's GPUs.
  [[nodiscard]] std::int64_t largest_cache_bytes() const;

  /// Fails where a GPU of this process has not the memory for reserve(pool_bytes).
  [[nodiscard]] Expected<void> check_memory(std::int64_t pool_bytes) const;
  /// Two pools of this many bytes on every GPU, every byte written. Called once. Collective where
  /// pools are registered.
  void reserve(std::int64_t pool_bytes);
  /// The pools begin so many bytes later from here on (nccl-tests' -u); reserve had room for it.
  void begin_pools_at(std::int64_t bytes);
  /// What the communicators of all ranks took of a GPU's memory when they were made, at most; 0
  /// where that was not asked for.
  [[nodiscard]] std::int64_t init_memory_bytes() const { return init_memory_bytes_; }
  void download(int gpu, Pool pool, std::int64_t offset, std::span<std::byte> bytes);
  void upload(int gpu, Pool pool, std::int64_t offset, std::span<const std::byte> bytes);
  void fill(int gpu, Pool pool, std::int64_t offset, std::int64_t bytes, int value);

  /// Collective: what is enqueued from here on runs on these groups of ranks, each a communicator
  /// of its own (ncclCommSplit); on all ranks without groups. Communicators are kept until other
  /// groups' turn. `groups` outlives them.
  void use_groups(const RankGroups* groups);
  /// Collective: and with this algorithm and protocol.
  void use_choice(const std::string& algorithm);
  /// Collective: why NCCL refuses scenario.algorithm for this scenario on this process's GPUs;
  /// empty: it would run it, or, before NCCL 2.22, it ran it once. Where a process was refused, all
  /// drop the choice before it is used again.
  std::string refusal(const Scenario& scenario, const BufferLayout& layout);
  void drop_choice(const std::string& algorithm);

  /// Collective: how long one more initialisation of communicators takes on this process, of all
  /// ranks, or, where there are groups in use, by splitting off those. They end again.
  double time_init_s();

  /// For those of this folder that put kernels on its stream.
  [[nodiscard]] const NcclDevice& device(int gpu) const;

  /// Starts the collective on every GPU of this process, at `offset` of the pools. In place, the
  /// receive pool holds input and output, laid out as NCCL defines in-place operation.
  void enqueue(const Scenario& scenario, const BufferLayout& layout, std::int64_t offset);
  /// Starts messages of so many bytes from rank to rank, those that this process's GPUs send or
  /// receive, as one ncclGroup: from the begin of the send pool to that of the receive pool.
  void enqueue_messages(std::span<const std::pair<int, int>> from_to, std::int64_t bytes);
  /// Starts a copy from the send to the receive pool on every GPU.
  void enqueue_copies(std::int64_t offset, std::int64_t bytes);
  /// What is enqueued between the two is launched as one ncclGroup.
  void begin_group();
  void end_group();
  /// Waits until every GPU of this process has completed, and reports errors of the communicator.
  void synchronise();

  /// NCCL's own estimate of one operation's time (ncclGroupSimulateEnd), which is not run; empty
  /// where it has none.
  std::optional<double> simulate_s(const Scenario& scenario, const BufferLayout& layout);

  /// CUDA events before and after what is enqueued between the two; elapsed_s, once all is
  /// synchronised, is the longest of this process's GPUs.
  void record_start();
  void record_stop();
  [[nodiscard]] double elapsed_s() const;
  [[nodiscard]] double elapsed_s(int gpu) const;

  /// Captures what `enqueue_all` enqueues as one CUDA graph per GPU, in place of the last ones.
  void capture(const std::function<void()>& enqueue_all);
  void launch_captured();

 private:
  [[nodiscard]] const NcclCommunicators& in_use() const;
  void release_captured();

  Setup setup_;
  std::vector<NcclDevice> devices_;
  std::unique_ptr<NcclCommunicators> world_;
  std::int64_t pools_begin_ = 0;
  std::int64_t init_memory_bytes_ = 0;
  const RankGroups* groups_ = nullptr;
  std::string choice_ = "auto";
  std::vector<std::unique_ptr<NcclCommunicators>> others_;  // of groups_, by choice
};

}  // namespace collscale
