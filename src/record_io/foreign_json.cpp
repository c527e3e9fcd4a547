// SPDX-License-Identifier: Apache-2.0
#include "record_io/foreign_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace collscale {

const ForeignJson* member(const ForeignJson& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string text_member(const ForeignJson& object, const char* key) {
  const ForeignJson* const value = member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::optional<double> number_member(const ForeignJson& object, const char* key) {
  const ForeignJson* const value = member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(std::clamp(value, 0.0, 0x1p53));
}

}  // namespace collscale
