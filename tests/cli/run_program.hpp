// SPDX-License-Identifier: Apache-2.0
// Runs a built program in a folder of its own and keeps everything it said.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace collscale::testing {

struct Outcome {
  int exit_code = -1;  ///< 128 + signal where one ended it
  std::string out;
  std::string err;
};

/// "NAME=value" entries for the program's environment, on top of the test's own.
using Environment = std::vector<std::string>;

using test::TemporaryFolder;

/// The tool, with these arguments, in `folder`.
Outcome run_collscale(const std::vector<std::string>& arguments,
                      const std::filesystem::path& folder, const Environment& environment = {});

/// The same with stdout and stderr on a terminal; what it said to either is in `out`.
Outcome run_collscale_on_terminal(const std::vector<std::string>& arguments,
                                  const std::filesystem::path& folder,
                                  const Environment& environment = {});

/// A command as a user types it in a shell, with the tool on PATH.
Outcome run_shell(const std::string& command, const std::filesystem::path& folder);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

/// What the examples of the help texts work on: results.json, nccl-tests.log, osu_allreduce.txt,
/// my-cluster.yaml.
void add_example_files(const std::filesystem::path& folder);

}  // namespace collscale::testing
