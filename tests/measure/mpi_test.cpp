// SPDX-License-Identifier: Apache-2.0
// Runs under mpirun with 2 and with 4 ranks (CMakeLists.txt). Every rank runs every test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "faulty_operation.hpp"
#include "measure/mpi/mpi_algorithms.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_measure.hpp"
#include "measure/mpi/mpi_operation.hpp"

namespace collscale {
namespace {

constexpr std::array kCollectives = {
    Collective::all_reduce,   Collective::all_gather,  Collective::reduce_scatter,
    Collective::all_to_all,   Collective::broadcast,   Collective::reduce,
    Collective::gather,       Collective::scatter,     Collective::send_recv,
    Collective::all_gather_v, Collective::all_to_all_v};
constexpr std::array kTypes = {DataType::int8,    DataType::uint8,  DataType::int32,
                               DataType::uint32,  DataType::int64,  DataType::uint64,
                               DataType::float32, DataType::float64};

class MpiCollectives : public testing::Test {
 protected:
  Scenario scenario(Collective collective, DataType type = DataType::float32) const {
    Scenario made;
    made.collective = collective;
    made.dtype = type;
    made.ranks = ranks_.size();
    made.root = ranks_.size() - 1;
    made.skew = has_unequal_blocks(collective) ? 3 : 1;
    return as_mpi_runs_it(made);
  }
  BufferLayout layout(const Scenario& of, double size_bytes) const {
    return buffer_layout(of.collective, of.dtype, size_bytes, of.ranks);
  }
  Mismatch verify(const Scenario& of, double size_bytes) {
    const BufferLayout made = layout(of, size_bytes);
    EXPECT_TRUE(check_mpi_can_run(of, made));
    return verify_on_host(ranks_, of, made, pools_, MpiOperation(of, made, ranks_));
  }

  MpiCommunicator ranks_;
  HostPools pools_{HostBuffer(1 << 20), HostBuffer(1 << 20)};
};

TEST_F(MpiCollectives, EveryElementArrivesInEveryTypeInAndOutOfPlace) {
  for (const Collective collective : kCollectives) {
    for (const DataType type : kTypes) {
      for (const bool in_place : {false, true}) {
        const bool all_sizes = type == DataType::float32;
        for (const double size :
             all_sizes ? std::vector<double>{64, 1000, 100000} : std::vector<double>{1000}) {
          Scenario made = scenario(collective, type);
          made.in_place = made.in_place || in_place;
          const Mismatch found = verify(made, size);
          EXPECT_EQ(found.wrong, 0) << name(collective) << " " << name(type) << " " << size
                                    << " in place " << in_place << ": " << describe(found, 0);
        }
      }
    }
  }
}

TEST_F(MpiCollectives, EveryOperationReducesExactly) {
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max}) {
    for (const Collective collective :
         {Collective::all_reduce, Collective::reduce_scatter, Collective::reduce}) {
      for (const DataType type : {DataType::int8, DataType::uint64, DataType::float32}) {
        Scenario made = scenario(collective, type);
        made.op = op;
        EXPECT_EQ(verify(made, 4096).wrong, 0) << name(collective) << name(type) << name(op);
      }
    }
  }
}

TEST_F(MpiCollectives, APlantedCorruptionIsFoundAndNamedOnEveryRank) {
  const int guilty = ranks_.size() - 1;  // the root, so that reduce is looked at too
  for (const Collective collective : kCollectives) {
    const Scenario made = scenario(collective);
    const BufferLayout buffers = layout(made, 4096);
    const MpiOperation honest(made, buffers, ranks_);
    float want = 0;
    const auto corrupt = [&](const std::byte* send, std::byte* receive) {
      honest(send, receive);
      if (ranks_.rank() == guilty) {
        float* element = reinterpret_cast<float*>(receive) + 11;
        want = want == 0 ? *element : want;  // of the first of two operations
        *element += 1;
      }
    };
    const Mismatch found = verify_on_host(ranks_, made, buffers, pools_, corrupt);
    EXPECT_EQ(found.wrong, 1) << name(collective);
    EXPECT_EQ(found.rank, guilty) << name(collective);
    EXPECT_EQ(found.index, 11) << name(collective);
    EXPECT_EQ(found.got, found.want + 1) << name(collective);
    if (ranks_.rank() == guilty) {
      EXPECT_EQ(found.want, static_cast<double>(want)) << name(collective);
    }
  }
}

