// SPDX-License-Identifier: Apache-2.0
// The text that nccl-tests and rccl-tests print: a header of lines that begin with '#', then per
// size
//   size count type [redop] [root]  time algbw busbw #wrong  time algbw busbw #wrong
// out of place, then in place. Older versions have no redop or root for some collectives, and print
// the largest "error" in place of the number of wrong elements; newer ones may end a line in a time
// of day. Layouts: NVIDIA nccl-tests, src/common.cu, src/util.cu and doc/PERFORMANCE.md.
//
// The size and the figures of a row are printed at different moments, so messages of the library
// stand between them: a row that is only begun waits for a line that begins in figures.
//
// bench_mpi and bench_nccl print the same table with --table=nccl, below a line that names the
// library, the ranks and the nodes.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "record_io/log_text.hpp"
#include "record_io/nccl_choice_line.hpp"
#include "record_io/nccl_tests_header.hpp"
#include "record_io/nccl_tests_ranks.hpp"
#include "record_io/nccl_tests_row.hpp"

namespace collscale {
namespace {

struct Counts {
  LeftOut torn, contradictory, wrong, empty, unknown_type, unknown_op;
  LeftOut other_ranks;          ///< by their bus bandwidths
  LeftOut other_busbw;          ///< kept
  LeftOut outvoted, undecided;  ///< kept, of whose choice the library's messages differ
  std::ptrdiff_t programs = 1;  ///< that ran side by side, each by itself
  std::size_t groups = 1;       ///< that the ranks were split into
};

/// By how much a result could be off per rank in versions that print a deviation, not a count, as
/// these counted it themselves (src/common.cu, DeltaMaxValue).
double tolerated_error(DataType type) {
  switch (type) {
    case DataType::float64:
      return 1e-12;
    case DataType::float32:
      return 1e-5;
    case DataType::float16:
    case DataType::bfloat16:
      return 1e-2;
    default:
      return 0;
  }
}

class NcclTestsImporter {
 public:
  NcclTestsImporter(std::string_view file_name, const ImportOptions& options)
      : file_name_(file_name), options_(options) {
    header_.collective = options.collective;
  }

  Expected<void> read(std::string_view line) {
    ++line_;
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    if (const auto told = read_nccl_choice(line)) choices_.add(*told);
    const std::string cut = std::exchange(cut_, {});
    if (names_nccl_columns(cut) && continues_nccl_columns(line)) {
      read_header_line(fmt::format("{}{}", cut, line), header_);
      if (header_.columns.halves == 1) read_header_line(fmt::format("{} {}", cut, line), header_);
      return {};
    }
    if (names_nccl_columns(line)) cut_ = line;
    if (is_nccl_tests_header(line)) {
      Expected<void> settled;
      if (ends_nccl_table(line)) drop_begun();
      if (begins_nccl_table(line)) settled = settle_ranks();
      read_header_line(line, header_);
      return settled;
    }
    NcclTestsRow row;
    std::string front;
    const NcclTestsLine kind =
        read_row_in_any_style(line, header_.columns, header_.in_table, row, front);
    if (kind == NcclTestsLine::row || kind == NcclTestsLine::begun) drop_begun();
    if (kind == NcclTestsLine::row) return add(row, line_);
    if (kind == NcclTestsLine::begun) {
      begun_ = std::move(front);
      begun_line_ = line_;
      cut_ = line;
      return {};
    }
    if (completes(cut, line, row)) {
      if (std::exchange(begun_, {}).empty()) counts_.torn.lines.pop_back();
      return add(row, line_ - 1);
    }
    if (kind != NcclTestsLine::contradictory && continues(line, row)) {
      begun_.clear();
      return add(row, begun_line_);
    }
    if (kind == NcclTestsLine::other) return read_other(line);
    if (kind == NcclTestsLine::contradictory) counts_.contradictory.add(line_);
    if (kind == NcclTestsLine::torn && !continued_) {
      counts_.torn.add(line_);
      cut_ = line;
    }
    return {};
  }

