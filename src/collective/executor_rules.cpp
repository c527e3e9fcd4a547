// SPDX-License-Identifier: Apache-2.0
#include "collective/executor_rules.hpp"

#include <algorithm>

#include "collective/executor.hpp"
#include "collective/offsets.hpp"

namespace collscale {

std::int64_t block_elements(std::int64_t elements, std::int64_t blocks, std::int64_t block) {
  return elements / blocks + (block < elements % blocks ? 1 : 0);
}

std::int64_t block_start(std::int64_t elements, std::int64_t blocks, std::int64_t block) {
  return elements / blocks * block + std::min(block, elements % blocks);
}

std::uint64_t contribution_token(std::int64_t origin, std::int64_t cell) {
  // splitmix64 (Steele, Lea, Flood 2014) over both numbers.
  std::uint64_t z = static_cast<std::uint64_t>(origin) * 0x9e3779b97f4a7c15ULL +
                    static_cast<std::uint64_t>(cell) * 0xd1b54a32d192ed03ULL +
                    0x8cb92ba72f3d8dd7ULL;
  for (int round = 0; round < 2; ++round) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
  }
  return z;
}

Demands::Demands(const Schedule& schedule)
    : collective_(schedule.collective),
      ranks_(schedule.ranks),
      root_(schedule.root),
      radix_(schedule.radix),
      spread_(schedule.collective == Collective::all_to_all ? schedule.spread
                                                            : std::vector<std::int64_t>{}),
      combines_(schedule.collective == Collective::all_to_all && schedule.combines) {}

std::int64_t Demands::copies() const {
  std::int64_t product = 1;
  for (const std::int64_t s : spread_) product *= s;
  return product;
}

double Demands::block_fraction() const {
  if (collective_ == Collective::send_recv) return 1;
  if (collective_ == Collective::barrier) return 0;
  return 1.0 / static_cast<double>(ranks_ * copies());
}

std::int64_t Demands::block_length(std::int64_t elements, std::int64_t block) const {
  if (collective_ == Collective::send_recv) return elements;
  if (collective_ == Collective::barrier) return 0;
  return block_elements(elements / copies(), ranks_, block % ranks_);
}

bool Demands::blocks_alike() const {
  return collective_ == Collective::all_reduce || collective_ == Collective::broadcast ||
         collective_ == Collective::reduce;
}

Demands::Range Demands::brought_by(std::int64_t rank, std::int64_t blocks) const {
  switch (collective_) {
    case Collective::all_gather:
    case Collective::gather:
    case Collective::send_recv:
    case Collective::barrier:
      return {rank, rank + 1};
    case Collective::all_to_all:
      return {rank * ranks_, (rank + 1) * ranks_};
    case Collective::broadcast:
    case Collective::scatter:
      return rank == root_ ? Range{0, blocks} : Range{};
    case Collective::all_reduce:
    case Collective::reduce_scatter:
    case Collective::reduce:
    case Collective::all_gather_v:  // no schedule has these two
    case Collective::all_to_all_v:
      break;
  }
  return {0, blocks};
}

bool Demands::in_window(std::int64_t rank, std::int64_t first) const {
  for (std::size_t d = 0; d < spread_.size(); ++d) {
    if (floor_mod(rank % radix_[d] - first % radix_[d], radix_[d]) >= spread_[d]) return false;
    rank /= radix_[d];
    first /= radix_[d];
  }
  return spread_.empty() ? rank == first : true;
}

std::vector<std::int64_t> Demands::served_by(std::int64_t rank) const {
  std::vector<std::int64_t> firsts;
  for (std::int64_t first = 0; first < ranks_; ++first)
    if (in_window(rank, first)) firsts.push_back(first);
  return firsts;
}

Duty Demands::duty(std::int64_t rank, std::int64_t block) const {
  const auto must_if = [](bool yes) { return yes ? Duty::must_hold : Duty::must_not_hold; };
  switch (collective_) {
    case Collective::all_reduce:
    case Collective::all_gather:
    case Collective::broadcast:
    case Collective::barrier:
    case Collective::all_gather_v:
    case Collective::all_to_all_v:
      break;
    case Collective::reduce_scatter:
    case Collective::scatter:
      return must_if(block == rank);
    case Collective::reduce:
    case Collective::gather:
      return must_if(rank == root_);
    case Collective::send_recv:
      if (block == rank) return ranks_ == 1 ? Duty::must_hold : Duty::may_hold;
      return must_if(block == floor_mod(rank - 1, ranks_));
    case Collective::all_to_all:
      if (combines_) return must_if(block / ranks_ == rank);
      if (in_window(rank, block % ranks_)) return Duty::must_hold;
      return spread_.empty() ? Duty::must_not_hold : Duty::may_hold;
  }
  return Duty::must_hold;
}

}  // namespace collscale
