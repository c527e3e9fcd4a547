// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace collscale {
namespace {

constexpr std::chrono::seconds kQuiet{2};
constexpr std::size_t kLineWidth = 79;

std::string_view environment(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

}  // namespace

Terminal Terminal::detect() {
  const bool capable = environment("TERM") != "dumb";
  const bool colour = capable && environment("NO_COLOR").empty();
  const bool watched = isatty(STDERR_FILENO) == 1;
  return {.colour_stdout = colour && isatty(STDOUT_FILENO) == 1,
          .colour_stderr = colour && watched,
          .progress = capable && watched};
}

std::string bold(std::string_view text, bool colour) {
  return colour ? fmt::format("\033[1m{}\033[0m", text) : std::string(text);
}

std::string error_line(std::string_view message, bool colour) {
  return fmt::format("{} {}\n", colour ? "\033[1;31merror:\033[0m" : "error:", message);
}

Progress::Progress(const Terminal& terminal, std::size_t total)
    : start_(std::chrono::steady_clock::now()), total_(total), enabled_(terminal.progress) {}

Progress::~Progress() {
  if (visible_) fmt::print(stderr, "\r{:{}}\r", "", kLineWidth);
}

void Progress::next(std::string_view what) {
  ++done_;
  if (!enabled_ || std::chrono::steady_clock::now() - start_ < kQuiet) return;
  const std::string line = fmt::format("[{}/{}] {}", done_, total_, what).substr(0, kLineWidth);
  fmt::print(stderr, "\r{:{}}", line, kLineWidth);
  std::fflush(stderr);
  visible_ = true;
}

}  // namespace collscale
