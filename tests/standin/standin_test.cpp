// SPDX-License-Identifier: Apache-2.0
// That the stand-ins behave as the libraries whose place they take, where programs rely on it.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <nccl.h>

#include <array>
#include <chrono>
#include <thread>

namespace {

constexpr std::size_t kCount = 1000;

/// Two GPUs of one process in one communicator, each with a stream and two buffers of floats.
class TwoGpus : public testing::Test {
 protected:
  struct Gpu {
    ncclComm_t comm = nullptr;
    cudaStream_t stream = nullptr;
    float* send = nullptr;
    float* receive = nullptr;
  };
  void SetUp() override {
    std::array<ncclComm_t, 2> comms{};
    ASSERT_EQ(ncclCommInitAll(comms.data(), 2, nullptr), ncclSuccess);
    for (int i = 0; i < 2; ++i) {
      Gpu& gpu = gpus[static_cast<std::size_t>(i)];
      cudaSetDevice(i);
      gpu.comm = comms[static_cast<std::size_t>(i)];
      cudaStreamCreateWithFlags(&gpu.stream, cudaStreamNonBlocking);
      for (float** buffer : {&gpu.send, &gpu.receive}) {
        void* memory = nullptr;
        ASSERT_EQ(ncclMemAlloc(&memory, 4096), ncclSuccess);
        *buffer = static_cast<float*>(memory);
      }
      const std::vector<float> values(kCount, static_cast<float>(i + 1));
      cudaMemcpy(gpu.send, values.data(), kCount * 4, cudaMemcpyHostToDevice);
      cudaDeviceSynchronize();
    }
  }
  void TearDown() override {
    for (const Gpu& gpu : gpus) {
      ncclCommDestroy(gpu.comm);
      cudaStreamDestroy(gpu.stream);
    }
  }
  static float received(const Gpu& gpu, std::size_t index = 0) {
    float value = 0;
    cudaMemcpy(&value, gpu.receive + index, 4, cudaMemcpyDeviceToHost);
    return value;
  }
  ncclResult_t all_reduce(std::size_t count_of_second = kCount) {
    ncclGroupStart();
    ncclAllReduce(gpus[0].send, gpus[0].receive, kCount, ncclFloat, ncclSum, gpus[0].comm,
                  gpus[0].stream);
    ncclAllReduce(gpus[1].send, gpus[1].receive, count_of_second, ncclFloat, ncclSum, gpus[1].comm,
                  gpus[1].stream);
    return ncclGroupEnd();
  }
  void synchronise() {
    for (const Gpu& gpu : gpus) EXPECT_EQ(cudaStreamSynchronize(gpu.stream), cudaSuccess);
  }
  static ncclResult_t error_of(const Gpu& gpu) {
    ncclResult_t error = ncclSuccess;
    EXPECT_EQ(ncclCommGetAsyncError(gpu.comm, &error), ncclSuccess);
    return error;
  }
  std::array<Gpu, 2> gpus{};
};

TEST_F(TwoGpus, AGroupOfSeveralCommunicatorsByOneThreadCompletes) {
  ASSERT_EQ(all_reduce(), ncclSuccess);
  synchronise();
  EXPECT_EQ(received(gpus[0], kCount - 1), 3);
  EXPECT_EQ(received(gpus[1], kCount - 1), 3);
}

TEST_F(TwoGpus, RanksThatDifferInCountAreToldSo) {
  ASSERT_EQ(all_reduce(kCount - 1), ncclSuccess);
  synchronise();
  EXPECT_EQ(error_of(gpus[0]), ncclInvalidUsage);
  EXPECT_EQ(error_of(gpus[1]), ncclInvalidUsage);
  EXPECT_NE(std::string(ncclGetLastError(nullptr)).find("999 elements"), std::string::npos);
}

TEST_F(TwoGpus, AMessageOfAnotherSizeOrTypeIsRefused) {
  ncclGroupStart();
  ncclSend(gpus[0].send, kCount, ncclFloat, 1, gpus[0].comm, gpus[0].stream);
  ncclRecv(gpus[1].receive, kCount, ncclInt32, 0, gpus[1].comm, gpus[1].stream);
  ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  synchronise();
  EXPECT_EQ(error_of(gpus[1]), ncclInvalidUsage);
  EXPECT_EQ(error_of(gpus[0]), ncclRemoteError);
}

TEST_F(TwoGpus, HostMemoryIsRefused) {
  std::vector<float> host(kCount);
  EXPECT_EQ(ncclAllReduce(host.data(), gpus[0].receive, kCount, ncclFloat, ncclSum, gpus[0].comm,
                          gpus[0].stream),
            ncclInvalidArgument);
  EXPECT_EQ(ncclAllReduce(gpus[0].send, gpus[0].receive, kCount * 2, ncclFloat, ncclSum,
                          gpus[0].comm, gpus[0].stream),
            ncclInvalidArgument)
      << "beyond the allocation";
}

TEST_F(TwoGpus, WithoutTheOtherRankAnOperationWaitsUntilItIsAborted) {
  ASSERT_EQ(ncclAllReduce(gpus[0].send, gpus[0].receive, kCount, ncclFloat, ncclSum, gpus[0].comm,
                          gpus[0].stream),
            ncclSuccess);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(cudaStreamQuery(gpus[0].stream), cudaErrorNotReady);
  ASSERT_EQ(ncclCommAbort(gpus[0].comm), ncclSuccess);
  EXPECT_EQ(cudaStreamSynchronize(gpus[0].stream), cudaSuccess);
  gpus[0].comm = nullptr;
}

TEST_F(TwoGpus, CapturedOperationsRunAtEachLaunchAndNotBefore) {
  for (const Gpu& gpu : gpus) {
    ASSERT_EQ(cudaStreamBeginCapture(gpu.stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  }
  ASSERT_EQ(all_reduce(), ncclSuccess);
  EXPECT_EQ(cudaStreamSynchronize(gpus[0].stream), cudaErrorStreamCaptureUnsupported);
  std::array<cudaGraphExec_t, 2> executables{};
  for (std::size_t i = 0; i < 2; ++i) {
    cudaGraph_t graph = nullptr;
    ASSERT_EQ(cudaStreamEndCapture(gpus[i].stream, &graph), cudaSuccess);
    ASSERT_EQ(cudaGraphInstantiate(&executables[i], graph, 0), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  }
  synchronise();
  EXPECT_EQ(received(gpus[0]), 0);
  for (int launch = 0; launch < 3; ++launch) {
    cudaMemset(gpus[0].receive, 0, 4);
    cudaDeviceSynchronize();
    for (std::size_t i = 0; i < 2; ++i) cudaGraphLaunch(executables[i], gpus[i].stream);
    synchronise();
    EXPECT_EQ(received(gpus[0]), 3);
  }
  for (cudaGraphExec_t executable : executables) cudaGraphExecDestroy(executable);
}

TEST_F(TwoGpus, EventsTakeTheTimeBetweenThem) {
  std::array<cudaEvent_t, 2> events{};
  for (cudaEvent_t& event : events) cudaEventCreate(&event);
  cudaSetDevice(0);
  cudaEventRecord(events[0], gpus[0].stream);
  cudaLaunchHostFunc(
      gpus[0].stream, [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(5)); },
      nullptr);
  cudaEventRecord(events[1], gpus[0].stream);
  float ms = 0;
  EXPECT_EQ(cudaEventElapsedTime(&ms, events[0], events[1]), cudaErrorNotReady);
  EXPECT_EQ(cudaEventSynchronize(events[1]), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, events[0], events[1]), cudaSuccess);
  EXPECT_GE(ms, 5);
  for (cudaEvent_t event : events) cudaEventDestroy(event);
}

TEST_F(TwoGpus, SplitGivesEachColourItsOwnRanks) {
  std::array<ncclComm_t, 2> parts{};
  ncclGroupStart();
  for (std::size_t i = 0; i < 2; ++i) {
    // One colour, in reverse order.
    ncclCommSplit(gpus[i].comm, 0, 1 - static_cast<int>(i), &parts[i], nullptr);
  }
  ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  for (std::size_t i = 0; i < 2; ++i) {
    int rank = -1;
    int ranks = 0;
    ncclCommUserRank(parts[i], &rank);
    ncclCommCount(parts[i], &ranks);
    EXPECT_EQ(rank, 1 - static_cast<int>(i));
    EXPECT_EQ(ranks, 2);
    ncclCommDestroy(parts[i]);
  }
}

TEST_F(TwoGpus, WindowsAreRegisteredByAllRanksTogether) {
  std::array<ncclWindow_t, 2> windows{};
  ncclGroupStart();
  for (std::size_t i = 0; i < 2; ++i) {
    ncclCommWindowRegister(gpus[i].comm, gpus[i].send, 4096, &windows[i], NCCL_WIN_COLL_SYMMETRIC);
  }
  ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NE(windows[i], nullptr);
    EXPECT_EQ(ncclCommWindowDeregister(gpus[i].comm, windows[i]), ncclSuccess);
  }
}

TEST_F(TwoGpus, AverageDividesAndPreMulSumMultipliesWhatARankSends) {
  ncclGroupStart();
  for (const Gpu& gpu : gpus) {
    ncclAllReduce(gpu.send, gpu.receive, kCount, ncclFloat, ncclAvg, gpu.comm, gpu.stream);
  }
  ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  synchronise();
  EXPECT_EQ(received(gpus[0]), 1.5F);

  ncclGroupStart();
  for (const Gpu& gpu : gpus) {
    ncclRedOp_t op{};
    float factor = 10;
    ncclRedOpCreatePreMulSum(&op, &factor, ncclFloat, ncclScalarHostImmediate, gpu.comm);
    ncclAllReduce(gpu.send, gpu.receive, kCount, ncclFloat, op, gpu.comm, gpu.stream);
  }
  ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  synchronise();
  EXPECT_EQ(received(gpus[1]), 30);
}

TEST_F(TwoGpus, ASimulatedGroupIsNotRun) {
  ncclSimInfo_t information = NCCL_SIM_INFO_INITIALIZER;
  ncclGroupStart();
  for (const Gpu& gpu : gpus) {
    ncclAllReduce(gpu.send, gpu.receive, kCount, ncclFloat, ncclSum, gpu.comm, gpu.stream);
  }
  ASSERT_EQ(ncclGroupSimulateEnd(&information), ncclSuccess);
  EXPECT_GT(information.estimatedTime, 0);
  synchronise();
  EXPECT_EQ(received(gpus[0]), 0);
}

TEST(StandIn, NonBlockingInitialisationIsInProgressUntilAllHaveJoined) {
  ncclUniqueId id;
  ncclGetUniqueId(&id);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  std::array<ncclComm_t, 2> comms{};
  const auto state = [](ncclComm_t comm) {
    ncclResult_t result = ncclSuccess;
    ncclCommGetAsyncError(comm, &result);
    return result;
  };
  EXPECT_EQ(ncclCommInitRankConfig(&comms[0], 2, id, 0, &config), ncclInProgress);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(state(comms[0]), ncclInProgress);
  cudaSetDevice(1);
  EXPECT_EQ(ncclCommInitRankConfig(&comms[1], 2, id, 1, &config), ncclInProgress);
  cudaSetDevice(0);
  for (ncclComm_t comm : comms) {
    for (int i = 0; i < 1000 && state(comm) == ncclInProgress; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(state(comm), ncclSuccess);
    EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
  }
}

TEST(StandIn, TheLegacyStreamWaitsForBlockingStreamsOnly) {
  void* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 8), cudaSuccess);
  for (const bool blocking : {true, false}) {
    cudaStream_t stream = nullptr;
    cudaStreamCreateWithFlags(&stream, blocking ? cudaStreamDefault : cudaStreamNonBlocking);
    bool done = false;
    cudaLaunchHostFunc(
        stream,
        [](void* data) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
          *static_cast<bool*>(data) = true;
        },
        &done);
    cudaMemset(memory, 0, 8);
    cudaStreamSynchronize(nullptr);
    EXPECT_EQ(done, blocking);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
  }
}

TEST(StandIn, MemoryIsLimitedAndChecked) {
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, std::size_t{1} << 40), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&pointer, 100), cudaSuccess);
  EXPECT_EQ(cudaMemset(pointer, 0, 101), cudaErrorInvalidValue);
  std::array<char, 8> host{};
  EXPECT_EQ(cudaMemcpy(host.data(), pointer, 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
}

}  // namespace
