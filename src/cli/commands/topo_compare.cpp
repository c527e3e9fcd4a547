// SPDX-License-Identifier: Apache-2.0
// `collscale topo compare A B`: what differs between two systems, then what is equal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "cli/commands/topo.hpp"
#include "cli/figure_text.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology/summary.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kSame = 1e-9;  ///< relative: less is how a value was computed

/// One line: a quantity or figure of either system, or of both.
struct Row {
  std::string name;
  Quantity quantity = Quantity::count;
  std::optional<Figure> a{};
  std::optional<Figure> b{};
  [[nodiscard]] bool same_value() const {
    return a && b &&
           std::abs(a->value - b->value) <=
               kSame * std::max(std::abs(a->value), std::abs(b->value));
  }
};

using Named = std::vector<std::pair<std::string, Figure>>;

/// Those of A in their order, each with its counterpart; then those that only B has.
template <class QuantityOf>
std::vector<Row> side_by_side(const Named& a, const Named& b, const QuantityOf& quantity_of_name) {
  std::vector<Row> rows;
  const auto find = [](const Named& all, const std::string& name) -> const Figure* {
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&name](const auto& each) { return each.first == name; });
    return at == all.end() ? nullptr : &at->second;
  };
  for (const auto& [name, figure] : a) {
    Row row{name, quantity_of_name(name), figure};
    if (const Figure* other = find(b, name)) row.b = *other;
    rows.push_back(std::move(row));
  }
  for (const auto& [name, figure] : b)
    if (find(a, name) == nullptr) rows.push_back({name, quantity_of_name(name), {}, figure});
  return rows;
}

/// "oversubscription of leaf" -> "oversubscription of tier 1": two fabrics name their tiers each in
/// their own way.
std::string by_number(std::string name, const Clos& clos) {
  const std::size_t of = name.rfind(" of ");
  if (of == std::string::npos) return name;
  for (std::size_t t = 0; t < clos.tiers.size(); ++t)
    if (name.substr(of + 4) == clos.tiers[t].name)
      return name.substr(0, of) + fmt::format(" of tier {}", t + 1);
  return name;
}

std::vector<Row> quantity_rows(const System& a, const System& b) {
  const bool both_clos =
      std::holds_alternative<Clos>(a.fabric) && std::holds_alternative<Clos>(b.fabric);
  std::vector<DerivedQuantity> known;
  const auto named = [&known, both_clos](const System& system) {
    Named all;
    for (DerivedQuantity& one : derived_quantities(system)) {
      if (both_clos) one.name = by_number(one.name, std::get<Clos>(system.fabric));
      all.emplace_back(one.name, Figure{one.value, Label::derived, ""});
      known.push_back(std::move(one));
    }
    return all;
  };
  const Named of_a = named(a);
  const Named of_b = named(b);
  return side_by_side(of_a, of_b, [&known](const std::string& name) {
    return std::find_if(known.begin(), known.end(),
                        [&name](const DerivedQuantity& one) { return one.name == name; })
        ->quantity;
  });
}

std::vector<Row> figure_rows(const System& a, const System& b) {
  const auto named = [](const System& system) {
    Named all;
    for_each_figure(system, [&all](std::string_view path, const Figure& figure) {
      all.emplace_back(std::string(path), figure);
    });
    return all;
  };
  return side_by_side(named(a), named(b),
                      [](const std::string& name) { return quantity_of(name); });
}

/// Words that are no figures, such as the routing.
struct WordRow {
  std::string name;
  std::string a;
  std::string b;
};

std::vector<std::pair<std::string, std::string>> choices_of(const System& system) {
  std::vector<std::pair<std::string, std::string>> all{
      {"as of", system.as_of},
      {"node", node_names(system)},
      {"scale-up", std::string(name(system.node.scale_up.kind))},
      {"fabric", fabric_words(system)}};
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) {
    std::vector<std::string> tiers;
    for (const Tier& tier : clos->tiers) tiers.push_back(tier.name);
    all.emplace_back("tiers", fmt::format("{}", fmt::join(tiers, ", ")));
    all.emplace_back("routing", name(clos->routing));
    all.emplace_back("rails", fmt::format("{}", clos->rails));
    all.emplace_back("between rails", clos->rails > 1 ? name(clos->cross_rail) : "");
    all.emplace_back("planes", fmt::format("{}", clos->planes));
  } else if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    all.emplace_back("routing", name(dragonfly->routing));
  } else {
    all.emplace_back("routing", "dimension order");
  }
  return all;
}

std::vector<WordRow> choice_rows(const System& a, const System& b) {
  std::vector<WordRow> rows;
  for (auto& [name, text] : choices_of(a)) rows.push_back({name, text, ""});
  for (auto& [name, text] : choices_of(b)) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&name = name](const WordRow& each) {
      return each.name == name;
    });
    if (row == rows.end())
      rows.push_back({name, "", text});
    else
      row->b = text;
  }
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const WordRow& row) { return row.a.empty() && row.b.empty(); }),
             rows.end());
  return rows;
}

constexpr const char* kAbsent = "–";

