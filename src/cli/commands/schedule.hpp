// SPDX-License-Identifier: Apache-2.0
// `collscale schedule list|show|draw`: the algorithms, and what one does step by step, as the
// executor found it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "collective/collective.hpp"
#include "collective/nccl_chunks.hpp"
#include "units/error.hpp"

namespace collscale {

struct ScheduleListOptions {
  std::optional<Collective> collective;
  std::string json;
};

/// Of a pipeline: a number of chunks, or (0) as many as NCCL makes of the size with a protocol.
struct ChunkCount {
  std::int64_t chunks = 0;
  NcclProtocol protocol = NcclProtocol::simple;
};

/// "8", "nccl", "nccl:ll", "nccl:ll128", "nccl:simple"
Expected<ChunkCount> parse_chunk_count(const std::string& text);

/// Which schedule; what is not given is chosen.
struct ScheduleChoice {
  std::string algorithm;  ///< "ring" or "all_reduce/ring"
  std::optional<Collective> collective;
  std::optional<std::int64_t> ranks;
  std::optional<std::int64_t> ranks_per_node;
  std::vector<std::int64_t> nodes;  ///< ranks of each node, where they differ
  std::optional<std::int64_t> nodes_per_group;
  std::optional<std::int64_t> root;
  std::optional<std::int64_t> channels;
  std::optional<ChunkCount> chunks;
  std::optional<std::int64_t> radix;
  std::optional<std::int64_t> aggregation;
  std::vector<std::int64_t> dimensions;
  std::optional<std::int64_t> experts;
  std::optional<std::int64_t> nodes_per_token;
};

struct ScheduleShowOptions {
  ScheduleChoice choice;
  double size_bytes = 0;  ///< 0: amounts are fractions of S
  bool all = false;       ///< every message of many ranks
  bool term = false;      ///< also the term, as docs/schedules.md writes it
  std::string json;
  std::string draw;
  std::string goal;
  double reduce_ns_per_byte = 0;
};

struct ScheduleDrawOptions {
  ScheduleChoice choice;
  double size_bytes = 0;
  std::string output;
};

/// What can be said before anything runs.
Expected<void> check(const ScheduleShowOptions& options);

Expected<void> run(const ScheduleListOptions& options, const Terminal& terminal);
Expected<void> run(const ScheduleShowOptions& options, const Terminal& terminal);
Expected<void> run(const ScheduleDrawOptions& options, const Terminal& terminal);

}  // namespace collscale
