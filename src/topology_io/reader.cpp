// SPDX-License-Identifier: Apache-2.0
#include "topology_io/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/suggest.hpp"

namespace collscale {

namespace {

std::string_view kind_name(YamlValue::Kind kind) {
  switch (kind) {
    case YamlValue::Kind::null:
      return "nothing";
    case YamlValue::Kind::scalar:
      return "a single value";
    case YamlValue::Kind::sequence:
      return "a list";
    case YamlValue::Kind::mapping:
      return "a mapping";
  }
  return "";
}

/// How a value reads in "found ...".
std::string found(const YamlValue& value) {
  constexpr std::size_t kLongest = 40;
  if (value.kind == YamlValue::Kind::scalar) {
    const bool long_text = value.text.size() > kLongest;
    return fmt::format("\"{}{}\"", value.text.substr(0, kLongest), long_text ? "..." : "");
  }
  return std::string(kind_name(value.kind));
}

constexpr std::string_view kFigureShape = "{value: ..., label: ..., source: ...}";

}  // namespace

std::string Reader::field(const Mapping& parent, std::string_view key) const {
  return parent.path.empty() ? std::string(key) : fmt::format("{}.{}", parent.path, key);
}

void Reader::fail_at(const YamlValue& where, std::string_view message) {
  if (error_) return;
  error_ = Error{fmt::format("{}:{}:{}: {}", file_, where.line, where.column, message)};
}

Mapping Reader::mapping(const YamlValue& value, std::string path,
                        const std::vector<std::string>& keys) {
  if (error_) return {nullptr, std::move(path)};
  if (value.kind != YamlValue::Kind::mapping) {
    fail_at(value, fmt::format("{}{}found {}, expected a mapping", path, path.empty() ? "" : ": ",
                               found(value)));
    return {nullptr, std::move(path)};
  }
  for (const YamlEntry& entry : value.entries) {
    if (std::find(keys.begin(), keys.end(), entry.key.text) == keys.end()) {
      fail_at(entry.key, fmt::format("unknown key \"{}\"{}", entry.key.text,
                                     suggestion(entry.key.text, keys)));
      return {nullptr, std::move(path)};
    }
  }
  return {&value, std::move(path)};
}

Mapping Reader::mapping(const Mapping& parent, std::string_view key,
                        const std::vector<std::string>& keys) {
  const YamlValue* value = find(parent, key);
  if (value == nullptr) return {nullptr, field(parent, key)};
  return mapping(*value, field(parent, key), keys);
}

const YamlValue* Reader::find(const Mapping& parent, std::string_view key, bool required) {
  if (error_ || parent.value == nullptr) return nullptr;
  for (const YamlEntry& entry : parent.value->entries) {
    if (entry.key.text != key) continue;
    places_.emplace(prefix_ + field(parent, key),
                    fmt::format("{}:{}:{}", file_, entry.value.line, entry.value.column));
    return &entry.value;
  }
  if (required) {
    fail_at(*parent.value, parent.path.empty()
                               ? fmt::format("missing key \"{}\"", key)
                               : fmt::format("missing key \"{}\" in {}", key, parent.path));
  }
  return nullptr;
}

std::string Reader::text(const Mapping& parent, std::string_view key) {
  const YamlValue* value = find(parent, key);
  if (value == nullptr) return {};
  if (value->kind != YamlValue::Kind::scalar || value->text.empty()) {
    const std::string what = value->kind == YamlValue::Kind::scalar ? "nothing" : found(*value);
    fail_at(*value, fmt::format("{}: found {}, expected text", field(parent, key), what));
    return {};
  }
  return value->text;
}

std::optional<Figure> Reader::figure(const Mapping& parent, std::string_view key, Quantity quantity,
                                     bool required) {
  const YamlValue* value = find(parent, key, required);
  if (value == nullptr) return required ? std::optional<Figure>(Figure{}) : std::nullopt;
  const std::string path = field(parent, key);
  if (value->kind != YamlValue::Kind::mapping) {
    fail_at(*value, fmt::format("{}: found {}, expected {}", path, found(*value), kFigureShape));
    return Figure{};
  }
  const Mapping parts = mapping(*value, path, {"value", "label", "source"});
  Figure figure;
  const std::string digits = text(parts, "value");
  const std::string label = text(parts, "label");
  if (find(parts, "source", false) != nullptr) figure.source = text(parts, "source");
  if (error_) return figure;
  if (const Expected<double> number = parse_figure_value(quantity, digits)) {
    figure.value = *number;
  } else {
    fail_at(*find(parts, "value"), fmt::format("{}: {}", path, number.error().message));
  }
  set_label(parts, label, figure);
  return figure;
}

Figure Reader::provenance(const Mapping& parts) {
  Figure figure;
  const std::string label = text(parts, "label");
  if (find(parts, "source", false) != nullptr) figure.source = text(parts, "source");
  if (!error_) set_label(parts, label, figure);
  return figure;
}

void Reader::set_label(const Mapping& parts, const std::string& label, Figure& figure) {
  if (const Expected<Label> known = parse_label(label)) {
    figure.label = *known;
  } else {
    fail_at(*find(parts, "label"), fmt::format("{}: {}", parts.path, known.error().message));
  }
  if (!error_ && figure.label == Label::stated && figure.source.empty()) {
    fail_at(*parts.value,
            fmt::format("{}: found label \"stated\" without a source, expected who states it",
                        parts.path));
  }
}

std::int64_t Reader::whole_number(const Mapping& parent, std::string_view key) {
  const YamlValue* value = find(parent, key);
  if (value == nullptr) return 1;
  if (value->kind != YamlValue::Kind::scalar) {
    fail_at(*value, fmt::format("{}: found {}, expected a whole number ≥ 1", field(parent, key),
                                found(*value)));
    return 1;
  }
  const Expected<double> number = parse_figure_value(Quantity::count, value->text);
  if (!number) {
    fail_at(*value, fmt::format("{}: {}", field(parent, key), number.error().message));
    return 1;
  }
  return static_cast<std::int64_t>(*number);
}

std::size_t Reader::choice_index(const Mapping& parent, std::string_view key,
                                 const std::vector<std::string>& names) {
  const std::string word = text(parent, key);
  if (error_) return 0;
  const auto known = std::find(names.begin(), names.end(), word);
  if (known != names.end()) return static_cast<std::size_t>(known - names.begin());
  if (const YamlValue* value = find(parent, key)) {
    fail_at(*value, fmt::format("{}: unknown value \"{}\"{}", field(parent, key), word,
                                suggestion(word, names)));
  }
  return 0;
}

}  // namespace collscale
