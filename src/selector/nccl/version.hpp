// SPDX-License-Identifier: Apache-2.0
// The versions of NCCL whose choice is modelled, one for each 2.x: its last release.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

struct NcclVersion {
  int minor = 28;  ///< of 2.minor, 19 to 30

  friend auto operator<=>(const NcclVersion&, const NcclVersion&) = default;
};

inline constexpr NcclVersion kOldestNccl{19};
inline constexpr NcclVersion kNewestNccl{30};

/// "2.28", "2.28.9", "nccl:2.28"; "nccl" alone is the default, 2.28. Fails on a version that is not
/// modelled, and on a release of 2.x that is not the one modelled (2.28.3: its constants differ).
Expected<NcclVersion> parse_nccl_version(std::string_view text);

/// "2.28"
std::string name(NcclVersion version);
/// "2.28.9": the release whose sources the constants and rules are.
std::string_view release(NcclVersion version);
/// "nccl:2.19" ... "nccl:2.30"
std::vector<std::string> nccl_selector_names();

/// One sentence for the user: what this version's model was held against, or that nothing
/// published could be found to hold it against.
std::string_view verification(NcclVersion version);

}  // namespace collscale
