// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/terminal.hpp"
#include "record_io/results_file.hpp"

namespace collscale {

void print_result(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_note(std::string_view text) { fmt::print(stderr, "{}\n", printable(text)); }

Expected<void> check_output(std::string_view flag, const std::string& path) {
  if (path.empty() || path == "-") return {};
  return check_writable(path).map_error([&](const Error& error) {
    return Error{fmt::format("{}: {}", flag, error.message), error.code};
  });
}

Expected<void> write_text(const std::string& path, std::string_view text) {
  if (path.empty()) return {};
  return write_text_file(path, text);
}

Expected<void> finish_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return {};
  // Where an earlier write failed and this one did not, the reason is gone.
  const char* const why = errno != 0 ? std::strerror(errno) : "some of it did not arrive";
  return fail(fmt::format("stdout: cannot be written: {}", why), ExitCode::failed);
}

}  // namespace collscale