std::string factor_text(const Row& row) {
  if (!row.a || !row.b || row.a->value <= 0 || row.b->value <= 0) return "";
  return fmt::format("× {:.3g}", row.b->value / row.a->value);
}

std::string value_text(const std::optional<Figure>& figure, Quantity quantity) {
  return figure ? quantity_text(quantity, figure->value) : kAbsent;
}

std::string label_text(const std::optional<Figure>& figure) {
  return figure ? std::string(name(figure->label)) : "";
}

/// What of two systems differs, or what is equal.
struct Part {
  std::vector<WordRow> choices;
  std::vector<Row> quantities;
  std::vector<Row> figures;
  [[nodiscard]] bool empty() const {
    return choices.empty() && quantities.empty() && figures.empty();
  }
};

struct Comparison {
  Part different;
  Part equal;
};

Comparison compare(const System& a, const System& b) {
  Comparison all;
  for (WordRow& row : choice_rows(a, b))
    (row.a == row.b ? all.equal : all.different).choices.push_back(std::move(row));
  for (Row& row : quantity_rows(a, b))
    (row.same_value() ? all.equal : all.different).quantities.push_back(std::move(row));
  for (Row& row : figure_rows(a, b)) {
    const bool equal = row.same_value() && row.a->label == row.b->label;
    (equal ? all.equal : all.different).figures.push_back(std::move(row));
  }
  return all;
}

std::string part_text(const Part& part, const System& a, const System& b, bool colour) {
  const bool alike = a.name == b.name;
  const std::string of_a = alike ? a.origin : a.name;
  const std::string of_b = alike ? b.origin : b.name;
  std::string out;
  if (!part.choices.empty() || !part.quantities.empty()) {
    Table table({{"", Align::left}, {of_a}, {of_b}, {"second ÷\nfirst"}});
    for (const WordRow& row : part.choices)
      table.add({row.name, row.a.empty() ? kAbsent : row.a, row.b.empty() ? kAbsent : row.b, ""});
    for (const Row& row : part.quantities)
      table.add({row.name, value_text(row.a, row.quantity), value_text(row.b, row.quantity),
                 factor_text(row)});
    out += table.text(colour);
  }
  if (part.figures.empty()) return out;
  if (!out.empty()) out += "\n";
  Table table({{"figure", Align::left},
               {of_a},
               {"label", Align::left},
               {of_b},
               {"label", Align::left},
               {"second ÷\nfirst"}});
  for (const Row& row : part.figures)
    table.add({row.name, value_text(row.a, row.quantity), label_text(row.a),
               value_text(row.b, row.quantity), label_text(row.b),
               row.same_value() ? "" : factor_text(row)});
  return out + table.text(colour);
}

Json side_json(const std::optional<Figure>& figure) {
  if (!figure) return nullptr;
  return {{"value", figure->value}, {"label", name(figure->label)}, {"source", figure->source}};
}

Json part_json(const Part& part) {
  Json choices = Json::array();
  for (const WordRow& row : part.choices)
    choices.push_back({{"name", row.name}, {"a", row.a}, {"b", row.b}});
  Json json{{"choices", choices}, {"quantities", Json::array()}, {"figures", Json::array()}};
  for (const Row& row : part.quantities)
    json["quantities"].push_back({{"name", row.name},
                                  {"unit", unit_name(row.quantity)},
                                  {"a", row.a ? Json(row.a->value) : Json(nullptr)},
                                  {"b", row.b ? Json(row.b->value) : Json(nullptr)}});
  for (const Row& row : part.figures)
    json["figures"].push_back({{"name", row.name},
                               {"unit", unit_name(row.quantity)},
                               {"a", side_json(row.a)},
                               {"b", side_json(row.b)}});
  return json;
}

}  // namespace

Expected<void> run(const TopoCompareOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  const auto a = load_system(options.first);
  if (!a) return tl::unexpected(a.error());
  const auto b = load_system(options.second);
  if (!b) return tl::unexpected(b.error());
  const Comparison all = compare(*a, *b);
  if (!takes_stdout(options.json)) {
    const bool colour = terminal.colour_stdout;
    std::string out =
        bold(fmt::format("{} and {}", options.first, options.second), colour) + "\n\n";
    if (all.different.empty())
      out += "nothing differs\n";
    else
      out += part_text(all.different, *a, *b, colour);
    const std::string counts = fmt::format("{} quantities and {} figures",
                                           all.equal.choices.size() + all.equal.quantities.size(),
                                           all.equal.figures.size());
    if (options.all && !all.equal.empty())
      out += fmt::format("\nequal: {}\n\n", counts) + part_text(all.equal, *a, *b, colour);
    else
      out += fmt::format("\nequal: {}{}\n", counts, all.equal.empty() ? "" : "; --all shows them");
    print_result(out);
  }
  const Json json{{"a", {{"name", a->name}, {"origin", a->origin}}},
                  {"b", {{"name", b->name}, {"origin", b->origin}}},
                  {"different", part_json(all.different)},
                  {"equal", part_json(all.equal)}};
  return write_text(options.json, json.dump(2) + "\n");
}

}  // namespace collscale
