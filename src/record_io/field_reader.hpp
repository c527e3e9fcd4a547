// SPDX-License-Identifier: Apache-2.0
// Reads the fields of one JSON object and keeps the first error, so that a list of fields reads as
// a list. Includes a heavy header: for the .cpp files of this folder only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "units/error.hpp"
#include "units/suggest.hpp"

namespace collscale {

using Json = nlohmann::ordered_json;

class FieldReader {
 public:
  /// `place` begins every error: "runs.json: record 3". Anything but an object is an error at once.
  FieldReader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object())
      set_error(fmt::format("{}: expected an object, found {}", place_, object.type_name()));
  }

  struct Range {
    double low = -HUGE_VAL;
    double high = HUGE_VAL;
    bool whole = false;
  };

  std::string text(const std::string& key, std::string fallback, bool required = false) {
    const Json* const value = find(key, required);
    if (value == nullptr) return fallback;
    if (!value->is_string()) return refuse_type(key, *value, "text"), fallback;
    return value->get<std::string>();
  }

  /// Nothing where the field is null or absent; that is an error if it is required.
  std::optional<double> number(const std::string& key, Range range, bool required = true) {
    const Json* const value = find(key, required);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) return refuse_type(key, *value, "a number"), std::nullopt;
    const double x = value->get<double>();
    if (!std::isfinite(x) || x < range.low || x > range.high ||
        (range.whole && x != std::floor(x))) {
      refuse(key, fmt::format("{} is out of range: expected {} from {} to {}", value->dump(),
                              range.whole ? "a whole number" : "a number", range.low, range.high));
      return std::nullopt;
    }
    return x;
  }

  /// Required where there is no fallback.
  std::int64_t integer(const std::string& key, std::int64_t low,
                       std::optional<std::int64_t> fallback) {
    const auto value = number(key, {static_cast<double>(low), 0x1p53, true}, !fallback);
    return value ? static_cast<std::int64_t>(*value) : fallback.value_or(low);
  }

  bool boolean(const std::string& key, bool fallback) {
    const Json* const value = find(key, false);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) return refuse_type(key, *value, "true or false"), fallback;
    return value->get<bool>();
  }

  /// nullptr where there is none.
  const Json* object(const std::string& key, bool required = true) {
    const Json* const value = find(key, required);
    if (value == nullptr || value->is_object()) return value;
    return refuse_type(key, *value, "an object"), nullptr;
  }

  const Json* array(const std::string& key, bool required = false) {
    const Json* const value = find(key, required);
    if (value == nullptr || value->is_array()) return value;
    return refuse_type(key, *value, "a list"), nullptr;
  }

  /// Refuses a field that nothing asked for and that is not in `tolerated`.
  void refuse_unknown(const std::vector<std::string>& tolerated) {
    if (failed()) return;
    for (const auto& [key, value] : object_.items()) {
      if (is_in(key, asked_) || is_in(key, tolerated)) continue;
      return set_error(
          fmt::format("{}: unknown field \"{}\"{}", place_, key, suggestion(key, asked_)));
    }
  }

  void refuse(const std::string& key, const std::string& why) {
    set_error(fmt::format("{}: {}: {}", place_, key, why));
  }
  void take_error(const FieldReader& part) {
    if (part.failed()) set_error(part.error().message);
  }
  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }
  const std::string& place() const { return place_; }

 private:
  static bool is_in(const std::string& key, const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  }

  void set_error(std::string message) {
    if (!error_) error_ = Error{std::move(message)};
  }

  void refuse_type(const std::string& key, const Json& value, std::string_view expected) {
    refuse(key, fmt::format("expected {}, found {}", expected, value.type_name()));
  }

  const Json* find(const std::string& key, bool required) {
    asked_.push_back(key);
    if (failed()) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end() && !found->is_null()) return &*found;
    if (required) {
      std::vector<std::string> written;
      for (const auto& [other, value] : object_.items()) written.push_back(other);
      const std::string near = nearest_name(key, written);
      const std::string hint =
          near.empty() || near == key ? "" : fmt::format(" (found \"{}\")", near);
      set_error(fmt::format("{}: the field \"{}\" is missing{}", place_, key, hint));
    }
    return nullptr;
  }

  const Json& object_;
  std::string place_;
  std::optional<Error> error_;
  std::vector<std::string> asked_;
};

}  // namespace collscale
