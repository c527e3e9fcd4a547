// SPDX-License-Identifier: Apache-2.0
#include "selector/openmpi/openmpi.hpp"

#include <fmt/format.h>

#include <bit>

#include "selector/openmpi/rules.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

using F = OpenMpiFunction;

/// One algorithm of Open MPI and what it is in our registry.
struct Known {
  std::string_view name;  ///< [P] enumerators of the MCA parameter, printed by ompi_info 4.1.4
  std::string_view ours;  ///< "": we have nothing like it
  std::int64_t radix = 0;
};

// The numbers start at 1. Lines: ompi/mca/coll/base/ at v4.1.4.
constexpr std::array kAllgatherNames{
    Known{"linear", ""},
    Known{"bruck", "bruck", 2},
    Known{"recursive_doubling", "recursive_doubling"},
    Known{"ring", "ring"},
    Known{"neighbor", ""},  // the partner alternates with the step: no phase of the algebra says so
    Known{"two_proc", "recursive_doubling"},
};
constexpr std::array kAllreduceNames{
    Known{"basic_linear", "linear"},
    Known{"nonoverlapping", ""},  // a reduce and a bcast, each by its own rule: ours_for()
    Known{"recursive_doubling", "recursive_doubling"},
    Known{"ring", "ring"},
    Known{"segmented_ring", ""},  // never runs: see in_place_of()
    Known{"rabenseifner", "halving_doubling"},
};
constexpr std::array kAlltoallNames{
    Known{"linear", "pairwise"},  // coll_base_alltoall.c:598-724: everything posted at once
    Known{"pairwise", "pairwise_in_turn"}, Known{"modified_bruck", "bruck", 2},
    Known{"linear_sync", "pairwise"},  // 0 outstanding requests mean all of them (:417-419)
    Known{"two_proc", "pairwise"},
};
constexpr std::array kBarrierNames{
    Known{"linear", ""},
    Known{"double_ring", ""},
    Known{"recursive_doubling", "recursive_doubling"},
    Known{"bruck", "dissemination"},
    Known{"two_proc", "recursive_doubling"},
    Known{"tree", ""},
};
constexpr std::array kBcastNames{
    Known{"basic_linear", "linear"},
    Known{"chain", "chain"},  // the fan-out 0 of the rules is made 1 (coll_base_topo.c:546-548)
    Known{"pipeline", "chain"},
    Known{"split_binary_tree", ""},  // halves down the two sides of a tree, then exchanged in pairs
    Known{"binary_tree", "binary_tree"},
    Known{"binomial", "binomial"},
    Known{"knomial", "knomial", 4},  // coll_tuned_bcast_decision.c:34, 124
    Known{"scatter_allgather", "scatter_doubling"},
    Known{"scatter_allgather_ring", "scatter_all_gather"},
};
constexpr std::array kGatherNames{
    Known{"basic_linear", "linear"}, Known{"binomial", "binomial"},
    Known{"linear_sync", ""},  // one rank after another, each asked first
};
constexpr std::array kReduceNames{
    Known{"linear", "linear"},
    Known{"chain", "chain"},
    Known{"pipeline", "chain"},
    Known{"binary", "binary_tree"},
    Known{"binomial", "binomial"},
    Known{"in-order_binary", ""},
    Known{"rabenseifner", "reduce_scatter_gather"},
};
constexpr std::array kReduceScatterNames{
    Known{"non-overlapping", ""},
    Known{"recursive_halving", "recursive_halving"},
    Known{"ring", "ring"},
    Known{"butterfly", "butterfly"},
};
constexpr std::array kReduceScatterBlockNames{
    Known{"basic_linear", ""},
    Known{"recursive_doubling", ""},
    Known{"recursive_halving", "recursive_halving"},
    Known{"butterfly", "butterfly"},
};
constexpr std::array kScatterNames{
    Known{"basic_linear", "linear"},
    Known{"binomial", "binomial"},
    Known{"linear_nb", "linear"},
};

