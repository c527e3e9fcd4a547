// SPDX-License-Identifier: Apache-2.0
// NCCL_ALGO and NCCL_PROTO: the syntax of each version, and what they leave.
#include "selector/nccl/environment.hpp"

#include <gmock/gmock.h>

#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using C = Collective;

/// "Tree Ring | LL Simple": what is left of a collective.
std::string left(const NcclEnvironment& environment, C collective = C::all_reduce,
                 NcclVersion version = kNccl228) {
  const auto allowed = parse_nccl_environment(environment, version, collective);
  if (!allowed) return allowed.error().message;
  std::string text;
  for (std::size_t a = 0; a < kNcclAlgorithms; ++a)
    if (allowed->algorithms[a]) text += std::string(name(static_cast<NcclAlgorithm>(a))) + " ";
  text += "|";
  for (std::size_t p = 0; p < kNcclProtocols; ++p) {
    if (allowed->protocols[p] == NcclAllowed::Protocol::no) continue;
    text += " " + std::string(name(static_cast<NcclProtocol>(p)));
    if (allowed->protocols[p] == NcclAllowed::Protocol::where_safe) text += "?";
  }
  return text;
}

TEST(NcclEnvironment, NotSetLeavesEverything) {
  EXPECT_EQ(left({}), "Tree Ring CollNetDirect CollNetChain NVLS NVLSTree PAT | LL LL128? Simple");
}

TEST(NcclEnvironment, AListNamesWhatIsLeft) {
  for (const NcclVersion version : {NcclVersion{19}, NcclVersion{23}, NcclVersion{24}, kNccl228}) {
    EXPECT_EQ(left({.algorithms = "Ring,TREE", .protocols = "ll128"}, C::all_reduce, version),
              "Tree Ring | LL128");
    EXPECT_EQ(
        left({.algorithms = "^nvls,nvlstree,collnetdirect,collnetchain,ring"}, C::all_reduce,
             version),
        version < NcclVersion{23} ? "Tree | LL LL128? Simple" : "Tree PAT | LL LL128? Simple");
    EXPECT_EQ(left({.protocols = "^LL128"}, C::broadcast, version).substr(0, 4), "Tree");
  }
  EXPECT_EQ(left({.algorithms = "Tree", .protocols = "^LL128"}), "Tree | LL Simple");
}

/// NCCL's own examples of the syntax since 2.24.
TEST(NcclEnvironment, AListForAFunctionReplacesTheListForAll) {
  const NcclEnvironment by_function{
      .algorithms = "ring,collnetdirect;allreduce:tree,collnetdirect;broadcast:ring"};
  EXPECT_EQ(left(by_function, C::all_reduce), "Tree CollNetDirect | LL LL128? Simple");
  EXPECT_EQ(left(by_function, C::broadcast), "Ring | LL LL128? Simple");
  EXPECT_EQ(left(by_function, C::all_gather), "Ring CollNetDirect | LL LL128? Simple");
  const NcclEnvironment protocols{.algorithms = "ring", .protocols = "LL,Simple;allreduce:^LL"};
  EXPECT_EQ(left(protocols, C::all_reduce), "Ring | LL128 Simple");
  EXPECT_EQ(left(protocols, C::reduce), "Ring | LL Simple");
  const NcclEnvironment only{.algorithms = "ring", .protocols = "^LL128;allreduce:LL128"};
  EXPECT_EQ(left(only, C::all_reduce), "Ring | LL128");
  EXPECT_EQ(left(only, C::all_gather), "Ring | LL Simple");
  // Without a list for all, the other functions keep everything.
  EXPECT_EQ(left({.algorithms = "ReduceScatter:pat"}, C::reduce_scatter), "PAT | LL LL128? Simple");
  EXPECT_EQ(left({.algorithms = "ReduceScatter:pat"}, C::all_gather), left({}));
}