  Expected<ImportReport> finish() {
    drop_begun();
    if (auto settled = settle_ranks(); !settled) return tl::make_unexpected(settled.error());
    warn("torn line was left out", "torn lines were left out", counts_.torn);
    warn("row was left out whose bandwidth is not what its size and time give",
         "rows were left out whose bandwidths are not what their sizes and times give",
         counts_.contradictory);
    warn("measurement with wrong results was left out",
         "measurements with wrong results were left out", counts_.wrong);
    warn("row of size 0 was left out", "rows of size 0 were left out", counts_.empty);
    warn("row of a data type that collscale does not have was left out",
         "rows of data types that collscale does not have were left out", counts_.unknown_type);
    warn("row of an operation that collscale does not have was left out",
         "rows of operations that collscale does not have were left out", counts_.unknown_op);
    warn("measurement was left out whose busbw is not that of the number of ranks",
         "measurements were left out whose busbw is not that of the number of ranks",
         counts_.other_ranks);
    warn("measurement's busbw is printed as its algbw, which says nothing of the ranks",
         "measurements' busbw is printed as their algbw, which says nothing of the ranks",
         counts_.other_busbw);
    warn("row keeps the choice that most of the library's messages tell, not all",
         "rows keep the choice that most of the library's messages tell, not all",
         counts_.outvoted);
    warn("row keeps no choice, since the library's messages tell several",
         "rows keep no choice, since the library's messages tell several", counts_.undecided);
    warn_count(report_, file_name_, header_.out_of_bounds,
               "value out of bounds is reported by the log itself",
               "values out of bounds are reported by the log itself");
    warn_about_ranks();
    if (report_.records.empty()) {
      std::string why;
      for (const std::string& warning : report_.warnings)
        why += "; " + warning.substr(file_name_.size() + 2);
      return fail(fmt::format("{}: no measurement could be read from this nccl-tests log{}",
                              file_name_, why));
    }
    return std::move(report_);
  }

 private:
  /// A command below a table begins another run, of which the lists above say nothing.
  Expected<void> read_other(std::string_view line) {
    Expected<void> settled;
    if (!printed_.empty() && commands_nccl_test(line)) {
      settled = settle_ranks();
      header_.begin_run();
    }
    read_other_line(line, header_);
    return settled;
  }

  void warn(std::string_view singular, std::string_view plural, const LeftOut& left_out) {
    warn_lines(report_, file_name_, left_out, singular, plural);
  }

  void warn_about_ranks() {
    if (counts_.programs > 1) {
      report_.warnings.push_back(fmt::format(
          "{}: the ranks are listed {} times: so many programs ran side by side, each by itself, "
          "and their rows are repeats (nccl-tests runs across nodes only if built with MPI=1)",
          file_name_, counts_.programs));
    }
    if (counts_.groups > 1) {
      report_.warnings.push_back(fmt::format(
          "{}: the ranks were split into {} groups: the records are of one group's ranks",
          file_name_, counts_.groups));
    }
  }

  void drop_begun() {
    if (!begun_.empty()) counts_.torn.add(begun_line_);
    begun_.clear();
  }

  /// Whether the line's figures complete the row that was begun; it may also bring but some of
  /// them.
  bool continues(std::string_view line, NcclTestsRow& row) {
    continued_ = false;
    if (begun_.empty()) return false;
    std::string figures = figures_at_front(line, header_.columns);
    for (const NumberStyle style : {NumberStyle::comma_groups, NumberStyle::comma_decimal}) {
      if (figures.empty()) figures = figures_at_front(plain_numbers(line, style), header_.columns);
    }
    if (figures.empty()) return false;
    std::string front;
    const NcclTestsLine kind = read_row_in_any_style(begun_ + " " + figures, header_.columns,
                                                     header_.in_table, row, front);
    continued_ = kind == NcclTestsLine::row || kind == NcclTestsLine::begun;
    if (kind == NcclTestsLine::begun) begun_ = std::move(front);
    return kind == NcclTestsLine::row;
  }

  /// Whether the torn line above goes on in this one, as where a terminal's width cut it.
  bool completes(const std::string& cut, std::string_view line, NcclTestsRow& row) const {
    if (cut.empty() || names_nccl_columns(cut)) return false;
    std::string front;
    for (const std::string_view gap : {"", " "}) {
      const std::string whole = fmt::format("{}{}{}", cut, gap, line);
      if (read_row_in_any_style(whole, header_.columns, header_.in_table, row, front) ==
          NcclTestsLine::row)
        return true;
    }
    return false;
  }

  /// Holds the table's printed bus bandwidths against the number of ranks that it was read with.
  /// Where all of them are those of one other number, that number counts: lines of the list were
  /// lost, or the table is of another run than the list. Rows of neither are left out.
  Expected<void> settle_ranks() {
    count_ranks_again();
    const RanksOfTable found = ranks_of_table(printed_, report_.records);
    const std::int64_t ranks = found.misfits.empty() ? 0 : ranks_of(found.misfits.front());
    if (found.is_of_two_jobs || (!printed_.empty() && lists_two_jobs(header_))) {
      const std::int64_t line =
          found.misfits.empty() ? printed_.front().line : found.misfits.front().line;
      return fail(fmt::format(
          "{}: the table at line {} has rows of several numbers of ranks: is it the output of two "
          "jobs, merged line by line? Import that of each by itself",
          file_name_, line));
    }
    if (found.of_all > 0) {
      take_ranks(ranks, found.of_all);
    } else if (!found.is_derived) {
      for (const PrintedBusBandwidth& misfit : found.misfits) counts_.other_busbw.add(misfit.line);
    } else {
      // Where most are of other ranks those that may be of any are so, too.
      leave_out(2 * found.misfits.size() > printed_.size() ? std::vector(printed_) : found.misfits);
    }
    keep_choices();
    printed_.clear();
    return {};
  }

