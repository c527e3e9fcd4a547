// SPDX-License-Identifier: Apache-2.0
// Processes of a run are threads here, or real ones where one of them is to die.
#include "measure/tcp/tcp_communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>

#include "measure/clock.hpp"
#include "measure/reference_clock.hpp"
#include "measure/tcp/rendezvous.hpp"
#include "measure/tcp/socket.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

LaunchVariables from(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string error_of(const Variables& variables) {
  const auto place = tcp_place(from(variables));
  EXPECT_FALSE(place);
  return place ? "" : place.error().message;
}

TEST(TcpLaunch, ReadsTorchrunsVariables) {
  const auto place = tcp_place(from({{"RANK", "5"},
                                     {"WORLD_SIZE", "16"},
                                     {"LOCAL_RANK", "1"},
                                     {"LOCAL_WORLD_SIZE", "4"},
                                     {"MASTER_ADDR", "node0"},
                                     {"MASTER_PORT", "29500"}}));
  ASSERT_TRUE(place) << place.error().message;
  ASSERT_TRUE(*place);
  EXPECT_EQ((*place)->rank, 5);
  EXPECT_EQ((*place)->size, 16);
  EXPECT_EQ((*place)->local_rank, 1);
  EXPECT_EQ((*place)->local_size, 4);
  EXPECT_EQ((*place)->host, "node0");
  EXPECT_EQ((*place)->port, 29500);
}

TEST(TcpLaunch, UnderTorchrunItselfWhichListensAtThePortItIsTheNext) {
  const auto place = tcp_place(from({{"RANK", "0"},
                                     {"WORLD_SIZE", "2"},
                                     {"MASTER_ADDR", "node0"},
                                     {"MASTER_PORT", "29500"},
                                     {"TORCHELASTIC_USE_AGENT_STORE", "True"}}));
  ASSERT_TRUE(place && *place);
  EXPECT_EQ((*place)->port, 29501);
}

TEST(TcpLaunch, ReadsASlurmStep) {
  const Variables step = {
      {"SLURM_PROCID", "3"},         {"SLURM_NTASKS", "64"},
      {"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_LOCALID", "3"},
      {"SLURM_STEP_ID", "0"},        {"SLURM_STEP_NODELIST", "gpu[07,09-12],x1"},
      {"SLURM_JOB_ID", "1234567"}};
  const auto place = tcp_place(from(step));
  ASSERT_TRUE(place) << place.error().message;
  ASSERT_TRUE(*place);
  EXPECT_EQ((*place)->rank, 3);
  EXPECT_EQ((*place)->size, 8);
  EXPECT_EQ((*place)->local_rank, 3);
  EXPECT_EQ((*place)->host, "gpu07");
  EXPECT_EQ((*place)->port, 15000 + 1234567 % 15000);
  EXPECT_EQ((*place)->run, "1234567.0");
}

// A batch script is told a rank and the job's tasks, and is one process.
TEST(TcpLaunch, ABatchScriptIsNoStep) {
  const auto place = tcp_place(
      from({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}, {"SLURM_JOB_NODELIST", "gpu[1-2]"}}));
  ASSERT_TRUE(place);
  EXPECT_FALSE(*place);
}

TEST(TcpLaunch, NothingIsSetOneProcess) {
  const auto place = tcp_place(from({{"MASTER_PORT", "29500"}}));
  ASSERT_TRUE(place);
  EXPECT_FALSE(*place);
}

TEST(TcpLaunch, WhatIsHalfSetOrContradictsItselfIsOneSentence) {
  EXPECT_THAT(error_of({{"RANK", "1"}}), HasSubstr("RANK is set, but WORLD_SIZE is not"));
  EXPECT_THAT(error_of({{"WORLD_SIZE", "2"}}), HasSubstr("WORLD_SIZE is set, but RANK is not"));
  EXPECT_THAT(error_of({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
              HasSubstr("RANK=2 and WORLD_SIZE=2: expected a rank below"));
  EXPECT_THAT(error_of({{"RANK", "one"}, {"WORLD_SIZE", "2"}}),
              HasSubstr("RANK=one: expected a whole number"));
  EXPECT_THAT(error_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}}), HasSubstr("MASTER_ADDR is not set"));
  EXPECT_THAT(error_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}),
              HasSubstr("MASTER_PORT is not set"));
  EXPECT_THAT(
      error_of(
          {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}}),
      HasSubstr("MASTER_PORT=70000: expected a whole number from 1 to 65535"));
  EXPECT_THAT(
      error_of(
          {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"LOCAL_RANK", "2"}, {"LOCAL_WORLD_SIZE", "2"}}),
      HasSubstr("local rank 2 of 2"));
  const Variables step = {{"SLURM_PROCID", "1"}, {"SLURM_STEP_ID", "0"}};
  EXPECT_THAT(error_of(step), HasSubstr("SLURM_PROCID is set, but"));
  Variables listless = step;
  listless["SLURM_NTASKS"] = "2";
  EXPECT_THAT(error_of(listless), HasSubstr("SLURM_STEP_NODELIST is not set"));
  listless["SLURM_NODELIST"] = "gpu[";
  EXPECT_THAT(error_of(listless), HasSubstr("SLURM_NODELIST: \"gpu[\" is no list of hosts"));
}

