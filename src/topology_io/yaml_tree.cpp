// SPDX-License-Identifier: Apache-2.0
#include "topology_io/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace collscale {

namespace {

std::string located(std::string_view file, int line, int column, std::string_view message) {
  return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

/// Builds the tree from the parser's events. The first thing that is not allowed is kept as the
/// error and the rest of the events is passed over.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(file) {}

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  YamlValue take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(at(mark, YamlValue::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "found an alias (*name), expected the value itself");
    add(at(mark, YamlValue::Kind::null));
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    YamlValue scalar = at(mark, YamlValue::Kind::scalar);
    scalar.text = value;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open_.push_back({at(mark, YamlValue::Kind::sequence), std::nullopt});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open_.push_back({at(mark, YamlValue::Kind::mapping), std::nullopt});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlValue value;
    std::optional<YamlValue> key;  ///< of the entry whose value comes next
  };

  static YamlValue at(const YAML::Mark& mark, YamlValue::Kind kind) {
    YamlValue value;
    value.kind = kind;
    value.line = mark.line + 1;
    value.column = mark.column + 1;
    return value;
  }

  void refuse(int line, int column, std::string_view message) {
    if (!error_) error_ = Error{located(file_, line, column, message)};
  }
  void refuse(const YAML::Mark& mark, std::string_view message) {
    refuse(mark.line + 1, mark.column + 1, message);
  }

  void close() {
    YamlValue value = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(value));
  }

  void add(YamlValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.kind == YamlValue::Kind::sequence) {
      parent.value.items.push_back(std::move(value));
    } else if (parent.key) {
      parent.value.entries.push_back({std::move(*parent.key), std::move(value)});
      parent.key.reset();
    } else {
      check_key(parent.value, value);
      parent.key = std::move(value);
    }
  }

  void check_key(const YamlValue& mapping, const YamlValue& key) {
    if (key.kind != YamlValue::Kind::scalar) {
      refuse(key.line, key.column, "found a key that is not a word");
      return;
    }
    for (const YamlEntry& entry : mapping.entries) {
      if (entry.key.text == key.text) {
        refuse(key.line, key.column,
               fmt::format("found the key \"{}\" a second time, the first is on line {}", key.text,
                           entry.key.line));
      }
    }
  }

  std::string_view file_;
  std::optional<Error> error_;
  std::vector<Open> open_;
  YamlValue root_;
};

}  // namespace

Expected<YamlValue> parse_yaml(const std::string& text, std::string_view file) {
  TreeBuilder builder(file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      return fail(located(file, 1, 1, "found nothing in the file, expected a mapping"));
    }
    YamlValue root = builder.take();
    TreeBuilder more(file);
    if (parser.HandleNextDocument(more)) {
      const YamlValue next = more.take();
      return fail(located(file, next.line, next.column,
                          "found a second YAML document, expected one in a file"));
    }
    if (builder.error()) return tl::unexpected<Error>(*builder.error());
    return root;
  } catch (const YAML::Exception& error) {
    const bool known = !error.mark.is_null();
    return fail(located(file, known ? error.mark.line + 1 : 1, known ? error.mark.column + 1 : 1,
                        fmt::format("found something that is not YAML: {}", error.msg)));
  }
}

Expected<YamlValue> read_yaml_file(const std::string& path) {
  std::error_code status;
  if (std::filesystem::is_directory(path, status)) {
    return fail(fmt::format("{}: is a directory, expected a file", path));
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(fmt::format("{}: cannot be read", path));
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) return fail(fmt::format("{}: cannot be read", path));
  return parse_yaml(text.str(), path);
}

}  // namespace collscale
