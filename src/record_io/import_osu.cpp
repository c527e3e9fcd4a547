// SPDX-License-Identifier: Apache-2.0
// OSU micro-benchmarks' collectives:
//   # OSU MPI Allreduce Latency Test v7.4
//   # Datatype: MPI_FLOAT.
//   # Size       Avg Latency(us)   Min Latency(us)   Max Latency(us)  Iterations
// The figures are per rank: a collective ends with its slowest rank, so Max is taken where it was
// printed (-f), and Avg, the mean over the ranks, otherwise; the record's source says which. OSU's
// size is what one rank contributes to allgather, alltoall, gather and scatter; ours is the whole
// vector. Source: OSU Micro-Benchmarks (mvapich.cse.ohio-state.edu), c/mpi/collective.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "record_io/launch_line.hpp"
#include "record_io/log_text.hpp"
#include "record_io/openmpi_setting.hpp"
#include "record_io/table_commands.hpp"
#include "record_io/timed_rows.hpp"

namespace collscale {
namespace {

constexpr std::string_view kTitle = "OSU ";
constexpr std::string_view kLatency = " Latency Test";
constexpr std::string_view kJobOption = "#SBATCH";

/// "# OSU MPI Allreduce Latency Test v7.4", which lost its '#' where an issue's text was read as
/// Markdown: that is a title there.
bool is_title(std::string_view line) {
  const auto first = std::min(line.find_first_not_of(' '), line.size());
  return (line.find("# OSU ") != std::string_view::npos &&
          line.find("Test") != std::string_view::npos) ||
         (line.substr(first).starts_with(kTitle) && line.find(" Test v") != std::string_view::npos);
}

bool is_command(std::string_view line) { return line.find("osu_") != std::string_view::npos; }

/// That the command line runs: "./osu_allreduce -f" all_reduce; nothing where it is none of ours.
std::optional<Collective> collective_of(std::string_view command) {
  static constexpr std::string_view kProgram = "osu_";
  static constexpr std::string_view kOfCcl = "xccl_";
  const auto at = command.rfind(kProgram);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view program = command.substr(at + kProgram.size());
  if (program.starts_with(kOfCcl)) program.remove_prefix(kOfCcl.size());
  const auto is_of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  const auto end = std::find_if_not(program.begin(), program.end(), is_of_name);
  const auto found =
      parse_collective(program.substr(0, static_cast<std::size_t>(end - program.begin())));
  return found ? std::optional(*found) : std::nullopt;
}

/// "# Size       Avg Latency(us)", with or without its '#'.
bool is_osu_columns(std::string_view line) {
  const auto words = split_words(line);
  return line.find("Lat") != std::string_view::npos &&
         (line.find('#') != std::string_view::npos ||
          (!words.empty() && (words.front() == "Size" || words.front() == "Avg")));
}

struct Title {
  Collective collective = Collective::all_reduce;
  Engine engine = Engine::mpi;
};

/// "# OSU MPI-CUDA All-to-All Personalized Exchange Latency Test v5.3".
Expected<Title> read_title(std::string_view line, std::string_view file_name) {
  const std::string_view rest = line.substr(line.find(kTitle) + kTitle.size());
  const auto family_end = rest.find(' ');
  const auto end = rest.find(kLatency);
  Title title;
  if (end != std::string_view::npos && family_end < end) {
    std::string_view test = rest.substr(family_end + 1, end - family_end - 1);
    static constexpr std::string_view kExchange = " Personalized Exchange";
    if (test.ends_with(kExchange)) test.remove_suffix(kExchange.size());
    // Blocks of unequal size are sized differently there.
    if (const auto collective = parse_collective(test);
        collective && !has_unequal_blocks(*collective)) {
      title.collective = *collective;
      if (rest.substr(0, family_end).find("CCL") != std::string_view::npos)
        title.engine = Engine::nccl;
      return title;
    }
  }
  return fail(fmt::format(
      "{}: \"{}\" is not one of OSU's blocking collectives: expected \"OSU MPI Allreduce Latency "
      "Test\" and its like",
      file_name, line.substr(line.find(kTitle))));
}

/// "# Size       Avg Latency(us)": a name ends before two blanks, behind its unit, and where it is
/// one word, so that a line whose blanks were squeezed is read as well.
std::vector<std::string> column_names(std::string_view line) {
  static constexpr std::array<std::string_view, 3> kWhole{"Size", "Iterations", "Validation"};
  const std::string_view names_of_line = line.substr(line.find('#') + 1);
  std::vector<std::string> names;
  std::string current;
  for (const std::string_view word : split_words(names_of_line)) {
    if (!current.empty()) current += ' ';
    current += word;
    const auto behind = static_cast<std::size_t>(word.data() - names_of_line.data()) + word.size();
    if (word.ends_with(')') || names_of_line.substr(behind).starts_with("  ") ||
        std::find(kWhole.begin(), kWhole.end(), word) != kWhole.end())
      names.push_back(std::exchange(current, {}));
  }
  if (!current.empty()) names.push_back(current);
  return names;
}

struct Columns {
  std::optional<std::size_t> size;
  std::optional<std::size_t> average;
  std::optional<std::size_t> maximum;
  std::optional<std::size_t> iterations;
  std::optional<std::size_t> validation;
  std::size_t count = 0;

