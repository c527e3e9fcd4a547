// SPDX-License-Identifier: Apache-2.0
// The options of bench_nccl alone. nccl-tests' flags (2.19) have their meaning there, or are
// refused with one sentence that says what to use instead; docs/cli.md has the table.
#pragma once

#include <string>

#include "bench/options/options.hpp"

namespace CLI {
class App;
}

namespace collscale {

/// What the user wrote, before it is understood.
struct RawNccl {
  std::string bootstrap = "auto", clock, graph, registration, per_iteration, skip, cpu_time,
              null_stream, cta_policy, unalign, memory, parallel, average, cycles, timestamps,
              implementation, ctas, threads = "1", blocking = "0", checks = "1", roots, timeout;
  bool init = false, simulate = false;
};

Expected<Bootstrap> parse_bootstrap(std::string_view text);

void add_nccl_options(CLI::App& app, RawNccl& raw, BenchOptions& options);
/// After everything else is understood.
Expected<void> understand_nccl(const RawNccl& raw, const Environment& environment,
                               BenchOptions& options);

}  // namespace collscale
