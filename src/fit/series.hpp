// SPDX-License-Identifier: Apache-2.0
// From records to series: what one library did for one collective on one system, by ranks and size.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fit/place.hpp"
#include "record/record.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// How the time of an algorithm grows with the system; decides which law a series is fitted with.
enum class Growth {
  ring,     ///< steps ~ ranks: t = L(n) h(S/n)
  tree,     ///< steps ~ log2 of the nodes, at a fixed size
  chain,    ///< steps ~ nodes, at a fixed size (a pipelined broadcast along a ring)
  library,  ///< the library chooses: tree-like below a switch at fixed S/n, ring-like above
};

std::string_view name(Growth growth);
Expected<Growth> parse_growth(std::string_view text);

/// By the algorithm's name, or, for "auto", by what the backend is known to do.
Growth growth_of(Collective collective, std::string_view algorithm, Engine engine);

/// All repeated measurements of one point. `time_s[i]` belongs to run `run[i]` of this scale: runs
/// are what the bootstrap draws from, because points of one run go wrong together.
struct Cell {
  std::int64_t ranks = 0;
  std::int64_t nodes = 0;
  double size_bytes = 0;
  std::vector<double> time_s;
  std::vector<std::int32_t> run;
  /// What more than half of the records that say it say that the library ran. Known where the
  /// series was made from records, not in a file of a profile.
  std::optional<Chosen> chosen{};
};

/// Of a cell on more than one node (`network`), or of one inside a node.
inline Place place_of(const Cell& cell, bool network) {
  return {static_cast<double>(cell.ranks), static_cast<double>(network ? cell.nodes : cell.ranks)};
}

/// A tier of fewer sizes tells no law over sizes: it is answered near its sizes only.
inline constexpr std::size_t kFewestSizes = 3;

struct Series {
  Collective collective = Collective::all_reduce;
  std::string algorithm = "auto";
  std::string protocol;
  Engine engine = Engine::nccl;
  Trust trust = Trust::measured;
  Growth growth = Growth::library;
  std::string system;               ///< where it was measured, for messages and `source`
  std::int64_t ranks_per_node = 1;  ///< of that system
  int torus_dimensions = 0;         ///< of its network; 0: no torus, or not known to be one
  /// Bus bandwidth among 2, 3, .. ranks of its nodes, or among any (node_rates.hpp); empty: not
  /// known.
  std::vector<double> node_rates{};
  std::vector<Cell> cells;  ///< by (ranks, size)
  /// What a scale's runs are of, by Cell::run: the data set that a source names in brackets, else
  /// the source. Known where the series was made from records, not in a file of a profile.
  std::map<std::int64_t, std::vector<std::string>> data_sets;
  /// What went wrong, a run (unhealthy_run.hpp) or rows (lone_row.hpp), a sentence each.
  std::vector<std::string> taken_out;

  [[nodiscard]] std::vector<std::int64_t> scales() const;  ///< ascending rank counts
  /// Rank counts on more than one node, or on one.
  [[nodiscard]] std::vector<std::int64_t> scales(bool network) const;
  /// Ascending sizes on more than one node, or on one.
  [[nodiscard]] std::vector<double> sizes(bool network) const;
};

/// Whether a source is a repository or page, "github:owner/name@commit file [data set]", and no
/// file or words of one's own.
bool is_published(std::string_view source);

/// "ring", or "ring/LL128" where a protocol is named.
std::string name_of(const Scenario& scenario);
std::string name_of(const Series& series);

/// One series per (collective, algorithm, protocol), in the order of first appearance; in and out
/// of place, data types and repetitions become values of one cell. `system` gives the ranks per
/// node where a record does not say its nodes. Fails, in one sentence, when there is nothing to
/// fit, when a record was not measured or has no positive time, size or rank count, or when the
/// records mix systems, engines or numbers of ranks per node.
///
/// A record is of the system that it names, else of its source: the repository or page, or all but
/// what stands in brackets and after an @. With
/// `same_system`, `system` is the measured machine: records that name none are of it, whatever
/// their sources.
Expected<std::vector<Series>> make_series(std::span<const Record> records, const System& system,
                                          bool same_system = false);

/// Median of every cell, in the order of the cells.
std::vector<double> cell_medians(const Series& series);

}  // namespace collscale