  static Columns from(const std::vector<std::string>& names) {
    Columns columns;
    columns.count = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == "Size") columns.size = i;
      if (names[i].starts_with("Avg Lat")) columns.average = i;
      if (names[i].starts_with("Latency")) columns.average = i;
      if (names[i].starts_with("Max Lat")) columns.maximum = i;
      if (names[i] == "Iterations") columns.iterations = i;
      if (names[i] == "Validation") columns.validation = i;
    }
    return columns;
  }

  /// As -f prints them.
  static Columns full() {
    return from({"Size", "Avg Latency(us)", "Min Latency(us)", "Max Latency(us)", "Iterations"});
  }
};

/// "1  50.89  18.27  89.23  1000": OMB 7.3 and others print what -f asks for below the names of
/// less.
bool is_full_row(const std::vector<std::string_view>& words) {
  if (words.size() != 5 || !to_count(words[4])) return false;
  const auto average = to_number(words[1]);
  const auto minimum = to_number(words[2]);
  const auto maximum = to_number(words[3]);
  return average && minimum && maximum && *minimum <= *average && *average <= *maximum;
}

/// "# Datatype: MPI_FLOAT." -> float.
std::optional<DataType> read_data_type(std::string_view line) {
  for (const std::string_view word : split_words(line))
    if (const auto type = read_mpi_type(word)) return type;
  return std::nullopt;
}

class OsuImporter {
 public:
  OsuImporter(std::string_view file_name, const ImportOptions& options, NumberStyle style)
      : file_name_(file_name), options_(options), style_(style) {
    report_.format = LogFormat::osu;
  }

  /// `command`: of a title the command line that printed its table, where the log shows it.
  void read(std::string_view line, const std::string& command) {
    ++line_;
    // A new run: nothing that was said of the last one holds.
    if (is_command(line)) {
      title_.reset();
      columns_.reset();
    }
    if (const auto option = line.find(kJobOption); option != std::string_view::npos) {
      job_options_ += line.substr(option + kJobOption.size());
    } else if (is_title(line)) {
      const auto title = read_title(line, file_name_);
      title_.reset();
      if (title)
        title_ = *title;
      else
        note_other(title.error());
      type_.reset();
      columns_.reset();
      rows_.begin_table();
      command_ = command;
      // Of two loops whose first one failed, the tables are not the second one's.
      if (title_ && collective_of(command).value_or(title_->collective) != title_->collective)
        command_.clear();
      launch_ = read_launch(command_).value_or(Launch{});
      if (launch_.processes < 1 && !command_.empty())
        launch_ = read_launch(job_options_).value_or(Launch{});
      if (options_.ranks > 0) launch_.processes = options_.ranks;
      if (options_.nodes > 0) launch_.nodes = options_.nodes;
    } else if (line.find("# Datatype") != std::string_view::npos) {
      // Below one title a table for each type that -T asks for.
      const auto type = read_data_type(line);
      if (type_ && type != type_) rows_.begin_table();
      type_ = type;
    } else if (is_osu_columns(line)) {
      columns_ = Columns::from(column_names(line));
    } else if (title_ && columns_) {
      read_row(plain_numbers(line, style_));
    }
  }

  Expected<ImportReport> finish() {
    if (auto checked = rows_.check(file_name_); !checked)
      return tl::make_unexpected(checked.error());
    rows_.warn(report_, file_name_);
    if (report_.records.empty() && !without_ranks_.lines.empty()) {
      return fail(
          fmt::format("{}: an OSU log does not say how many ranks it was run on: give their number "
                      "with --ranks",
                      file_name_));
    }
    warn_lines(report_, file_name_, without_ranks_,
               "row was left out, as no command line before it says its number of ranks",
               "rows were left out, as no command line before them says their number of ranks");
    if (report_.records.empty() && !others_.empty())
      return tl::make_unexpected(others_.front().error);
    for (const Other& other : others_) {
      report_.warnings.push_back(
          fmt::format("left out: {}{}", other.error.message,
                      other.tables > 1 ? fmt::format(" ({} tables)", other.tables) : ""));
    }
    if (report_.records.empty()) {
      return fail(fmt::format("{}: no measurement could be read from this OSU log", file_name_));
    }
    return std::move(report_);
  }

