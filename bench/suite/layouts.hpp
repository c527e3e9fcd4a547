// SPDX-License-Identifier: Apache-2.0
// --layout: the same points on sub-communicators. What is here knows neither MPI nor NCCL.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/suite/points.hpp"
#include "bench/suite/process_setup.hpp"
#include "measure/layout.hpp"
#include "record_io/results_file.hpp"

namespace collscale {

/// The layouts of --layout over the nodes that there are, and with --groups in-turn each of their
/// groups as one more.
struct LayoutPlan {
  std::vector<RankGroups> asked;  ///< as the user named them
  struct GroupSet {
    RankGroups groups;      ///< those that run at the same time
    std::size_t asked = 0;  ///< whose groups they are
    std::size_t first = 0;  ///< the place of the first of them in it
  };
  std::vector<GroupSet> sets;  ///< BenchPoint::group_set counts these
};

/// `node_of` as nodes_of_ranks gives it, or what --ranks-per-node makes of it: block by block.
std::vector<int> nodes_as_asked(const BenchOptions& options, std::vector<int> node_of);

/// "layout node: ..." as "--layout node: ...", "no layout ..." as "--layout: no layout ...".
std::string as_option_error(const std::string& message);

/// `read(path)` gives a file's text. Fails as make_rank_groups and parse_rank_groups.
template <class Read>
Expected<LayoutPlan> plan_layouts(const BenchOptions& options, const std::vector<int>& node_of,
                                  Read&& read) {
  LayoutPlan plan;
  for (const std::string& layout : options.layouts) {
    Expected<RankGroups> groups = fail("");
    if (const std::string_view file = "file:"; layout.starts_with(file)) {
      const std::string path = layout.substr(file.size());
      const Expected<std::string> text = read(path);
      if (!text) return tl::unexpected(text.error());
      groups = parse_rank_groups(*text, path, static_cast<std::int64_t>(node_of.size()));
    } else {
      groups = make_rank_groups(layout, node_of);
    }
    if (!groups) return fail(as_option_error(groups.error().message), groups.error().code);
    const std::size_t asked = plan.asked.size();
    if (options.groups_in_turn) {
      std::size_t first = 0;
      for (RankGroups& alone : one_by_one(*groups))
        plan.sets.push_back({std::move(alone), asked, first++});
    } else {
      plan.sets.push_back({*groups, asked, 0});
    }
    plan.asked.push_back(std::move(*groups));
  }
  return plan;
}

/// The text of a file that process 0 reads, on every process.
template <Coordinator C>
Expected<std::string> read_on_process_0(C& processes, const std::string& path) {
  Expected<std::string> file;
  if (processes.rank() == 0) file = read_text_file(path);
  if (processes.agree(file ? 1 : 0) == 0)
    return fail(fmt::format("--layout: {}", file ? "" : file.error().message));
  std::string text = std::move(*file);
  text.resize(static_cast<std::size_t>(processes.agree(static_cast<std::int64_t>(text.size()))));
  if constexpr (requires { processes.broadcast(std::span<char>(text)); }) {
    processes.broadcast(std::span<char>(text));
  }
  return text;
}

/// Which ranks are on which node, and in which groups: what decides the numbers of layouts and of
/// --matrix, for a file's context.
Context grouping_context(const BenchOptions& options, const LayoutPlan& plan,
                         const std::vector<int>& node_of);

/// The points of every layout, layout by layout, as make_points.
Expected<PointList> make_layout_points(const BenchOptions& options, const LayoutPlan& plan,
                                       const std::vector<int>& node_of,
                                       const AlgorithmsOf& algorithms = {});

/// Gathers what each group took, to say which is the slowest.
class GroupTimes {
 public:
  explicit GroupTimes(const LayoutPlan& plan) : plan_(plan) {}
  /// `group_time_s` is the median of each group of the point's set. A point may come several times
  /// (turns, repetitions): each group then has the median over them.
  void add(const BenchPoint& point, const std::vector<double>& group_time_s);
  /// Of a point that an earlier run measured, whose file had this record and context.
  void keep(const BenchPoint& point, const Record& record, const Context& context);
  /// "1.2e-06 1.3e-06", the times in seconds of groups that measured together, by
  /// "group_times/BENCHMARK".
  [[nodiscard]] Context so_far() const;
  /// One sentence for each layout of several groups, by "slowest_group/layout:L".
  [[nodiscard]] Context closing() const;

 private:
  const LayoutPlan& plan_;
  using Times = std::vector<double>;  ///< of one group
  /// By layout asked for, and by benchmark without its layout: the groups' times.
  std::map<std::size_t, std::map<std::string, std::vector<Times>>> times_s_;
  /// By benchmark: the times of groups that measured together.
  std::map<std::string, std::vector<Times>> together_s_;
};

}  // namespace collscale
