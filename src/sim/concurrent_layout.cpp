// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "scenario/candidates.hpp"
#include "sim/concurrent.hpp"
#include "topology/fabric.hpp"
#include "topology/node_rings.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

constexpr std::string_view kGrammar =
    "COLLECTIVE[/ALGORITHM]:SIZE[:LAYOUT], such as all_reduce:1GiB:rail, is expected";

}  // namespace

Expected<GroupLayout> parse_layout(std::string_view text, const System& system,
                                   std::int64_t ranks) {
  return parse_layout(text, ranks_per_node(system), ranks);
}

Shape shape_of(const System& system, const GroupLayout& layout) {
  if (layout.groups == 1 && layout.member_hop == 1) return shape_of(system, layout.size);
  const std::int64_t per_node = ranks_per_node(system);
  const std::int64_t hop = layout.member_hop;
  Shape shape;
  shape.ranks = layout.size;
  // Groups that are not aligned with nodes are seen as pieces that lie within one in any of them.
  if (hop == 1)
    shape.ranks_per_node = std::gcd(layout.size, per_node);
  else
    shape.ranks_per_node =
        per_node % hop == 0 ? std::gcd(layout.size, per_node / hop) : std::int64_t{1};
  shape.channels = shape.ranks > shape.ranks_per_node ? shape.ranks_per_node : 1;
  // Any ranks of a full mesh are one; of other nodes only whole ones are known.
  if (system.node.scale_up.kind == ScaleUpKind::full_mesh ||
      (hop == 1 && shape.ranks_per_node == per_node))
    shape.node_rings =
        std::make_shared<const LocalOrders>(node_rings(system.node, shape.ranks_per_node));
  const Fabric fabric(system);
  const std::int64_t under_leaf = std::max<std::int64_t>(1, fabric.group_ranks(0) / hop);
  if (fabric.levels() > 2 && shape.ranks > under_leaf)
    shape.nodes_per_group = std::max<std::int64_t>(1, under_leaf / shape.ranks_per_node);
  return shape;
}

Expected<Communicator> parse_communicator(std::string_view text) {
  const auto first = text.find(':');
  if (first == std::string_view::npos) return fail(fmt::format("\"{}\": {}", text, kGrammar));
  const std::string_view what = text.substr(0, first);
  const auto slash = what.find('/');
  Communicator communicator;
  const auto collective = parse_collective(what.substr(0, slash));
  if (!collective) return fail(fmt::format("\"{}\": {}", text, collective.error().message));
  communicator.collective = *collective;
  if (slash != std::string_view::npos) {
    communicator.algorithm = std::string(what.substr(slash + 1));
    std::vector<std::string> names = algorithm_names(*collective);
    names.emplace_back("auto");
    if (std::find(names.begin(), names.end(), communicator.algorithm) == names.end())
      return fail(fmt::format("\"{}\": no {} algorithm \"{}\"{}", text, name(*collective),
                              communicator.algorithm, suggestion(communicator.algorithm, names)));
  }
  const std::string_view rest = text.substr(first + 1);
  const auto second = rest.find(':');
  const auto size = parse_size_bytes(rest.substr(0, second));
  if (!size) return fail(fmt::format("\"{}\": {}", text, size.error().message));
  communicator.size_bytes = *size;
  if (second != std::string_view::npos) communicator.layout = std::string(rest.substr(second + 1));
  if (communicator.layout.empty()) return fail(fmt::format("\"{}\": {}", text, kGrammar));
  return communicator;
}

}  // namespace collscale
