// SPDX-License-Identifier: Apache-2.0
#include "cli/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "record_io/importer.hpp"
#include "units/quantity.hpp"
#include "units/range.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

template <class Integer>
Expected<Integer> parse_integer(const std::string& text, Integer least) {
  Integer value{};
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc{} || rest != end || value < least)
    return fail(fmt::format("\"{}\" is not a whole number of at least {}", text, least));
  return value;
}

/// "8,8,4" or "4x2": positive numbers in the order given.
Expected<std::vector<std::int64_t>> parse_counts(const std::string& text, char separator) {
  std::vector<std::int64_t> counts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    auto count = parse_integer<std::int64_t>(text.substr(start, end - start), 1);
    if (!count) return tl::unexpected(count.error());
    counts.push_back(*count);
    start = end + 1;
  }
  return counts;
}

}  // namespace

Expected<std::string> parse_text(const std::string& text) {
  if (text.empty()) return fail("expected a value, found nothing");
  return text;
}

Expected<std::uint64_t> parse_seed(const std::string& text) {
  return parse_integer<std::uint64_t>(text, 0);
}

Expected<std::int64_t> parse_count(const std::string& text) {
  return parse_integer<std::int64_t>(text, 1);
}

Expected<std::vector<std::int64_t>> parse_group_sizes(const std::string& text) {
  auto ranks = parse_ranks(text);
  if (ranks && std::any_of(ranks->begin(), ranks->end(), [](std::int64_t n) { return n < 2; }))
    return fail(fmt::format("\"{}\" asks for 1 rank: a collective needs at least 2", text));
  return ranks;
}

Expected<std::int64_t> parse_group_size(const std::string& text) {
  return parse_integer<std::int64_t>(text, 2);
}

Expected<std::int64_t> parse_number(const std::string& text) {
  return parse_integer<std::int64_t>(text, 0);
}

Expected<double> parse_one_size(const std::string& text) { return parse_size_bytes(text); }

Expected<double> parse_share(const std::string& text) {
  double value{};
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const double share = unit == "%" ? value / 100 : value;
  if (status != std::errc{} || (unit != "%" && !unit.empty()) || !(share >= 0) || share >= 1)
    return fail(fmt::format("\"{}\" is not a share such as 20% or 0.2, below 100%", text));
  return share;
}

Expected<double> parse_nanoseconds(const std::string& text) {
  double value{};
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc{} || rest != end || !(value >= 0) || value > 1e6)
    return fail(fmt::format("\"{}\" is not a number of nanoseconds", text));
  return value;
}

Expected<std::int32_t> parse_chunks(const std::string& text) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto count = parse_count(text);
  if (!count) return tl::unexpected(count.error());
  if (*count > kMost) return fail(fmt::format("{} chunks: expected at most {}", *count, kMost));
  return static_cast<std::int32_t>(*count);
}

Expected<std::map<std::string, std::string>> parse_columns(const std::string& text) {
  std::map<std::string, std::string> columns;
  std::string_view rest = text;
  while (true) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == pair.size()) {
      return fail(fmt::format("expected OURS=THEIRS, such as time_us=latency, found \"{}\"", pair));
    }
    const std::string ours(pair.substr(0, equals));
    if (!columns.emplace(ours, pair.substr(equals + 1)).second)
      return fail(fmt::format("names \"{}\" twice", ours));
    if (pair.size() == rest.size()) return columns;
    rest.remove_prefix(pair.size() + 1);
  }
}

Expected<Engine> parse_library(const std::string& text) {
  if (const auto engine = library_engine(text)) return *engine;
  return fail(fmt::format("unknown library \"{}\", expected NCCL, RCCL or MPI", text));
}

Expected<Engine> parse_model_engine(const std::string& text) {
  if (text == name(Engine::analytic)) return Engine::analytic;
  if (text == name(Engine::flow)) return Engine::flow;
  if (text == name(Engine::event)) return Engine::event;
  return fail(fmt::format("no engine \"{}\" here{}", text,
                          suggestion(text, {"analytic", "flow", "event"})));
}

Expected<std::vector<std::int64_t>> parse_node_sizes(const std::string& text) {
  return parse_counts(text, ',');
}

Expected<std::vector<std::int64_t>> parse_dimensions(const std::string& text) {
  return parse_counts(text, 'x');
}

}  // namespace collscale
