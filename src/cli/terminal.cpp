// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
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

/// How many bytes the character in front takes; 0 of one that is none in UTF-8, or a control.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  if (first < 0x80)
    return (first >= ' ' && first != 0x7f) || first == '\n' || first == '\t' ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (byte(i) >> 6 != 2) return 0;
  return first == 0xc2 && byte(1) < 0xa0 ? 0 : length;
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

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    if (length > 0)
      result += text.substr(0, length);
    else
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return result;
}

std::string error_line(std::string_view message, bool colour) {
  return fmt::format("{} {}\n", colour ? "\033[1;31merror:\033[0m" : "error:", printable(message));
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
