// SPDX-License-Identifier: Apache-2.0
// The libraries' choice, as the command line asks for it: `--selector nccl:2.28`, `openmpi:4.1`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collective/collective.hpp"
#include "fit/library.hpp"
#include "selector/nccl/environment.hpp"
#include "selector/nccl/tuning.hpp"
#include "selector/selection.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct NcclSelector {
  NcclVersion version{};
  std::string graphs;               ///< parse_graphs; "": as NCCL's search would find
  NcclEnvironment environment{};    ///< NCCL_ALGO and NCCL_PROTO
  std::vector<SizePiece> pieces{};  ///< what was seen to run in place of NCCL's own choice
};
struct OpenMpiSelector {};
using Selector = std::variant<NcclSelector, OpenMpiSelector>;

/// "nccl", "nccl:2.28", "openmpi:4.1"; takes NCCL_ALGO and NCCL_PROTO from the environment. Fails
/// on another library or version, naming the nearest.
Expected<Selector> parse_selector(const std::string& text);
/// "nccl:2.28"
std::string selector_name(const Selector& selector);
/// Sentences for the user: what the selector was held against, variables that count.
std::vector<std::string> selector_notes(const Selector& selector);

/// A node as NCCL sees it. Fails when the system does not say what GPU it has.
Expected<NcclNode> nccl_node(const System& system);
/// NCCL's matrix for one communicator. Fails as make_comm and tune_nccl do.
Expected<NcclTuning> nccl_tuning(const NcclSelector& selector, const System& system,
                                 Collective collective, std::int64_t ranks);

/// Chooses for one collective and number of ranks.
class Chooser {
 public:
  static Expected<Chooser> make(const Selector& selector, const System& system,
                                Collective collective, std::int64_t ranks);
  [[nodiscard]] Expected<Selection> choose(double size_bytes) const;
  /// The same by the library's own rules, whatever was seen to run.
  [[nodiscard]] Expected<Selection> choose_by_rules(double size_bytes) const;
  /// What ran at that size was told by times, so that choose() knows it.
  [[nodiscard]] bool has_seen(double size_bytes) const;
  /// All that NCCL could run there, each algorithm with each protocol, or the one way in which it
  /// sends and receives. Nothing of Open MPI, whose algorithms are no others than ours.
  [[nodiscard]] std::vector<Selection> offers(double size_bytes) const;
  /// Whether one of these is the algorithm of our registry.
  [[nodiscard]] bool has(std::string_view algorithm, double size_bytes) const;

 private:
  Collective collective_ = Collective::all_reduce;
  std::int64_t ranks_ = 0;
  std::optional<NcclTuning> tuning_;
  std::vector<SizePiece> pieces_;
};

}  // namespace collscale
