// SPDX-License-Identifier: Apache-2.0
// The bounds grid: generated cells of collective × algorithm × system × ranks × size, each with its
// lower bounds, its closed form where one is published, and what our engines say. It is kept as a
// table in results/bounds/, for others to hold their simulators to;
//   UPDATE_GOLDEN=1 ctest --test-dir build/release -R BoundsGrid
// writes it anew.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "scenario/candidates.hpp"
#include "sim/flow.hpp"
#include "support/published_costs.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

struct GridSystem {
  const char* name;
  test::ClosOptions options;
  std::vector<std::int64_t> ranks;
};

test::ClosOptions clos(std::int64_t nodes, std::int64_t per_node, std::int64_t rails,
                       std::vector<double> children, std::vector<double> oversubscription) {
  test::ClosOptions options;
  options.nodes = nodes;
  options.per_node = options.nics = per_node;
  options.rails = rails;
  options.children = std::move(children);
  options.oversubscription = std::move(oversubscription);
  return options;
}

std::vector<GridSystem> grid_systems() {
  std::vector<GridSystem> systems = {
      {"one-switch", clos(64, 1, 1, {64}, {1}), {2, 3, 8, 64}},
      {"one-node", clos(1, 8, 1, {1}, {1}), {2, 5, 8}},
      {"nodes-of-8", clos(16, 8, 1, {16}, {1}), {16, 100, 128}},
      {"rails", clos(32, 8, 8, {16, 2}, {1, 1}), {64, 250, 256}},
      {"tapered-2-to-1", clos(64, 1, 1, {8, 8}, {2, 1}), {16, 64}},
      {"tapered-7-to-1", clos(48, 4, 4, {4, 4, 3}, {1, 7, 1}), {96, 192}},
      {"nodes-of-8-no-power-of-two", clos(15, 8, 8, {5, 3}, {3, 1}), {40, 120}},
      {"adds-up-in-network", clos(16, 8, 8, {4, 4}, {1, 1}), {8, 128}},
  };
  systems.back().options.adds_up_in_network = true;
  const auto with_links = [&systems](const char* name, ScaleUpKind kind, test::ClosOptions options,
                                     std::vector<std::int64_t> ranks) {
    options.kind = kind;
    systems.push_back({name, std::move(options), std::move(ranks)});
  };
  const test::ClosOptions one_node = clos(1, 8, 1, {1}, {1});
  const test::ClosOptions four_nodes = clos(4, 8, 8, {4}, {1});
  with_links("full-mesh-node", ScaleUpKind::full_mesh, one_node, {2, 5, 8});
  with_links("full-mesh-nodes", ScaleUpKind::full_mesh, four_nodes, {12, 32});
  with_links("links-node", ScaleUpKind::links, one_node, {2, 5, 8});
  with_links("links-nodes", ScaleUpKind::links, four_nodes, {12, 32});
  with_links("pcie-node", ScaleUpKind::pcie, one_node, {2, 5, 8});
  with_links("pcie-nodes", ScaleUpKind::pcie, four_nodes, {12, 32});
  return systems;
}

struct Row {
  std::string key;  ///< system,collective,algorithm,ranks,size
  std::vector<double> numbers;
};

constexpr const char* kColumns =
    "system,collective,algorithm,ranks,size_bytes,latency_bound_s,injection_bound_s,cut_bound_s,"
    "closed_form_s,analytic_s,flow_s";
constexpr std::size_t kClosedForm = 3;
constexpr std::size_t kAnalytic = 4;
constexpr std::size_t kFlow = 5;

/// Of a system where every pair of ranks is alike: the published formula, else NaN.
double closed_form(const GridSystem& grid, const System& system, const Algorithm& algorithm,
                   std::int64_t ranks, double size_bytes) {
  if (grid.options.per_node != 1 || grid.options.children.size() != 1) return std::nan("");
  const double alpha_s = Fabric(system).latency_s(1);
  for (const test::PublishedCost& cost : test::published_costs(alpha_s, 1 / grid.options.nic_Bps)) {
    if (cost.collective != algorithm.collective || cost.algorithm != algorithm.name) continue;
    if (cost.powers_of_two && (ranks & (ranks - 1)) != 0) continue;
    return cost.time_s(static_cast<double>(ranks), size_bytes);
  }
  return std::nan("");
}

