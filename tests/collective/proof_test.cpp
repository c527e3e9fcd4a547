// SPDX-License-Identifier: Apache-2.0
// What holds for every algorithm of the registry, whichever it is: it gives the right result for
// every rank count and shape that it serves, on data of any length; it beats no lower bound; what
// it refuses, it refuses with a sentence that names what works. No algorithm is named here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "collective/executor.hpp"
#include "collective/flows.hpp"
#include "collective/invariants.hpp"
#include "collective/program.hpp"
#include "reference_results.hpp"
#include "shapes.hpp"

namespace collscale {
namespace {

using testing::expected_output;
using testing::inputs;
using testing::kEveryCountTo;
using testing::kEveryShapeTo;
using testing::label;
using testing::shapes_for;

/// Messages and blocks of one algorithm at large counts of ranks.
constexpr double kMostSpent = testing::kSanitized ? 3e5 : 6e6;

class Proof : public ::testing::TestWithParam<Algorithm> {
 protected:
  [[nodiscard]] Expected<Schedule> make(const Shape& shape) const {
    return make_schedule(GetParam().collective, GetParam().name, shape);
  }
};

INSTANTIATE_TEST_SUITE_P(Of, Proof, ::testing::ValuesIn(algorithms()), [](const auto& tested) {
  return std::string(name(tested.param.collective)) + "_" + std::string(tested.param.name);
});

bool in_network(const Program& program) {
  return std::any_of(program.lanes.begin(), program.lanes.end(),
                     [](const Lane& lane) { return lane.phase.network != InNetwork::none; }) ||
         std::any_of(program.parts.begin(), program.parts.end(), in_network);
}

bool reaches_all(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::all_gather ||
         collective == Collective::reduce_scatter || collective == Collective::broadcast ||
         collective == Collective::reduce || collective == Collective::barrier;
}

/// The least that all ranks together send, of size_bytes: each block must reach, or come from, each
/// rank that lacks it. (Chan, Heimlich, Purkayastha, van de Geijn, CCPE 2007, section 3.) Ranks
/// that reach each other through a switch send their own data once.
double least_sent(Collective collective, double n, bool through_switches) {
  switch (collective) {
    case Collective::all_reduce:
      return through_switches ? n - 1 : 2 * (n - 1);
    case Collective::all_gather:
    case Collective::broadcast:
      return through_switches ? (n - 1) / n : n - 1;
    case Collective::reduce_scatter:
    case Collective::reduce:
    case Collective::all_to_all:
      return n - 1;
    case Collective::gather:
    case Collective::scatter:
      return (n - 1) / n;
    case Collective::send_recv:
      return n;
    case Collective::barrier:
    case Collective::all_gather_v:  // no schedule has these two
    case Collective::all_to_all_v:
      return 0;
  }
  return 0;
}

/// ⌈log_{1+p} n⌉, where a rank has at most p messages under way at once: what it knows, or what is
/// known of it, grows no faster.
std::int64_t least_depth(const ExecutionTrace& trace, std::int64_t n) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> received, sent;
  std::int64_t ports = 1;
  for (const ExecutedMessage& m : trace.messages) {
    ports = std::max(ports, ++received[{m.destination, m.start}]);
    ports = std::max(ports, ++sent[{m.source, m.start}]);
  }
  std::int64_t depth = 0;
  for (std::int64_t reached = 1; reached < n; reached *= 1 + ports) ++depth;
  return depth;
}

void expect_within_bounds(const Schedule& s, const ExecutionReport& report,
                          const ExecutionTrace* trace) {
  const auto program = make_program(s);
  ASSERT_TRUE(program) << program.error().message;
  const bool switches = in_network(*program);
  const double sent =
      std::accumulate(report.sent_fraction.begin(), report.sent_fraction.end(), 0.0);
  EXPECT_GE(sent, least_sent(s.collective, static_cast<double>(s.ranks), switches) - 1e-9);
  EXPECT_GE(report.depth, switches ? 2 : 1);
  if (trace != nullptr && !switches && reaches_all(s.collective)) {
    EXPECT_GE(report.depth, least_depth(*trace, s.ranks));
  }
}

/// Messages, and blocks in them: what the execution of a program costs.
double cost_of(const Program& program, double ranks) {
  double cost = 0;
  for (const Lane& lane : program.lanes)
    for (std::int64_t step = 0; step < lane.phase.steps; ++step)
      for (int arc = 0; arc < arc_count(lane); ++arc) {
        double messages = 0;
        for_each_flow(lane, step, arc, [&](std::int64_t, std::int64_t) { ++messages; });
        cost += messages * (1 + mean_message_fraction(lane, step, arc) * ranks);
      }
  for (const Program& part : program.parts) cost += cost_of(part, ranks);
  return cost * program.chunks;
}

double cost_of(const Schedule& s) {
  const auto program = make_program(s);
  const auto ranks = static_cast<double>(s.ranks);
  double cells = ranks * ranks;  // looked at in the end
  for (const std::int64_t copies : s.spread) cells *= static_cast<double>(copies * copies);
  return cells + (program ? cost_of(*program, ranks) : 0);
}

TEST_P(Proof, IsRightForEveryRankCount) {
  for (std::int64_t n = 2; n <= kEveryCountTo; ++n) {
    int served = 0;
    std::vector<Shape> shapes = shapes_for(GetParam(), n);
    const bool sampled = n > kEveryShapeTo;
    if (sampled) shapes = testing::some_of(shapes, shapes.size(), n);
    for (const Shape& shape : shapes) {
      if (sampled && served == 3) break;
      const auto s = make(shape);
      if (!s) continue;
      SCOPED_TRACE(label(GetParam(), shape));
      ExecutionTrace trace;
      ExecuteOptions options;
      const bool traced = !sampled && served == 0;
      if (traced) options.trace = &trace;
      const auto report = execute(*s, options);
      ASSERT_TRUE(report) << report.error().message;
      expect_within_bounds(*s, *report, traced ? &trace : nullptr);
      ++served;
    }
    EXPECT_GT(served, 0) << n << " ranks: refused in every shape";
  }
}

/// The largest first, as long as they take no more than some million messages and blocks; at least
/// two counts.
TEST_P(Proof, IsRightForASampleOfCountsUpTo1024) {
  double spent = 0;
  int executed = 0;
  std::int64_t largest = 0;
  for (const std::int64_t n : {1024, 1000, 1023, 500, 255, 100, 128, 127}) {
    for (const Shape& shape : testing::some_of(shapes_for(GetParam(), n), 20, n)) {
      const auto s = make(shape);
      if (!s) continue;
      const double cost = cost_of(*s);
      if (spent + cost > kMostSpent && (n > 128 || executed >= 2)) continue;
      SCOPED_TRACE(label(GetParam(), shape));
      const auto report = execute(*s);
      ASSERT_TRUE(report) << report.error().message;
      expect_within_bounds(*s, *report, nullptr);
      spent += cost;
      ++executed;
      largest = std::max(largest, n);
      break;
    }
  }
  EXPECT_GE(executed, 2);
  EXPECT_GE(largest, testing::kSanitized ? 100 : 500);
}

template <class T>
void expect_right_arrays(const Schedule& s, std::int64_t elements) {
  const auto input = inputs<T>(s, elements);
  const auto run = execute_on<T>(s, elements, input);
  ASSERT_TRUE(run) << run.error().message;
  ASSERT_EQ(run->output, expected_output(s, elements, input)) << elements << " elements";
}

TEST_P(Proof, ArraysOfAnyLengthComeOutRight) {
  for (const std::int64_t n : {2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 23}) {
    for (const Shape& shape : testing::some_of(shapes_for(GetParam(), n), n <= 9 ? 12 : 3, n)) {
      const auto s = make(shape);
      if (!s) continue;
      SCOPED_TRACE(label(GetParam(), shape));
      for (const std::int64_t elements :
           {std::int64_t{0}, std::int64_t{1}, n - 1, 3 * n, 3 * n + 1, 5 * n - 1})
        expect_right_arrays<std::int64_t>(*s, elements);
      expect_right_arrays<double>(*s, 2 * n + 1);
      expect_right_arrays<float>(*s, 2 * n + 1);
      expect_right_arrays<std::uint8_t>(*s, 4 * n - 1);
    }
  }
}

TEST_P(Proof, OffsetsAddUpForThousandsOfRanks) {
  for (const std::int64_t n : {33, 100, 1000, 4096, 4097}) {
    for (const Shape& shape : testing::some_of(shapes_for(GetParam(), n), 2, n)) {
      const auto s = make(shape);
      if (!s) continue;
      const auto proved = prove(*s);
      ASSERT_TRUE(proved) << label(GetParam(), shape) << ": " << proved.error().message;
    }
  }
}

/// The numbers of a text: "2x4" is one entry of two, "1,024" one number.
std::vector<std::vector<std::int64_t>> numbers_in(const std::string& text) {
  std::vector<std::vector<std::int64_t>> found;
  const auto is_digit = [&](std::size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(i)) {
      ++i;
      continue;
    }
    if (i < 2 || text[i - 1] != 'x' || !is_digit(i - 2)) found.emplace_back();
    std::int64_t number = 0;
    for (; is_digit(i) || (text[i] == ',' && is_digit(i + 1) && is_digit(i + 3)); ++i)
      if (text[i] != ',') number = number * 10 + (text[i] - '0');
    found.back().push_back(number);
  }
  return found;
}

