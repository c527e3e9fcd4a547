// SPDX-License-Identifier: Apache-2.0
// Butterflies whose distances are 1, 1, 3, 5, 11, ...: rank r's partner at distance step s is
// r ± ρ(s) mod n, + for even r, with ρ(s) = (1 − (−2)^(s+1)) / 3.
// Swing: D. De Sensi, T. Bonato, D. Saam, T. Hoefler: "Swing: short-cutting rings for higher
// bandwidth allreduce", NSDI 2024, section 3: the reduce_scatter goes from near to far while the
// vector halves, the all_gather back.
// Bine: D. De Sensi et al.: "Bine trees: enhancing collective operations by optimizing
// communication locality", SC 2025 (arXiv:2508.17311). On one dimension its all_reduce and
// reduce_scatter have Swing's partners; its all_gather goes from near to far, so that what a rank
// holds is two runs of neighbouring blocks ("two blocks" in the authors' library).
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Expected<Term> all_reduce(const Shape& shape, Schedule&) {
  const Term gather = butterfly_gather(Frame::dihedral, false, core_size(shape.ranks));
  return fold(shape.ranks, seq({dual(gather), gather}));
}

template <bool near_first>
Expected<Term> all_gather(const Shape& shape, Schedule&) {
  return fold_gather(shape.ranks,
                     butterfly_gather(Frame::dihedral, near_first, core_size(shape.ranks)));
}

Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule) {
  return dual(*all_gather<false>(shape, schedule));
}

constexpr std::string_view kSwing =
    "D. De Sensi, T. Bonato, D. Saam, T. Hoefler: Swing: short-cutting rings for higher bandwidth "
    "allreduce, NSDI 2024";
constexpr std::string_view kBine =
    "D. De Sensi et al.: Bine trees: enhancing collective operations by optimizing communication "
    "locality, SC 2025";

}  // namespace

Family swing_bine_family() {
  using C = Collective;
  constexpr std::string_view reduce_depth = "2 log2 M (+2)";
  constexpr std::string_view reduce_bytes = "2(M-1)/M S (+S)";
  constexpr std::string_view half_depth = "log2 M (+2)";
  constexpr std::string_view half_bytes = "(n-1)/n S at 2^k";
  return {
      {C::all_reduce,
       "swing",
       "halving and doubling with partners 1, 1, 3, 5, 11, ... away, to either side in turn",
       reduce_depth,
       reduce_bytes,
       kSwing,
       {},
       all_reduce},
      {C::all_reduce,
       "bine",
       "butterfly of Bine trees; among ranks in one row the exchanges of swing",
       reduce_depth,
       reduce_bytes,
       kBine,
       {},
       all_reduce},
      {C::all_gather,
       "swing",
       "second half of Swing: from far partners with little data to near ones",
       half_depth,
       half_bytes,
       kSwing,
       {},
       all_gather<false>},
      {C::all_gather,
       "bine",
       "from near partners to far ones: what a rank holds stays in two runs",
       half_depth,
       half_bytes,
       kBine,
       {},
       all_gather<true>},
      {C::reduce_scatter,
       "swing",
       "first half of Swing: from near partners with much data to far ones",
       half_depth,
       half_bytes,
       kSwing,
       {},
       reduce_scatter},
      {C::reduce_scatter,
       "bine",
       "butterfly of Bine trees; among ranks in one row the exchanges of swing",
       half_depth,
       half_bytes,
       kBine,
       {},
       reduce_scatter},
  };
}

}  // namespace collscale
