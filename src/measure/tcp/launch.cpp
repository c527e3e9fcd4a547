// SPDX-License-Identifier: Apache-2.0
#include "measure/tcp/launch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace collscale {

namespace {

/// A whole number in a variable that is set.
Expected<std::optional<int>> number(const LaunchVariables& variables, const std::string& name,
                                    int least, int most) {
  const auto text = variables(name);
  if (!text) {
    return std::optional<int>();
  }
  int value = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, status] = std::from_chars(text->data(), end, value);
  if (status != std::errc() || stop != end || value < least || value > most) {
    return fail(
        fmt::format("{}={}: expected a whole number from {} to {}", name, *text, least, most));
  }
  return std::optional<int>(value);
}

constexpr int kMostRanks = 1 << 20;

/// Reads the numbers of a launcher, whose variables have these names.
class Numbers {
 public:
  explicit Numbers(const LaunchVariables& variables) : variables_(variables) {}
  std::optional<int> of(const std::string& name, int least, int most) {
    const auto value = number(variables_, name, least, most);
    if (!value && !error_) {
      error_ = value.error();
    }
    return value ? *value : std::nullopt;
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const LaunchVariables& variables_;
  std::optional<Error> error_;
};

Expected<void> check_place(const TcpPlace& place, std::string_view rank, std::string_view size) {
  if (place.rank >= place.size) {
    return fail(fmt::format("{}={} and {}={}: expected a rank below the number of processes", rank,
                            place.rank, size, place.size));
  }
  if (place.local_size && place.local_rank && *place.local_rank >= *place.local_size) {
    return fail(
        fmt::format("local rank {} of {}: expected one below the number of processes on the node",
                    *place.local_rank, *place.local_size));
  }
  return {};
}

Expected<std::optional<TcpPlace>> torchrun_place(const LaunchVariables& variables) {
  for (const auto& [has, lacks] : {std::pair{"RANK", "WORLD_SIZE"}, {"WORLD_SIZE", "RANK"}}) {
    if (variables(has) && !variables(lacks)) {
      return fail(fmt::format(
          "{} is set, but {} is not: processes that are to find each other need both, or neither",
          has, lacks));
    }
  }
  Numbers numbers(variables);
  TcpPlace place;
  place.rank = numbers.of("RANK", 0, kMostRanks).value_or(0);
  place.size = numbers.of("WORLD_SIZE", 1, kMostRanks).value_or(1);
  place.local_rank = numbers.of("LOCAL_RANK", 0, kMostRanks);
  place.local_size = numbers.of("LOCAL_WORLD_SIZE", 1, kMostRanks);
  const std::optional<int> port = numbers.of("MASTER_PORT", 1, 65535);
  if (numbers.error()) {
    return tl::unexpected(*numbers.error());
  }
  if (auto checked = check_place(place, "RANK", "WORLD_SIZE"); !checked) {
    return tl::unexpected(checked.error());
  }
  place.host = variables("MASTER_ADDR").value_or("");
  place.run = variables("TORCHELASTIC_RUN_ID").value_or("");
  if (place.size > 1) {
    if (place.host.empty()) {
      return fail("MASTER_ADDR is not set: expected the name or address of rank 0's host");
    }
    if (!port) {
      return fail("MASTER_PORT is not set: expected the port at which rank 0 is to listen");
    }
    const bool taken = variables("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
    place.port = !taken ? *port : *port == 65535 ? *port - 1 : *port + 1;
  }
  return std::optional(place);
}

/// Of a job step: a batch script has a rank and a number of tasks, too, and is alone.
Expected<std::optional<TcpPlace>> slurm_place(const LaunchVariables& variables) {
  const bool has_tasks = variables("SLURM_STEP_NUM_TASKS").has_value();
  const std::string tasks = has_tasks ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  Numbers numbers(variables);
  TcpPlace place;
  place.rank = numbers.of("SLURM_PROCID", 0, kMostRanks).value_or(0);
  const std::optional<int> size = numbers.of(tasks, 1, kMostRanks);
  place.local_rank = numbers.of("SLURM_LOCALID", 0, kMostRanks);
  const std::optional<int> job = numbers.of("SLURM_JOB_ID", 0, 2147483647);
  const std::optional<int> port = numbers.of("MASTER_PORT", 1, 65535);
  if (numbers.error()) {
    return tl::unexpected(*numbers.error());
  }
  if (!size) {
    return fail("SLURM_PROCID is set, but SLURM_STEP_NUM_TASKS and SLURM_NTASKS are not");
  }
  place.size = *size;
  if (auto checked = check_place(place, "SLURM_PROCID", tasks); !checked) {
    return tl::unexpected(checked.error());
  }
  if (place.size == 1) {
    return std::optional(place);
  }
  const std::string step = variables("SLURM_STEP_ID").value_or("");
  place.run = fmt::format("{}.{}", job.value_or(0), step);
  // Below the ports that systems hand out, and another one for each job.
  place.port = port.value_or(15000 + job.value_or(0) % 15000);
  if (const auto host = variables("MASTER_ADDR")) {
    place.host = *host;
    return std::optional(place);
  }
  for (const char* list : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"}) {
    if (const auto text = variables(list)) {
      const auto host = first_slurm_host(*text);
      if (!host) {
        return fail(fmt::format("{}: {}", list, host.error().message));
      }
      place.host = *host;
      return std::optional(place);
    }
  }
  return fail("SLURM_STEP_NODELIST is not set: set MASTER_ADDR to rank 0's host");
}

}  // namespace

std::string mpi_launch_variable(const LaunchVariables& variables) {
  // Open MPI's mpirun; MPICH's, Intel MPI's and Cray's; srun --mpi=pmix.
  constexpr std::array kNames = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMI_RANK", "PMIX_RANK",
                                 "PALS_RANKID"};
  for (const char* name : kNames) {
    if (variables(name)) {
      return name;
    }
  }
  return "";
}

Expected<std::optional<TcpPlace>> tcp_place(const LaunchVariables& variables) {
  if (variables("RANK") || variables("WORLD_SIZE")) {
    return torchrun_place(variables);
  }
  const bool in_step = variables("SLURM_STEP_NUM_TASKS") || variables("SLURM_STEP_ID");
  if (variables("SLURM_PROCID") && in_step) {
    return slurm_place(variables);
  }
  return std::optional<TcpPlace>();
}

Expected<std::string> first_slurm_host(std::string_view list) {
  const auto malformed = [list] {
    return fail(fmt::format("\"{}\" is no list of hosts such as gpu[001-004,7],login", list));
  };
  std::string host;
  for (std::size_t at = 0; at < list.size() && list[at] != ',';) {
    if (list[at] != '[') {
      host += list[at++];
      continue;
    }
    const std::size_t end = list.find(']', at);
    const std::size_t first_end = std::min(list.find_first_of(",-]", at), end);
    if (end == std::string_view::npos || first_end == at + 1) {
      return malformed();
    }
    host += list.substr(at + 1, first_end - at - 1);
    at = end + 1;
  }
  if (host.empty()) {
    return malformed();
  }
  return host;
}

}  // namespace collscale
