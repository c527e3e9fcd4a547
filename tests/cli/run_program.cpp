// SPDX-License-Identifier: Apache-2.0
#include "run_program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace collscale::testing {
namespace {

namespace fs = std::filesystem;

const std::string kTool = COLLSCALE_BINARY_DIR "/collscale";

/// In the child: becomes the program. Never comes back.
[[noreturn]] void become(const std::vector<std::string>& words, const fs::path& folder,
                         const Environment& environment) {
  if (chdir(folder.c_str()) != 0) _exit(126);
  setenv("COLLSCALE_TOPOLOGIES", COLLSCALE_SOURCE_DIR "/topologies", 1);
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

int exit_code_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome run_words(const std::vector<std::string>& words, const fs::path& folder,
                  const Environment& environment) {
  // Files rather than pipes: a program that says much cannot block.
  const TemporaryFolder streams;
  const std::string out = streams.path() / "out";
  const std::string err = streams.path() / "err";
  const pid_t child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    become(words, folder, environment);
  }
  Outcome outcome;
  outcome.exit_code = exit_code_of(child);
  outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

std::vector<std::string> with_tool(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{kTool};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

Outcome run_collscale(const std::vector<std::string>& arguments, const fs::path& folder,
                      const Environment& environment) {
  return run_words(with_tool(arguments), folder, environment);
}

Outcome run_collscale_on_terminal(const std::vector<std::string>& arguments, const fs::path& folder,
                                  const Environment& environment) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
    throw std::runtime_error("no pseudo-terminal here");
  const std::string name = ptsname(terminal);
  const pid_t child = fork();
  if (child == 0) {
    const int side = open(name.c_str(), O_RDWR);
    dup2(side, STDIN_FILENO);
    dup2(side, STDOUT_FILENO);
    dup2(side, STDERR_FILENO);
    become(with_tool(arguments), folder, environment);
  }
  // Hold the child's side open until it has ended, then everything it wrote can be read.
  const int hold = open(name.c_str(), O_RDWR | O_NOCTTY);
  Outcome outcome;
  outcome.exit_code = exit_code_of(child);
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(terminal, buffer.data(), buffer.size())) > 0;)
    outcome.out.append(buffer.data(), static_cast<std::size_t>(n));
  close(hold);
  close(terminal);
  return outcome;
}

Outcome run_shell(const std::string& command, const fs::path& folder) {
  return run_words({"/bin/sh", "-c", "PATH=" COLLSCALE_BINARY_DIR ":$PATH; " + command}, folder,
                   {});
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void add_example_files(const fs::path& folder) {
  const fs::path source = COLLSCALE_SOURCE_DIR;
  fs::copy_file(source / "tests/fixtures/logs/nccl-tests-all-reduce-8.log",
                folder / "nccl-tests.log");
  fs::copy_file(source / "tests/fixtures/logs/osu-allreduce-full.log",
                folder / "osu_allreduce.txt");
  fs::copy_file(source / "tests/fixtures/logs/columns.csv", folder / "table.csv");
  fs::copy_file(source / "results/published/alps-gh200.json", folder / "results.json");
  for (const char* name : {"alps-gh200.json", "polaris-ofi.json", "polaris-ofi-tuned.json"})
    fs::copy_file(source / "results/published" / name, folder / name);
  fs::copy_file(source / "tests/fixtures/topologies/small.yaml", folder / "my-cluster.yaml");
  for (const char* run : {"before.json", "after.json"})
    fs::copy_file(source / "tests/fixtures/records" / run, folder / run);
  for (const char* log : {"nccl-tests-before.log", "nccl-tests-after.log"})
    fs::copy_file(source / "tests/fixtures/logs/nccl-tests-all-reduce-8.log", folder / log);
}

}  // namespace collscale::testing
