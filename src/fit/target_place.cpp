// SPDX-License-Identifier: Apache-2.0
#include "fit/target_place.hpp"

#include <cmath>

namespace collscale {
namespace {

// Of NCCL, per ln of the ratio: 4 GPUs of a node of Alps after 1, small and large sizes at their
// 10 % quantiles.
constexpr double kShareOfNccl = 0.5;

// Where each rank's size is what it sends itself, a node of more ranks sends more at that size.
bool size_is_per_rank(Collective collective) {
  return collective == Collective::all_to_all || collective == Collective::send_recv;
}

}  // namespace

Target map_target(const Series& series, std::int64_t data_per_node, const System& system,
                  std::int64_t ranks, bool same_system) {
  const auto measured = static_cast<double>(data_per_node);
  auto per_node = static_cast<double>(ranks_per_node(system));
  const auto n = static_cast<double>(ranks);
  Target target;
  target.ranks = ranks;
  target.network = n > per_node;
  if (same_system && measured < per_node && 2 * measured > per_node) per_node = measured;
  target.place = {n, n};
  if (!target.network) return target;
  target.log_per_node = std::log(per_node / measured);
  // A node that is used in part is a node: its link is crossed all the same.
  target.place = {n * measured / per_node, std::ceil(n / per_node)};
  if (series.engine == Engine::nccl)
    target.size_factor = measured / per_node;
  else if (size_is_per_rank(series.collective))
    target.size_factor = per_node / measured;
  return target;
}

double per_node_width(const Series& series, const Target& target, bool same_system) {
  const double apart = std::fabs(target.log_per_node);
  if (series.engine != Engine::nccl) return apart;
  return same_system ? kShareOfNccl * apart : 0;
}

}  // namespace collscale
