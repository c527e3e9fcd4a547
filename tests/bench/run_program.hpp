// SPDX-License-Identifier: Apache-2.0
// Runs a command line as a user's shell would.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace collscale {

struct ProgramOutcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// A directory of this test's own, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "collscale_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline ProgramOutcome run_program(const std::string& command_line) {
  const ScratchDirectory scratch;
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
