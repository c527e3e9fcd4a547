// SPDX-License-Identifier: Apache-2.0
#include "record_io/nccl_tests_header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "record_io/log_text.hpp"

namespace collscale {
namespace {

using Header = NcclTestsHeader;

constexpr std::string_view kPerf = "_perf";

/// More threads or GPUs than a process has: the number behind a torn one.
constexpr std::int64_t kMostOfAProcess = 1024;

bool has(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

/// "… ./build/all_reduce_perf -b 8" -> all_reduce. The last program of the line counts.
std::optional<Collective> program_in(std::string_view line) {
  const auto end = line.rfind(kPerf);
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t start = end;
  while (start > 0 &&
         (line[start - 1] == '_' || (line[start - 1] >= 'a' && line[start - 1] <= 'z')))
    --start;
  if (line[start] == '_') return std::nullopt;  // the end of a name that was cut
  const auto collective = parse_collective(line.substr(start, end - start));
  return collective ? std::optional(*collective) : std::nullopt;
}

std::string_view after(std::string_view line, std::string_view mark) {
  const auto at = line.find(mark);
  return at == std::string_view::npos ? std::string_view{} : line.substr(at + mark.size());
}

/// "#  Rank  3 Group  0 Pid   3187 on    node01 device  3 [0x9b] NVIDIA H100 80GB HBM3".
void read_rank_line(const std::vector<std::string_view>& words, std::string_view line,
                    Header& header) {
  std::int64_t group = 0;
  std::optional<std::int64_t> rank;
  std::string process;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "Rank") rank = words[i + 1] == "0" ? 0 : to_count(words[i + 1]);
    if (words[i] == "Group") group = to_integer(words[i + 1]).value_or(0);
    if (words[i] == "on" && i >= 2) header.hosts[group].emplace(words[i + 1]);
    if (words[i] == "Pid" || words[i] == "on") process.append(words[i + 1]).append(" ");
  }
  if (rank) {
    header.ranks[group].insert(*rank);
    header.processes[*rank].insert(process);
  }
  const std::string_view device = after(after(line, " device "), "] ");
  if (!device.empty())
    header.device = std::string(device.substr(0, device.find_last_not_of(" \t") + 1));
}

/// "# nccl-tests version 2.17.2 nccl-headers=22807 nccl-library=22807": NCCL_VERSION_CODE, which
/// had one digit less before 2.9 (2708 is 2.7.8).
void read_version_line(std::string_view code, Header& header) {
  const auto digits = split_words(code);
  const std::int64_t number = digits.empty() ? 0 : to_integer(digits.front()).value_or(0);
  if (number < 1000) return;
  const std::int64_t major = number < 10000 ? number / 1000 : number / 10000;
  const std::int64_t minor = number < 10000 ? number % 1000 / 100 : number % 10000 / 100;
  header.library = fmt::format("NCCL {}.{}.{}", major, minor, number % 100);
}

/// "all_reduce_perf -b 8 -e 1G -t 2 -g 4": eight ranks in a process.
void read_command(std::string_view line, Header& header) {
  const auto words = split_words(line.substr(line.rfind(kPerf)));
  header.ranks_per_process = 1;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const bool counts =
        words[i] == "-g" || words[i] == "--ngpus" || words[i] == "-t" || words[i] == "--nthreads";
    const std::int64_t count = counts ? to_count(words[i + 1]).value_or(1) : 1;
    if (count <= kMostOfAProcess) header.ranks_per_process *= count;
  }
}

/// "# nThread 1 nGpus 8 minBytes 8 … iters: 20 agg iters: 1 …": a new test begins.
void read_parameter_line(const std::vector<std::string_view>& words, Header& header) {
  header.begin_run();
  std::int64_t iterations = 1;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const bool warm_up = i > 0 && words[i - 1] == "warmup";
    if (words[i] == "iters:" && !warm_up) iterations *= to_count(words[i + 1]).value_or(1);
    if (words[i] != "nThread" && words[i] != "nGpus") continue;
    const std::int64_t count = to_count(words[i + 1]).value_or(1);
    if (count <= kMostOfAProcess) header.ranks_per_process *= count;
  }
  header.iterations = iterations;
}

void read_column_line(const std::vector<std::string_view>& words, Header& header) {
  int halves = 0;
  int others = 0;
  bool checked = false;  // -c 0 leaves "N/A", other tools leave the column out
  header.in_table = true;
  header.error_column = false;
  for (const std::string_view word : words) {
    if (word == "time") ++halves;
    if (word == "error") header.error_column = true;
    if (word.starts_with("i_")) ++others;
    checked |= word == "#wrong" || word == "wrong" || word == "error";
  }
  if (halves != 1 && halves != 2) return;
  header.columns.halves = halves;
  header.columns.checked = checked;
  header.columns.figures = (checked ? 4 : 3) + others / halves;
}

/// "# bench_mpi: Open MPI v4.1.4, 4 ranks on 2 nodes of 8 cores; …"
void read_own_line(std::string_view line, Engine engine, Header& header) {
  const std::string_view said = after(line, ": ");
  const auto words = split_words(said);
  for (std::size_t i = 1; i + 3 < words.size(); ++i) {
    if (!words[i].starts_with("rank") || words[i + 1] != "on") continue;
    header.own_ranks = to_count(words[i - 1]).value_or(0);
    header.own_nodes = to_count(words[i + 2]).value_or(0);
    header.library = std::string(said.substr(0, said.find(',')));
    header.engine = engine;
    return;
  }
}

