// SPDX-License-Identifier: Apache-2.0
#include "sim/job_placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>

#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// A line of a file with its number.
struct Line {
  std::int64_t value;
  std::size_t number;
};

Expected<std::vector<Line>> read_numbers(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"),
                                                             &std::fclose);
  if (!file) return fail(fmt::format("{}: cannot be read", path));
  std::string text;
  std::vector<char> buffer(1U << 16U);
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;)
    text.append(buffer.data(), got);
  if (std::ferror(file.get()) != 0) return fail(fmt::format("{}: cannot be read", path));
  std::vector<Line> lines;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++number;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    line = line.substr(0, line.find('#'));
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    if (line.empty()) continue;
    const auto value = whole_number(line);
    if (!value)
      return fail(fmt::format("{}:{}: \"{}\" is not the number of a node or rank", path, number,
                              line.substr(0, 40)));
    lines.push_back({*value, number});
  }
  return lines;
}

}  // namespace

Expected<PlacementSpec> parse_placement(std::string_view text) {
  using Kind = PlacementSpec::Kind;
  PlacementSpec spec;
  spec.text = std::string(text);
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const bool has_value = colon != std::string_view::npos;
  const std::string_view value = has_value ? text.substr(colon + 1) : std::string_view();
  if (kind == "packed" || kind == "random" || kind == "random-ranks") {
    if (has_value) return fail(fmt::format("\"{}\": {} takes no value", text, kind));
    if (kind == "random") spec.kind = Kind::random;
    if (kind == "random-ranks") spec.kind = Kind::random_ranks;
    return spec;
  }
  if (kind == "strided") {
    spec.kind = Kind::strided;
    const auto stride = whole_number(value);
    if (!stride || *stride < 1)
      return fail(fmt::format(
          "\"{}\": expected a whole number of nodes of at least 1, as in strided:4", text));
    spec.stride = *stride;
    return spec;
  }
  if (kind == "file") {
    if (value.empty()) return fail(fmt::format("\"{}\" names no file, as in file:nodes.txt", text));
    spec.kind = Kind::file;
    spec.path = std::string(value);
    return spec;
  }
  return fail(
      fmt::format("no placement \"{}\"{}", text,
                  suggestion(kind, {"packed", "random", "random-ranks", "strided", "file"})));
}

Expected<JobPlacement> JobPlacement::make(const PlacementSpec& spec, std::int64_t ranks,
                                          std::int64_t nodes, std::int64_t per_node,
                                          std::uint64_t seed) {
  using Kind = PlacementSpec::Kind;
  JobPlacement placement;
  placement.kind_ = spec.kind;
  placement.text_ = spec.text;
  placement.per_node_ = Divisor(per_node);
  placement.nodes_ = nodes;
  placement.stride_ = spec.stride;
  // A stream of its own, apart from hashes and failures.
  const std::uint64_t stream = seed * 0x9e3779b97f4a7c15U + 0x706c616365U;
  const std::int64_t job_nodes = (ranks + per_node - 1) / per_node;
  switch (spec.kind) {
    case Kind::packed:
      break;
    case Kind::strided:
      if (spec.stride >= nodes && nodes > 1)
        return fail(fmt::format("{}: the system has {} nodes, expected a smaller stride", spec.text,
                                format_count(nodes)));
      break;
    case Kind::random:
      placement.permutation_ = Permutation(nodes, stream);
      break;
    case Kind::random_ranks:
      placement.keeps_nodes_ = false;
      placement.permutation_ = Permutation(nodes * per_node, stream);
      break;
    case Kind::file: {
      const auto lines = read_numbers(spec.path);
      if (!lines) return tl::unexpected(lines.error());
      const auto count = static_cast<std::int64_t>(lines->size());
      if (count != job_nodes && count != ranks)
        return fail(fmt::format("{}: {} numbers, expected {} (nodes) or {} (ranks)", spec.path,
                                format_count(count), format_count(job_nodes), format_count(ranks)));
      placement.keeps_nodes_ = count == job_nodes;
      const std::string_view unit = placement.keeps_nodes_ ? "node" : "rank";
      const std::int64_t most = placement.keeps_nodes_ ? nodes : nodes * per_node;
      std::vector<bool> taken(static_cast<std::size_t>(most), false);
      for (const Line& line : *lines) {
        if (line.value >= most)
          return fail(fmt::format("{}:{}: {} {}: the system has {} to {}", spec.path, line.number,
                                  unit, line.value, 0, most - 1));
        if (taken[static_cast<std::size_t>(line.value)])
          return fail(
              fmt::format("{}:{}: {} {} is there twice", spec.path, line.number, unit, line.value));
        taken[static_cast<std::size_t>(line.value)] = true;
        placement.listed_.push_back(static_cast<std::int32_t>(line.value));
      }
      break;
    }
  }
  return placement;
}

std::int64_t JobPlacement::node_of(std::int64_t job_node) const {
  using Kind = PlacementSpec::Kind;
  switch (kind_) {
    case Kind::random:
      return permutation_(job_node);
    case Kind::strided: {
      // The first nodes mod stride_ residues have one node more.
      const std::int64_t longer = nodes_ % stride_;
      const std::int64_t each = nodes_ / stride_;
      const std::int64_t in_longer = longer * (each + 1);
      const std::int64_t residue =
          job_node < in_longer ? job_node / (each + 1) : longer + (job_node - in_longer) / each;
      const std::int64_t turn =
          job_node < in_longer ? job_node % (each + 1) : (job_node - in_longer) % each;
      return turn * stride_ + residue;
    }
    case Kind::file:
      return listed_[static_cast<std::size_t>(job_node)];
    case Kind::packed:
    case Kind::random_ranks:
      break;
  }
  return job_node;
}

std::int64_t JobPlacement::rank_of(std::int64_t job_rank) const {
  return kind_ == PlacementSpec::Kind::file ? listed_[static_cast<std::size_t>(job_rank)]
                                            : permutation_(job_rank);
}

}  // namespace collscale
