// SPDX-License-Identifier: Apache-2.0
// Who watches, and what they are told while a run goes on. Nothing of it reaches a file or a pipe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/options/progress_policy.hpp"
#include "cli/terminal.hpp"

namespace collscale {

/// What a person sees of this process's streams. A launcher gives its ranks pipes, or (Open MPI)
/// terminals of its own making, whatever its own streams are: under one, the launcher's count.
struct Watched {
  bool out = false;
  bool err = false;
  bool colour = false;  ///< colours may be used where somebody watches
};

/// Reads TERM, NO_COLOR and, of the launcher, /proc.
Watched watched_streams(ProgressPolicy policy = ProgressPolicy::detect);

/// Guesses how long the rest of a run takes. A point takes what one of its size took last, else
/// the mean of all so far.
class RemainingTime {
 public:
  void took(double size_bytes, double seconds);
  /// 0 where nothing is known yet.
  [[nodiscard]] double expected_s(double size_bytes) const;

 private:
  std::map<double, double> last_s_;
  double sum_s_ = 0;
  std::int64_t count_ = 0;
};

/// "0:07", "12:34", "1:02:03"
std::string format_clock(double seconds);

/// The line at the foot of the table: "[2/5] 0:07 so far, about 0:12 left: what".
class ProgressLine {
 public:
  /// `stream` is where the line goes; nullptr: nowhere.
  explicit ProgressLine(std::FILE* stream) : line_(stream) {}

  /// `done` of `total` points are measured; `what` is next. `remaining_s` is 0 where unknown.
  void show(std::int64_t done, std::int64_t total, std::string_view what, double remaining_s);
  /// Before anything else is printed.
  void clear() { line_.clear(); }

 private:
  StatusLine line_;
};

/// The stream for the line: the table's where that is watched, since two streams may arrive out of
/// order; nullptr: nobody watches.
std::FILE* progress_stream(const Watched& view, std::FILE* table);

/// The line of a run over points of these sizes, in this order.
class RunProgress {
 public:
  /// `limit_s` is what the first point is taken to need, which has nothing else to go by.
  RunProgress(std::FILE* stream, std::vector<double> sizes_bytes, double limit_s)
      : line_(stream), sizes_bytes_(std::move(sizes_bytes)), limit_s_(limit_s) {}
  void begin(std::string_view what);  ///< the next point
  void end();
  void clear() { line_.clear(); }

 private:
  ProgressLine line_;
  RemainingTime remaining_;
  std::vector<double> sizes_bytes_;
  double limit_s_;
  double begin_s_ = 0;
  std::size_t done_ = 0;
};

}  // namespace collscale
