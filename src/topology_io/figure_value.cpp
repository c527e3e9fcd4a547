// SPDX-License-Identifier: Apache-2.0
#include "topology_io/figure_value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include "units/quantity.hpp"

namespace collscale {

namespace {

/// The whole text as a number, or NaN.
double number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  return status == std::errc{} && rest == end ? value : std::nan("");
}

Expected<double> checked(bool valid, double value, std::string_view text,
                         std::string_view expected) {
  if (valid) return value;
  return fail(fmt::format("found \"{}\", expected {}", text, expected));
}

}  // namespace

Expected<double> parse_figure_value(Quantity quantity, std::string_view text) {
  constexpr std::int64_t kMaxCount = 1 << 24;  // no single count of a system comes near
  switch (quantity) {
    case Quantity::count: {
      std::int64_t value = 0;
      const char* end = text.data() + text.size();
      const auto [rest, status] = std::from_chars(text.data(), end, value);
      const bool whole = status == std::errc{} && rest == end;
      if (whole && value > kMaxCount) {
        return fail(fmt::format("found \"{}\", expected at most {}", text, kMaxCount));
      }
      return checked(whole && value >= 1, static_cast<double>(value), text, "a whole number ≥ 1");
    }
    case Quantity::ratio: {
      const double value = number(text);
      return checked(value > 0 && std::isfinite(value), value, text, "a number > 0");
    }
    case Quantity::share: {
      const double value = number(text);
      return checked(value > 0 && value <= 1, value, text, "a number in (0, 1]");
    }
    case Quantity::bandwidth: {
      const Expected<double> value = parse_bandwidth_Bps(text);
      if (!value) return value;
      return checked(*value > 0, *value, text, "a bandwidth > 0");
    }
    case Quantity::time:
      return parse_time_s(text);
    case Quantity::size: {
      const Expected<double> value = parse_size_bytes(text);
      if (!value) return value;
      return checked(*value > 0, *value, text, "a size > 0");
    }
  }
  return fail("unknown quantity");
}

}  // namespace collscale
