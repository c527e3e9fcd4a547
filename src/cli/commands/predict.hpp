// SPDX-License-Identifier: Apache-2.0
// `collscale predict`: time, bandwidths and bottleneck of a collective on a system, from the
// models.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/event_options.hpp"
#include "cli/flow_options.hpp"
#include "cli/profiles.hpp"
#include "cli/selectors.hpp"
#include "cli/terminal.hpp"
#include "collective/collective.hpp"
#include "record/record.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/concurrent.hpp"
#include "units/error.hpp"

namespace collscale {

struct PredictOptions {
  std::string topology;
  Collective collective = Collective::all_reduce;
  std::vector<double> sizes_bytes;
  std::vector<std::int64_t> ranks;   ///< empty: the whole system
  std::int64_t ranks_per_node = 0;   ///< of each node, that take part; 0: all
  std::string algorithm = "auto";    ///< a registered name, "auto" (the fastest) or "all" (each)
  std::optional<Selector> selector;  ///< the library's choice instead
  std::string nccl_graphs;           ///< of selector nccl; "": as its search would find
  Engine engine = Engine::analytic;  ///< analytic, flow or event
  std::uint64_t seed = 1;            ///< of the flow engine's hashing
  PriceOptions price{};              ///< terms left out, noise, chunks
  FlowArguments flow{};              ///< placement, failures, trials, of the flow engine
  EventArguments event{};            ///< slow and late ranks, of the event engine
  bool breakdown = false;            ///< for every point; a single point always has it
  bool map = false;                  ///< only which algorithm wins, by size and ranks
  bool table = false;                ///< NCCL's matrix of algorithms and protocols for each point
  std::vector<Communicator> concurrent;  ///< beside what is asked, at once
  std::string layout;                    ///< of what is asked, then; "": all
  double background = 0;                 ///< share of every link between switches
  ProfileChoice profile{};               ///< figures fitted to measurements
  std::string json;                      ///< "": none; "-": records on stdout instead of the table
};

/// Checks what needs several options at once, and gives the selector its graphs.
Expected<PredictOptions> checked(PredictOptions options);

Expected<void> run(const PredictOptions& options, const Terminal& terminal);

/// --concurrent, --background: the first communicator is what is asked.
Expected<void> run_concurrent(const PredictOptions& options, const FlowOptions& flow,
                              const System& system, std::int64_t ranks, const Terminal& terminal);

/// --map: the winners, one letter each.
std::string map_of(const std::vector<Record>& records, bool colour);

/// --explain and --trace of one answer: the loads behind it, as text or as JSON.
Expected<void> run_explain(const PredictOptions& options, const FlowOptions& flow,
                           const System& system, const Record& record, const Terminal& terminal);

/// The system as a job of so many ranks sees it.
using SystemFunction = std::function<System(std::int64_t ranks)>;

/// --table: what NCCL computes, what it takes, and what that costs on the fabric.
Expected<void> run_table(const PredictOptions& options, const SystemFunction& system_at,
                         const std::vector<std::int64_t>& rank_counts, const Terminal& terminal);

}  // namespace collscale
