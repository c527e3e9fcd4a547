// SPDX-License-Identifier: Apache-2.0
#include "bench/options/benchmark_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <regex>

#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {

constexpr std::string_view kPrefix = "--benchmark_";

/// The flags that are also read from the environment.
constexpr std::array<std::string_view, 7> kFlagsWithVariable = {
    "--benchmark_context",    "--benchmark_enable_random_interleaving",
    "--benchmark_filter",     "--benchmark_list_tests",
    "--benchmark_min_time",   "--benchmark_out",
    "--benchmark_repetitions"};

/// True for the flags that may stand without a value.
bool is_switch(std::string_view flag) {
  return flag == "--benchmark_color" || flag == "--benchmark_counters_tabular" ||
         flag == "--benchmark_enable_random_interleaving" || flag == "--benchmark_list_tests";
}

const std::vector<std::string>& known_flags() {
  static const std::vector<std::string> flags = {"--benchmark_color",
                                                 "--benchmark_context",
                                                 "--benchmark_counters_tabular",
                                                 "--benchmark_enable_random_interleaving",
                                                 "--benchmark_filter",
                                                 "--benchmark_format",
                                                 "--benchmark_list_tests",
                                                 "--benchmark_min_time",
                                                 "--benchmark_out",
                                                 "--benchmark_out_format",
                                                 "--benchmark_repetitions"};
  return flags;
}

std::string variable(std::string_view flag) {
  std::string name(flag.substr(2));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

bool is_true(const std::string& value) {
  std::string lower = value;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !(lower == "0" || lower == "f" || lower == "n" || lower == "false" || lower == "no" ||
           lower == "off");
}

/// `where` is the flag or the variable, as the user wrote it.
Expected<void> apply(BenchmarkFlags& flags, const std::string& flag, const std::string& value,
                     const std::string& where) {
  if (flag == "--benchmark_enable_random_interleaving") {
    if (is_true(value)) {
      return fail(where +
                  ": random interleaving is refused: every process would shuffle the "
                  "benchmarks in an order of its own, and collectives of different sizes "
                  "would meet");
    }
  } else if (flag == "--benchmark_filter") {
    flags.filter = value == "all" ? "" : value;
  } else if (flag == "--benchmark_list_tests") {
    flags.list = is_true(value);
  } else if (flag == "--benchmark_out") {
    flags.out = value;
  } else if (flag == "--benchmark_out_format" || flag == "--benchmark_format") {
    const bool out = flag == "--benchmark_out_format";
    if (value != (out ? "json" : "console")) {
      return fail(fmt::format("{}={}: expected {}", where, value,
                              out ? "json, the only format of result files"
                                  : "console; --json - writes the records to stdout"));
    }
  } else if (flag == "--benchmark_repetitions") {
    char* end = nullptr;
    const long count = std::strtol(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0' || count < 1 || count > 1000) {
      return fail(fmt::format("{}={}: expected a whole number from 1 to 1000", where, value));
    }
    flags.repetitions = static_cast<int>(count);
  } else if (flag == "--benchmark_min_time") {
    const bool has_unit = !value.empty() && std::isalpha(static_cast<unsigned char>(value.back()));
    const auto seconds = parse_time_s(has_unit ? value : value + "s");
    if (!seconds) {
      return fail(fmt::format("{}={}: expected a time in seconds", where, value));
    }
    flags.min_time_s = *seconds;
  } else if (flag == "--benchmark_context") {
    std::size_t begin = 0;
    while (begin < value.size()) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      const std::string pair = value.substr(begin, end - begin);
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos || equals == 0) {
        return fail(fmt::format("{}: found \"{}\", expected key=value", where, pair));
      }
      flags.context[pair.substr(0, equals)] = pair.substr(equals + 1);
      begin = end + 1;
    }
  }
  return {};  // colour and tabular counters have nothing to change here
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::vector<std::string> deciding_variables() {
  std::vector<std::string> variables;
  for (const std::string_view flag : kFlagsWithVariable) {
    // Where the file goes decides nothing: one rank writes it.
    if (flag != "--benchmark_out") {
      variables.push_back(variable(flag));
    }
  }
  return variables;
}

Expected<BenchmarkFlags> take_benchmark_flags(std::vector<std::string>& arguments,
                                              const Environment& environment) {
  BenchmarkFlags flags;
  for (const std::string_view flag : kFlagsWithVariable) {
    const std::optional<std::string> value = environment(variable(flag));
    if (value && !value->empty()) {
      if (auto applied = apply(flags, std::string(flag), *value, variable(flag)); !applied) {
        return tl::unexpected(applied.error());
      }
    }
  }
  std::vector<std::string> others;
  for (const std::string& argument : arguments) {
    if (argument.rfind(kPrefix, 0) != 0) {
      others.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string flag = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "true" : argument.substr(equals + 1);
    const auto& known = known_flags();
    if (std::find(known.begin(), known.end(), flag) == known.end()) {
      return fail(fmt::format("unknown flag {}{}", flag, suggestion(flag, known)));
    }
    if (equals == std::string::npos && !is_switch(flag)) {
      return fail(fmt::format("{}: expected a value, as {}=VALUE", flag, flag));
    }
    if (auto applied = apply(flags, flag, value, flag); !applied) {
      return tl::unexpected(applied.error());
    }
  }
  arguments = std::move(others);
  return flags;
}

Expected<bool> selected(const std::string& name, const std::string& filter) {
  if (filter.empty()) {
    return true;
  }
  const bool inverted = filter.front() == '-';
  try {
    const std::regex expression(filter.substr(inverted ? 1 : 0), std::regex::extended);
    return std::regex_search(name, expression) != inverted;
  } catch (const std::regex_error&) {
    return fail(fmt::format("--benchmark_filter={}: expected a regular expression", filter));
  }
}

}  // namespace collscale
