// SPDX-License-Identifier: Apache-2.0
#include "record/record.hpp"

#include <fmt/format.h>

#include <array>

#include "units/suggest.hpp"

namespace collscale {
namespace {

constexpr std::array<std::string_view, 5> kEngines{"nccl", "mpi", "flow", "event", "analytic"};
constexpr std::array<std::string_view, 4> kTrusts{"measured", "emulated", "simulated", "predicted"};

/// The enumerators are numbered as the names are listed.
template <class T, std::size_t N>
Expected<T> parse_enum(std::string_view what, std::string_view text,
                       const std::array<std::string_view, N>& names) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<T>(i);
  }
  return fail(fmt::format("unknown {} \"{}\"{}", what, text,
                          suggestion(text, std::vector<std::string>(names.begin(), names.end()))));
}

}  // namespace

std::string_view name(Engine engine) { return kEngines[static_cast<std::size_t>(engine)]; }
std::string_view name(Trust trust) { return kTrusts[static_cast<std::size_t>(trust)]; }
Expected<Engine> parse_engine(std::string_view text) {
  return parse_enum<Engine>("engine", text, kEngines);
}
Expected<Trust> parse_trust(std::string_view text) {
  return parse_enum<Trust>("trust label", text, kTrusts);
}

std::string full_benchmark_name(const Scenario& scenario) {
  std::string text = benchmark_name(scenario);
  if (scenario.root != 0) text.append("/root:").append(std::to_string(scenario.root));
  if (scenario.in_place) text.append("/in_place");
  return text;
}

void set_bound(Record& record, double bound_s) {
  record.bound_s = bound_s;
  if (record.time_s > 0) record.utilisation = bound_s / record.time_s;
}

void set_bandwidths(Record& record) {
  const Scenario& s = record.scenario;
  record.algbw_Bps = algorithm_bandwidth_Bps(s.size_bytes, record.time_s);
  record.busbw_Bps = bus_bandwidth_Bps(s.collective, s.ranks, s.size_bytes, record.time_s);
}

std::optional<double> of_attainable(const Record& record) {
  if (!record.attainable || record.time_s <= 0) {
    return std::nullopt;
  }
  return record.attainable->time_s / record.time_s;
}

}  // namespace collscale
