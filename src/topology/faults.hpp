// SPDX-License-Identifier: Apache-2.0
// What is broken or slow in a fabric, by the names of Fabric::link_name:
//
//   [SHARE of] [plane P] node N [nic K] [out|in]        nic N.K is short for node N nic K
//   [SHARE of] [plane P] TIER G [rail R|switch J] [up|down|link [U]]
//   plane P
//
// Of a torus instead of tiers: [node N] +x|-x|x for cables along a dimension, router N for the
// switch of a node. Of a dragonfly: [group G [router|leaf|spine R]] local|global [P] for cables (P:
// the router's port), group G router R to router T [P], and group G [router R] for what it consists
// of.
//
// Numbers are `3`, `0-7`, `1,4,9`, `*`; what is left out is all. Without up, down or link it is the
// switch itself, with every cable that ends in it. A tier of one group (the top one) numbers its
// switches: "core 5". SHARE is a count or a percentage, drawn with a seed: "2% of leaf up",
// "3 of node". What fails fails both ways: `up 5`, `down 5` and `link 5` are one cable; `out` and
// `in` one port. What is degraded is so in the direction named, or in both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// A link, and the share of its capacity that is left: 0 when it is dead. Links are numbered as in
/// a Fabric with routing ecmp, where each is its own.
struct LinkFault {
  std::int64_t link = 0;
  double left = 1;
};

struct Faults {
  std::vector<LinkFault> links;  ///< in order of link; of several faults the worst
  std::string text;              ///< "fail leaf 3; degrade nic 17.3=0.5", for records
  [[nodiscard]] bool empty() const { return links.empty(); }
};

/// Adds to `faults` what `text` names. `degraded`: it ends in "=SHARE" of the capacity left, such
/// as "=0.5". The seed is of what is drawn. Errors: a name that the system does not have (with the
/// nearest), a number out of range, a share that is none.
Expected<void> add_fault(const System& system, std::string_view text, bool degraded,
                         std::uint64_t seed, Faults& faults);

/// The system with every link numbered by itself, as faults number them.
System with_links_apart(System system);

}  // namespace collscale
