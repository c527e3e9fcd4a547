// SPDX-License-Identifier: Apache-2.0
// Which ranks of a system a job of n ranks gets. Algorithms see the job packed node by node, as a
// library does that trusts the order of the ranks; a placement then says where they really are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topology/divisor.hpp"
#include "topology/permutation.hpp"
#include "units/error.hpp"

namespace collscale {

/// What was asked for; nothing is known of the system yet.
struct PlacementSpec {
  enum class Kind : std::uint8_t {
    packed,        ///< the first nodes, in order
    random,        ///< nodes drawn from all of the system; whole nodes, ranks in order within
    random_ranks,  ///< every rank drawn by itself: the worst that a scheduler can do
    strided,       ///< node 0, K, 2K, …, then 1, K + 1, …
    file           ///< as a file lists them
  } kind = Kind::packed;
  std::int64_t stride = 1;
  std::string path;
  std::string text = "packed";  ///< as it was written, for records
};

/// "packed", "random", "random-ranks", "strided:K", "file:PATH". Errors: an unknown name (with the
/// nearest), a stride that is not a whole number of at least 1, a file without a name.
Expected<PlacementSpec> parse_placement(std::string_view text);

class JobPlacement {
 public:
  /// Packed.
  JobPlacement() = default;
  /// Of `ranks` ranks on a system of `nodes` nodes with `per_node` ranks each. A file has one
  /// number per line, of nodes if there are as many lines as the job has nodes, of ranks if there
  /// are as many as it has ranks ('#' begins a comment). Errors: a file that cannot be read or has
  /// another number of lines; file:line of what is not a number, beyond the system, or twice.
  static Expected<JobPlacement> make(const PlacementSpec& spec, std::int64_t ranks,
                                     std::int64_t nodes, std::int64_t per_node, std::uint64_t seed);

  [[nodiscard]] bool packed() const { return kind_ == PlacementSpec::Kind::packed; }
  /// Ranks of one node of the job share a node of the system, in the same order.
  [[nodiscard]] bool keeps_nodes() const { return keeps_nodes_; }
  /// The system's rank of a rank of the job.
  [[nodiscard]] std::int64_t rank(std::int64_t job_rank) const {
    if (packed()) return job_rank;
    if (!keeps_nodes_) return rank_of(job_rank);
    const std::int64_t node = per_node_.quotient(job_rank);
    return node_of(node) * per_node_.value() + (job_rank - node * per_node_.value());
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] std::int64_t node_of(std::int64_t job_node) const;
  [[nodiscard]] std::int64_t rank_of(std::int64_t job_rank) const;

  PlacementSpec::Kind kind_ = PlacementSpec::Kind::packed;
  bool keeps_nodes_ = true;
  Divisor per_node_{1};
  std::int64_t nodes_ = 0;
  std::int64_t stride_ = 1;
  Permutation permutation_;
  std::vector<std::int32_t> listed_;  ///< of a file: nodes, or ranks
  std::string text_ = "packed";
};

}  // namespace collscale
