// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/layouts.hpp"

#include <algorithm>
#include <sstream>

#include "bench/suite/resume.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

std::string about(const RankGroups& groups, std::int64_t nodes) {
  const std::size_t count = groups.groups.size();
  std::string text = fmt::format("layout {}: {} group{} of {} ranks on {} node{}{}: ", groups.name,
                                 count, count == 1 ? "" : "s", groups.size(), nodes,
                                 nodes == 1 ? "" : "s", count == 1 ? "" : " each, all at once");
  constexpr std::size_t kShown = 4;
  for (std::size_t g = 0; g < std::min(count, kShown); ++g) {
    if (g > 0) text += " | ";
    text += format_ranks(groups.groups[g].ranks);
  }
  if (count > kShown) text += " | ...";
  return text;
}

std::string all_groups(const std::vector<std::vector<int>>& groups) {
  std::string text;
  for (const std::vector<int>& ranks : groups) {
    text.append(text.empty() ? "" : " | ").append(format_ranks(ranks));
  }
  return text;
}

}  // namespace

Context grouping_context(const BenchOptions& options, const LayoutPlan& plan,
                         const std::vector<int>& node_of) {
  if (plan.asked.empty() && !options.matrix) return {};
  Context context;
  std::map<int, std::vector<int>> nodes;
  for (std::size_t rank = 0; rank < node_of.size(); ++rank)
    nodes[node_of[rank]].push_back(static_cast<int>(rank));
  std::vector<std::vector<int>> groups;
  for (auto& [node, ranks] : nodes) groups.push_back(std::move(ranks));
  context["ranks_of_nodes"] = context_text(all_groups(groups));
  context["groups"] = options.groups_in_turn ? "in-turn" : "together";
  for (const RankGroups& layout : plan.asked) {
    groups.clear();
    for (const RankGroup& group : layout.groups) groups.push_back(group.ranks);
    context["layout/" + layout.name] = context_text(all_groups(groups));
  }
  return context;
}

std::vector<int> nodes_as_asked(const BenchOptions& options, std::vector<int> node_of) {
  if (options.ranks_per_node) {
    for (std::size_t rank = 0; rank < node_of.size(); ++rank)
      node_of[rank] = static_cast<int>(static_cast<std::int64_t>(rank) / *options.ranks_per_node);
  }
  return node_of;
}

std::string as_option_error(const std::string& message) {
  // Those of the simulators know no files.
  return fmt::format("{}{}{}", message.starts_with("layout ") ? "--" : "--layout: ", message,
                     message.find("; valid: ") == std::string::npos ? "" : ", file:PATH");
}

Expected<PointList> make_layout_points(const BenchOptions& options, const LayoutPlan& plan,
                                       const std::vector<int>& node_of,
                                       const AlgorithmsOf& algorithms) {
  PointList all;
  for (std::size_t set = 0; set < plan.sets.size(); ++set) {
    const RankGroups& groups = plan.sets[set].groups;
    const std::int64_t nodes = nodes_of_a_group(groups, node_of);
    // One communicator of all ranks is what a run without --layout measures: the same benchmark.
    const std::string layout = groups.name == "all" ? "" : groups.name;
    auto list = make_points(options, groups.size(), nodes, layout, algorithms);
    if (!list) {
      // A filter, or algorithms that need other numbers of ranks, may leave nothing of one layout.
      const bool may_lack = !options.benchmark.filter.empty() ||
                            options.algorithms != std::vector<std::string>{"auto"};
      if (may_lack && set + 1 < plan.sets.size()) continue;
      if (may_lack && !all.points.empty()) break;
      return list;
    }
    for (BenchPoint& point : list->points) {
      point.group_set = set;
      point.groups = static_cast<std::int64_t>(groups.groups.size());
      point.about = about(groups, nodes);
      all.points.push_back(std::move(point));
    }
    for (const std::string& left : list->left_out)
      all.left_out.push_back(fmt::format("{} on {}", left, groups.name));
  }
  return all;
}

void GroupTimes::add(const BenchPoint& point, const std::vector<double>& group_time_s) {
  const LayoutPlan::GroupSet& set = plan_.sets[point.group_set];
  Scenario plain = point.scenario;
  plain.layout.clear();
  auto& times = times_s_[set.asked][benchmark_name(plain)];
  times.resize(plan_.asked[set.asked].groups.size());
  auto& together = together_s_[full_benchmark_name(point.scenario)];
  together.resize(group_time_s.size());
  for (std::size_t g = 0; g < group_time_s.size(); ++g) {
    times[set.first + g].push_back(group_time_s[g]);
    together[g].push_back(group_time_s[g]);
  }
}

void GroupTimes::keep(const BenchPoint& point, const Record& record, const Context& context) {
  if (plan_.sets.empty()) return;
  std::vector<double> group_time_s;
  if (point.groups == 1) {
    group_time_s = {record.time_s};
  } else if (const auto found = context.find("group_times/" + full_benchmark_name(point.scenario));
             found != context.end()) {
    std::istringstream text(found->second);
    for (double time_s = 0; text >> time_s;) group_time_s.push_back(time_s);
  }
  // Without them the point is left out of the closing sentence.
  if (std::ssize(group_time_s) == point.groups) add(point, group_time_s);
}

Context GroupTimes::so_far() const {
  Context context;
  for (const auto& [benchmark, groups] : together_s_) {
    if (groups.size() < 2) continue;
    std::string& text = context["group_times/" + benchmark];
    for (const Times& times : groups)
      text += fmt::format("{}{}", text.empty() ? "" : " ", lower_median(times));
  }
  return context;
}

Context GroupTimes::closing() const {
  Context closing;
  for (const auto& [asked, by_benchmark] : times_s_) {
    const RankGroups& layout = plan_.asked[asked];
    std::vector<int> slowest(layout.groups.size(), 0);
    std::vector<double> ratio(layout.groups.size(), 1.0);
    int points = 0;
    for (const auto& [benchmark, groups] : by_benchmark) {
      // Interrupted before each group had its turn.
      if (std::any_of(groups.begin(), groups.end(), [](const Times& of) { return of.empty(); }))
        continue;
      std::vector<double> times;
      for (const Times& of : groups) times.push_back(lower_median(of));
      ++points;
      if (const auto slow = slowest_group(times)) {
        ++slowest[slow->group];
        ratio[slow->group] = std::max(ratio[slow->group], slow->ratio);
      }
    }
    if (layout.groups.size() < 2 || points == 0) continue;
    const auto most = std::max_element(slowest.begin(), slowest.end());
    std::string sentence;
    if (*most == 0) {
      sentence = fmt::format("layout {}: all {} groups are within {:.0f} % of their median",
                             layout.name, layout.groups.size(), 100 * (kSlowGroupRatio - 1));
    } else {
      const auto group = static_cast<std::size_t>(most - slowest.begin());
      sentence = fmt::format(
          "layout {}: the slowest group is {} (ranks {}): slowest at {} of {} points, up to {:.2f} "
          "times the median group",
          layout.name, layout.groups[group].name, format_ranks(layout.groups[group].ranks), *most,
          points, ratio[group]);
    }
    closing["slowest_group/layout:" + layout.name] = sentence;
  }
  return closing;
}

}  // namespace collscale
