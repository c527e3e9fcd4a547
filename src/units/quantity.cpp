// SPDX-License-Identifier: Apache-2.0
#include "units/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include "units/number.hpp"

namespace collscale {
namespace {

constexpr std::string_view kSize = "a size such as 8B, 64KiB or 8MB";
constexpr std::string_view kBandwidth = "a bandwidth such as 400Gb/s or 50GB/s";
constexpr std::string_view kTime = "a time such as 1.5us, 350ns or 2ms";

struct Prefix {
  std::string_view text;
  double factor;
};

// Longest first within a letter, so that "Mi" is not read as "M" and an "i".
constexpr std::array<Prefix, 14> kPrefixes{{{"Ki", 0x1p10},
                                            {"ki", 0x1p10},
                                            {"Mi", 0x1p20},
                                            {"Gi", 0x1p30},
                                            {"Ti", 0x1p40},
                                            {"Pi", 0x1p50},
                                            {"Ei", 0x1p60},
                                            {"k", 1e3},
                                            {"K", 1e3},
                                            {"M", 1e6},
                                            {"G", 1e9},
                                            {"T", 1e12},
                                            {"P", 1e15},
                                            {"E", 1e18}}};

/// Takes a prefix off the front of `unit`; without one: "" and 1.
Prefix take_prefix(std::string_view& unit) {
  for (const Prefix& prefix : kPrefixes) {
    if (unit.substr(0, prefix.text.size()) == prefix.text) {
      unit.remove_prefix(prefix.text.size());
      return prefix;
    }
  }
  return {"", 1};
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (const std::string_view candidate : names) {
    if (text == candidate) return true;
  }
  return false;
}

bool is_byte(std::string_view unit) {
  return is_one_of(unit, {"B", "byte", "bytes", "Byte", "Bytes"});
}
bool is_bit(std::string_view unit) { return is_one_of(unit, {"b", "bit", "bits", "Bit", "Bits"}); }

tl::unexpected<Error> unknown_unit(std::string_view text, std::string_view unit,
                                   std::string_view what) {
  return fail(fmt::format("\"{}\" has the unknown unit \"{}\": expected {}", text, unit, what));
}

/// A user's size is a whole number of bytes; "1.1MB" is one although 1.1 is not a binary fraction.
Expected<double> whole_bytes(std::string_view text, double bytes) {
  const double whole = std::round(bytes);
  if (!std::isfinite(bytes) || whole > 0x1p63) {
    return fail(fmt::format("\"{}\" is out of range: expected {}", text, kSize));
  }
  if (std::abs(bytes - whole) > 1e-9 * bytes) {
    return fail(fmt::format("\"{}\" is {} bytes: expected a whole number of bytes", text, bytes));
  }
  return whole;
}

/// The one letter of a decimal prefix alone ("M"), or nothing.
std::optional<char> lone_prefix(std::string_view unit) {
  if (unit.size() == 1 && std::string_view("kKMGTPE").find(unit[0]) != std::string_view::npos) {
    return unit[0];
  }
  return std::nullopt;
}

double decimal_factor(std::string_view letter) { return take_prefix(letter).factor; }
double binary_factor(char letter) {
  const std::array<char, 2> prefix{letter, 'i'};
  std::string_view text(prefix.data(), prefix.size());
  return take_prefix(text).factor;
}

std::string_view upper_k(std::string_view letter) { return letter == "k" ? "K" : letter; }
std::string_view lower_k(std::string_view letter) { return letter == "K" ? "k" : letter; }

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Expected<NumberAndRest> parse_number(std::string_view text, std::string_view what) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return fail(fmt::format("expected {}, found nothing", what));
  double value = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [rest, status] = std::from_chars(trimmed.data(), end, value);
  if (status == std::errc::result_out_of_range) {
    return fail(fmt::format("\"{}\" is out of range: expected {}", trimmed, what));
  }
  if (status != std::errc{}) return fail(fmt::format("\"{}\" is not {}", trimmed, what));
  if (!std::isfinite(value))
    return fail(fmt::format("\"{}\" is not finite: expected {}", trimmed, what));
  if (std::signbit(value))
    return fail(fmt::format("\"{}\" is negative: expected {}", trimmed, what));
  const auto length = static_cast<std::size_t>(rest - trimmed.data());
  return NumberAndRest{value, trimmed.substr(0, length), trim(trimmed.substr(length))};
}

Expected<double> parse_size_bytes(std::string_view text) {
  const auto number = parse_number(text, kSize);
  if (!number) return tl::make_unexpected(number.error());
  const auto [value, digits, unit] = *number;
  text = trim(text);
  if (unit.empty()) {
    return fail(fmt::format("\"{}\" has no unit: write {}B for bytes, or {}KiB, {}MB", text, digits,
                            digits, digits));
  }
  if (const auto letter = lone_prefix(unit)) {
    return fail(fmt::format("\"{}\" is ambiguous: write {}{}iB ({:.15g} B) or {}{}B ({:.15g} B)",
                            text, digits, upper_k(unit), value * binary_factor(*letter), digits,
                            lower_k(unit), value * decimal_factor(unit)));
  }
  std::string_view rest = unit;
  const Prefix prefix = take_prefix(rest);
  if (is_byte(rest)) return whole_bytes(text, value * prefix.factor);
  if (is_bit(rest)) {
    return fail(fmt::format("\"{}\" counts bits (b is a bit, B a byte): write {}{}B for bytes",
                            text, digits, prefix.text));
  }
  if (rest.empty()) {
    return fail(fmt::format("\"{}\" lacks the B of bytes: write {}{}B", text, digits, prefix.text));
  }
  return unknown_unit(text, unit, kSize);
}

Expected<double> parse_nccl_tests_size_bytes(std::string_view text) {
  const auto number = parse_number(text, kSize);
  if (!number) return tl::make_unexpected(number.error());
  const auto [value, digits, unit] = *number;
  text = trim(text);
  if (unit.empty() || is_byte(unit)) return whole_bytes(text, value);
  const char letter = unit == "m" ? 'M' : unit == "g" ? 'G' : unit == "t" ? 'T' : unit[0];
  if (unit.size() == 1 && std::string_view("kKMGT").find(letter) != std::string_view::npos) {
    return whole_bytes(text, value * binary_factor(letter));
  }
  std::string_view rest = unit;
  const Prefix prefix = take_prefix(rest);
  if (is_byte(rest) && prefix.text.size() == 2) return whole_bytes(text, value * prefix.factor);
  if (is_byte(rest) && prefix.text.size() == 1) {
    return fail(fmt::format(
        "\"{}\" means {}{}iB to nccl-tests and {:.15g} bytes elsewhere: write {}{}iB", text, digits,
        upper_k(prefix.text), value * prefix.factor, digits, upper_k(prefix.text)));
  }
  return unknown_unit(text, unit,
                      "a size such as 8, 64K or 8M (nccl-tests' meaning: M is 2^20 bytes)");
}

Expected<double> parse_bandwidth_Bps(std::string_view text) {
  const auto number = parse_number(text, kBandwidth);
  if (!number) return tl::make_unexpected(number.error());
  const auto [value, digits, unit] = *number;
  text = trim(text);
  if (unit.empty()) {
    return fail(fmt::format("\"{}\" has no unit: write {}Gb/s (bits) or {}GB/s (bytes)", text,
                            digits, digits));
  }
  std::string_view rest = unit;
  const Prefix prefix = take_prefix(rest);
  if (rest.empty() || rest == "/s" || rest == "ps") {
    return fail(fmt::format("\"{}\" is ambiguous: write {}{}b/s (bits) or {}{}B/s (bytes)", text,
                            digits, prefix.text, digits, prefix.text));
  }
  const bool per_second = rest.size() > 2 && is_one_of(rest.substr(rest.size() - 2), {"/s", "ps"});
  if (!per_second) {
    if (is_byte(rest) || is_bit(rest)) {
      return fail(fmt::format("\"{}\" is an amount: write {}/s for a bandwidth", text, text));
    }
    return unknown_unit(text, unit, kBandwidth);
  }
  rest = trim(rest.substr(0, rest.size() - 2));
  double bandwidth_Bps = value * prefix.factor;
  if (is_bit(rest)) {
    bandwidth_Bps /= 8;
  } else if (!is_byte(rest)) {
    return unknown_unit(text, unit, kBandwidth);
  }
  if (!std::isfinite(bandwidth_Bps)) {
    return fail(fmt::format("\"{}\" is out of range: expected {}", text, kBandwidth));
  }
  return bandwidth_Bps;
}

Expected<double> parse_time_s(std::string_view text) {
  const auto number = parse_number(text, kTime);
  if (!number) return tl::make_unexpected(number.error());
  const auto [value, digits, unit] = *number;
  text = trim(text);
  if (unit.empty()) {
    return fail(
        fmt::format("\"{}\" has no unit: write {}us, {}ms or {}s", text, digits, digits, digits));
  }
  // Divided by a whole power of ten rather than multiplied by 1e-6, which is not a binary fraction.
  if (unit == "s") return value;
  if (unit == "ms") return value / 1e3;
  if (is_one_of(unit, {"us", "\xC2\xB5s", "\xCE\xBCs"}))
    return value / 1e6;  // the micro sign, the letter mu
  if (unit == "ns") return value / 1e9;
  if (unit == "ps") return value / 1e12;
  return unknown_unit(text, unit, kTime);
}

}  // namespace collscale