TEST(TcpLaunch, TheFirstHostOfASlurmList) {
  EXPECT_EQ(first_slurm_host("node17"), "node17");
  EXPECT_EQ(first_slurm_host("a,b"), "a");
  EXPECT_EQ(first_slurm_host("gpu[003-007,9],login"), "gpu003");
  EXPECT_EQ(first_slurm_host("r[1-2]n[05,06]-ib"), "r1n05-ib");
  for (const char* bad : {"", ",a", "gpu[", "gpu[]", "gpu[-3]"}) {
    EXPECT_FALSE(first_slurm_host(bad)) << bad;
  }
}

TEST(TcpLaunch, SeesWhatStartsMpi) {
  EXPECT_EQ(mpi_launch_variable(from({{"OMPI_COMM_WORLD_SIZE", "2"}, {"RANK", "0"}})),
            "OMPI_COMM_WORLD_SIZE");
  EXPECT_EQ(mpi_launch_variable(from({{"PMIX_RANK", "0"}})), "PMIX_RANK");
  EXPECT_EQ(mpi_launch_variable(from({{"RANK", "0"}})), "");
}

TEST(TcpTree, EveryRankIsItsParentsChild) {
  for (const int size : {1, 2, 3, 7, 8, 100}) {
    int edges = 0;
    for (int rank = 0; rank < size; ++rank) {
      for (const int child : tree_children(rank, size)) {
        EXPECT_EQ(tree_parent(child), rank);
        ++edges;
      }
    }
    EXPECT_EQ(edges, size - 1);
  }
}

int free_port() { return own_address(*listen_at(0)).port; }

TcpSetup setup_of(int rank, int size, int port, double patience_s = 20) {
  TcpSetup setup;
  setup.place.rank = rank;
  setup.place.size = size;
  setup.place.host = "127.0.0.1";
  setup.place.port = port;
  setup.patience_s = patience_s;
  setup.on_lost = [rank](const std::string& sentence) {
    ADD_FAILURE() << "rank " << rank << ": " << sentence;
  };
  return setup;
}

