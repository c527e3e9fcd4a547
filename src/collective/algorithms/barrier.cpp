// SPDX-License-Identifier: Apache-2.0
// Barriers: an all_gather of nothing. Every rank has heard, through others, from every other.
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Expected<Term> dissemination(const Shape& shape, Schedule&) { return bruck_gather(shape.ranks, 2); }

Expected<Term> recursive_doubling(const Shape& shape, Schedule&) {
  return recursive_doubling_gather(shape.ranks);
}

}  // namespace

Family barrier_family() {
  return {
      {Collective::barrier,
       "dissemination",
       "in round k every rank signals the one 2^k ahead",
       "log2 n",
       "0",
       "D. Hensgen, R. Finkel, U. Manber: Two algorithms for barrier synchronization, Int. J. "
       "Parallel Programming 17(1), 1988",
       {},
       dissemination},
      {Collective::barrier,
       "recursive_doubling",
       "in round k partners 2^k apart signal each other; ranks beyond the power of two lean on one",
       "log2 M (+2)",
       "0",
       "D. Hensgen, R. Finkel, U. Manber: Two algorithms for barrier synchronization, Int. J. "
       "Parallel Programming 17(1), 1988; as in R. Thakur et al., IJHPCA 19(1), 2005",
       {},
       recursive_doubling},
  };
}

}  // namespace collscale
