// SPDX-License-Identifier: Apache-2.0
#include "measure/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <system_error>

#include "scenario/group_layout.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

/// The ranks node by node. Fails unless every node has as many.
Expected<std::vector<int>> ranks_by_node(std::string_view layout, std::span<const int> node_of) {
  std::map<int, std::vector<int>> nodes;  // the first rank of a node decides its place
  std::map<int, int> place;
  for (std::size_t rank = 0; rank < node_of.size(); ++rank) {
    const int next = static_cast<int>(place.size());
    const int node = place.try_emplace(node_of[rank], next).first->second;
    nodes[node].push_back(static_cast<int>(rank));
  }
  std::vector<int> ordered;
  const std::vector<int>& first = nodes.at(0);
  for (const auto& [node, ranks] : nodes) {
    if (ranks.size() != first.size())
      return fail(
          fmt::format("layout {}: the node of rank {} has {} ranks and that of rank {} has {}, "
                      "equally many are expected",
                      layout, first.front(), first.size(), ranks.front(), ranks.size()));
    ordered.insert(ordered.end(), ranks.begin(), ranks.end());
  }
  return ordered;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view kBetween = " \t\r,";
  for (std::size_t at = line.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBetween, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBetween, end);
  }
  return words;
}

std::optional<std::int64_t> rank_in(std::string_view text, std::int64_t ranks) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 0 || value >= ranks)
    return std::nullopt;
  return value;
}

}  // namespace

Expected<RankGroups> make_rank_groups(std::string_view layout, std::span<const int> node_of) {
  const auto ranks = static_cast<std::int64_t>(node_of.size());
  const std::string_view kind = layout.substr(0, layout.find(':'));
  std::vector<int> ordered;
  std::int64_t per_node = 1;
  if (kind == "node" || kind == "rail") {
    auto by_node = ranks_by_node(layout, node_of);
    if (!by_node) return tl::unexpected(by_node.error());
    ordered = std::move(*by_node);
    const std::set<int> nodes(node_of.begin(), node_of.end());
    per_node = ranks / static_cast<std::int64_t>(nodes.size());
  } else {
    for (std::int64_t rank = 0; rank < ranks; ++rank) ordered.push_back(static_cast<int>(rank));
  }
  const auto parsed = parse_layout(layout, per_node, ranks);
  if (!parsed) return tl::unexpected(parsed.error());
  RankGroups made;
  made.name = layout;
  const bool one_was_asked_for = parsed->last - parsed->first < parsed->groups;
  for (std::int64_t group = parsed->first; group < parsed->last; ++group) {
    RankGroup& one = made.groups.emplace_back();
    const bool whole_name = one_was_asked_for || layout == "all";
    one.name = whole_name ? made.name : fmt::format("{}:{}", layout, group);
    for (std::int64_t member = 0; member < parsed->size; ++member)
      one.ranks.push_back(ordered[static_cast<std::size_t>(parsed->rank(group, member))]);
  }
  return made;
}

Expected<RankGroups> parse_rank_groups(std::string_view text, std::string_view path,
                                       std::int64_t ranks) {
  RankGroups made;
  // A path in a benchmark's name would look like more of its parts.
  made.name = fmt::format("file:{}", path.substr(path.find_last_of('/') + 1));
  std::map<std::int64_t, int> line_of;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const auto where = [&] { return fmt::format("layout file:{}:{}", path, number); };
    const auto words = words_of(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    RankGroup group{fmt::format("{}:{}", made.name, made.groups.size()), {}};
    for (const std::string_view word : words) {
      const auto dash = word.find('-');
      const auto first = rank_in(word.substr(0, dash), ranks);
      const auto last =
          dash == std::string_view::npos ? first : rank_in(word.substr(dash + 1), ranks);
      if (!first || !last || *last < *first)
        return fail(
            fmt::format("{}: \"{}\": a rank from 0 to {}, or a range such as 0-3, is "
                        "expected",
                        where(), word, ranks - 1));
      for (std::int64_t rank = *first; rank <= *last; ++rank) {
        if (const auto [before, fresh] = line_of.emplace(rank, number); !fresh)
          return fail(fmt::format("{}: rank {} is already in the group of line {}", where(), rank,
                                  before->second));
        group.ranks.push_back(static_cast<int>(rank));
      }
    }
    if (group.ranks.size() < 2)
      return fail(fmt::format("{}: a group of 1 rank, at least 2 are needed", where()));
    if (!made.groups.empty() && group.ranks.size() != made.groups.front().ranks.size())
      return fail(
          fmt::format("{}: a group of {} ranks after one of {}: groups of the same size "
                      "are expected, other sizes in a file of their own",
                      where(), group.ranks.size(), made.groups.front().ranks.size()));
    made.groups.push_back(std::move(group));
  }
  if (made.groups.empty())
    return fail(
        fmt::format("layout file:{}: no groups in it; one a line is expected, such as "
                    "0-3",
                    path));
  return made;
}

std::vector<RankGroups> one_by_one(const RankGroups& groups) {
  std::vector<RankGroups> alone;
  for (const RankGroup& group : groups.groups) alone.push_back({group.name, {group}});
  return alone;
}

std::int64_t nodes_of_a_group(const RankGroups& groups, std::span<const int> node_of) {
  std::size_t most = 0;
  for (const RankGroup& group : groups.groups) {
    std::set<int> nodes;
    for (const int rank : group.ranks) nodes.insert(node_of[static_cast<std::size_t>(rank)]);
    most = std::max(most, nodes.size());
  }
  return static_cast<std::int64_t>(most);
}

std::string format_ranks(std::span<const int> ranks, std::string_view between, int most_runs) {
  std::string text;
  int runs = 0;
  for (std::size_t begin = 0; begin < ranks.size();) {
    if (++runs > most_runs) return text + fmt::format("{}... ({} in all)", between, ranks.size());
    std::size_t last = begin;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (!text.empty()) text += between;
    text += fmt::format("{}", ranks[begin]);
    if (last > begin) text += fmt::format("{}{}", last == begin + 1 ? between : "-", ranks[last]);
    begin = last + 1;
  }
  return text;
}

std::optional<SlowGroup> slowest_group(std::span<const double> group_time_s) {
  if (group_time_s.size() < 2) return std::nullopt;
  const auto slowest = std::max_element(group_time_s.begin(), group_time_s.end());
  // The lower middle: of two groups the other one is what the slowest is held against.
  const double usual_s = lower_median(group_time_s);
  if (!(*slowest > kSlowGroupRatio * usual_s)) return std::nullopt;
  return SlowGroup{static_cast<std::size_t>(slowest - group_time_s.begin()), *slowest / usual_s};
}

}  // namespace collscale