TEST(NcclEnvironment, UnknownNamesAreRefusedInOneSentence) {
  EXPECT_THAT(left({.algorithms = "Rign"}), AllOf(HasSubstr("NCCL_ALGO"), HasSubstr("\"Ring\"")));
  EXPECT_THAT(left({.protocols = "LL,LL129"}),
              AllOf(HasSubstr("NCCL_PROTO"), HasSubstr("\"LL128\"")));
  EXPECT_THAT(left({.algorithms = "Rign"}, C::all_reduce, NcclVersion{22}), HasSubstr("\"Ring\""));
  EXPECT_THAT(left({.algorithms = "PAT"}, C::all_gather, NcclVersion{22}),
              HasSubstr("NCCL 2.22 has no algorithm \"PAT\""));
  EXPECT_THAT(left({.algorithms = "allgathre:ring"}),
              AllOf(HasSubstr("no function \"allgathre\""), HasSubstr("\"AllGather\"")));
  EXPECT_THAT(left({.protocols = "^LL,^LL128,^Simple"}), HasSubstr("\"^\" stands once"));
  EXPECT_THAT(left({.algorithms = "allreduce:ring;tree"}), HasSubstr("lacks its function"));
  EXPECT_THAT(left({.algorithms = "allreduce:"}), HasSubstr("lacks a function or a list"));
  EXPECT_THAT(left({.algorithms = "allreduce:ring:tree"}), HasSubstr("more than one \":\""));
  EXPECT_THAT(left({.algorithms = "allreduce:ring"}, C::all_reduce, NcclVersion{23}),
              HasSubstr("NCCL 2.23 does not know"));
}

std::string tuned_or_message(const NcclComm& comm, C collective, const NcclEnvironment& environment,
                             NcclVersion version = kNccl228) {
  const auto tuning = tune_nccl(version, comm, collective, environment);
  if (!tuning) return tuning.error().message;
  const Selection selection = choose(*tuning, 1 << 20);
  return selection.library_algorithm + "/" + selection.protocol;
}

TEST(NcclEnvironment, WhatLeavesNothingIsRefusedInOneSentence) {
  const NcclComm one = h100(kNccl228, 1);
  const std::string message = tuned_or_message(one, C::all_reduce, {.algorithms = "NVLSTree"});
  EXPECT_THAT(message, AllOf(HasSubstr("NCCL_ALGO=\"NVLSTree\" leaves NCCL 2.28 nothing for "
                                       "all_reduce on 8 ranks of 1 node"),
                             HasSubstr("Ring/LL128"), HasSubstr("NVLS/Simple")));
  EXPECT_EQ(tuned_or_message(one, C::broadcast, {.algorithms = "Tree"}),
            "NCCL_ALGO=\"Tree\" leaves NCCL 2.28 nothing for broadcast on 8 ranks of 1 node; "
            "without, there is Ring/LL, Ring/LL128, Ring/Simple");
  EXPECT_THAT(tuned_or_message(one, C::all_reduce, {.protocols = "^LL,LL128,Simple"}),
              AllOf(HasSubstr("NCCL_PROTO"), HasSubstr("there is Tree/LL, Tree/LL128")));
  EXPECT_THAT(tuned_or_message(one, C::all_reduce, {.algorithms = "NVLS", .protocols = "LL,LL128"}),
              HasSubstr("NCCL_ALGO=\"NVLS\" and NCCL_PROTO=\"LL,LL128\" leave NCCL 2.28 nothing"));
  EXPECT_THAT(tuned_or_message(h100(kNccl228, 4), C::all_gather, {.algorithms = "Tree"}),
              HasSubstr("nothing for all_gather on 32 ranks of 4 nodes"));
  EXPECT_THAT(tuned_or_message(h100(kNccl228, 4), C::all_reduce, {.algorithms = "CollNetDirect"}),
              HasSubstr("nothing for all_reduce"));
  // Only this collective counts.
  EXPECT_EQ(tuned_or_message(one, C::broadcast, {.algorithms = "allreduce:nvlstree"}).substr(0, 4),
            "Ring");
  EXPECT_THAT(tuned_or_message(one, C::barrier, {}), HasSubstr("NCCL has no barrier"));
}

TEST(NcclEnvironment, From224OnNothingFallsBack) {
  EXPECT_THAT(tuned_or_message(h100({24}, 4), C::all_gather, {.algorithms = "Tree"}, {24}),
              HasSubstr("leaves NCCL 2.24 nothing"));
  EXPECT_EQ(left({.algorithms = "allreduce:ring"}, C::all_reduce, {24}), "Ring | LL LL128? Simple");
}

