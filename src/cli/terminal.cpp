// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace collscale {
namespace {

constexpr double kQuiet_s = 2;
constexpr std::size_t kLineWidth = 79;

std::string_view environment(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

bool obeys_escapes() { return environment("TERM") != "dumb"; }
bool may_be_coloured() { return obeys_escapes() && environment("NO_COLOR").empty(); }

Terminal Terminal::detect() {
  const bool colour = may_be_coloured();
  const bool watched = isatty(STDERR_FILENO) == 1;
  return {.colour_stdout = colour && isatty(STDOUT_FILENO) == 1,
          .colour_stderr = colour && watched,
          .progress = obeys_escapes() && watched};
}

std::string bold(std::string_view text, bool colour) {
  return colour ? fmt::format("\033[1m{}\033[0m", text) : std::string(text);
}

std::string error_line(std::string_view message, bool colour) {
  return fmt::format("{} {}\n", colour ? "\033[1;31merror:\033[0m" : "error:", message);
}

StatusLine::StatusLine(std::FILE* stream) : stream_(stream), start_s_(now_s()) {}

double StatusLine::elapsed_s() const { return now_s() - start_s_; }

void StatusLine::show(std::string_view text, double remaining_s) {
  shown_ = shown_ || elapsed_s() + remaining_s >= kQuiet_s;
  if (stream_ == nullptr || !shown_) return;
  fmt::print(stream_, "\r\033[K{}", text.substr(0, kLineWidth));
  std::fflush(stream_);
  visible_ = true;
}

void StatusLine::clear() {
  if (!visible_) return;
  fmt::print(stream_, "\r\033[K");
  std::fflush(stream_);
  visible_ = false;
}

Progress::Progress(const Terminal& terminal, std::size_t total)
    : line_(terminal.progress ? stderr : nullptr), total_(total) {}

void Progress::next(std::string_view what) {
  line_.show(fmt::format("[{}/{}] {}", ++done_, total_, what));
}

}  // namespace collscale
