// SPDX-License-Identifier: Apache-2.0
#include "collective/collective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace collscale {
namespace {

TEST(ParseCollective, RefusesAnUnknownNameAndOffersTheNearest) {
  EXPECT_EQ(parse_collective("all_redcue").error().message,
            "unknown collective \"all_redcue\", did you mean \"all_reduce\"?");
  EXPECT_THAT(parse_collective("").error().message,
              testing::HasSubstr("; valid: all_reduce, all_gather"));
  EXPECT_FALSE(parse_data_type("quad"));
  EXPECT_FALSE(parse_reduce_op("xor"));
}

TEST(ParseCollective, TakesTheSpellingsOfOthers) {
  EXPECT_EQ(parse_collective("allreduce"), Collective::all_reduce);
  EXPECT_EQ(parse_collective("All-Reduce"), Collective::all_reduce);
  EXPECT_EQ(parse_collective("AllGather"), Collective::all_gather);
  EXPECT_EQ(parse_collective("alltoall"), Collective::all_to_all);
  EXPECT_EQ(parse_collective("sendrecv"), Collective::send_recv);
  EXPECT_EQ(parse_collective("ReduceScatter"), Collective::reduce_scatter);
  EXPECT_EQ(parse_collective("allgatherv"), Collective::all_gather_v);
  EXPECT_EQ(parse_collective("alltoallv"), Collective::all_to_all_v);
  EXPECT_EQ(parse_collective("bcast"), Collective::broadcast);
}

TEST(ParseCollective, ReadsBackEveryName) {
  EXPECT_EQ(collective_names().size(), 12u);
  for (const std::string& text : collective_names()) {
    const auto collective = parse_collective(text);
    ASSERT_TRUE(collective) << text;
    EXPECT_EQ(name(*collective), text);
  }
}

TEST(DataTypes, HaveNcclTestsNamesAndTheirSizes) {
  EXPECT_EQ(name(DataType::float32), "float");
  EXPECT_EQ(name(DataType::float16), "half");
  EXPECT_EQ(name(DataType::float64), "double");
  EXPECT_EQ(parse_data_type("fp32"), DataType::float32);
  EXPECT_EQ(parse_data_type("bf16"), DataType::bfloat16);
  EXPECT_EQ(element_bytes(DataType::uint8), 1);
  EXPECT_EQ(element_bytes(DataType::bfloat16), 2);
  EXPECT_EQ(element_bytes(DataType::float32), 4);
  EXPECT_EQ(element_bytes(DataType::int64), 8);
  for (int i = 0; i < 10; ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(parse_data_type(name(type)), type);
    EXPECT_GT(element_bytes(type), 0);
  }
}

TEST(ReduceOps, ReadBack) {
  for (const ReduceOp op :
       {ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max, ReduceOp::avg}) {
    EXPECT_EQ(parse_reduce_op(name(op)), op);
  }
}

TEST(Reduces, IsTrueOfTheThreeThatCombine) {
  EXPECT_TRUE(reduces(Collective::all_reduce));
  EXPECT_TRUE(reduces(Collective::reduce_scatter));
  EXPECT_TRUE(reduces(Collective::reduce));
  EXPECT_FALSE(reduces(Collective::all_gather));
  EXPECT_FALSE(reduces(Collective::barrier));
}

TEST(BusBandwidthFactor, FollowsNcclTests) {
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_reduce, 8), 1.75);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_gather, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::reduce_scatter, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_to_all, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::gather, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::scatter, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::broadcast, 8), 1);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::reduce, 8), 1);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::send_recv, 8), 1);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_gather_v, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_to_all_v, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::barrier, 8), 0);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_reduce, 1), 0);
  EXPECT_DOUBLE_EQ(bus_bandwidth_factor(Collective::all_reduce, 0), 0);
}

TEST(BusBandwidth, IsTheAlgorithmBandwidthTimesTheFactor) {
  EXPECT_DOUBLE_EQ(algorithm_bandwidth_Bps(1e9, 0.01), 1e11);
  EXPECT_DOUBLE_EQ(bus_bandwidth_Bps(Collective::all_reduce, 8, 1e9, 0.01), 1.75e11);
  EXPECT_EQ(algorithm_bandwidth_Bps(1e9, 0), 0);
}

}  // namespace
}  // namespace collscale
