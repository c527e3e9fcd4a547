// SPDX-License-Identifier: Apache-2.0
// collscale: parse the command line, run one command, and say in one place what went wrong.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"

int main(int argc, char** argv) {
  using namespace collscale;
  const Terminal terminal = Terminal::detect();
  Error error;
  try {
    const Expected<void> done =
        parse_command_line(argc, argv)
            .and_then([&](const Command& command) { return run_command(command, terminal); })
            .and_then(finish_output);
    if (done) return static_cast<int>(ExitCode::ok);
    error = done.error();
  } catch (const std::exception& exception) {
    error = {fmt::format("internal error: {}", exception.what()), ExitCode::failed};
  }
  fmt::print(stderr, "{}", error_line(error.message, terminal.colour_stderr));
  return static_cast<int>(error.code);
}