/// Runs f(communicator) on `size` threads.
template <class F>
void with_ranks(int size, F&& f) {
  const int port = free_port();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      auto processes = TcpCommunicator::connect(setup_of(rank, size, port));
      ASSERT_TRUE(processes) << processes.error().message;
      f(*processes);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(TcpCommunicator, CoordinatesAnyNumberOfProcesses) {
  for (const int size : {1, 2, 3, 8, 13}) {
    std::atomic<int> entered{0};
    with_ranks(size, [&](TcpCommunicator& processes) {
      ASSERT_EQ(processes.size(), size);
      for (int round = 1; round <= 20; ++round) {
        ++entered;
        processes.barrier();
        EXPECT_GE(entered, round * size);
        std::vector<double> values(5, -1.0);
        values[1] = processes.rank();
        values[static_cast<std::size_t>(processes.rank() % 5)] += 100;
        processes.all_max(values);
        EXPECT_EQ(values[static_cast<std::size_t>((size - 1) % 5)] >= 99, true);
        EXPECT_EQ(values[1] >= size - 1, true);
        EXPECT_EQ(processes.agree(1000 + processes.rank() + round), 1000 + round);
        std::string text = processes.rank() == 0 ? "from 0" : "......";
        processes.broadcast(text);
        EXPECT_EQ(text, "from 0");
      }
    });
  }
}

TEST(TcpCommunicator, TakesWhatExceedsTheSocketsBuffers) {
  with_ranks(3, [](TcpCommunicator& processes) {
    std::vector<double> values(1 << 20, 0.0);
    values[static_cast<std::size_t>(processes.rank())] = 1;
    processes.all_max(values);
    EXPECT_EQ(values[0] + values[1] + values[2] + values[3], 3);
  });
}

TEST(TcpCommunicator, ComparesClocks) {
  with_ranks(5, [](TcpCommunicator& processes) {
    ReferenceClock clock;
    const double ahead_s = 10.0 * processes.rank();
    const auto now_s = [ahead_s] { return steady_now_s() + ahead_s; };
    compare_clocks(processes, clock, now_s);
    EXPECT_NEAR(clock.at(now_s()), steady_now_s(), 0.5);
  });
}

TEST(TcpCommunicator, CountsStepsAndMapsOneNode) {
  with_ranks(3, [](TcpCommunicator& processes) {
    Heartbeat heartbeat;
    processes.count_steps_in(heartbeat);
    processes.barrier();
    EXPECT_EQ(processes.agree(1), 1);
    EXPECT_EQ(heartbeat.steps(), 2);
    NodeMap map = map_nodes(processes, {});
    EXPECT_EQ(map.local_rank, processes.rank());
    EXPECT_EQ(map.local_size, 3);
    EXPECT_EQ(map.nodes, 1);
    TcpPlace told;  // as if the ranks 0 and 1, and rank 2, were on two nodes
    told.local_rank = processes.rank() % 2;
    told.local_size = processes.rank() < 2 ? 2 : 1;
    map = map_nodes(processes, told);
    EXPECT_EQ(map.local_rank, processes.rank() % 2);
    EXPECT_EQ(map.nodes, 2);
  });
}

TEST(TcpRendezvous, NamesTheRanksThatNeverCame) {
  const int port = free_port();
  std::string rank_1 = "?";
  std::thread other([&] {
    const auto processes = TcpCommunicator::connect(setup_of(1, 5, port));
    ASSERT_FALSE(processes);
    rank_1 = processes.error().message;
  });
  const auto processes = TcpCommunicator::connect(setup_of(0, 5, port, 0.5));
  other.join();
  ASSERT_FALSE(processes);
  EXPECT_EQ(processes.error().message,
            "ranks 2-4 did not come to 127.0.0.1:" + std::to_string(port) + " within 0.5 s");
  EXPECT_EQ(rank_1, "") << "rank 0 says it";
}

TEST(TcpRendezvous, SaysThatRankZeroIsNotThere) {
  const int port = free_port();
  const auto processes = TcpCommunicator::connect(setup_of(1, 2, port, 0.2));
  ASSERT_FALSE(processes);
  EXPECT_EQ(processes.error().message,
            "rank 1 found no rank 0 at 127.0.0.1:" + std::to_string(port) +
                " within 0.2 s: Connection refused");
}

TEST(TcpRendezvous, APortThatIsTakenIsSaid) {
  const auto taken = listen_at(0);
  const auto processes = TcpCommunicator::connect(setup_of(0, 2, own_address(*taken).port, 0.2));
  ASSERT_FALSE(processes);
  EXPECT_THAT(processes.error().message, HasSubstr("Address already in use"));
}

TEST(TcpRendezvous, StrangersAreSentAwayAndContradictionsRefused) {
  const int port = free_port();
  std::thread scanner([&] {
    const auto socket = connect_to({"127.0.0.1", static_cast<std::uint16_t>(port)}, 5);
    ASSERT_TRUE(socket);
    const std::string request(200, 'x');
    EXPECT_TRUE(socket->send(std::as_bytes(std::span(request))));
    auto second = setup_of(2, 8, port, 5);
    EXPECT_FALSE(TcpCommunicator::connect(second));
  });
  const auto processes = TcpCommunicator::connect(setup_of(0, 3, port, 5));
  scanner.join();
  ASSERT_FALSE(processes);
  EXPECT_THAT(processes.error().message, HasSubstr("was told that there are 8 processes, but rank 0"
                                                   " that there are 3"));
}

TEST(TcpCommunicator, ARankThatDiesIsNamedWhereverTheOthersAre) {
  // Rank 1 dies; rank 2 is rank 0's child, rank 3 is rank 2's and learns it from rank 0 alone.
  const int port = free_port();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto mine = TcpCommunicator::connect(setup_of(1, 4, port));
    mine->barrier();
    ::_exit(0);  // nothing is said, as when it is killed
  }
  std::mutex mutex;
  std::map<int, std::string> heard;
  std::vector<std::thread> threads;
  for (const int rank : {0, 2, 3}) {
    threads.emplace_back([&, rank] {
      TcpSetup setup = setup_of(rank, 4, port);
      setup.on_lost = [&, rank](const std::string& sentence) {
        const std::lock_guard lock(mutex);
        heard.emplace(rank, sentence);
      };
      const auto processes = TcpCommunicator::connect(std::move(setup));
      ASSERT_TRUE(processes) << processes.error().message;
      processes->barrier();
      if (rank == 3) {  // busy elsewhere, as inside a collective that hangs
        for (int wait = 0; wait < 1000; ++wait) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          const std::lock_guard lock(mutex);
          if (heard.contains(3)) return;
        }
      } else {
        EXPECT_THROW(processes->barrier(), std::runtime_error);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(heard[0], testing::MatchesRegex("rank 1 \\(.+\\) is gone: its connection was closed "
                                              "in the middle of the run"));
  EXPECT_EQ(heard.at(2), "");
  EXPECT_EQ(heard.at(3), "");
}

TEST(TcpCommunicator, AnAbortReachesEveryRankAndAnEndIsNoLoss) {
  std::atomic<int> aborted{0};
  const int port = free_port();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < 4; ++rank) {
    threads.emplace_back([&, rank] {
      TcpSetup setup = setup_of(rank, 4, port);
      setup.on_lost = [&](const std::string& sentence) {
        EXPECT_EQ(sentence, "");
        ++aborted;
      };
      const auto processes = TcpCommunicator::connect(std::move(setup));
      ASSERT_TRUE(processes);
      if (rank == 3) processes->abort_others();
      for (int wait = 0; wait < 1000 && aborted < 3; ++wait) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(aborted, 3);
  // The first to end waits for nobody, and nobody takes it for lost: setup_of would fail.
  with_ranks(3, [](const TcpCommunicator& processes) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30 * processes.rank()));
  });
}

}  // namespace
}  // namespace collscale
