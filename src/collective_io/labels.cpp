// SPDX-License-Identifier: Apache-2.0
#include "collective_io/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kSame = 1e-9;

bool whole(double value) { return std::abs(value - std::round(value)) < kSame; }

/// The rectangles origins × destinations that the pairs form: "0-3→7".
std::string pair_ranges(const std::vector<std::int64_t>& blocks, std::int64_t ranks) {
  std::map<std::int64_t, std::vector<std::int64_t>> by_origin;
  for (const std::int64_t block : blocks) by_origin[block / ranks].push_back(block % ranks);
  std::map<std::vector<std::int64_t>, std::vector<std::int64_t>> by_destinations;
  for (const auto& [origin, destinations] : by_origin)
    by_destinations[destinations].push_back(origin);
  // The order of the first origins, not that of the destinations.
  std::map<std::int64_t, std::string> texts;
  for (const auto& [destinations, origins] : by_destinations)
    texts[origins.front()] = fmt::format("{}→{}", ranges(origins), ranges(destinations));
  std::string all;
  for (const auto& [origin, text] : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

/// The smallest q of which all the edges are multiples of 1/q; 0: none below a thousand.
std::int64_t common_parts(const std::vector<double>& edges) {
  for (std::int64_t q = 1; q < 1000; ++q)
    if (std::all_of(edges.begin(), edges.end(),
                    [q](double edge) { return whole(edge * static_cast<double>(q)); }))
      return q;
  return 0;
}

/// "part 2/8" of every block, or nothing where whole blocks travel.
std::string part_text(const ExecutionTrace& trace, const ExecutedMessage& message) {
  if (message.cells.empty() || trace.atom_edges.size() < 3) return {};
  std::set<std::int64_t> atoms;
  for (const CellName cell : message.cells) atoms.insert(cell.atom);
  if (atoms.size() + 1 == trace.atom_edges.size()) return {};
  std::vector<double> edges;  // of the runs of atoms: where one begins and where it ends
  for (const std::int64_t atom : atoms) {
    const double low = trace.atom_edges[static_cast<std::size_t>(atom)];
    const double high = trace.atom_edges[static_cast<std::size_t>(atom) + 1];
    if (!edges.empty() && edges.back() == low)
      edges.back() = high;
    else
      edges.insert(edges.end(), {low, high});
  }
  const std::int64_t q = common_parts(edges);
  if (q == 0) return fmt::format("part {:.3g}..{:.3g}", edges.front(), edges.back());
  std::vector<std::int64_t> parts;
  for (std::size_t run = 0; run < edges.size(); run += 2)
    for (auto part = std::lround(edges[run] * static_cast<double>(q));
         part < std::lround(edges[run + 1] * static_cast<double>(q)); ++part)
      parts.push_back(part + 1);
  return fmt::format("part {}/{}", ranges(parts), q);
}

}  // namespace

std::string vertex_name(const Schedule& schedule, std::int64_t vertex) {
  return vertex < schedule.ranks ? fmt::format("{}", vertex)
                                 : fmt::format("switch {}", vertex - schedule.ranks);
}

bool blocks_are_pairs(const Schedule& schedule, const ExecutionTrace& trace) {
  return schedule.ranks > 1 && trace.blocks == schedule.ranks * schedule.ranks;
}

std::string ranges(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (std::size_t first = 0; first < numbers.size();) {
    std::size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += first == last ? fmt::format("{}", numbers[first])
                          : fmt::format("{}-{}", numbers[first], numbers[last]);
    first = last + 1;
  }
  return text;
}

std::string payload_label(const Schedule& schedule, const ExecutionTrace& trace,
                          const ExecutedMessage& message) {
  std::set<std::int64_t> unique;
  for (const CellName cell : message.cells) unique.insert(cell.block);
  const std::vector<std::int64_t> blocks(unique.begin(), unique.end());
  std::string text;
  const std::string part = part_text(trace, message);
  if (static_cast<std::int64_t>(blocks.size()) == trace.blocks && trace.blocks > 1)
    return part.empty() ? "all" : part;
  if (blocks_are_pairs(schedule, trace))
    text = pair_ranges(blocks, schedule.ranks);
  else
    text = ranges(blocks);
  return part.empty() ? text : text + " " + part;
}

std::int64_t block_count(const ExecutedMessage& message) {
  std::set<std::int64_t> unique;
  for (const CellName cell : message.cells) unique.insert(cell.block);
  return static_cast<std::int64_t>(unique.size());
}

std::string fraction_of_size(double fraction) {
  constexpr std::int64_t kLargest = 1 << 16;
  constexpr double kExact = 1e-11;  // a sum of a thousand fractions is as exact as that
  if (fraction == 0) return "0";
  // Continued fractions: the best ratio for every length of the denominator.
  double rest = fraction;
  std::int64_t p = 1, q = 0, p_before = 0, q_before = 1;
  while (true) {
    const double term = std::floor(rest + kSame);
    if (term > kLargest) break;
    const auto a = static_cast<std::int64_t>(term);
    const std::int64_t next_p = a * p + p_before;
    const std::int64_t next_q = a * q + q_before;
    p_before = p;
    q_before = q;
    p = next_p;
    q = next_q;
    if (q > kLargest || p > kLargest) break;
    if (std::abs(fraction - static_cast<double>(p) / static_cast<double>(q)) <
        kExact * std::max(1.0, fraction)) {
      const std::string numerator = p == 1 ? "S" : fmt::format("{}S", p);
      return q == 1 ? numerator : fmt::format("{}/{}", numerator, q);
    }
    rest = 1 / (rest - term);
  }
  return fmt::format("{:.4g} S", fraction);
}

std::string amount(double fraction, double size_bytes) {
  return size_bytes > 0 ? format_size(fraction * size_bytes) : fraction_of_size(fraction);
}

std::string_view operation_words(Transfer transfer) {
  switch (transfer) {
    case Transfer::copy:
      return "copies";
    case Transfer::accumulate:
      return "adds";
    case Transfer::give:
      return "hands over, adds";
    case Transfer::move:
      break;
  }
  return "moves";
}

std::string_view operation_name(Transfer transfer) {
  switch (transfer) {
    case Transfer::copy:
      return "copy";
    case Transfer::accumulate:
      return "accumulate";
    case Transfer::give:
      return "give";
    case Transfer::move:
      break;
  }
  return "move";
}

std::string headline(const Schedule& schedule, const ExecutionReport& report, std::int64_t rounds) {
  const auto& sent = report.sent_fraction;
  const auto [least, most] = std::minmax_element(sent.begin(), sent.end());
  const bool alike = *most - *least < kSame;
  std::string bytes;
  if (*most > 0)
    bytes = alike ? fmt::format(", every rank sends {:.4g} S", *most)
                  : fmt::format(", a rank sends at most {:.4g} S", *most);
  const std::string depth = rounds != report.depth
                                ? fmt::format("depth {}", report.depth)
                                : fmt::format("{} {}", rounds, rounds == 1 ? "step" : "steps");
  return fmt::format("{} {}, {} ranks: {}{}", schedule.algorithm, name(schedule.collective),
                     schedule.ranks, depth, bytes);
}

}  // namespace collscale
