// SPDX-License-Identifier: Apache-2.0
// What can be proved of a system that check_system has no error against: that its counts add up and
// its ports suffice, and that every rank reaches every other over the paths of its Fabric.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/check.hpp"
#include "topology/system.hpp"

namespace collscale {

struct Proof {
  /// Sentences, each with what it is about: "counts", "ports", "uplinks", "paths", "sources".
  struct Line {
    std::string about;
    std::string text;
  };
  std::vector<Line> lines;
  bool connected = true;
  bool exhaustive = false;        ///< all pairs were walked; else by structure and a sample
  std::int64_t walked_pairs = 0;  ///< whose path was followed link by link
  std::string broken_pair;        ///< when not connected: which, and where it breaks
};

/// Up to kMostWalkedPairs all ordered pairs of ranks are walked. Beyond, the structure is what
/// proves it (in a clos all groups meet in one at the top; each line of a torus is joined; each two
/// routers of a dragonfly's group, and each two groups, have a link), and walked are all pairs of
/// local ranks of nodes at every distance, and pairs drawn with a fixed seed.
Proof prove(const System& system);

constexpr std::int64_t kMostWalkedPairs = 1 << 16;

}  // namespace collscale
