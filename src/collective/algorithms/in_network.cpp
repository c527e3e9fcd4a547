// SPDX-License-Identifier: Apache-2.0
// Switches that copy and add. In the node: NVLink SHARP (NVLS). Between nodes: SHARP in the
// switches of the network (CollNet). The combinations are those of NCCL.
#include <fmt/format.h>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Phase through_switch(InNetwork network, Address address) {
  Phase p = phase(Frame::cyclic, Unit::one, 1, {arc(constant(0))});
  p.network = network;
  p.address = address;
  return p;
}

/// all_gather through the switch; its dual reduces and scatters.
Term multicast() { return {through_switch(InNetwork::multicast, Address::block)}; }
Term sum_in_switch() { return {through_switch(InNetwork::all_reduce, Address::scope)}; }

/// Every rank to every other of the group at once.
Term direct_gather(std::int64_t size) {
  Phase direct =
      phase(Frame::cyclic, Unit::one, size - 1, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.lag = Lag::none;
  return {direct};
}

/// Fails beyond one node, naming what serves several full nodes, and what serves uneven ones.
Expected<void> one_node(const Shape& shape, const Schedule& schedule, std::string_view full,
                        std::string_view uneven) {
  const auto runs = node_runs(shape);
  if (!runs) return tl::unexpected(runs.error());
  const std::int64_t nodes = node_count(*runs);
  if (nodes == 1) return {};
  return fail(
      fmt::format("algorithm {} works within one node, {} ranks lie on {}: up to {} ranks "
                  "would do, or algorithm {}",
                  schedule.algorithm, shape.ranks, nodes, runs->front().ranks,
                  runs->size() == 1 ? full : uneven));
}

Expected<Term> nvls(const Shape& shape, Schedule& schedule) {
  // In chunks: while the switch adds up one, it multicasts the one before, over the ports' other
  // direction.
  const auto chunks = static_cast<std::int32_t>(shape.options.chunks);
  const auto runs = node_runs(shape);
  if (!runs) return tl::unexpected(runs.error());
  if (node_count(*runs) == 1) return pipe(chunks, 0, seq({dual(multicast()), multicast()}));
  const auto radix = full_nodes(shape, schedule, "tree");
  if (!radix) return tl::unexpected(radix.error());
  // Every rank has what the node's switch added up of its part; the network's switches add up the
  // nodes' sums on its rail.
  const View node = digits_view({0});
  return pipe(chunks, 0,
              seq({over(node, dual(multicast())), over(digits_view({1}), sum_in_switch()),
                   over(node, multicast())}));
}

Expected<Term> nvls_gather(const Shape& shape, Schedule& schedule) {
  if (auto ok = one_node(shape, schedule, "hierarchical", "ring"); !ok)
    return tl::unexpected(ok.error());
  return multicast();
}

Expected<Term> nvls_reduce_scatter(const Shape& shape, Schedule& schedule) {
  if (auto ok = one_node(shape, schedule, "hierarchical", "ring"); !ok)
    return tl::unexpected(ok.error());
  return dual(multicast());
}

Expected<Term> nvls_tree(const Shape& shape, Schedule& schedule) {
  const auto radix = full_nodes(shape, schedule, "tree");
  if (!radix) return tl::unexpected(radix.error());
  const std::int64_t nodes = (*radix)[1];
  const Term tree = binary_tree(nodes);
  const Term both = seq({dual(tree), tree});
  const View rail = digits_view({1});
  const View node = digits_view({0});
  return pipe(
      static_cast<std::int32_t>(shape.options.chunks), 0,
      seq({over(node, dual(multicast())),
           par({child(0.5, over(rail, both)), child(0.5, over(second_tree(nodes, rail), both))}),
           over(node, multicast())}));
}

Expected<Term> collnet_chain(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  const Term down = in_nodes(*runs, chain_from_leader);
  return par(with_leaders(*runs, channels_of(shape, *runs),
                          {pipe(static_cast<std::int32_t>(shape.options.chunks), 0,
                                seq({dual(down), over(leaders(*runs), sum_in_switch()), down}))}));
}

Expected<Term> collnet_direct(const Shape& shape, Schedule& schedule) {
  const auto radix = full_nodes(shape, schedule, "collnet_chain");
  if (!radix) return tl::unexpected(radix.error());
  const Term gather = over(digits_view({0}), direct_gather((*radix)[0]));
  if ((*radix)[1] == 1) return seq({dual(gather), gather});
  // In chunks: NVLink carries one while the NICs carry the one before.
  return pipe(static_cast<std::int32_t>(shape.options.chunks), 0,
              seq({dual(gather), over(digits_view({1}), sum_in_switch()), gather}));
}

constexpr std::string_view kNvls =
    "B. Klenk, N. Jiang, G. Thorson, L. Dennison: An in-network architecture for accelerating "
    "shared-memory multiprocessor collectives, ISCA 2020";
constexpr std::string_view kSharp =
    "R. L. Graham et al.: Scalable hierarchical aggregation protocol (SHArP), COM-HPC 2016";

}  // namespace

Family in_network_family() {
  using C = Collective;
  const Algorithm::Uses nodes{.nodes = true};
  return {
      {C::all_reduce,
       "nvls",
       "the node's switch adds up and multicasts in chunks, between nodes the network's switches "
       "add up (SHARP): data passes each link about once",
       "4+K-1, with nodes 6+K-1",
       "S + S/g, with nodes S + 2S/g",
       kNvls,
       {.nodes = true, .chunks = true},
       nvls},
      {C::all_reduce,
       "nvls_tree",
       "the node's switch adds up, two binary trees on every rail, the switch multicasts, in "
       "chunks",
       "4+2D+K-1",
       "(1 + 3/g) S",
       kNvls,
       {.nodes = true, .chunks = true},
       nvls_tree},
      {C::all_reduce,
       "collnet_chain",
       "chains in the nodes, the network's switches add up, chains back, for each channel",
       "2(g-1)+2+K-1",
       "2S",
       kSharp,
       {.nodes = true, .channels = true, .chunks = true},
       collnet_chain},
      {C::all_reduce,
       "collnet_direct",
       "direct reduce_scatter in the node, sums in the network's switches, direct all_gather, "
       "between nodes in chunks",
       "2, with nodes 4+K-1",
       "(2g-1)/g S",
       kSharp,
       {.nodes = true, .chunks = true},
       collnet_direct},
      {C::all_gather, "nvls", "every rank's block goes up once, the node's switch multicasts it",
       "2", "S/g", kNvls, nodes, nvls_gather},
      {C::reduce_scatter, "nvls", "everything goes up, the node's switch adds up and deals out",
       "2", "S", kNvls, nodes, nvls_reduce_scatter},
  };
}

}  // namespace collscale
