// SPDX-License-Identifier: Apache-2.0
#include "collective/executor.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "collective/executor_machine.hpp"
#include "collective/walk.hpp"

namespace collscale {
namespace {

struct Outcome {
  ExecutionReport report;
  std::vector<Bytes> output;
};

Expected<Outcome> run_all(const Schedule& schedule, const Elements& elements,
                          const std::vector<Bytes>& input, const ExecuteOptions& options) {
  WalkOptions walk_options;
  walk_options.zip = false;
  walk_options.expand_pipes = true;
  walk_options.check_states = options.check_states;
  auto program = walk(schedule, walk_options);
  if (!program) return tl::unexpected(program.error());
  Machine machine(schedule, *program, elements, options);
  if (auto ok = machine.reserve(); !ok) return tl::unexpected(ok.error());
  if (auto ok = machine.load(input); !ok) return tl::unexpected(ok.error());
  if (auto ok = machine.run(); !ok) return tl::unexpected(ok.error());
  if (auto ok = machine.judge(); !ok) return tl::unexpected(ok.error());
  return Outcome{machine.report(), machine.output()};
}

template <class T>
void add(std::byte* into, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes; at += sizeof(T)) {
    T a{};
    T b{};
    std::memcpy(&a, into + at, sizeof(T));
    std::memcpy(&b, from + at, sizeof(T));
    a = static_cast<T>(a + b);
    std::memcpy(into + at, &a, sizeof(T));
  }
}

}  // namespace

Expected<ExecutionReport> execute(const Schedule& schedule, const ExecuteOptions& options) {
  auto outcome = run_all(schedule, {}, {}, options);
  if (!outcome) return tl::unexpected(outcome.error());
  return std::move(outcome->report);
}

template <class T>
Expected<Execution<T>> execute_on(const Schedule& schedule, std::int64_t elements,
                                  const std::vector<std::vector<T>>& input,
                                  const ExecuteOptions& options) {
  if (static_cast<std::int64_t>(input.size()) != schedule.ranks || elements < 0)
    return fail(fmt::format("{} inputs for {} ranks", input.size(), schedule.ranks));
  std::vector<Bytes> bytes;
  for (const std::vector<T>& values : input) {
    bytes.emplace_back(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(bytes.back().data(), values.data(), bytes.back().size());
  }
  auto outcome = run_all(schedule, {elements, sizeof(T), add<T>}, bytes, options);
  if (!outcome) return tl::unexpected(outcome.error());
  Execution<T> execution{std::move(outcome->report), {}};
  for (const Bytes& values : outcome->output) {
    execution.output.emplace_back(values.size() / sizeof(T));
    if (!values.empty()) std::memcpy(execution.output.back().data(), values.data(), values.size());
  }
  return execution;
}

template <class T>
using Arrays = std::vector<std::vector<T>>;

template Expected<Execution<std::int64_t>> execute_on(const Schedule&, std::int64_t,
                                                      const Arrays<std::int64_t>&,
                                                      const ExecuteOptions&);
template Expected<Execution<double>> execute_on(const Schedule&, std::int64_t,
                                                const Arrays<double>&, const ExecuteOptions&);
template Expected<Execution<float>> execute_on(const Schedule&, std::int64_t, const Arrays<float>&,
                                               const ExecuteOptions&);
template Expected<Execution<std::uint8_t>> execute_on(const Schedule&, std::int64_t,
                                                      const Arrays<std::uint8_t>&,
                                                      const ExecuteOptions&);

}  // namespace collscale
