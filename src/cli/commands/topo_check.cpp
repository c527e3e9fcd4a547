// SPDX-License-Identifier: Apache-2.0
// `collscale topo check`: what can be proved of systems, and what is wrong with them.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands/topo.hpp"
#include "cli/commands/topo_fabric.hpp"
#include "cli/figure_text.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology/proof.hpp"
#include "topology/summary.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

/// A bare word is a file where there is one, else the name of a system or a family.
Inspection inspect(const std::string& text) {
  std::error_code status;
  if (text.find('/') == std::string::npos && std::filesystem::exists(text, status))
    return inspect_system("./" + text);
  return inspect_system(text);
}

struct Verdict {
  std::string name;  ///< as it was given
  Inspection inspection;
  std::optional<Proof> proof{};
  [[nodiscard]] bool is_sound() const { return inspection.errors.empty(); }
};

Verdict judge(const std::string& text) {
  Verdict verdict{text, inspect(text)};
  if (!verdict.inspection.system) return verdict;
  verdict.proof = prove(*verdict.inspection.system);
  if (!verdict.proof->connected)
    verdict.inspection.errors.push_back(
        fmt::format("{}: {}", verdict.name, verdict.proof->broken_pair));
  return verdict;
}

/// "3 tiers", "3 dimensions", "dragonfly, 9 groups".
std::string shape_words(const System& system) {
  if (std::holds_alternative<Dragonfly>(system.fabric)) return tiers_words(system);
  const auto* clos = std::get_if<Clos>(&system.fabric);
  const std::size_t number =
      clos != nullptr ? clos->tiers.size() : std::get<Torus>(system.fabric).dimensions.size();
  return fmt::format("{} {}{}", number, clos != nullptr ? "tier" : "dimension",
                     number == 1 ? "" : "s");
}

std::string sound_text(const Verdict& verdict, bool details) {
  const System& system = *verdict.inspection.system;
  const LabelCounts counts = label_counts(system);
  std::string out = fmt::format(
      "ok   {}: {} accelerators, {}, every pair of ranks connected, {} figures ({})\n",
      verdict.name,
      quantity_text(Quantity::count, system.nodes.value * system.node.accelerators.value),
      shape_words(system), counts.all(), label_words(counts));
  if (details) {
    constexpr std::size_t kIndent = 14;
    for (const Proof::Line& line : verdict.proof->lines) {
      std::string_view about = line.about;
      for (const std::string& text : wrap(line.text, kPageWidth - kIndent)) {
        out += fmt::format("     {:7}  {}\n", about, text);
        about = "";
      }
    }
  }
  for (const std::string& warning : verdict.inspection.warnings)
    out += fmt::format("     warning: {}\n", warning);
  return out;
}

Json json_of(const Verdict& verdict) {
  Json json{{"file", verdict.name},
            {"sound", verdict.is_sound()},
            {"errors", verdict.inspection.errors},
            {"warnings", verdict.inspection.warnings}};
  if (!verdict.proof || !verdict.is_sound()) return json;
  const System& system = *verdict.inspection.system;
  json["name"] = system.name;
  json["accelerators"] = std::llround(system.nodes.value * system.node.accelerators.value);
  json["ranks"] = max_ranks(system);
  json["labels"] = labels_json(system);
  Json proved = Json::object();
  for (const Proof::Line& line : verdict.proof->lines) proved[line.about] = line.text;
  json["proved"] = proved;
  json["exhaustive"] = verdict.proof->exhaustive;
  json["walked_pairs"] = verdict.proof->walked_pairs;
  return json;
}

}  // namespace

Expected<void> run(const TopoCheckOptions& options, const Terminal&) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  std::string verdicts;
  Json json = Json::array();
  std::size_t bad = 0;
  std::vector<std::string> errors;
  for (const std::string& file : options.files) {
    const Verdict verdict = judge(file);
    json.push_back(json_of(verdict));
    if (verdict.is_sound()) {
      verdicts += sound_text(verdict, options.files.size() == 1);
      continue;
    }
    ++bad;
    for (const std::string& error : verdict.inspection.errors) {
      verdicts += fmt::format("bad  {}\n", error);
      errors.push_back(error);
    }
  }
  if (auto written = write_text(options.json, Json{{"systems", json}}.dump(2) + "\n"); !written)
    return written;
  if (errors.size() == 1 && options.files.size() == 1) return fail(errors.front());
  if (!takes_stdout(options.json)) print_result(verdicts);
  if (bad == 0) return {};
  if (options.files.size() == 1)
    return fail(fmt::format("{} has {} problems", options.files.front(), errors.size()));
  return fail(fmt::format("{} of {} topology files cannot be used", bad, options.files.size()));
}

}  // namespace collscale
