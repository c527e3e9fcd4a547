// SPDX-License-Identifier: Apache-2.0
// The makers of the registry, one family per file. Each returns a term and says how ranks are
// numbered.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/algorithms.hpp"

namespace collscale {

using Radix = std::vector<std::int64_t>;

// ring.cpp: bandwidth-optimal rings (Patarasuk & Yuan 2009).
Term ring_gather(std::int64_t size, int direction);  ///< all_gather among `size` ranks; ±1
Expected<Term> ring_all_reduce(const Shape& shape, Radix& radix);
Expected<Term> ring_all_gather(const Shape& shape, Radix& radix);
Expected<Term> ring_reduce_scatter(const Shape& shape, Radix& radix);

// halving_doubling.cpp: hypercubes, folded for any count (Thakur, Rabenseifner & Gropp 2005).
Term halving_doubling_reduce(std::int64_t size);  ///< all_reduce among `size` ranks
Term halving_doubling_gather(std::int64_t size);  ///< all_gather among `size` ranks
Expected<Term> halving_doubling_all_reduce(const Shape& shape, Radix& radix);
Expected<Term> halving_doubling_all_gather(const Shape& shape, Radix& radix);
Expected<Term> halving_doubling_reduce_scatter(const Shape& shape, Radix& radix);

// hierarchical.cpp: rings within nodes and, rank by rank, rings or hypercubes between nodes.
Expected<Term> hierarchical_all_reduce(const Shape& shape, Radix& radix);
Expected<Term> hierarchical_all_gather(const Shape& shape, Radix& radix);
Expected<Term> hierarchical_reduce_scatter(const Shape& shape, Radix& radix);
Expected<Term> hierarchical_halving_doubling_all_reduce(const Shape& shape, Radix& radix);
Expected<Term> hierarchical_halving_doubling_all_gather(const Shape& shape, Radix& radix);
Expected<Term> hierarchical_halving_doubling_reduce_scatter(const Shape& shape, Radix& radix);

// pairwise.cpp: every rank to every other.
Expected<Term> pairwise_all_to_all(const Shape& shape, Radix& radix);

}  // namespace collscale