std::span<const Known> known(F function) {
  switch (function) {
    case F::allgather:
      return kAllgatherNames;
    case F::allreduce:
      return kAllreduceNames;
    case F::alltoall:
      return kAlltoallNames;
    case F::barrier:
      return kBarrierNames;
    case F::bcast:
      return kBcastNames;
    case F::gather:
      return kGatherNames;
    case F::reduce:
      return kReduceNames;
    case F::reduce_scatter:
      return kReduceScatterNames;
    case F::reduce_scatter_block:
      return kReduceScatterBlockNames;
    case F::scatter:
      return kScatterNames;
  }
  return {};
}

int rule(const OpenMpiCall& call) {
  for (const auto& row : openmpi_rules(call.function, call.commutative)) {
    if (row.below_ranks != kRest && call.ranks >= row.below_ranks) continue;
    for (const auto& step : row.steps)
      if (step.below_bytes == kRest || call.bytes < static_cast<double>(step.below_bytes))
        return step.algorithm;
  }
  return 0;
}

/// What an algorithm runs in its own place. Lines: ompi/mca/coll/base/ at v4.1.4 [P].
int in_place_of(int chosen, const OpenMpiCall& call) {
  const double elements = call.bytes / call.element_bytes;
  const auto ranks = static_cast<double>(call.ranks);
  const auto core = static_cast<double>(std::bit_floor(static_cast<std::uint64_t>(call.ranks)));
  switch (call.function) {
    case F::allgather:
      if (chosen == 3 && core != ranks) return 2;        // coll_base_allgather.c:275-283
      if (chosen == 5 && call.ranks % 2 != 0) return 4;  // :499-506
      return chosen;
    case F::allreduce:
      if (chosen == 5) chosen = 4;                    // no segments: coll_base_allreduce.c:653-660
      if (chosen == 4 && elements < ranks) return 3;  // :371-375
      if (chosen == 6 && (elements < core || !call.commutative)) return 1;  // :988-995
      return chosen;
    case F::bcast:
      if (chosen == 4 && elements < 2) return 2;                       // coll_base_bcast.c:418-425
      if ((chosen == 8 || chosen == 9) && elements < ranks) return 1;  // :794-801, 971-978
      return chosen;
    case F::reduce:
      if (chosen == 7 && (elements < core || !call.commutative))
        return 1;  // coll_base_reduce.c:812-818
      return chosen;
    case F::reduce_scatter_block:
      if (chosen == 3 && !call.commutative) return 1;  // coll_base_reduce_scatter_block.c:420-426
      return chosen;
    default:
      return chosen;
  }
}

struct Ours {
  std::string_view name;
  std::int64_t radix = 0;
};

Ours ours_for(const OpenMpiCall& call, int runs) {
  if (call.function == F::allreduce && runs == 2) {
    // coll_base_allreduce.c:66-85: to rank 0 and back, as MPI_Reduce and MPI_Bcast would.
    OpenMpiCall part = call;
    part.function = F::reduce;
    const int up = openmpi_choice(part).runs;
    part.function = F::bcast;
    const int down = openmpi_choice(part).runs;
    if (up == 5 && down == 7) return {"reduce_broadcast", 4};
    if (up == 5 && down == 6) return {"reduce_broadcast", 2};
    if (up == 1 && down == 1) return {"linear"};
    return {};
  }
  const Known& same = known(call.function)[static_cast<std::size_t>(runs) - 1];
  return {same.ours, same.radix};
}

bool looks_at_blocks(F function) {
  return function == F::allgather || function == F::alltoall || function == F::gather ||
         function == F::reduce_scatter_block || function == F::scatter;
}

}  // namespace

std::string_view name(OpenMpiFunction function) {
  switch (function) {
    case F::allgather:
      return "allgather";
    case F::allreduce:
      return "allreduce";
    case F::alltoall:
      return "alltoall";
    case F::barrier:
      return "barrier";
    case F::bcast:
      return "bcast";
    case F::gather:
      return "gather";
    case F::reduce:
      return "reduce";
    case F::reduce_scatter:
      return "reduce_scatter";
    case F::reduce_scatter_block:
      return "reduce_scatter_block";
    case F::scatter:
      return "scatter";
  }
  return "";
}

std::vector<OpenMpiFunction> openmpi_functions() {
  return {F::allgather, F::allreduce,      F::alltoall,
          F::barrier,   F::bcast,          F::gather,
          F::reduce,    F::reduce_scatter, F::reduce_scatter_block,
          F::scatter};
}

