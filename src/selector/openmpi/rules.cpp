// SPDX-License-Identifier: Apache-2.0
// [P] open-mpi/ompi v4.1.4, ompi/mca/coll/tuned/coll_tuned_decision_fixed.c: the second number of a
// row is its line there. Numbers of algorithms: openmpi.cpp. "Ordered": for operations that do not
// commute.
#include "selector/openmpi/rules.hpp"

namespace collscale {
namespace {

using Row = OpenMpiRow;

constexpr std::array kAllreduceOrdered{
    Row{4, 81, {{{131072, 3}, {kRest, 1}}}},
    Row{8, 87, {{{kRest, 3}}}},
    Row{16, 89, {{{1048576, 3}, {kRest, 2}}}},
    Row{128, 95, {{{kRest, 3}}}},
    Row{256, 97, {{{131072, 2}, {524288, 3}, {kRest, 2}}}},
    Row{512, 105, {{{4096, 2}, {524288, 3}, {kRest, 2}}}},
    Row{kRest, 113, {{{2048, 2}, {kRest, 3}}}},
};

constexpr std::array kAllreduce{
    Row{4, 121, {{{8, 4}, {4096, 3}, {8192, 4}, {16384, 3}, {65536, 4}, {262144, 5}, {kRest, 6}}}},
    Row{8, 137, {{{16, 4}, {8192, 3}, {kRest, 6}}}},
    Row{16, 145, {{{8192, 3}, {kRest, 6}}}},
    Row{32, 151, {{{64, 5}, {4096, 3}, {kRest, 6}}}},
    Row{64, 159, {{{128, 5}, {kRest, 6}}}},
    Row{128, 165, {{{262144, 3}, {kRest, 6}}}},
    Row{256, 171, {{{131072, 2}, {262144, 3}, {kRest, 6}}}},
    Row{512, 179, {{{4096, 2}, {kRest, 6}}}},
    Row{2048, 185, {{{2048, 2}, {16384, 3}, {kRest, 6}}}},
    Row{4096, 193, {{{2048, 2}, {4096, 5}, {16384, 3}, {kRest, 6}}}},
    Row{kRest, 203, {{{2048, 2}, {16384, 5}, {32768, 3}, {kRest, 6}}}},
};

constexpr std::array kAlltoall{
    Row{3,
        253,
        {{{2, 2},
          {4, 5},
          {16, 2},
          {64, 5},
          {256, 2},
          {4096, 5},
          {32768, 2},
          {262144, 4},
          {1048576, 5},
          {kRest, 2}}}},
    Row{8, 275, {{{8192, 4}, {16384, 1}, {65536, 4}, {524288, 1}, {1048576, 2}, {kRest, 1}}}},
    Row{16, 289, {{{262144, 4}, {kRest, 1}}}},
    Row{32, 295, {{{4, 4}, {512, 3}, {8192, 4}, {32768, 1}, {262144, 4}, {524288, 1}, {kRest, 4}}}},
    Row{64, 311, {{{512, 3}, {524288, 1}, {kRest, 4}}}},
    Row{128, 319, {{{1024, 3}, {2048, 1}, {4096, 4}, {262144, 1}, {kRest, 2}}}},
    Row{256, 331, {{{1024, 3}, {2048, 4}, {262144, 1}, {kRest, 2}}}},
    Row{512, 341, {{{1024, 3}, {8192, 4}, {32768, 1}, {kRest, 2}}}},
    Row{1024, 351, {{{512, 3}, {8192, 4}, {16384, 1}, {131072, 4}, {262144, 1}, {kRest, 2}}}},
    Row{2048, 365, {{{512, 3}, {1024, 4}, {2048, 1}, {16384, 4}, {262144, 1}, {kRest, 4}}}},
    Row{4096, 379, {{{1024, 3}, {4096, 4}, {8192, 1}, {131072, 4}, {kRest, 1}}}},
    Row{kRest, 391, {{{2048, 3}, {8192, 4}, {16384, 1}, {32768, 4}, {65536, 1}, {kRest, 4}}}},
};

constexpr std::array kBarrier{
    Row{4, 482, {{{kRest, 3}}}},    Row{8, 484, {{{kRest, 1}}}},     Row{64, 486, {{{kRest, 3}}}},
    Row{256, 488, {{{kRest, 4}}}},  Row{512, 490, {{{kRest, 6}}}},   Row{1024, 492, {{{kRest, 4}}}},
    Row{4096, 494, {{{kRest, 6}}}}, Row{kRest, 496, {{{kRest, 4}}}},
};

constexpr std::array kBcast{
    Row{4,
        539,
        {{{32, 3},
          {256, 5},
          {512, 3},
          {1024, 7},
          {32768, 1},
          {131072, 5},
          {262144, 2},
          {524288, 1},
          {1048576, 6},
          {kRest, 5}}}},
    Row{8, 561, {{{64, 5}, {128, 6}, {2048, 5}, {8192, 6}, {1048576, 1}, {kRest, 2}}}},
    Row{16, 575, {{{8, 7}, {64, 5}, {4096, 7}, {16384, 5}, {32768, 6}, {kRest, 1}}}},
    Row{32, 589, {{{4096, 7}, {1048576, 6}, {kRest, 8}}}},
    Row{64, 597, {{{2048, 6}, {kRest, 7}}}},
    Row{128, 603, {{{kRest, 7}}}},
    Row{256, 605, {{{2, 6}, {16384, 5}, {32768, 1}, {65536, 5}, {kRest, 7}}}},
    Row{1024, 617, {{{16384, 7}, {32768, 4}, {kRest, 7}}}},
    Row{2048, 625, {{{524288, 7}, {kRest, 8}}}},
    Row{4096, 631, {{{262144, 7}, {kRest, 8}}}},
    Row{kRest, 637, {{{8192, 7}, {16384, 5}, {262144, 7}, {kRest, 8}}}},
};

constexpr std::array kReduceOrdered{
    Row{4, 692, {{{8, 6}, {kRest, 1}}}},
    Row{8, 698, {{{kRest, 1}}}},
    Row{16, 700, {{{1024, 6}, {8192, 1}, {16384, 6}, {262144, 1}, {kRest, 6}}}},
    Row{128, 712, {{{kRest, 6}}}},
    Row{256, 714, {{{512, 6}, {1024, 1}, {kRest, 6}}}},
    Row{kRest, 722, {{{kRest, 6}}}},
};

constexpr std::array kReduce{
    Row{4, 726, {{{8, 7}, {16, 4}, {32, 3}, {262144, 1}, {524288, 3}, {1048576, 2}, {kRest, 3}}}},
    Row{8, 742, {{{4096, 4}, {65536, 2}, {262144, 5}, {524288, 1}, {1048576, 5}, {kRest, 1}}}},
    Row{16, 756, {{{8192, 4}, {kRest, 5}}}},
    Row{32, 762, {{{4096, 4}, {kRest, 5}}}},
    Row{256, 768, {{{kRest, 5}}}},
    Row{512, 770, {{{8192, 5}, {16384, 6}, {kRest, 5}}}},
    Row{2048, 778, {{{kRest, 5}}}},
    Row{4096, 780, {{{512, 5}, {1024, 6}, {8192, 5}, {16384, 6}, {kRest, 5}}}},
    Row{kRest, 792, {{{16, 5}, {32, 6}, {1024, 5}, {2048, 6}, {8192, 5}, {16384, 6}, {kRest, 5}}}},
};

constexpr std::array kReduceScatterOrdered{
    Row{kRest, 854, {{{kRest, 1}}}},
};

constexpr std::array kReduceScatter{
    Row{4, 856, {{{65536, 3}, {131072, 4}, {kRest, 3}}}},
    Row{8, 864, {{{8, 1}, {262144, 2}, {kRest, 3}}}},
    Row{32, 872, {{{262144, 2}, {kRest, 3}}}},
    Row{64, 878, {{{64, 1}, {2048, 2}, {524288, 4}, {kRest, 3}}}},
    Row{128, 888, {{{256, 1}, {512, 2}, {2048, 4}, {4096, 2}, {kRest, 4}}}},
    Row{256, 900, {{{256, 1}, {512, 2}, {kRest, 4}}}},
    Row{512, 908, {{{256, 1}, {1024, 2}, {kRest, 4}}}},
    Row{1024, 916, {{{512, 1}, {2048, 2}, {8192, 4}, {16384, 2}, {kRest, 4}}}},
    Row{2048, 928, {{{512, 1}, {4096, 2}, {16384, 4}, {32768, 2}, {kRest, 4}}}},
    Row{4096, 940, {{{512, 1}, {4096, 2}, {kRest, 4}}}},
    Row{kRest, 948, {{{1024, 1}, {8192, 2}, {kRest, 4}}}},
};

constexpr std::array kReduceScatterBlockOrdered{
    Row{kRest, 1000, {{{kRest, 1}}}},
};

constexpr std::array kReduceScatterBlock{
    Row{4,
        1002,
        {{{4, 2},
          {8, 4},
          {16, 3},
          {128, 4},
          {256, 3},
          {4096, 4},
          {8192, 3},
          {131072, 4},
          {kRest, 1}}}},
    Row{8, 1022, {{{8, 3}, {32, 2}, {256, 4}, {8192, 3}, {16384, 4}, {1048576, 3}, {kRest, 1}}}},
    Row{16, 1038, {{{4, 1}, {32, 3}, {128, 4}, {524288, 3}, {4194304, 1}, {kRest, 4}}}},
    Row{32, 1052, {{{32, 1}, {524288, 3}, {2097152, 1}, {4194304, 3}, {kRest, 4}}}},
    Row{kRest, 1064, {{{4, 3}, {16, 1}, {65536, 4}, {262144, 1}, {kRest, 4}}}},
};

constexpr std::array kAllgather{
    Row{3, 1118, {{{kRest, 6}}}},
    Row{32, 1120, {{{kRest, 3}}}},
    Row{64, 1122, {{{1024, 3}, {65536, 5}, {kRest, 4}}}},
    Row{128, 1130, {{{512, 3}, {65536, 5}, {kRest, 4}}}},
    Row{256, 1138, {{{512, 3}, {131072, 5}, {524288, 4}, {1048576, 5}, {kRest, 4}}}},
    Row{512,
        1150,
        {{{32, 3}, {128, 2}, {1024, 3}, {131072, 5}, {524288, 4}, {1048576, 5}, {kRest, 4}}}},
    Row{1024, 1166, {{{64, 3}, {256, 2}, {2048, 3}, {kRest, 5}}}},
    Row{2048,
        1176,
        {{{4, 3}, {8, 2}, {16, 3}, {32, 2}, {256, 3}, {512, 2}, {4096, 3}, {kRest, 5}}}},
    Row{4096, 1194, {{{32, 2}, {128, 3}, {512, 2}, {4096, 3}, {kRest, 5}}}},
    Row{kRest, 1206, {{{2, 3}, {8, 2}, {16, 3}, {512, 2}, {4096, 3}, {kRest, 5}}}},
};

constexpr std::array kGather{
    Row{4, 1413, {{{2, 3}, {4, 1}, {32768, 2}, {65536, 1}, {131072, 2}, {kRest, 3}}}},
    Row{8, 1427, {{{1024, 2}, {8192, 1}, {32768, 2}, {262144, 1}, {kRest, 3}}}},
    Row{256, 1439, {{{kRest, 2}}}},
    Row{512, 1441, {{{2048, 2}, {8192, 1}, {kRest, 2}}}},
    Row{kRest, 1449, {{{kRest, 2}}}},
};

constexpr std::array kScatter{
    Row{4, 1500, {{{2, 3}, {131072, 1}, {262144, 3}, {kRest, 1}}}},
    Row{8, 1510, {{{2048, 2}, {4096, 1}, {8192, 2}, {32768, 1}, {1048576, 3}, {kRest, 1}}}},
    Row{16, 1524, {{{16384, 2}, {1048576, 3}, {kRest, 1}}}},
    Row{32, 1532, {{{16384, 2}, {32768, 1}, {kRest, 3}}}},
    Row{64, 1540, {{{512, 2}, {8192, 3}, {16384, 2}, {kRest, 3}}}},
    Row{kRest, 1550, {{{512, 2}, {kRest, 3}}}},
};

}  // namespace

std::span<const OpenMpiRow> openmpi_rules(OpenMpiFunction function, bool commutative) {
  using F = OpenMpiFunction;
  switch (function) {
    case F::allgather:
      return kAllgather;
    case F::allreduce:
      if (commutative) return kAllreduce;
      return kAllreduceOrdered;
    case F::alltoall:
      return kAlltoall;
    case F::barrier:
      return kBarrier;
    case F::bcast:
      return kBcast;
    case F::gather:
      return kGather;
    case F::reduce:
      if (commutative) return kReduce;
      return kReduceOrdered;
    case F::reduce_scatter:
      if (commutative) return kReduceScatter;
      return kReduceScatterOrdered;
    case F::reduce_scatter_block:
      if (commutative) return kReduceScatterBlock;
      return kReduceScatterBlockOrdered;
    case F::scatter:
      return kScatter;
  }
  return {};
}

}  // namespace collscale