// Every kind of fault, in every collective, in and out of place. Left out is what is no fault
// there: a rank's own input, in place, that is its result too.
TEST_F(MpiCollectives, EveryKindOfPlantedFaultIsFoundAndItsRankNamed) {
  const int guilty = ranks_.size() - 1;  // the root, so that reduce and gather are looked at too
  for (const Collective collective : kCollectives) {
    for (const bool in_place : {false, true}) {
      for (const Fault fault : kFaults) {
        Scenario made = scenario(collective);
        made.in_place = made.in_place || in_place;
        const BufferLayout buffers = layout(made, 4096);
        // The root of an in-place scatter and of a broadcast has its result before they begin.
        const bool has_it =
            (collective == Collective::scatter && in_place) || collective == Collective::broadcast;
        // What the root of a gather sends is in place already.
        const bool missing = fault == Fault::missing_contribution;
        const int who = (missing ? collective == Collective::gather : has_it) ? 0 : guilty;
        FaultyOperation faulty(made, buffers, ranks_, fault, who);
        const Mismatch found = verify_on_host(ranks_, made, buffers, pools_, faulty);
        const auto what = std::string(name(collective)) + (made.in_place ? " in place, " : ", ") +
                          std::string(kFaultNames[static_cast<std::size_t>(fault)]);
        EXPECT_GT(found.wrong, 0) << what;
        if (!missing) {
          EXPECT_EQ(found.rank, who) << what;
        }
        EXPECT_EQ(found.kind == Mismatch::Kind::beyond_end, fault == Fault::beyond_the_end) << what;
        if (fault == Fault::swapped_blocks || fault == Fault::off_by_one_block) {
          EXPECT_GT(found.wrong, 200 / ranks_.size()) << what;
        }
        if (fault == Fault::wrong_element || fault == Fault::beyond_the_end) {
          EXPECT_EQ(found.wrong, 1) << what;
        }
      }
    }
  }
}

TEST_F(MpiCollectives, AMissingContributionIsFoundWhicheverRankItIsAndWhateverTheOperation) {
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max}) {
    for (int guilty = 0; guilty < ranks_.size(); ++guilty) {
      Scenario made = scenario(Collective::all_reduce);
      made.op = op;
      const BufferLayout buffers = layout(made, 4096);
      FaultyOperation faulty(made, buffers, ranks_, Fault::missing_contribution, guilty);
      EXPECT_GT(verify_on_host(ranks_, made, buffers, pools_, faulty).wrong, 100)
          << name(op) << " rank " << guilty;
    }
  }
}

TEST_F(MpiCollectives, ABarrierIsRightAndOneThatDoesNotWaitIsFound) {
  const Scenario made = scenario(Collective::barrier);
  const BufferLayout none = layout(made, 8);
  EXPECT_EQ(verify(made, 8).wrong, 0);
  FaultyOperation hasty(made, none, ranks_, Fault::missing_contribution, 0);
  const Mismatch found = verify_on_host(ranks_, made, none, pools_, hasty);
  EXPECT_GT(found.wrong, 0);
  EXPECT_EQ(found.kind, Mismatch::Kind::left_early);
  EXPECT_NE(found.rank, found.index);
}

TEST_F(MpiCollectives, WrongResultsAreNotTimed) {
  const Scenario made = scenario(Collective::all_gather);
  const BufferLayout buffers = layout(made, 4096);
  const auto nothing = [](const std::byte*, std::byte*) {};
  const PointResult result =
      measure_on_host(ranks_, made, buffers, PointPlan{},
                      plan_slots(BufferPolicy::rotate, buffers, 1 << 16), pools_, nothing);
  EXPECT_TRUE(result.wrong());
  EXPECT_TRUE(result.samples.time_s.empty());
}

TEST_F(MpiCollectives, AllRanksTakeEquallyManySamplesThoughTheirClocksDisagree) {
  const Scenario made = scenario(Collective::all_reduce);
  const BufferLayout buffers = layout(made, 256);
  const MpiOperation operation(made, buffers, ranks_);
  SamplingPlan plan;
  plan.time_budget_s = 0.02;
  // The clock of rank r runs (1 + r) times as fast: left to themselves, ranks would decide
  // differently.
  const double speed = 1.0 + ranks_.rank();
  const SampleSet set = take_samples(
      ranks_, plan,
      [&](std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) {
          operation(pools_.send.data(), pools_.receive.data());
        }
      },
      [speed] { return steady_now_s() * speed; });
  std::vector<double> mine(set.time_s);
  std::vector<double> shape{static_cast<double>(set.time_s.size()), static_cast<double>(set.batch)};
  std::vector<double> largest(shape);
  ranks_.all_max(largest);
  EXPECT_EQ(shape, largest);
  ASSERT_FALSE(mine.empty());
  ranks_.all_max(mine);
  EXPECT_EQ(mine, set.time_s) << "every rank holds the maxima";
}

TEST_F(MpiCollectives, WindowsBeginTogetherThoughClocksHaveOtherOriginsAndRates) {
  const Scenario made = scenario(Collective::all_reduce);
  const BufferLayout buffers = layout(made, 256);
  const MpiOperation operation(made, buffers, ranks_);
  SamplingPlan plan;
  plan.sync = SyncPolicy::window;
  plan.time_budget_s = 0.1;
  plan.max_samples = 100;
  const double origin_s = 1e4 * ranks_.rank();
  const double rate = 1.0 + 1e-5 * ranks_.rank();
  const SampleSet set = take_samples(
      ranks_, plan,
      [&](std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) {
          operation(pools_.send.data(), pools_.receive.data());
        }
      },
      [&] { return origin_s + rate * steady_now_s(); });
  ASSERT_FALSE(set.time_s.empty());
  for (const double time_s : set.time_s) {
    EXPECT_GT(time_s, 0);
    EXPECT_LT(time_s, 100) << "an origin not understood would show as 10,000 s";
  }
  std::vector<double> mine(set.time_s);
  mine.push_back(static_cast<double>(set.missed));
  std::vector<double> most(mine);
  ranks_.all_max(most);
  EXPECT_EQ(mine, most);
}

