// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "measure/clock.hpp"

namespace collscale {

namespace {

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

/// Name and parent of a process, from /proc/PID/stat (proc(5)): "PID (NAME) STATE PARENT ...".
struct Process {
  std::string name;
  int parent = 0;
};
Process process(int id) {
  std::ifstream file(fmt::format("/proc/{}/stat", id));
  std::string text;
  std::getline(file, text);
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 4 >= text.size()) {
    return {};
  }
  return {text.substr(open + 1, close - open - 1), std::atoi(text.c_str() + close + 4)};
}

/// By the begin of its name: mpirun.openmpi, mpiexec.hydra, hydra_pmi_proxy, prterun, orted.
bool is_launcher(const std::string& name) {
  constexpr std::array<std::string_view, 6> kLaunchers = {"mpirun", "mpiexec", "orte",
                                                          "prte",   "prun",    "hydra_"};
  return std::any_of(kLaunchers.begin(), kLaunchers.end(),
                     [&name](std::string_view launcher) { return name.starts_with(launcher); });
}

/// The launcher that this process's output goes through; 0 where there is none.
int launcher() {
  if (!is_set("OMPI_COMM_WORLD_RANK") && !is_set("PMIX_RANK") && !is_set("PMI_RANK")) {
    return 0;
  }
  int found = 0;
  int id = getppid();
  // Scripts may stand between the launcher and its ranks, but hardly many of them.
  for (int step = 0; step < 8 && id > 1; ++step) {
    const Process above = process(id);
    if (is_launcher(above.name)) {
      found = id;
    } else if (found != 0) {
      break;
    }
    id = above.parent;
  }
  return found;
}

bool is_terminal(int id, int descriptor) {
  if (id == 0) {
    return isatty(descriptor) == 1;
  }
  std::error_code unreadable;
  const std::string target =
      std::filesystem::read_symlink(fmt::format("/proc/{}/fd/{}", id, descriptor), unreadable);
  return !unreadable && (target.starts_with("/dev/pts/") || target.starts_with("/dev/tty") ||
                         target == "/dev/console");
}

}  // namespace

Watched watched_streams(ProgressPolicy policy) {
  const bool capable = obeys_escapes();
  Watched watched;
  if (policy == ProgressPolicy::off) {
    return watched;
  }
  const int through = launcher();
  watched.out = capable && is_terminal(through, STDOUT_FILENO);
  watched.err = policy == ProgressPolicy::on || (capable && is_terminal(through, STDERR_FILENO));
  watched.colour = may_be_coloured();
  return watched;
}

void RemainingTime::took(double size_bytes, double seconds) {
  last_s_[size_bytes] = seconds;
  sum_s_ += seconds;
  ++count_;
}

double RemainingTime::expected_s(double size_bytes) const {
  if (const auto last = last_s_.find(size_bytes); last != last_s_.end()) {
    return last->second;
  }
  return count_ == 0 ? 0 : sum_s_ / static_cast<double>(count_);
}

std::string format_clock(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

void ProgressLine::show(std::int64_t done, std::int64_t total, std::string_view what,
                        double remaining_s) {
  // The name last: it is what may be cut.
  std::string line =
      fmt::format("[{}/{}] {} so far", done + 1, total, format_clock(line_.elapsed_s()));
  if (remaining_s > 0) {
    line += fmt::format(", about {} left", format_clock(remaining_s));
  }
  line_.show(line.append(": ").append(what), remaining_s);
}

std::FILE* progress_stream(const Watched& view, std::FILE* table) {
  const bool table_is_seen = table == stdout ? view.out : view.err;
  return table_is_seen ? table : view.err ? stderr : nullptr;
}

void RunProgress::begin(std::string_view what) {
  begin_s_ = steady_now_s();
  double left_s = 0;
  for (std::size_t i = done_; i < sizes_bytes_.size(); ++i) {
    left_s += done_ == 0 ? limit_s_ : remaining_.expected_s(sizes_bytes_[i]);
  }
  line_.show(static_cast<std::int64_t>(done_), std::ssize(sizes_bytes_), what, left_s);
}

void RunProgress::end() {
  if (done_ < sizes_bytes_.size()) {
    remaining_.took(sizes_bytes_[done_++], steady_now_s() - begin_s_);
  }
}

}  // namespace collscale
