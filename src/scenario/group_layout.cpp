// SPDX-License-Identifier: Apache-2.0
#include "scenario/group_layout.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <system_error>
#include <vector>

#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

Expected<GroupLayout> equal_groups(std::string_view text, std::int64_t ranks, std::int64_t size,
                                   bool strided) {
  if (size < 2)
    return fail(fmt::format("layout {}: groups of {} rank{} among {}, at least 2 are needed", text,
                            size, size == 1 ? "" : "s", format_count(ranks)));
  if (ranks % size != 0)
    return fail(fmt::format("layout {}: {} ranks are not a multiple of {}", text,
                            format_count(ranks), format_count(size)));
  GroupLayout layout;
  layout.size = size;
  layout.groups = layout.last = ranks / size;
  layout.group_hop = strided ? 1 : size;
  layout.member_hop = strided ? layout.groups : 1;
  return layout;
}

/// The whole numbers after the colons.
Expected<std::vector<std::int64_t>> numbers_of(std::string_view text, std::size_t colon) {
  std::vector<std::int64_t> numbers;
  while (colon != std::string_view::npos) {
    const auto next = text.find(':', colon + 1);
    const char* const end = text.data() + (next == std::string_view::npos ? text.size() : next);
    std::int64_t value = 0;
    const auto [rest, status] = std::from_chars(text.data() + colon + 1, end, value);
    if (status != std::errc{} || rest != end)
      return fail(fmt::format("layout {}: a whole number is expected after \":\"", text));
    numbers.push_back(value);
    colon = next;
  }
  return numbers;
}

}  // namespace

Expected<GroupLayout> parse_layout(std::string_view text, std::int64_t ranks_per_node,
                                   std::int64_t ranks) {
  const auto colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const auto numbers = numbers_of(text, colon);
  if (!numbers) return tl::unexpected(numbers.error());
  const bool counted = kind == "stride" || kind == "split";
  const bool by_node = kind == "node" || kind == "rail";
  if (!counted && !by_node && kind != "all" && kind != "pairs")
    return fail(
        fmt::format("no layout \"{}\"{}", text,
                    suggestion(kind, {"all", "node", "rail", "pairs", "stride:K", "split:N"})));
  if (counted && (numbers->empty() || numbers->front() < 1))
    return fail(fmt::format("layout {}: {}:N with N at least 1 is expected", text, kind));
  if (numbers->size() > (counted ? 2U : 1U))
    return fail(fmt::format("layout {}: at most one group is expected after it", text));
  if (by_node && ranks % ranks_per_node != 0)
    return fail(fmt::format("layout {}: {} ranks do not fill nodes of {}", text,
                            format_count(ranks), ranks_per_node));
  if (kind == "pairs" && ranks % 2 != 0)
    return fail(
        fmt::format("layout {}: {} ranks are not a multiple of 2", text, format_count(ranks)));
  if (kind == "stride" && ranks % numbers->front() != 0)
    return fail(fmt::format("layout {}: {} ranks are not a multiple of {}", text,
                            format_count(ranks), format_count(numbers->front())));
  std::int64_t size = ranks;
  if (kind == "node") size = ranks_per_node;
  if (kind == "rail") size = ranks / ranks_per_node;
  if (kind == "pairs") size = 2;
  if (kind == "stride") size = ranks / numbers->front();
  if (kind == "split") size = numbers->front();
  auto layout =
      equal_groups(text, ranks, size, kind == "rail" || kind == "pairs" || kind == "stride");
  if (!layout || numbers->size() == (counted ? 1U : 0U)) return layout;
  const std::int64_t only = numbers->back();
  if (only < 0 || only >= layout->groups)
    return fail(fmt::format("layout {}: there are {} of them, from 0 on", text,
                            format_count(layout->groups)));
  layout->first = only;
  layout->last = only + 1;
  return layout;
}

}  // namespace collscale
