// SPDX-License-Identifier: Apache-2.0
// `collscale topo` and its commands.
#include <fmt/format.h>

#include "cli/command_line.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

Expected<ExportFormat> parse_export_format(const std::string& text) {
  if (text == "simgrid") return ExportFormat::simgrid;
  if (text == "json") return ExportFormat::json;
  return fail(fmt::format("unknown format \"{}\"{}", text, suggestion(text, {"simgrid", "json"})));
}

}  // namespace

void CommandLine::add_topo() {
  CLI::App& topo = add(app_, "topo", "The systems that predictions are for.",
                       {"collscale topo list", "collscale topo show colossus-100k"});
  CLI::App& list = add(topo, "list", "The systems that ship with collscale.",
                       {"collscale topo list", "collscale topo list --json -"});
  options_.add_json(list, topo_list_.json);

  CLI::App& show =
      add(topo, "show", "One system: counts, and every figure with its label and source.",
          {"collscale topo show dgx-h100-superpod",
           "collscale topo show fat-tree:nodes=4096,oversubscription=4",
           "collscale topo show colossus-100k --json -"},
          {"SYSTEM"});
  options_.add(show, "SYSTEM", "", topo_show_.topology, parse_text, kTopologyHelp);
  options_.add_json(show, topo_show_.json);

  add_topo_judgements(topo);
  add_topo_files(topo);
}

/// What is wrong with a system, and what is different.
void CommandLine::add_topo_judgements(CLI::App& topo) {
  CLI::App& files =
      add(topo, "check",
          "Proves systems sound: counts, ports, a path between any two ranks, labels, sources.",
          {"collscale topo check my-cluster.yaml", "collscale topo check colossus-100k --json -"},
          {"FILE"});
  files.add_option("FILE", topo_check_.files, "topology files (YAML), names or families");
  options_.add_json(files, topo_check_.json);

  CLI::App& compare =
      add(topo, "compare", "Two systems side by side: what differs, then what is equal.",
          {"collscale topo compare colossus-100k dgx-h100-superpod",
           "collscale topo compare fat-tree:nodes=512 fat-tree:nodes=512,oversubscription=2 --all",
           "collscale topo compare my-cluster.yaml torus:dims=8x8 --json -"},
          {"A", "B"});
  options_.add(compare, "A", "", topo_compare_.first, parse_text, kTopologyHelp);
  options_.add(compare, "B", "", topo_compare_.second, parse_text, "the other one");
  compare.add_flag("--all", topo_compare_.all, "also what is equal");
  options_.add_json(compare, topo_compare_.json);
}

/// A system for a reader's eyes and for other programs.
void CommandLine::add_topo_files(CLI::App& topo) {
  CLI::App& draw =
      add(topo, "draw",
          "A system as SVG: in full up to 128 nodes unless too wide, else a box for each level.",
          {"collscale topo draw colossus-100k -o colossus.svg",
           "collscale topo draw dragonfly:groups=9,routers=4 -o dragonfly.svg",
           "collscale topo draw my-cluster.yaml --folded"},
          {"SYSTEM"});
  options_.add(draw, "SYSTEM", "", topo_draw_.topology, parse_text, kTopologyHelp);
  draw.add_flag("--folded", topo_draw_.folded, "a box for each level, however few nodes");
  options_.add(draw, "-o,--output", "FILE|-", topo_draw_.output, parse_text,
               "the file; default: stdout");

  CLI::App& exported =
      add(topo, "export", "Every link, and the routes between ranks, for other programs.",
          {"collscale topo export torus:dims=4x4x4 --format simgrid -o platform.xml",
           "collscale topo export dgx-h100-superpod --format simgrid --ranks 64 -o platform.xml",
           "collscale topo export dragonfly:groups=9 --format json -o links.json"},
          {"SYSTEM", "--format", "--output"});
  options_.add(exported, "SYSTEM", "", topo_export_.topology, parse_text, kTopologyHelp);
  options_.add(exported, "--format", "NAME", topo_export_.format, parse_export_format,
               "simgrid: a platform file, version 4.1, with a route for every pair of ranks; json: "
               "links with their ends, capacities and latencies, and routes with --ranks");
  options_.add(exported, "--ranks", "N", topo_export_.ranks, parse_group_size,
               "only the first N; default: all");
  options_.add(exported, "--seed", "N", topo_export_.seed, parse_seed,
               "of the hashes that choose among links of equal cost, as in predict; default: 1");
  options_.add(exported, "-o,--output", "FILE|-", topo_export_.output, parse_text, "the file");
}

}  // namespace collscale