std::vector<Row> computed() {
  const std::vector<double> sizes = {8, 1e6, 1e9};
  std::vector<Row> rows;
  for (const GridSystem& grid : grid_systems()) {
    const System system = test::clos_system(grid.options);
    for (const Algorithm& algorithm : algorithms()) {
      for (const std::int64_t ranks : grid.ranks) {
        const auto analytic =
            predict_analytic(system, algorithm.collective, algorithm.name, ranks, sizes);
        const auto flow = simulate_flow(system, algorithm.collective, algorithm.name, ranks, sizes);
        EXPECT_EQ(analytic.has_value(), flow.has_value());
        if (!analytic || !flow) continue;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
          const Bounds bounds =
              lower_bounds(system, algorithm.collective, ranks, sizes[i], (*analytic)[i].abilities);
          std::ostringstream key;
          key << grid.name << ',' << name(algorithm.collective) << ',' << algorithm.name << ','
              << ranks << ',' << sizes[i];
          rows.push_back({key.str(),
                          {bounds.latency_s, bounds.injection_s, bounds.cut_s,
                           closed_form(grid, system, algorithm, ranks, sizes[i]),
                           (*analytic)[i].time_s, (*flow)[i].time_s}});
        }
      }
    }
  }
  return rows;
}

/// Ten digits; nothing for what is not known.
std::string text_of(double number) {
  char text[32] = "";
  if (!std::isnan(number)) std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

std::string line_of(const Row& row) {
  std::string line = row.key;
  for (const double number : row.numbers) line += ',' + text_of(number);
  return line;
}

const std::string kFolder = std::string(COLLSCALE_SOURCE_DIR) + "/results/bounds/";

std::vector<Row> read_grid() {
  std::ifstream file(kFolder + "grid.csv");
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, kColumns);
  while (std::getline(file, line)) {
    Row row;
    std::istringstream cells(line);
    std::string cell;
    for (int i = 0; i < 5 && std::getline(cells, cell, ','); ++i)
      row.key += (i > 0 ? "," : "") + cell;
    while (std::getline(cells, cell, ','))
      row.numbers.push_back(cell.empty() ? std::nan("") : std::strtod(cell.c_str(), nullptr));
    rows.push_back(row);
  }
  return rows;
}

void write_grid(const std::vector<Row>& rows) {
  std::ofstream grid(kFolder + "grid.csv");
  grid << kColumns << '\n';
  for (const Row& row : rows) grid << line_of(row) << '\n';

  std::ofstream systems(kFolder + "systems.csv");
  systems << "system,nodes,ranks_per_node,nics_per_node,rails,scale_up_Bps,nic_Bps,children,"
             "oversubscription,latency_by_level_s,in_network,scale_up\n";
  for (const GridSystem& grid_system : grid_systems()) {
    const test::ClosOptions& options = grid_system.options;
    const Fabric fabric(test::clos_system(options));
    systems << grid_system.name << ',' << options.nodes << ',' << options.per_node << ','
            << options.nics << ',' << options.rails << ',' << options.scale_up_Bps << ','
            << options.nic_Bps << ',';
    for (std::size_t t = 0; t < options.children.size(); ++t)
      systems << (t > 0 ? " " : "") << options.children[t];
    systems << ',';
    for (std::size_t t = 0; t < options.oversubscription.size(); ++t)
      systems << (t > 0 ? " " : "") << options.oversubscription[t];
    systems << ',';
    for (int level = 0; level < fabric.levels(); ++level)
      systems << (level > 0 ? " " : "") << text_of(fabric.latency_s(level));
    systems << ',' << (options.adds_up_in_network ? "yes" : "no") << ',' << name(options.kind)
            << '\n';
  }
}

TEST(BoundsGrid, NoEngineBeatsABoundOrMissesAClosedForm) {
  const std::vector<Row> rows = computed();
  EXPECT_GT(rows.size(), 2500U);
  std::size_t closed_forms = 0;
  for (const Row& row : rows) {
    const auto& numbers = row.numbers;
    for (const std::size_t engine : {kAnalytic, kFlow}) {
      for (std::size_t bound = 0; bound < kClosedForm; ++bound)
        EXPECT_GE(numbers[engine], numbers[bound] * (1 - 1e-9)) << row.key;
      if (std::isnan(numbers[kClosedForm])) continue;
      EXPECT_NEAR(numbers[engine] / numbers[kClosedForm], 1, 1e-9) << row.key;
      ++closed_forms;
    }
  }
  EXPECT_GT(closed_forms, 200U);
}

TEST(BoundsGrid, IsTheTableThatIsShipped) {
  const std::vector<Row> rows = computed();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) write_grid(rows);
  const std::vector<Row> shipped = read_grid();
  ASSERT_EQ(shipped.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(shipped[i].key, rows[i].key);
    for (std::size_t n = 0; n < rows[i].numbers.size(); ++n) {
      const double now = rows[i].numbers[n];
      if (std::isnan(now)) continue;
      EXPECT_NEAR(shipped[i].numbers[n], now, 1e-9 * now) << rows[i].key << ", column " << n;
    }
  }
}

}  // namespace
}  // namespace collscale