/// To 2.23 NCCL takes Ring without a word.
TEST(NcclEnvironment, EarlierVersionsFallBackToRing) {
  for (const int minor : {19, 22, 23}) {
    const NcclVersion version{minor};
    const NcclTuning tuning =
        tuned(version, h100(version, 4), C::all_gather, {.algorithms = "Tree"});
    EXPECT_TRUE(tuning.fell_back) << minor;
    EXPECT_EQ(choose(tuning, 1e6).library_algorithm, "Ring");
    EXPECT_FALSE(tuned(version, h100(version, 4), C::all_gather).fell_back);
  }
  // Where only CollNet is asked for and cannot be had, Tree is back, too.
  EXPECT_EQ(tuned_or_message(h100({22}, 4), C::all_reduce, {.algorithms = "CollNetDirect"}, {22})
                .substr(0, 5),
            "Tree/");
  // 2.22 keeps to the protocol, 2.21 does not; without any protocol 2.22 stops.
  EXPECT_THAT(
      tuned_or_message(h100({22}, 4), C::all_reduce, {.protocols = "^LL,LL128,Simple"}, {22}),
      HasSubstr("NCCL_PROTO"));
  EXPECT_EQ(tuned_or_message(h100({21}, 4), C::all_reduce, {.protocols = "^LL,LL128,Simple"}, {21})
                .substr(0, 5),
            "Ring/");
}

TEST(NcclEnvironment, ForcedChoicesAreTaken) {
  const NcclComm comm = h100(kNccl228, 4);
  EXPECT_EQ(tuned_or_message(comm, C::all_reduce, {.algorithms = "ring", .protocols = "ll"}),
            "Ring/LL");
  EXPECT_EQ(tuned_or_message(comm, C::all_reduce, {.algorithms = "^tree,ring"}), "NVLSTree/Simple");
  // Sends and receives are not concerned.
  EXPECT_EQ(tuned_or_message(comm, C::all_to_all, {.algorithms = "Tree", .protocols = "LL"}),
            "SendRecv/Simple");
}

TEST(NcclVersion, NamesWhatIsModelled) {
  EXPECT_EQ(parse_nccl_version("nccl:2.28"), kNccl228);
  EXPECT_EQ(parse_nccl_version("2.28.9"), kNccl228);
  EXPECT_EQ(parse_nccl_version("nccl"), kNccl228);
  EXPECT_EQ(parse_nccl_version("nccl:2.19"), NcclVersion{19});
  EXPECT_EQ(parse_nccl_version("2.30"), NcclVersion{30});
  const auto message = [](std::string_view text) {
    const auto version = parse_nccl_version(text);
    return version ? std::string("accepted") : version.error().message;
  };
  EXPECT_THAT(message("nccl:2.18"), AllOf(HasSubstr("2.19 to 2.30"), HasSubstr("\"nccl:2.18\"")));
  EXPECT_THAT(message("2.31"), HasSubstr("not modelled"));
  EXPECT_THAT(message("2.28.3"), AllOf(HasSubstr("2.28.9"), HasSubstr("nccl:2.28")));
  EXPECT_THAT(message("2.280"), HasSubstr("not modelled"));
  EXPECT_THAT(message("228"), HasSubstr("did you mean \"2.28\"?"));
  EXPECT_THAT(message("openmpi"), HasSubstr("not modelled"));
  EXPECT_EQ(nccl_selector_names().size(), 12U);
}

TEST(NcclVersion, SaysWhatItWasHeldAgainst) {
  EXPECT_THAT(verification(kNccl228), HasSubstr("178"));
  EXPECT_THAT(verification({22}), HasSubstr("issue 1453"));
  EXPECT_THAT(verification({21}), HasSubstr("issue 1304"));
  for (const int minor : {19, 20, 23, 24, 25, 26, 27, 29, 30})
    EXPECT_THAT(verification({minor}), HasSubstr("nothing")) << minor;
}

}  // namespace
}  // namespace collscale