/// A refusal names another algorithm, a number of ranks or a value of an option, with which the
/// same shape is served.
bool names_what_works(const Algorithm& algorithm, const Shape& shape, const std::string& message) {
  for (std::size_t at = message.find("algorithm "); at != std::string::npos;
       at = message.find("algorithm ", at + 1)) {
    const std::size_t begin = at + std::string("algorithm ").size();
    const std::size_t end = message.find_first_of(" ,;:.", begin);
    if (make_schedule(algorithm.collective, message.substr(begin, end - begin), shape)) return true;
  }
  const auto works = [&](auto set) {
    Shape changed = shape;
    set(changed);
    return make_schedule(algorithm.collective, algorithm.name, changed).has_value();
  };
  for (const std::vector<std::int64_t>& numbers : numbers_in(message)) {
    const std::int64_t v = numbers.front();
    const auto ranks = [&](Shape& s) {
      s.ranks = v;
      s.root = 0;
      s.nodes.clear();
    };
    if ((v <= 4096 && works(ranks)) || works([&](Shape& s) { s.options.bruck_radix = v; }) ||
        works([&](Shape& s) { s.options.aggregation = v; }) ||
        works([&](Shape& s) { s.options.dimensions = numbers; }) ||
        works([&](Shape& s) { s.options.experts_per_token = v; }) ||
        works([&](Shape& s) { s.options.nodes_per_token = v; }) ||
        works([&](Shape& s) { s.nodes_per_group = v; }))
      return true;
  }
  return false;
}

TEST_P(Proof, ARefusalNamesWhatWorks) {
  int refused = 0;
  for (std::int64_t n = 2; n <= kEveryCountTo; ++n) {
    for (const Shape& shape :
         testing::some_of(shapes_for(GetParam(), n), n <= kEveryShapeTo ? 200 : 20, n)) {
      const auto s = make(shape);
      if (s) continue;
      const std::string& message = s.error().message;
      EXPECT_EQ(s.error().code, ExitCode::bad_input);
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      ASSERT_TRUE(names_what_works(GetParam(), shape, message))
          << label(GetParam(), shape) << ": " << message;
      ++refused;
    }
  }
  RecordProperty("refused", refused);
}

}  // namespace
}  // namespace collscale