  std::int64_t ranks_of(const PrintedBusBandwidth& printed) const {
    return report_.records[printed.record].scenario.ranks;
  }

  /// The list of ranks may go on between the rows, where processes write by themselves.
  void count_ranks_again() {
    if (header_.ranks.empty()) return;
    const auto [ranks, nodes] = ranks_and_nodes();
    for (const PrintedBusBandwidth& printed : printed_) {
      Record& record = report_.records[printed.record];
      record.scenario.ranks = ranks;
      if (nodes > 0) record.scenario.nodes = nodes;
      set_bandwidths(record);
    }
  }

  void take_ranks(std::int64_t read, std::int64_t ranks) {
    report_.warnings.push_back(fmt::format(
        "{}: {} {} ranks, but its bandwidths are those of {}: {} were taken", file_name_,
        ranks_are_of_log_ ? "the log lists" : "--ranks says", read, ranks, ranks));
    for (const PrintedBusBandwidth& printed : printed_) {
      Record& record = report_.records[printed.record];
      record.scenario.ranks = ranks;
      if (ranks > 2 * read) record.scenario.nodes = options_.nodes;  // more than some lost lines
      set_bandwidths(record);
    }
  }

  /// Of the records of this table, which are the last of the report.
  void leave_out(const std::vector<PrintedBusBandwidth>& misfits) {
    if (misfits.empty()) return;
    std::set<std::size_t> left_out;
    for (const PrintedBusBandwidth& misfit : misfits) {
      left_out.insert(misfit.record);
      counts_.other_ranks.add(misfit.line);
    }
    std::vector<PrintedBusBandwidth> kept;
    std::size_t place = printed_.front().record;
    for (PrintedBusBandwidth printed : printed_) {
      if (left_out.contains(printed.record)) continue;
      std::swap(report_.records[place], report_.records[printed.record]);
      printed.record = place++;
      kept.push_back(printed);
    }
    report_.records.resize(place);
    printed_ = std::move(kept);
  }

  /// Puts what the library said of its choices into the test's records.
  void keep_choices() {
    for (const PrintedBusBandwidth& printed : printed_) {
      Record& record = report_.records[printed.record];
      const Scenario& s = record.scenario;
      const NcclChoices::Answer answer = choices_.of(s.collective, s.size_bytes, s.ranks);
      record.chosen = answer.chosen;
      LeftOut& disputed = answer.chosen ? counts_.outvoted : counts_.undecided;
      const bool is_new = disputed.lines.empty() || disputed.lines.back() != printed.line;
      if (answer.is_disputed && is_new) disputed.add(printed.line);
    }
    choices_.clear();
  }

  /// Ranks and nodes of the communicator that the rows are of; 0: the log does not say.
  std::pair<std::int64_t, std::int64_t> ranks_and_nodes() {
    if (header_.ranks.empty() && header_.own_ranks > 0) {
      ranks_are_of_log_ = true;
      return {header_.own_ranks, header_.own_nodes};
    }
    if (header_.ranks.empty()) {
      // No launcher: one process with all its GPUs. With one alone a launcher may be unseen.
      const std::int64_t processes = header_.launch.processes == 0 && header_.ranks_per_process > 1
                                         ? 1
                                         : header_.launch.processes;
      const std::int64_t started = header_.communicator_ranks > 0
                                       ? header_.communicator_ranks
                                       : processes * header_.ranks_per_process;
      ranks_are_of_log_ = options_.ranks < 1;
      return {options_.ranks > 0 ? options_.ranks : started,
              options_.nodes > 0 ? options_.nodes : header_.launch.nodes};
    }
    ranks_are_of_log_ = true;
    const auto& [group, ranks] = *header_.ranks.begin();
    const bool split = header_.ranks.size() > 1;
    // A line that was torn takes its rank away, but not the number of the last, and each process
    // has as many as the others.
    const std::int64_t each = std::max<std::int64_t>(1, header_.ranks_per_process);
    const std::int64_t listed = (*ranks.rbegin() + each) / each * each;
    const std::int64_t count = split ? static_cast<std::int64_t>(ranks.size()) : listed;
    auto programs = std::ssize(header_.processes.begin()->second);
    for (const auto& [rank, processes] : header_.processes)
      programs = std::min(programs, std::ssize(processes));
    counts_.programs = std::max(counts_.programs, programs);
    counts_.groups = std::max(counts_.groups, header_.ranks.size());
    // An excerpt of the list does not tell the hosts.
    const bool excerpt = 2 * static_cast<std::int64_t>(ranks.size()) < count;
    const auto hosts = excerpt ? 0 : static_cast<std::int64_t>(header_.hosts[group].size());
    return {count, (hosts + programs - 1) / programs};
  }