 private:
  /// A test that is no blocking collective. Job scripts run such tests between every two nodes.
  struct Other {
    Error error;
    int tables = 1;
  };

  void note_other(const Error& error) {
    for (Other& other : others_) {
      if (other.error.message == error.message) {
        ++other.tables;
        return;
      }
    }
    others_.push_back({error, 1});
  }

  void read_row(const std::string& line) {
    const auto words = split_words(line);
    if (words.empty() || !to_number(words.front())) return;  // a prompt, a scheduler's message
    // "0 upgraded, 0 newly installed": what a container's start prints between two tables.
    if (words.size() > 1 && std::isalpha(static_cast<unsigned char>(words[1].front()))) return;
    const auto row = parse_row(words);
    if (!rows_.take(row, title_->collective, line_)) return;
    if (launch_.processes < 1) return without_ranks_.add(line_);
    add(*row);
  }

  /// The row's figures; nothing where some are missing or cut.
  std::optional<TimedRow> parse_row(const std::vector<std::string_view>& words) {
    if (columns_->count == 2 && is_full_row(words)) columns_ = Columns::full();
    const auto time_at = columns_->maximum ? columns_->maximum : columns_->average;
    const auto size_at = columns_->size;
    if (words.size() != columns_->count || !time_at ||
        (!size_at && title_->collective != Collective::barrier))
      return std::nullopt;
    const auto time_us = read_time_us(words[*time_at]);
    const auto size = size_at ? to_integer(words[*size_at]) : std::optional<std::int64_t>(0);
    if (!time_us || !size || *size < 0) return std::nullopt;
    TimedRow row{*time_us, *size, 1, false};
    if (columns_->iterations) row.iterations = to_count(words[*columns_->iterations]).value_or(1);
    if (columns_->validation) row.wrong = words[*columns_->validation] != "Pass";
    return row;
  }

  void add(const TimedRow& row) {
    Record record;
    record.engine = title_->engine;
    record.trust = Trust::measured;
    record.time_s = row.time_us / 1e6;
    record.iterations = row.iterations;
    const std::string base = base_source(file_name_, options_);
    record.source =
        fmt::format("{} [OSU, {} over ranks]", base, columns_->maximum ? "maximum" : "mean");
    Scenario& scenario = record.scenario;
    scenario.topology = options_.topology;
    scenario.collective = title_->collective;
    scenario.dtype =
        type_.value_or(reduces(title_->collective) ? DataType::float32 : DataType::int8);
    scenario.algorithm = forced_algorithm(command_, title_->collective);
    scenario.ranks = launch_.processes;
    scenario.nodes = launch_.nodes;
    scenario.size_bytes = static_cast<double>(row.size);
    if (size_is_of_one_rank(title_->collective))
      scenario.size_bytes *= static_cast<double>(scenario.ranks);
    set_bandwidths(record);
    report_.records.push_back(std::move(record));
  }

  std::string_view file_name_;
  const ImportOptions& options_;
  NumberStyle style_;
  std::string command_;               ///< that printed the table, where the log shows it
  std::string job_options_ = "srun";  ///< that a job script shows, for a command without its own
  Launch launch_;                     ///< as given, or of that command
  std::optional<Title> title_;
  std::optional<DataType> type_;
  std::optional<Columns> columns_;
  std::int64_t line_ = 0;
  TimedRows rows_;
  LeftOut without_ranks_;
  std::vector<Other> others_;
  ImportReport report_;
};

}  // namespace

bool looks_like_osu(const std::vector<std::string>& lines) {
  return std::any_of(lines.begin(), lines.end(), is_title);
}

Expected<ImportReport> import_osu(const std::vector<std::string>& lines, std::string_view file_name,
                                  const ImportOptions& options) {
  OsuImporter importer(file_name, options, number_style(lines));
  const std::vector<std::string> commands = table_commands(lines, is_title, is_command);
  for (std::size_t i = 0; i < lines.size(); ++i) importer.read(lines[i], commands[i]);
  return importer.finish();
}

}  // namespace collscale
