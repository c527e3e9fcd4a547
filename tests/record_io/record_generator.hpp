// SPDX-License-Identifier: Apache-2.0
// Random records for property tests.
#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <string>
#include <vector>

#include "record/record.hpp"

namespace collscale {

/// A time between 1 ns and some minutes, of any mantissa.
inline rc::Gen<double> any_time_s() {
  return rc::gen::apply(
      [](int exponent, int mantissa) { return std::ldexp(1.0 + mantissa * 0x1p-30, exponent); },
      rc::gen::inRange(-30, 8), rc::gen::inRange(0, 1 << 30));
}

/// Any printable text, with the characters that JSON must escape.
inline rc::Gen<std::string> any_text() {
  return rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::inRange<char>(' ', '\x7f'), rc::gen::element('"', '\\', '\n', '\t', '/', '\x01')));
}

inline Quality any_quality() {
  Quality q;
  q.verdict = *rc::gen::element<std::string>("good", "bimodal", "drifting", "contended");
  q.sync = *rc::gen::element<std::string>("barrier", "back-to-back", "window");
  q.buffers = *rc::gen::element<std::string>("rotate", "hot", "cold");
  q.batch = *rc::gen::inRange<std::int64_t>(1, 1000);
  q.warmup = *rc::gen::inRange<std::int64_t>(0, 1000);
  q.warmup_stable = *rc::gen::arbitrary<bool>();
  q.missed = *rc::gen::inRange<std::int64_t>(0, 1000);
  q.attempts = *rc::gen::inRange<std::int64_t>(1, 10);
  q.involuntary_switches = *rc::gen::inRange<std::int64_t>(0, 1000);
  q.drift = *any_time_s() - 1;
  q.mode_ratio = 1 + *any_time_s();
  if (*rc::gen::arbitrary<bool>()) q.precision = *any_time_s();
  if (*rc::gen::arbitrary<bool>()) q.cpu_share = *any_time_s();
  if (*rc::gen::arbitrary<bool>()) q.foreign_cores = *any_time_s();
  if (*rc::gen::arbitrary<bool>()) q.clock_error_s = *any_time_s();
  return q;
}

inline Record any_record() {
  Record r;
  Scenario& s = r.scenario;
  s.topology = *any_text();
  s.collective = static_cast<Collective>(*rc::gen::inRange(0, 12));
  if (has_unequal_blocks(s.collective)) s.skew = *rc::gen::inRange(10, 100) / 10.0;
  s.algorithm = *rc::gen::element<std::string>("auto", "ring", "tree", "hierarchical");
  s.protocol = *rc::gen::element<std::string>("", "LL", "LL128", "Simple");
  s.selector = *any_text();
  s.dtype = static_cast<DataType>(*rc::gen::inRange(0, 10));
  s.op = static_cast<ReduceOp>(*rc::gen::inRange(0, 5));
  s.root = *rc::gen::inRange<std::int64_t>(0, 100);
  s.in_place = *rc::gen::arbitrary<bool>();
  s.size_bytes = static_cast<double>(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 50));
  s.ranks = *rc::gen::inRange<std::int64_t>(1, 1'000'000);
  s.nodes = *rc::gen::inRange<std::int64_t>(0, 100'000);
  s.layout = *any_text();
  s.placement = *any_text();
  s.failures = *any_text();
  r.engine = static_cast<Engine>(*rc::gen::inRange(0, 5));
  r.trust = static_cast<Trust>(*rc::gen::inRange(0, 4));
  r.time_s = *any_time_s();
  r.iterations = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  r.samples_s = *rc::gen::container<std::vector<double>>(any_time_s());
  const auto times_s = *rc::gen::container<std::vector<double>>(any_time_s());
  for (const double time_s : times_s) {
    r.quantiles.push_back({*rc::gen::element<std::string>("min", "p5", "p50"), time_s});
    r.intervals.push_back({0.95, time_s, 2 * time_s});
    r.breakdown.push_back({*any_text(), *any_text(), time_s});
  }
  r.bottleneck = *any_text();
  if (*rc::gen::arbitrary<bool>()) r.bound_s = *any_time_s();
  if (*rc::gen::arbitrary<bool>()) r.estimate_s = *any_time_s();
  if (*rc::gen::arbitrary<bool>()) {
    r.chosen = Chosen{*rc::gen::element<std::string>("ring", "nvls_tree"),
                      *rc::gen::element<std::string>("", "LL", "Simple")};
  }
  if (*rc::gen::arbitrary<bool>()) r.utilisation = *any_time_s();
  if (*rc::gen::arbitrary<bool>()) r.assumed_figures = *rc::gen::inRange(0, 1000);
  if (*rc::gen::arbitrary<bool>())
    r.validated_to_ranks = *rc::gen::inRange<std::int64_t>(0, 100'000);
  if (*rc::gen::arbitrary<bool>()) r.quality = any_quality();
  if (*rc::gen::arbitrary<bool>()) r.attainable = {1e-6, "measured", "message"};
  r.source = *any_text();
  set_bandwidths(r);
  return r;
}

/// A small, whole record for tests by example.
inline Record example_record() {
  Record r;
  r.scenario.topology = "dgx-h100-superpod";
  r.scenario.algorithm = "ring";
  r.scenario.size_bytes = 1048576;
  r.scenario.ranks = 8;
  r.scenario.nodes = 1;
  r.engine = Engine::mpi;
  r.trust = Trust::measured;
  r.time_s = 25e-6;
  r.iterations = 3;
  r.samples_s = {24e-6, 25e-6, 27e-6};
  r.quantiles = {{"min", 24e-6}, {"p50", 25e-6}};
  r.intervals = {{0.95, 24e-6, 27e-6}};
  r.bottleneck = "nic";
  r.breakdown = {{"latency", "nic", 5e-6}, {"bandwidth", "nic", 20e-6}};
  r.bound_s = 20e-6;
  r.utilisation = 0.8;
  r.assumed_figures = 2;
  r.validated_to_ranks = 16;
  r.attainable = {r.time_s / 2, "topology", "nic"};
  r.quality.emplace();
  r.quality->verdict = "good";
  r.quality->sync = "barrier";
  r.quality->buffers = "rotate";
  r.source = "a test";
  set_bandwidths(r);
  return r;
}

}  // namespace collscale
