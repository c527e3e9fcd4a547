// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_communicators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <thread>

#include "measure/clock.hpp"

namespace collscale {
namespace {

std::vector<ncclUniqueId> as_unique_ids(const NcclIds& ids) {
  std::vector<ncclUniqueId> unique(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::memcpy(static_cast<void*>(unique[i].internal), ids[i].data(), sizeof unique[i].internal);
  }
  return unique;
}

ncclConfig_t config_of(const NcclInit& init, bool blocking) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = blocking ? 1 : 0;
  if (init.cta_policy) set_cta_policy(config, *init.cta_policy);
  return config;
}

const char* init_call(std::size_t ids) {
  return ids > 1 ? "ncclCommInitRankScalable" : "ncclCommInitRankConfig";
}

void check_started(ncclResult_t status, const char* call) {
  if (status != ncclInProgress) check_nccl(status, call);
}

/// Starts one communicator per GPU; returns when they are there, or, without blocking, at once.
void start(NcclCommunicators& made, const NcclInit& init, const NcclIds& ids,
           const ncclConfig_t& with) {
  std::vector<ncclUniqueId> unique = as_unique_ids(ids);
  ncclConfig_t config = with;
  const char* const call = init_call(ids.size());
  init.enter_step();
  check_nccl(ncclGroupStart(), "ncclGroupStart");
  for (NcclCommunicators::Member& member : made.members) {
    set_device(member.device);
    check_started(ids.size() > 1
                      ? nccl_init_scalable(&member.comm, init.ranks, member.rank,
                                           static_cast<int>(ids.size()), unique.data(), &config)
                      : ncclCommInitRankConfig(&member.comm, init.ranks, unique.front(),
                                               member.rank, &config),
                  call);
  }
  init.enter_step();
  check_started(ncclGroupEnd(), call);
  for (const NcclCommunicators::Member& member : made.members) {
    if (made.live && member.comm != nullptr) made.live->add(member.comm);
  }
}

std::unique_ptr<NcclCommunicators> all_ranks(const NcclInit& init,
                                             std::shared_ptr<NcclAbort> live) {
  auto made = std::make_unique<NcclCommunicators>();
  made->live = std::move(live);
  for (int gpu = 0; gpu < init.gpus; ++gpu) {
    made->members.push_back({init.first_device + gpu, init.first_rank + gpu, 0});
  }
  return made;
}

/// Fails on its own terms where an initialisation hangs: the addresses of the processes that NCCL
/// itself found may not reach one another, or a process is not there.
void prove_that_all_come(const NcclInit& init, double time_limit_s,
                         const std::shared_ptr<NcclAbort>& live) {
  const auto made = all_ranks(init, live);
  ncclConfig_t config = config_of(init, false);
  config.minCTAs = 1;  // nothing will run on it
  config.maxCTAs = 1;
  const NcclIds ids = init.new_ids();
  const double until_s = steady_now_s() + time_limit_s;
  start(*made, init, ids, config);
  for (const NcclCommunicators::Member& member : made->members) {
    for (ncclResult_t state = ncclInProgress; state == ncclInProgress;) {
      check_nccl(ncclCommGetAsyncError(member.comm, &state), "ncclCommGetAsyncError");
      if (state == ncclInProgress && steady_now_s() > until_s) {
        made->abort();
        const int last = init.first_rank + init.gpus - 1;
        throw std::runtime_error(fmt::format(
            "NCCL's initialisation did not complete in {:.3g} s (--init-timeout): {} {} of {} "
            "waited for the others, which did not come or cannot be reached (NCCL_DEBUG=INFO tells "
            "which network NCCL chose, NCCL_SOCKET_IFNAME sets it)",
            time_limit_s, init.gpus == 1 ? "rank" : "ranks",
            init.gpus == 1 ? fmt::format("{}", last) : fmt::format("{}-{}", init.first_rank, last),
            init.ranks));
      }
      if (state == ncclInProgress) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (state != ncclInProgress) check_nccl(state, init_call(ids.size()));
    }
  }
  // Destroying communicators that do not block is finalised first, which is collective.
  for (const NcclCommunicators::Member& member : made->members) {
    check_started(ncclCommFinalize(member.comm), "ncclCommFinalize");
  }
  for (const NcclCommunicators::Member& member : made->members) {
    ncclResult_t state = ncclInProgress;
    while (state == ncclInProgress && steady_now_s() < until_s) {
      check_nccl(ncclCommGetAsyncError(member.comm, &state), "ncclCommGetAsyncError");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

/// The index of the group that `rank` is in, or -1, and its place there.
std::pair<int, int> place_in(const RankGroups& groups, int rank) {
  for (std::size_t g = 0; g < groups.groups.size(); ++g) {
    const std::vector<int>& ranks = groups.groups[g].ranks;
    const auto found = std::find(ranks.begin(), ranks.end(), rank);
    if (found != ranks.end()) {
      return {static_cast<int>(g), static_cast<int>(found - ranks.begin())};
    }
  }
  return {-1, -1};
}

}  // namespace

NcclCommunicators::~NcclCommunicators() {
  // After a failure an end that waits for other ranks would wait for ever; the process ends next.
  if (std::uncaught_exceptions() > 0) return;
  for (const Member& member : members) {
    if (member.comm == nullptr) continue;
    cudaSetDevice(member.device);
    for (void* const handle : member.registered) nccl_deregister(member.comm, handle);
    for (const NcclWindow window : member.windows) nccl_deregister_window(member.comm, window);
  }
  for (const Member& member : members) {
    if (member.comm == nullptr) continue;
    if (live) live->remove(member.comm);
    cudaSetDevice(member.device);
    ncclCommDestroy(member.comm);
  }
}

void NcclCommunicators::abort() {
  for (Member& member : members) {
    if (member.comm == nullptr) continue;
    if (live) live->remove(member.comm);
    cudaSetDevice(member.device);
    ncclCommAbort(member.comm);
    member.comm = nullptr;
  }
}

std::unique_ptr<NcclCommunicators> init_communicators(const NcclInit& init,
                                                      std::shared_ptr<NcclAbort> live) {
  if (init.time_limit_s) prove_that_all_come(init, *init.time_limit_s, live);
  auto made = all_ranks(init, std::move(live));
  start(*made, init, init.new_ids(), config_of(init, true));
  return made;
}

std::unique_ptr<NcclCommunicators> split_communicators(const NcclCommunicators& world,
                                                       const RankGroups* groups,
                                                       const NcclChoice& choice) {
  auto made = std::make_unique<NcclCommunicators>();
  made->live = world.live;
  made->choice = choice.name;
  for (const NcclCommunicators::Member& member : world.members) {
    const auto [group, place] =
        groups != nullptr ? place_in(*groups, member.rank) : std::pair(0, member.rank);
    made->members.push_back({member.device, place, group});
  }
  with_nccl_choice(choice, [&] {
    check_nccl(ncclGroupStart(), "ncclGroupStart");
    for (std::size_t i = 0; i < made->members.size(); ++i) {
      NcclCommunicators::Member& member = made->members[i];
      set_device(member.device);
      check_nccl(ncclCommSplit(world.members[i].comm,
                               member.group >= 0 ? member.group : NCCL_SPLIT_NOCOLOR,
                               std::max(member.rank, 0), &member.comm, nullptr),
                 "ncclCommSplit");
    }
    check_nccl(ncclGroupEnd(), "ncclCommSplit");
  });
  for (const NcclCommunicators::Member& member : made->members) {
    if (made->live && member.comm != nullptr) made->live->add(member.comm);
  }
  return made;
}

void register_pools(NcclCommunicators& communicators, const std::vector<NcclDevice>& devices,
                    PoolRegistration registration) {
  if (registration == PoolRegistration::none) return;
  const bool symmetric = registration == PoolRegistration::symmetric;
  if (symmetric) check_nccl(ncclGroupStart(), "ncclGroupStart");
  for (std::size_t i = 0; i < devices.size(); ++i) {
    NcclCommunicators::Member& member = communicators.members[i];
    const NcclDevice& device = devices[i];
    if (member.comm == nullptr || device.pool_bytes == 0) continue;
    set_device(device.device);
    if (symmetric) member.windows.assign(2, NcclWindow{});
    int pool_index = 0;
    for (std::byte* const pool : {device.send, device.receive}) {
      if (symmetric) {
        nccl_register_window(member.comm, pool, device.pool_bytes,
                             &member.windows[static_cast<std::size_t>(pool_index++)]);
      } else {
        member.registered.push_back(nccl_register(member.comm, pool, device.pool_bytes));
      }
    }
  }
  if (symmetric) check_nccl(ncclGroupEnd(), "ncclCommWindowRegister");
}

}  // namespace collscale
