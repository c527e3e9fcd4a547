// SPDX-License-Identifier: Apache-2.0
#include "units/range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

#include "units/number.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// A sweep is read by people: more points than this is a slip ("x1.0001"), not a wish.
constexpr std::size_t kMostPoints = 10'000;
/// Whole numbers up to here are exact as double.
constexpr std::int64_t kLargest = std::int64_t{1} << 53;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// What differs between a sweep of sizes and one of ranks.
struct Kind {
  std::string_view what;     ///< "size"
  std::string_view example;  ///< of a range
  Expected<double> (*parse)(std::string_view);
};

Expected<double> at_least_a_byte(Expected<double> size_bytes, std::string_view text) {
  if (size_bytes && *size_bytes < 1)
    return fail(fmt::format("\"{}\" is no size to sweep: expected at least 1B", text));
  return size_bytes;
}

Expected<double> parse_one_size(std::string_view text) {
  return at_least_a_byte(parse_size_bytes(text), text);
}

Expected<double> parse_one_nccl_tests_size(std::string_view text) {
  return at_least_a_byte(parse_nccl_tests_size_bytes(text), text);
}

Expected<double> parse_one_count(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, count);
  if (text.empty() || rest != end || status == std::errc::invalid_argument) {
    return fail(
        fmt::format("\"{}\" is not a number of ranks: expected a whole number such as 8", text));
  }
  if (status == std::errc::result_out_of_range || count > kLargest) {
    return fail(fmt::format("\"{}\" is too many ranks", text));
  }
  if (count < 1)
    return fail(fmt::format("\"{}\" is not a number of ranks: expected at least 1", text));
  return static_cast<double>(count);
}

constexpr Kind kSizes{"size", "8B:1GiB:x2 or 8B:64B:+8B", parse_one_size};
constexpr Kind kNcclTestsSizes{"size", "8:1G:x2 or 8:64:+8", parse_one_nccl_tests_size};
constexpr Kind kRanks{"rank", "8:100000:x2 or 8:64:+8", parse_one_count};

tl::unexpected<Error> bad_range(const Kind& kind, std::string_view text) {
  return fail(fmt::format(
      "\"{}\" is not a range: expected START:END:xFACTOR or START:END:+STEP, such as {}", text,
      kind.example));
}

Expected<void> append_range(const Kind& kind, std::string_view text, std::vector<double>& values) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 3 || parts[2].empty()) return bad_range(kind, text);
  const auto start = kind.parse(parts[0]);
  if (!start) return tl::make_unexpected(start.error());
  const auto end = kind.parse(parts[1]);
  if (!end) return tl::make_unexpected(end.error());
  if (*end < *start) return fail(fmt::format("the range \"{}\" ends below its start", text));

  double factor = 1;
  double step = 0;
  const std::string_view stride = parts[2].substr(1);
  if (parts[2][0] == 'x') {
    const auto number = parse_number(stride, "a factor such as x2");
    if (!number) return tl::make_unexpected(number.error());
    if (!number->rest.empty()) return bad_range(kind, text);
    if (number->value <= 1) return fail(fmt::format("the factor of \"{}\" is not above 1", text));
    factor = number->value;
  } else if (parts[2][0] == '+') {
    const auto size = kind.parse(stride);
    if (!size) return tl::make_unexpected(size.error());
    step = *size;
  } else {
    return bad_range(kind, text);
  }

  std::size_t points = 0;
  for (double value = *start; value < *end; value = value * factor + step) {
    if (++points > kMostPoints)
      return fail(fmt::format("the range \"{}\" has more than {} points", text, kMostPoints));
    values.push_back(std::round(value));
  }
  values.push_back(*end);
  return {};
}

Expected<std::vector<double>> parse_sweep(const Kind& kind, std::string_view text) {
  if (trim(text).empty())
    return fail(
        fmt::format("expected a {} or a range such as {}, found nothing", kind.what, kind.example));
  std::vector<double> values;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) return fail(fmt::format("\"{}\" has an empty entry", text));
    if (part.find(':') != std::string_view::npos) {
      if (auto done = append_range(kind, part, values); !done)
        return tl::make_unexpected(done.error());
      continue;
    }
    const auto value = kind.parse(part);
    if (!value) return tl::make_unexpected(value.error());
    values.push_back(*value);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

Expected<std::vector<double>> parse_sizes(std::string_view text) {
  return parse_sweep(kSizes, text);
}

Expected<std::vector<double>> parse_nccl_tests_sizes(std::string_view text) {
  return parse_sweep(kNcclTestsSizes, text);
}

Expected<std::vector<std::int64_t>> parse_ranks(std::string_view text) {
  const auto values = parse_sweep(kRanks, text);
  if (!values) return tl::make_unexpected(values.error());
  std::vector<std::int64_t> ranks;
  ranks.reserve(values->size());
  for (const double value : *values) ranks.push_back(static_cast<std::int64_t>(value));
  return ranks;
}

}  // namespace collscale
