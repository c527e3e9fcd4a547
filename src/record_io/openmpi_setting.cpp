// SPDX-License-Identifier: Apache-2.0
#include "record_io/openmpi_setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "record_io/importer.hpp"
#include "record_io/log_text.hpp"
#include "selector/openmpi/openmpi.hpp"

namespace collscale {
namespace {

std::string_view unquoted_word(std::string_view word) {
  const auto first = std::min(word.find_first_not_of("'\""), word.size());
  return word.substr(first, word.find_last_not_of("'\"") + 1 - first);
}

/// What the last of "NAME 4", "NAME=4" and "OMPI_MCA_NAME=4" sets.
std::string_view setting(const std::vector<std::string_view>& words, const std::string& name) {
  static constexpr std::string_view kVariable = "OMPI_MCA_";
  std::string_view value;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.starts_with(kVariable)) word.remove_prefix(kVariable.size());
    if (!word.starts_with(name)) continue;
    if (word.size() == name.size() && i + 1 < words.size()) value = words[i + 1];
    if (word.substr(name.size()).starts_with('=')) value = word.substr(name.size() + 1);
  }
  return unquoted_word(value);
}

std::string named(OpenMpiFunction function, std::string_view number_text) {
  const auto number = to_integer(number_text);
  if (!number || *number < 0 || *number > 100) return std::string(number_text);
  const auto name = openmpi_algorithm(function, static_cast<int>(*number));
  if (*number == 0) return "auto";
  return name.empty() ? std::string(number_text) : algorithm_name(name);
}

/// That the benchmarks of others call: theirs of reduce_scatter is not that of one block.
std::optional<OpenMpiFunction> function_of(Collective collective) {
  if (collective == Collective::reduce_scatter) return OpenMpiFunction::reduce_scatter;
  const auto function = openmpi_function(collective);
  return function ? std::optional(*function) : std::nullopt;
}

}  // namespace

std::string forced_algorithm(std::string_view command, Collective collective) {
  const auto words = split_words(command);
  const auto function = function_of(collective);
  const std::string_view dynamic = setting(words, "coll_tuned_use_dynamic_rules");
  if (!function || dynamic.empty() || dynamic == "0" || dynamic == "false") return "auto";
  const std::string_view number =
      setting(words, fmt::format("coll_tuned_{}_algorithm", name(*function)));
  return number.empty() ? "auto" : named(*function, number);
}

std::string openmpi_algorithm_named(std::string_view text, Collective collective) {
  const auto function = function_of(collective);
  if (!function || collective == Collective::reduce_scatter) return std::string(text);
  return named(*function, text);
}

}  // namespace collscale
