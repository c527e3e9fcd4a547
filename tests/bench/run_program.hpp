// SPDX-License-Identifier: Apache-2.0
// Runs a command line as a user's shell would.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "support/temporary_folder.hpp"

namespace collscale {

struct ProgramOutcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

using test::TemporaryFolder;

inline ProgramOutcome run_program(const std::string& command_line) {
  const TemporaryFolder scratch;
  const auto text_of = [](const std::string& name) {
    std::ifstream file(name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  };
  const int status = std::system(
      (command_line + " >" + scratch.file("out") + " 2>" + scratch.file("err") + " </dev/null")
          .c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(scratch.file("out")),
          text_of(scratch.file("err"))};
}

}  // namespace collscale
