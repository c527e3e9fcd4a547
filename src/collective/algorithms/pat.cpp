// SPDX-License-Identifier: Apache-2.0
// PAT (parallel aggregated trees): S. Jeaugey: "PAT: a new algorithm for all-gather and
// reduce-scatter operations at scale", arXiv:2506.20252, 2025 (in NCCL since 2.23). Bruck's
// distances, far ones first with little data; A blocks share a message, so that a rank needs
// buffers for A blocks only, and the near part is walked tree by tree.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

std::int64_t log2_exact(std::int64_t power) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(power))) - 1;
}
std::int64_t next_power(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(n)));
}

}  // namespace

std::int64_t largest_aggregation(std::int64_t size) {
  return next_power(std::max<std::int64_t>(1, size / 2));
}

Term pat_gather(std::int64_t size, std::int64_t aggregation) {
  const std::int64_t stride = next_power(size) / aggregation;
  const Phase far =
      phase(Frame::cyclic, Unit::power_down, log2_exact(aggregation),
            {arc(units_of(stride), residue_class(units_of(2 * stride), units_of(stride)))});
  Phase near = phase(Frame::cyclic, Unit::ruler, stride - 1,
                     {arc(units_of(1), residue_class(constant(stride), steps_of(1, 1)))});
  near.lag = Lag::ruler;
  return seq({{far}, {near}});
}

namespace {

Expected<Term> all_gather(const Shape& shape, Schedule&) {
  const std::int64_t asked = shape.options.aggregation;
  if (asked < 0 || (asked > 0 && !std::has_single_bit(static_cast<std::uint64_t>(asked))))
    return fail(fmt::format(
        "PAT aggregation {}: expected a power of two, or 0 for as many blocks as fit", asked));
  const std::int64_t most = largest_aggregation(shape.ranks);
  return pat_gather(shape.ranks, asked == 0 ? most : std::min(asked, most));
}

Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule) {
  auto gather = all_gather(shape, schedule);
  if (!gather) return gather;
  return dual(std::move(*gather));
}

Expected<Term> all_reduce(const Shape& shape, Schedule& schedule) {
  auto gather = all_gather(shape, schedule);
  if (!gather) return gather;
  return seq({dual(*gather), *gather});
}

constexpr std::string_view kSource =
    "S. Jeaugey: PAT: a new algorithm for all-gather and reduce-scatter operations at scale, "
    "arXiv:2506.20252, 2025";

}  // namespace

Family pat_family() {
  using C = Collective;
  const Algorithm::Uses uses{.aggregation = true};
  return {
      {C::all_reduce, "pat", "PAT reduce_scatter, then PAT all_gather", "2 ceil(log2 n) at most",
       "2(n-1)/n S", kSource, uses, all_reduce},
      {C::all_gather, "pat", "Bruck's distances from far to near, A blocks in a message",
       "ceil(log2 n) at most", "(n-1)/n S", kSource, uses, all_gather},
      {C::reduce_scatter, "pat", "PAT's all_gather backwards", "ceil(log2 n) at most", "(n-1)/n S",
       kSource, uses, reduce_scatter},
  };
}

}  // namespace collscale