Expected<OpenMpiFunction> parse_openmpi_function(std::string_view text) {
  std::vector<std::string> names;
  for (const F function : openmpi_functions()) {
    if (name(function) == text) return function;
    names.emplace_back(name(function));
  }
  return fail(
      fmt::format("Open MPI function \"{}\" is not known{}", text, suggestion(text, names)));
}

std::vector<std::string_view> openmpi_algorithms(OpenMpiFunction function) {
  std::vector<std::string_view> names;
  for (const auto& each : known(function)) names.push_back(each.name);
  return names;
}

std::string_view openmpi_algorithm(OpenMpiFunction function, int number) {
  const auto all = known(function);
  if (number < 1 || static_cast<std::size_t>(number) > all.size()) return "";
  return all[static_cast<std::size_t>(number) - 1].name;
}

int openmpi_runs(const OpenMpiCall& call, int number) { return in_place_of(number, call); }

OpenMpiChoice openmpi_choice(const OpenMpiCall& call) {
  const int chosen = rule(call);
  return {chosen, in_place_of(chosen, call)};
}

Expected<std::string> parse_openmpi_version(std::string_view text) {
  std::string_view version = text;
  constexpr std::string_view kLibrary = "openmpi";
  if (version == kLibrary) return std::string("4.1");
  if (version.starts_with("openmpi:")) version.remove_prefix(kLibrary.size() + 1);
  if (version == "4.1") return std::string("4.1");
  // The file of the rules is the same in all of them.
  constexpr std::string_view kRelease = "4.1.";
  if (version.size() == kRelease.size() + 1 && version.starts_with(kRelease) &&
      version.back() >= '0' && version.back() <= '8')
    return std::string("4.1");
  return fail(fmt::format(
      "selector \"{}\": the rules of Open MPI {} are not known, expected openmpi:4.1 (4.1.0 to "
      "4.1.8 choose alike)",
      text, version.empty() ? "without a version" : version));
}

Expected<OpenMpiFunction> openmpi_function(Collective collective) {
  switch (collective) {
    case Collective::all_reduce:
      return F::allreduce;
    case Collective::all_gather:
      return F::allgather;
    case Collective::reduce_scatter:
      return F::reduce_scatter_block;
    case Collective::broadcast:
      return F::bcast;
    case Collective::reduce:
      return F::reduce;
    case Collective::all_to_all:
      return F::alltoall;
    case Collective::gather:
      return F::gather;
    case Collective::scatter:
      return F::scatter;
    case Collective::barrier:
      return F::barrier;
    case Collective::all_gather_v:
    case Collective::all_to_all_v:
      return fail(fmt::format("{} is measured only: its choice is not modelled", name(collective)));
    case Collective::send_recv:
      break;
  }
  return fail("send_recv is point to point: Open MPI has no rules for it");
}

Expected<Selection> openmpi_selection(Collective collective, std::int64_t ranks, double size_bytes,
                                      bool commutative, double element_bytes) {
  if (ranks < 2) return fail(fmt::format("Open MPI's rules start at 2 ranks, found {}", ranks));
  if (!(size_bytes >= 0)) return fail(fmt::format("size {} B: expected 0 or more", size_bytes));
  if (!(element_bytes > 0))
    return fail(fmt::format("elements of {} B: expected more than 0", element_bytes));
  Selection selection;
  const auto function = openmpi_function(collective);
  if (!function) {  // one message to each peer, as the program asks
    selection.algorithm = "shift";
    selection.library_algorithm = "point_to_point";
    return selection;
  }
  OpenMpiCall call;
  call.function = *function;
  call.ranks = ranks;
  call.bytes = looks_at_blocks(*function) ? size_bytes / static_cast<double>(ranks) : size_bytes;
  call.element_bytes = element_bytes;
  call.commutative = commutative;
  const auto choice = openmpi_choice(call);
  const Ours ours = ours_for(call, choice.runs);
  selection.library_algorithm = openmpi_algorithm(*function, choice.chosen);
  selection.algorithm = ours.name;
  selection.radix = ours.radix;
  return selection;
}

}  // namespace collscale
