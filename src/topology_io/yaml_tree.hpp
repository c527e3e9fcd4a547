// SPDX-License-Identifier: Apache-2.0
// A YAML file as a plain tree in which everything knows its line and column. yaml-cpp stays behind
// yaml_tree.cpp, and so do its exceptions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

struct YamlEntry;

struct YamlValue {
  enum class Kind { null, scalar, sequence, mapping } kind = Kind::null;
  int line = 1;  ///< both count from 1
  int column = 1;
  std::string text;                ///< of a scalar
  std::vector<YamlValue> items;    ///< of a sequence
  std::vector<YamlEntry> entries;  ///< of a mapping, in the order of the file
};

struct YamlEntry {
  YamlValue key;  ///< a scalar
  YamlValue value;
};

/// `file` is only named in errors: "file:line:column: ...". One document; keys are scalars and
/// stand once in a mapping; no aliases (a system has none to need, and a few lines of them can ask
/// for any amount of memory).
Expected<YamlValue> parse_yaml(const std::string& text, std::string_view file);
/// Fails with a sentence that names the file when it cannot be read.
Expected<YamlValue> read_yaml_file(const std::string& path);

}  // namespace collscale