/// The names of the columns, with or without the '#' before them; not a sentence about them.
bool is_column_line(std::string_view line) {
  const auto words = split_words(line);
  const auto size = std::find_if(words.begin(), words.end(), [](std::string_view word) {
    return word == "size" || word == "#size";
  });
  return words.end() - size > 1 && size[1] == "count" && has(line, "algbw");
}

bool is_parameter_line(std::string_view line) {
  return has(line, "nThread ") && has(line, "nGpus ");
}

bool is_rank_line(std::string_view line) { return has(line, "Rank ") && has(line, " Pid "); }

/// A header's line that lost its '#': where an issue's text was read as Markdown, that is a title.
bool is_bare_header(std::string_view line) {
  return is_column_line(line) || is_parameter_line(line) ||
         (is_rank_line(line) && has(line, " device ")) ||
         (has(line, "out-of-place") && has(line, "in-place")) ||
         has(line, "Out of bounds values") || has(line, "Avg bus bandwidth") ||
         has(line, "Collective test starting:");
}

}  // namespace

bool is_nccl_tests_header(std::string_view line) {
  const auto at = line.find('#');
  const bool is_comment = at != std::string_view::npos && (at == 0 || line[at - 1] == ' ') &&
                          !has(line.substr(0, at), "@");
  return is_comment || is_bare_header(line);
}

bool names_nccl_tests(std::string_view line) {
  return is_parameter_line(line) || is_column_line(line) || has(line, "Collective test starting:");
}

bool begins_nccl_table(std::string_view line) {
  return has(line, "nThread ") || has(line, "Collective test starting:") || is_column_line(line);
}

bool names_nccl_columns(std::string_view line) { return is_column_line(line); }

bool continues_nccl_columns(std::string_view line) {
  return has(line, "busbw") && line.find_first_of("0123456789") == std::string_view::npos &&
         !is_column_line(line);
}

bool commands_nccl_test(std::string_view line) {
  return program_in(line) &&
         (has(line, "_perf -") || has(line, "_perf_mpi -") || read_launch(line).has_value());
}

bool lists_two_jobs(const NcclTestsHeader& header) {
  static constexpr std::ptrdiff_t kRanks = 2;  // one alone may be of a torn line
  if (header.ranks.size() != 1) return false;
  const auto& listed = header.processes;
  const auto times = [](const auto& rank) { return rank.second.size(); };
  const auto first_of_others = std::find_if(listed.begin(), listed.end(), [&](const auto& rank) {
    return times(rank) != times(*listed.begin());
  });
  return std::distance(listed.begin(), first_of_others) >= kRanks &&
         std::distance(first_of_others, listed.end()) >= kRanks &&
         std::all_of(first_of_others, listed.end(),
                     [&](const auto& rank) { return times(rank) < times(*listed.begin()); });
}

void NcclTestsHeader::begin_run() {
  ranks.clear();
  hosts.clear();
  processes.clear();
  communicator_ranks = 0;
  in_table = false;
  ranks_per_process = 1;
}

bool ends_nccl_table(std::string_view line) {
  return has(line, "nThread ") || has(line, "Avg bus");
}

void read_header_line(std::string_view line, Header& header) {
  const std::vector<std::string_view> words = split_words(line);
  if (is_rank_line(line)) read_rank_line(words, line, header);
  if (has(line, "nThread ")) read_parameter_line(words, header);
  if (has(line, "Avg bus")) header.in_table = false;
  if (has(line, "Collective test starting:")) header.collective = program_in(line);
  if (is_column_line(line)) read_column_line(words, header);
  if (has(line, "# bench_mpi: ")) read_own_line(line, Engine::mpi, header);
  if (has(line, "# bench_nccl: ")) read_own_line(line, Engine::nccl, header);
  if (has(line, "nccl-library=")) read_version_line(after(line, "nccl-library="), header);
  if (has(line, "in-place")) header.columns.first_in_place = !has(line, "out-of-place");
  if (has(line, "Out of bounds values")) {
    for (const std::string_view word : words) header.out_of_bounds += to_count(word).value_or(0);
  }
}

void read_other_line(std::string_view line, Header& header) {
  if (const auto program = program_in(line)) {
    header.collective = program;
    const bool is_command = commands_nccl_test(line);
    header.launch = read_launch(line).value_or(is_command ? Launch{} : header.launch);
    if (is_command) read_command(line, header);
  }
  // "NCCL INFO comm 0x7f5780001ca0 rank 15 nranks 32 cudaDev 7 ... - Init COMPLETE"
  if (has(line, "NCCL INFO comm ")) {
    for (const std::string_view mark : {" nranks ", " nRanks "}) {
      const auto words = split_words(after(line, mark));
      const std::int64_t ranks = words.empty() ? 0 : to_count(words.front()).value_or(0);
      header.communicator_ranks = std::max(header.communicator_ranks, ranks);
    }
  }
  for (const std::string_view mark : {"NCCL version ", "RCCL version "}) {
    const auto words = split_words(after(line, mark));
    if (!words.empty()) header.library = fmt::format("{} {}", mark.substr(0, 4), words.front());
  }
}

}  // namespace collscale