  std::string source() const {
    std::string details = header_.library;
    if (!details.empty() && !header_.device.empty()) details += ", ";
    details += header_.device;
    const std::string base = base_source(file_name_, options_);
    return details.empty() ? base : fmt::format("{} [{}]", base, details);
  }

  Expected<void> add(const NcclTestsRow& row, std::int64_t line) {
    if (!header_.collective) {
      return fail(
          fmt::format("{}: the log does not name its collective: give --collective", file_name_));
    }
    const auto [ranks, nodes] = ranks_and_nodes();
    if (ranks < 1) {
      return fail(fmt::format("{}: the log does not list its ranks: give their number with --ranks",
                              file_name_));
    }
    if (row.size_bytes <= 0) {
      counts_.empty.add(line);
      return {};
    }
    const auto type = parse_data_type(row.type);
    if (!type) {
      counts_.unknown_type.add(line);
      return {};
    }
    if (row.op == "mulsum") {
      counts_.unknown_op.add(line);
      return {};
    }
    Record record;
    record.engine = header_.engine;
    record.trust = Trust::measured;
    record.iterations = header_.iterations;
    record.source = source();
    Scenario& scenario = record.scenario;
    scenario.topology = options_.topology;
    scenario.collective = *header_.collective;
    scenario.dtype = *type;
    scenario.op = parse_reduce_op(row.op).value_or(ReduceOp::sum);
    scenario.root = row.root;
    scenario.size_bytes = row.size_bytes;
    scenario.ranks = ranks;
    scenario.nodes = nodes > 0 ? nodes : options_.nodes;
    for (std::size_t half = 0; half < 2; ++half) {
      if (row.halves[half]) add_half(record, *row.halves[half], half == 1, line);
    }
    return {};
  }

  void add_half(Record record, const NcclTestsHalf& half, bool in_place, std::int64_t line) {
    const Scenario& scenario = record.scenario;
    // Where the names of the columns are lost the figure tells: counts are whole.
    const double tolerated =
        header_.error_column || !to_integer(half.wrong)
            ? tolerated_error(scenario.dtype) * static_cast<double>(scenario.ranks - 1)
            : 0;
    if (to_number(half.wrong).value_or(0) > tolerated) {
      counts_.wrong.add(line);
      return;
    }
    record.scenario.in_place = in_place;
    record.time_s = *to_number(half.time) / 1e6;
    set_bandwidths(record);
    const PrintedBusBandwidth printed{report_.records.size(),
                                      line,
                                      *to_number(half.busbw),
                                      printed_precision(half.busbw),
                                      printed_precision(half.time) / *to_number(half.time),
                                      half.busbw == half.algbw};
    const bool splits = scenario.collective == Collective::all_gather ||
                        scenario.collective == Collective::reduce_scatter;
    if (half.algbw_is_busbw && !(splits && fits(printed, scenario.ranks, record))) {
      counts_.contradictory.add(line);
      return;
    }
    printed_.push_back(printed);
    report_.records.push_back(std::move(record));
  }

  std::string_view file_name_;
  const ImportOptions& options_;
  NcclTestsHeader header_;
  Counts counts_;
  ImportReport report_;
  std::int64_t line_ = 0;                     ///< of the file, from 1
  std::vector<PrintedBusBandwidth> printed_;  ///< of the test that is being read
  bool ranks_are_of_log_ = false;
  NcclChoices choices_;  ///< likewise
  std::string begun_;    ///< the front of a row whose figures are awaited; empty: none
  std::int64_t begun_line_ = 0;
  bool continued_ = false;  ///< the last line was a part of the row that was begun
  std::string cut_;  ///< the last line, where it is a front of a row or of the columns' names
};

}  // namespace

bool looks_like_nccl_tests(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (names_nccl_tests(line)) return true;
    NcclTestsRow row;
    std::string front;
    if (read_row_in_any_style(line, {}, false, row, front) == NcclTestsLine::row) return true;
  }
  return false;
}

Expected<ImportReport> import_nccl_tests(const std::vector<std::string>& lines,
                                         std::string_view file_name, const ImportOptions& options) {
  NcclTestsImporter importer(file_name, options);
  for (const std::string& line : lines) {
    if (auto read = importer.read(line); !read) return tl::make_unexpected(read.error());
  }
  return importer.finish();
}

}  // namespace collscale
