// SPDX-License-Identifier: Apache-2.0
// One answer of one engine to one scenario. Every engine and every command gives records of this
// one schema (results/schema/record.schema.json), so any two can be compared or drawn together.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

enum class Engine { nccl, mpi, flow, event, analytic };
enum class Trust { measured, emulated, simulated, predicted };

std::string_view name(Engine engine);
std::string_view name(Trust trust);
Expected<Engine> parse_engine(std::string_view text);
Expected<Trust> parse_trust(std::string_view text);

struct Interval {
  double level = 0;  ///< 0.95
  double low_s = 0;
  double high_s = 0;
};

/// Of the time. `which`: "min", "p5", "p50", "p95", "max", "mean".
struct Quantile {
  std::string which;
  double value_s = 0;
};

/// Exposed time of one term on one tier; the exposed times of a record sum to its time_s.
struct BreakdownTerm {
  std::string term;  ///< "latency", "bandwidth", "ecmp", ...
  std::string tier;  ///< "scale-up", "nic", "leaf", "spine", "core"
  double exposed_s = 0;
};

/// How a measurement was taken, and what was seen meanwhile. docs/method.md has the rules behind
/// the verdict.
struct Quality {
  std::string verdict;         ///< good, bimodal, drifting, contended or oversubscribed: the worst
  std::string sync;            ///< before each sample: barrier, back-to-back or window
  std::string buffers;         ///< rotate, hot or cold
  std::int64_t batch = 1;      ///< operations per sample
  std::int64_t warmup = 0;     ///< operations before the first sample
  bool warmup_stable = false;  ///< their times had settled; false where nobody looked
  std::optional<double> precision;  ///< the median's 95 % interval lies within ± this share of it
  std::int64_t missed = 0;          ///< samples thrown away, as a rank was late for their window
  std::int64_t attempts = 1;        ///< measured so often; the best is kept
  std::optional<double> cpu_share;  ///< of the rank that had least of its core, where ranks poll
  std::optional<double> foreign_cores;    ///< cores' worth of other work on the busiest node
  std::int64_t involuntary_switches = 0;  ///< of the process that was preempted most
  double drift = 0;  ///< median of the last third of the samples over the first third's, less 1
  double mode_ratio = 1;  ///< of the two groups of samples, where there are two; else 1
  std::optional<double> clock_error_s;  ///< window: by how much clocks were misjudged at most
};

/// The time a measurement is held against.
struct Attainable {
  double time_s = 0;
  std::string by;     ///< "topology": the analytic engine on it; "measured": messages and copies
  std::string limit;  ///< what limits there: "latency", "message", "copy", or the topology's tier
};

/// What a library said that it ran where it was left to choose.
struct Chosen {
  std::string algorithm;  ///< in our spelling: "ring", "nvls_tree"
  std::string protocol;   ///< "LL", "LL128", "Simple"; "" where it has none
  auto operator<=>(const Chosen&) const = default;
};

struct Record {
  Scenario scenario;
  Engine engine = Engine::analytic;
  Trust trust = Trust::predicted;
  double time_s = 0;  ///< the median where there are samples
  double algbw_Bps = 0;
  double busbw_Bps = 0;
  std::int64_t iterations = 1;
  std::vector<double> samples_s;  ///< empty where there are none (null in the file)
  std::vector<Quantile> quantiles;
  std::vector<Interval> intervals;
  std::string bottleneck;  ///< "latency", or the tier or term that limits; "" where unknown
  std::vector<BreakdownTerm> breakdown;
  std::optional<double> bound_s;       ///< no engine may be faster
  std::optional<double> estimate_s;    ///< what the library itself expects of a measured operation
  std::optional<double> utilisation;   ///< bound_s / time_s
  std::optional<int> assumed_figures;  ///< figures of the topology that are assumed or recalled
  std::optional<std::int64_t> validated_to_ranks;
  std::optional<Quality> quality;        ///< of our own measurements
  std::optional<Attainable> attainable;  ///< of our own measurements
  std::optional<Chosen> chosen;          ///< of a measurement; nothing where nobody said
  std::string source;                    ///< where a measurement of others is from; "" for our own
};

/// benchmark_name, with what it leaves out: "/op:max", "/root:3", "/in_place" where they are not
/// sum, 0 and out of place. What differs in none of these is the same benchmark.
std::string full_benchmark_name(const Scenario& scenario);

/// Sets algbw_Bps and busbw_Bps from the scenario and time_s.
void set_bandwidths(Record& record);

/// Sets bound_s, and the utilisation, which is how near time_s comes to it.
void set_bound(Record& record, double bound_s);

/// The share of what is attainable that was reached, 1 where the two times are equal.
std::optional<double> of_attainable(const Record& record);

/// What a whole file has in common; free text, values as strings, in the file under "context".
using Context = std::map<std::string, std::string>;

/// A result file in memory.
struct Results {
  Context context;
  std::vector<Record> records;
};

/// The version of the schema that this program writes; readers refuse another major number.
inline constexpr std::string_view kSchemaVersion = "1.4";

}  // namespace collscale
