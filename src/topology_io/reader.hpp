// SPDX-License-Identifier: Apache-2.0
// Takes a YAML tree apart. The first error is kept and everything after it reads as nothing, so
// that the code that uses a Reader states the format and no more.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/figure.hpp"
#include "topology_io/figure_value.hpp"
#include "topology_io/yaml_tree.hpp"

namespace collscale {

/// Where a field stands: "file:line:column".
using Places = std::map<std::string, std::string, std::less<>>;

/// A mapping of the tree with the path of fields that leads to it, "" for the root.
struct Mapping {
  const YamlValue* value = nullptr;  ///< nullptr after an error
  std::string path;                  ///< "fabric.tiers[0]"
};

class Reader {
 public:
  /// Places are noted under `prefix` + path: "node." for a node design in a file of its own.
  Reader(std::string file, std::string prefix)
      : file_(std::move(file)), prefix_(std::move(prefix)) {}

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const Places& places() const { return places_; }
  void fail_at(const YamlValue& where, std::string_view message);

  /// Refuses what is not a mapping and keys other than these.
  Mapping mapping(const YamlValue& value, std::string path, const std::vector<std::string>& keys);
  /// The mapping at a key that must be there.
  Mapping mapping(const Mapping& parent, std::string_view key,
                  const std::vector<std::string>& keys);
  /// The value at a key, or nullptr; when `required`, its absence is an error.
  const YamlValue* find(const Mapping& parent, std::string_view key, bool required = true);
  /// Text that is not empty.
  std::string text(const Mapping& parent, std::string_view key);
  /// {value: ..., label: ..., source: ...}; nothing when the key is absent and not `required`.
  std::optional<Figure> figure(const Mapping& parent, std::string_view key, Quantity quantity,
                               bool required = true);
  /// Only the label and the source of what is no single value, in a mapping that holds both.
  Figure provenance(const Mapping& parts);
  /// A bare whole number ≥ 1: for what is a choice rather than a figure.
  std::int64_t whole_number(const Mapping& parent, std::string_view key);
  /// One of the names of an enumeration, {A, B} with name(A), name(B).
  template <class Enum>
  Enum choice(const Mapping& parent, std::string_view key, std::initializer_list<Enum> all) {
    std::vector<std::string> names;
    for (const Enum candidate : all) names.emplace_back(name(candidate));
    const std::size_t index = choice_index(parent, key, names);
    return *(all.begin() + index);
  }

 private:
  void set_label(const Mapping& parts, const std::string& label, Figure& figure);
  std::size_t choice_index(const Mapping& parent, std::string_view key,
                           const std::vector<std::string>& names);
  [[nodiscard]] std::string field(const Mapping& parent, std::string_view key) const;

  std::string file_;
  std::string prefix_;
  std::optional<Error> error_;
  Places places_;
};

}  // namespace collscale
