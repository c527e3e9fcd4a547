// SPDX-License-Identifier: Apache-2.0
// What bench_nccl measures: points of collectives, or of initialising communicators.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bench/options/options.hpp"
#include "bench/suite/layouts.hpp"
#include "bench/suite/points.hpp"
#include "measure/nccl/nccl_batches.hpp"
#include "measure/nccl/nccl_device_group.hpp"

namespace collscale {

/// A whole number from 1 that is the same on one host since its last start.
double host_fingerprint();

/// The node of every rank, `gpus` ranks to a process.
std::vector<int> nodes_of_gpus(const std::vector<int>& node_of_process, int gpus);

/// Fails with one sentence on what this NCCL lacks, and on options that exclude one another.
Expected<void> check_nccl_options(const BenchOptions& options);

/// `ranks` and `nodes` are all there are; `node_of` by rank. Points that NCCL cannot run are
/// mistakes; an algorithm that a collective never has is left out.
Expected<PointList> nccl_points(const BenchOptions& options, const LayoutPlan& layouts,
                                const std::vector<int>& node_of, std::int64_t nodes);

/// One point, or one for each layout. Its collective is the barrier, which NCCL does not have: like
/// one, initialising moves no data of the user's and returns when all have come. Its algorithm says
/// which call: comm_init, comm_init_scalable, comm_split.
PointList init_points(const BenchOptions& options, const LayoutPlan& layouts,
                      const std::vector<int>& node_of, std::int64_t nodes);

/// The ranks of one communicator; null for all of them as they are.
const RankGroups* groups_of(const LayoutPlan& layouts, const BenchPoint& point);

/// What the file's context says of how it was measured.
Context nccl_context(const BenchOptions& options);
/// What a sample's time is, for the line over the table.
std::string about_clock(const BenchOptions& options);
DeviceTiming device_timing(const BenchOptions& options);

/// Leaves out what NCCL refuses to run with a forced algorithm. `refused(point)` tries it, the same
/// on every process, and gives NCCL's words, or "". Gives a sentence for each left out.
template <class Refused>
std::set<std::string> leave_out_refused(PointList& list, Refused&& refused) {
  std::set<std::string> sentences;
  std::map<std::string, std::string> known;
  std::erase_if(list.points, [&](const BenchPoint& point) {
    const Scenario& scenario = point.scenario;
    if (scenario.algorithm == "auto") return false;
    const std::string what =
        fmt::format("{}/{}{}{}", name(scenario.collective), scenario.algorithm,
                    scenario.layout.empty() ? "" : " on layout ", scenario.layout);
    const auto [found, is_new] = known.try_emplace(what);
    if (is_new) found->second = refused(point);
    if (found->second.empty()) return false;
    sentences.insert(fmt::format("{}: NCCL refuses it: {}", what, found->second));
    return true;
  });
  return sentences;
}

}  // namespace collscale
