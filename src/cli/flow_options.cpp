// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "stats/quantiles.hpp"

namespace collscale {

Expected<void> check_flow_arguments(const FlowArguments& arguments, Engine engine) {
  struct Given {
    const char* flag;
    bool is_given;
    bool of_event;  ///< the event engine takes it, too
  };
  const std::vector<Given> options = {
      {"--placement", arguments.placement.kind != PlacementSpec::Kind::packed, true},
      {"--fail", !arguments.fail.empty(), true},
      {"--degrade", !arguments.degrade.empty(), true},
      {"--trials", arguments.trials > 0, false},
      {"--explain", arguments.explain, false},
      {"--trace", !arguments.trace.empty(), false},
  };
  if (engine == Engine::flow) return {};
  for (const Given& option : options)
    if (option.is_given && !(option.of_event && engine == Engine::event))
      return fail(fmt::format("{} is for the engine{} every link, not {}: add --engine flow{}",
                              option.flag, option.of_event ? "s that know" : " that knows",
                              name(engine), option.of_event ? " or event" : ""));
  return {};
}

Expected<FlowOptions> flow_options(const FlowArguments& arguments, const System& system,
                                   std::uint64_t seed) {
  FlowOptions options;
  options.seed = seed;
  options.placement = arguments.placement;
  options.memory_limit_bytes = arguments.memory_limit_bytes;
  for (const std::string& text : arguments.fail)
    if (auto added = add_fault(system, text, false, seed, options.faults); !added)
      return fail("--fail: " + added.error().message);
  for (const std::string& text : arguments.degrade)
    if (auto added = add_fault(system, text, true, seed, options.faults); !added)
      return fail("--degrade: " + added.error().message);
  return options;
}

void add_trials(Record& record, const FlowTrials& trials) {
  record.samples_s = trials.samples_s;
  record.iterations = static_cast<std::int64_t>(trials.samples_s.size());
  std::vector<double> ascending = trials.samples_s;
  std::sort(ascending.begin(), ascending.end());
  const double mean = std::accumulate(ascending.begin(), ascending.end(), 0.0) /
                      static_cast<double>(ascending.size());
  record.quantiles = {{"min", ascending.front()}, {"p5", sorted_quantile(ascending, 0.05)},
                      {"p50", record.time_s},     {"p95", sorted_quantile(ascending, 0.95)},
                      {"max", ascending.back()},  {"mean", mean}};
}

}  // namespace collscale