TEST_F(MpiCollectives, ComparedClocksAgree) {
  const double origin_s = 1e3 * ranks_.rank();
  const auto now_s = [&] { return origin_s + steady_now_s(); };
  ReferenceClock clock;
  // The quickest of several: a descheduled rank spoils a reading.
  double error_s = HUGE_VAL;
  for (int i = 0; i < 5; ++i) {
    clock = ReferenceClock();
    compare_clocks(ranks_, clock, now_s);
    // The machine's clock is one, so that the reference's time is known: rank 0's origin is 0.
    error_s = std::min(error_s, std::abs(clock.at(now_s()) - steady_now_s()));
  }
  EXPECT_LT(error_s, 0.05) << "of 1000 s per rank; a busy machine may delay both ways unequally";
}

TEST_F(MpiCollectives, TypesAndOperationsThatMpiLacksAreRefused) {
  const Scenario half = scenario(Collective::all_reduce, DataType::float16);
  const auto refused = check_mpi_can_run(half, layout(half, 64));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("half: MPI has no such type"));
  Scenario average = scenario(Collective::all_reduce);
  average.op = ReduceOp::avg;
  EXPECT_FALSE(check_mpi_can_run(average, layout(average, 64)));
  const Scenario huge = scenario(Collective::all_reduce, DataType::int8);
  EXPECT_FALSE(check_mpi_can_run(huge, layout(huge, 3e9)));
}

TEST(MpiAlgorithmChoice, OffersNoneThatWouldNotBeTaken) {
  const MpiCommunicator ranks;
  MpiAlgorithms algorithms(ranks);
  // Open MPI 4.1 names algorithms of MPI_Allgatherv, but their variable cannot be set.
  const auto names = algorithms.names(Collective::all_gather_v);
  if (std::find(names.begin(), names.end(), "two_proc") == names.end()) return;
  const MpiCommunicator pairwise = algorithms.communicator(Collective::all_gather_v, "two_proc");
  MPI_Comm_set_errhandler(pairwise.handle(), MPI_ERRORS_RETURN);
  const int mine = ranks.rank();
  std::vector<int> all(static_cast<std::size_t>(ranks.size()));
  std::vector<int> at(all.size());
  std::iota(at.begin(), at.end(), 0);
  const std::vector<int> ones(all.size(), 1);
  const int code = MPI_Allgatherv(&mine, 1, MPI_INT, all.data(), ones.data(), at.data(), MPI_INT,
                                  pairwise.handle());
  EXPECT_EQ(code == MPI_SUCCESS, ranks.size() == 2);
}

TEST(MpiAlgorithmChoice, HoldsForTheDuplicateAloneAndForItsCollectiveAlone) {
  const MpiCommunicator ranks;
  MpiAlgorithms algorithms(ranks);
  if (algorithms.names(Collective::all_gather).empty()) {
    GTEST_SKIP() << "this MPI lets no algorithm be chosen";
  }
  // Algorithms for two processes refuse to run on more, which shows that they were really taken.
  const MpiCommunicator pairwise = algorithms.communicator(Collective::all_gather, "two_proc");
  const MpiCommunicator ring = algorithms.communicator(Collective::all_gather, "ring");
  std::vector<int> all(static_cast<std::size_t>(ranks.size()));
  const auto gather = [&](const MpiCommunicator& on) {
    MPI_Comm_set_errhandler(on.handle(), MPI_ERRORS_RETURN);
    const int mine = ranks.rank();
    return MPI_Allgather(&mine, 1, MPI_INT, all.data(), 1, MPI_INT, on.handle());
  };
  EXPECT_EQ(gather(pairwise) == MPI_SUCCESS, ranks.size() == 2);
  EXPECT_EQ(gather(ring), MPI_SUCCESS);
  EXPECT_EQ(all.back(), ranks.size() - 1);
  pairwise.barrier();
  int mine = 1;
  EXPECT_EQ(MPI_Allgather(&mine, 1, MPI_INT, all.data(), 1, MPI_INT, ranks.handle()), MPI_SUCCESS);
  EXPECT_EQ(algorithms.communicator(Collective::all_gather, "ring").handle(), ring.handle());
  EXPECT_EQ(algorithms.communicator(Collective::all_gather, "auto").handle(), ranks.handle());
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  collscale::enable_algorithm_choice();
  const collscale::MpiSession session(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  const collscale::MpiCommunicator ranks;
  std::vector<double> failed{static_cast<double>(RUN_ALL_TESTS())};
  ranks.all_max(failed);
  return failed[0] > 0 ? 1 : 0;
}
