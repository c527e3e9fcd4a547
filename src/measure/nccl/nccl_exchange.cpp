// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_exchange.hpp"

#include "measure/nccl/nccl_compat.hpp"

namespace collscale {

void enqueue_exchange(const Scenario& scenario, const BufferLayout& layout, ncclDataType_t type,
                      const NcclRank& of) {
  const std::int64_t element = element_bytes(scenario.dtype);
  const int ranks = static_cast<int>(scenario.ranks);
  const int root = static_cast<int>(scenario.root);
  const auto send = [&](const Block& block, int peer) {
    if (block.elements > 0) {
      check_nccl(ncclSend(of.send + block.begin * element, static_cast<std::size_t>(block.elements),
                          type, peer, of.comm, of.stream),
                 "ncclSend");
    }
  };
  const auto receive = [&](const Block& block, int peer) {
    if (block.elements > 0) {
      check_nccl(ncclRecv(of.receive + block.begin * element,
                          static_cast<std::size_t>(block.elements), type, peer, of.comm, of.stream),
                 "ncclRecv");
    }
  };
  const Block whole{0, layout.count};
  const auto count = static_cast<std::size_t>(layout.count);
  const auto block_at = [&layout](int index) { return Block{index * layout.count, layout.count}; };
  switch (scenario.collective) {
    case Collective::gather:
      if (nccl_gather(of.send, of.receive, count, type, root, of.comm, of.stream)) break;
      send(whole, root);
      for (int peer = 0; of.rank == root && peer < ranks; ++peer) {
        receive(block_at(peer), peer);
      }
      break;
    case Collective::scatter:
      if (nccl_scatter(of.send, of.receive, count, type, root, of.comm, of.stream)) break;
      for (int peer = 0; of.rank == root && peer < ranks; ++peer) {
        send(block_at(peer), peer);
      }
      receive(whole, root);
      break;
    case Collective::send_recv:
      send(whole, (of.rank + 1) % ranks);
      receive(whole, (of.rank + ranks - 1) % ranks);
      break;
    case Collective::all_to_all_v:
      for (int peer = 0; peer < ranks; ++peer) {
        const Block block = exchanged_block(scenario, layout, of.rank, peer);
        send(block, peer);
        receive(block, peer);
      }
      break;
    case Collective::all_gather_v:
      // One broadcast per block: NCCL fuses those of a group, where messages would make every rank
      // send its block to each of the others.
      for (int owner = 0; owner < ranks; ++owner) {
        const Block block = block_of(scenario, layout, owner);
        if (block.elements == 0) {
          continue;
        }
        std::byte* const into = of.receive + block.begin * element;
        const std::byte* const from = scenario.in_place ? into : of.send;
        check_nccl(ncclBroadcast(from, into, static_cast<std::size_t>(block.elements), type, owner,
                                 of.comm, of.stream),
                   "ncclBroadcast");
      }
      break;
    default:
      break;
  }
}

}  // namespace collscale
