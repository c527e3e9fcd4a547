// SPDX-License-Identifier: Apache-2.0
// The text that nccl-tests and rccl-tests print: a header of lines that begin with '#', then per
// size
//   size count type [redop] [root]  time algbw busbw #wrong  time algbw busbw #wrong
// out of place, then in place. Older versions have no redop or root for some collectives, and print
// the largest "error" in place of the number of wrong elements; newer ones may end a line in a time
// of day. Layouts: NVIDIA nccl-tests, src/common.cu and doc/PERFORMANCE.md.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <set>

#include "record_io/log_text.hpp"

namespace collscale {
namespace {

/// Size, count, type and eight figures are the least that a whole row has.
constexpr std::size_t kFiguresPerHalf = 4;
constexpr std::string_view kPerf = "_perf";

/// What the lines before a table say; a log may hold several.
struct Header {
  std::optional<Collective> collective;
  std::set<std::int64_t> ranks;
  std::set<std::string> hosts;
  std::string device;
  std::string library;
  std::int64_t iterations = 1;
  int halves = 2;  ///< groups of figures per row
  bool first_in_place = false;
  bool in_table = false;      ///< the columns' names were seen
  bool error_column = false;  ///< "error" is a deviation, not a number of wrong elements
};

struct Counts {
  std::int64_t torn = 0;
  std::int64_t wrong = 0;
  std::int64_t empty = 0;
  std::int64_t unknown_type = 0;
  std::int64_t other_busbw = 0;
  std::int64_t out_of_bounds = 0;
};

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
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "Rank") {
      if (const auto rank = to_integer(words[i + 1])) header.ranks.insert(*rank);
    }
    if (words[i] == "on" && i >= 2) header.hosts.emplace(words[i + 1]);
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

/// "# nThread 1 nGpus 8 minBytes 8 … iters: 20 agg iters: 1 …": a new test begins.
void read_parameter_line(const std::vector<std::string_view>& words, Header& header) {
  header.ranks.clear();
  header.hosts.clear();
  header.in_table = false;
  std::int64_t iterations = 1;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const bool warm_up = i > 0 && words[i - 1] == "warmup";
    if (words[i] == "iters:" && !warm_up) iterations *= to_integer(words[i + 1]).value_or(1);
  }
  header.iterations = iterations > 0 ? iterations : 1;
}

void read_column_line(const std::vector<std::string_view>& words, Header& header) {
  int halves = 0;
  header.in_table = true;
  header.error_column = false;
  for (const std::string_view word : words) {
    if (word == "time") ++halves;
    if (word == "error") header.error_column = true;
  }
  if (halves == 1 || halves == 2) header.halves = halves;
}

void read_header_line(std::string_view line, Header& header, Counts& counts) {
  const std::vector<std::string_view> words = split_words(line);
  if (has(line, "Rank ") && has(line, " Pid ")) read_rank_line(words, line, header);
  if (has(line, "nThread ")) read_parameter_line(words, header);
  if (has(line, "Collective test starting:")) header.collective = program_in(line);
  if (has(line, "size") && has(line, "count") && has(line, "algbw"))
    read_column_line(words, header);
  if (has(line, "nccl-library=")) read_version_line(after(line, "nccl-library="), header);
  if (has(line, "in-place")) header.first_in_place = !has(line, "out-of-place");
  if (has(line, "Out of bounds values")) {
    for (const std::string_view word : words) counts.out_of_bounds += to_integer(word).value_or(0);
  }
}

void read_other_line(std::string_view line, Header& header) {
  if (const auto program = program_in(line)) header.collective = program;
  for (const std::string_view mark : {"NCCL version ", "RCCL version "}) {
    const auto words = split_words(after(line, mark));
    if (!words.empty()) header.library = fmt::format("{} {}", mark.substr(0, 4), words.front());
  }
}

/// One half of a row: time, algbw, busbw, #wrong.
struct Half {
  std::string_view time;
  std::string_view algbw;
  std::string_view busbw;
  std::string_view wrong;
};

struct Row {
  double size_bytes = 0;
  std::string_view type;
  std::string_view op;
  std::int64_t root = 0;
  std::array<std::optional<Half>, 2> halves;
};

bool is_type(std::string_view word) {
  return parse_data_type(word).has_value() || word.starts_with("fp8") || word.starts_with("f8");
}

/// A half as printed; nothing for "N/A" (not run). `torn` is set where the figures contradict each
/// other.
std::optional<Half> read_half(const std::vector<std::string_view>& words, std::size_t at,
                              double size_bytes, bool& torn) {
  const Half half{words[at], words[at + 1], words[at + 2], words[at + 3]};
  if (half.time == "N/A") return std::nullopt;
  const auto time_us = to_number(half.time);
  const auto algbw = to_number(half.algbw);
  const auto busbw = to_number(half.busbw);
  const bool wrong_is_known = half.wrong == "N/A" || to_number(half.wrong).has_value();
  if (!time_us || !algbw || !busbw || !wrong_is_known || *time_us <= 0) {
    torn = true;
    return std::nullopt;
  }
  // A digit lost from the time or the size shows here: algbw = size / time, to the printed digits.
  const double expected = size_bytes / (*time_us * 1e-6) / 1e9;
  const double tolerance =
      2 * printed_precision(half.algbw) + expected * 2 * printed_precision(half.time) / *time_us;
  if (std::abs(expected - *algbw) > tolerance + 1e-3 * expected) torn = true;
  return half;
}

enum class LineKind { other, torn, row };

/// The row may stand behind a prefix (a time of day, a rank); it begins with size, count and type.
LineKind read_row(std::string_view line, const Header& header, Row& row) {
  const std::vector<std::string_view> words = split_words(line);
  std::size_t type_at = words.size();
  std::size_t figures = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (type_at == words.size() && is_type(words[i])) type_at = i;
    if (to_number(words[i])) ++figures;
  }
  if (type_at == words.size()) {
    // "  1048576   262144" inside a table: cut before the type.
    const bool only_figures = figures == words.size() && figures >= 2;
    return header.in_table && only_figures ? LineKind::torn : LineKind::other;
  }
  const auto size = type_at < 2 ? std::nullopt : to_integer(words[type_at - 2]);
  const auto count = type_at < 2 ? std::nullopt : to_integer(words[type_at - 1]);
  if (!size || !count || *size < 0 || *count < 0) {
    // A row that lost its front, or prose that happens to say "float".
    return figures >= kFiguresPerHalf ? LineKind::torn : LineKind::other;
  }

  row.size_bytes = static_cast<double>(*size);
  row.type = words[type_at];
  std::size_t at = type_at + 1;
  if (at < words.size() && !to_number(words[at])) row.op = words[at++];
  std::size_t rest = words.size() - at;
  const std::size_t wanted = kFiguresPerHalf * static_cast<std::size_t>(header.halves);
  if (rest >= wanted + 2 && has(words.back(), ":") && has(words[words.size() - 2], "-"))
    rest -= 2;  // date, time of day
  if (rest == wanted + 1) {
    const auto root = to_integer(words[at++]);
    if (!root) return LineKind::torn;
    row.root = *root < 0 ? 0 : *root;
    --rest;
  }
  if (rest != wanted) return LineKind::torn;
  bool torn = false;
  for (int half = 0; half < header.halves; ++half) {
    const std::size_t place =
        header.halves == 1 && header.first_in_place ? 1 : static_cast<std::size_t>(half);
    row.halves[place] = read_half(words, at, row.size_bytes, torn);
    at += kFiguresPerHalf;
  }
  return torn ? LineKind::torn : LineKind::row;
}

class NcclTestsImporter {
 public:
  NcclTestsImporter(std::string_view file_name, const ImportOptions& options)
      : file_name_(file_name), options_(options) {
    header_.collective = options.collective;
  }

  Expected<void> read(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    if (is_comment(line)) {
      read_header_line(line, header_, counts_);
      return {};
    }
    Row row;
    const LineKind kind = read_row(line, header_, row);
    if (kind == LineKind::other) read_other_line(line, header_);
    if (kind == LineKind::torn) ++counts_.torn;
    return kind == LineKind::row ? add(row) : Expected<void>{};
  }

  Expected<ImportReport> finish() {
    warn("torn line was left out", "torn lines were left out", counts_.torn);
    warn("measurement with wrong results was left out",
         "measurements with wrong results were left out", counts_.wrong);
    warn("row of size 0 was left out", "rows of size 0 were left out", counts_.empty);
    warn("row of a data type that collscale does not have was left out",
         "rows of data types that collscale does not have were left out", counts_.unknown_type);
    warn("measurement's printed busbw is not what its ranks give: is the number of ranks right?",
         "measurements' printed busbw is not what their ranks give: is the number of ranks right?",
         counts_.other_busbw);
    warn("value out of bounds is reported by the log itself",
         "values out of bounds are reported by the log itself", counts_.out_of_bounds);
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
  /// "# …", also behind a prefix such as "0: " or a time of day; not a shell's prompt "root@host:~#
  /// ls".
  static bool is_comment(std::string_view line) {
    const auto at = line.find('#');
    return at != std::string_view::npos &&
           (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') &&
           !has(line.substr(0, at), "@");
  }

  void warn(std::string_view singular, std::string_view plural, std::int64_t count) {
    warn_count(report_, file_name_, count, singular, plural);
  }

  std::string source() const {
    std::string details = header_.library;
    if (!details.empty() && !header_.device.empty()) details += ", ";
    details += header_.device;
    const std::string base = options_.source.empty() ? std::string(file_name_) : options_.source;
    return details.empty() ? base : fmt::format("{} [{}]", base, details);
  }

  Expected<void> add(const Row& row) {
    if (!header_.collective) {
      return fail(
          fmt::format("{}: the log does not name its collective: give --collective", file_name_));
    }
    const auto listed = static_cast<std::int64_t>(header_.ranks.size());
    const std::int64_t ranks = listed > 0 ? listed : options_.ranks;
    if (ranks < 1) {
      return fail(fmt::format("{}: the log does not list its ranks: give their number with --ranks",
                              file_name_));
    }
    if (row.size_bytes <= 0) {
      ++counts_.empty;
      return {};
    }
    const auto type = parse_data_type(row.type);
    if (!type) {
      ++counts_.unknown_type;
      return {};
    }
    Record record;
    record.engine = Engine::nccl;
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
    scenario.nodes =
        header_.hosts.empty() ? options_.nodes : static_cast<std::int64_t>(header_.hosts.size());
    for (std::size_t half = 0; half < 2; ++half) {
      if (row.halves[half]) add_half(record, *row.halves[half], half == 1);
    }
    return {};
  }

  void add_half(Record record, const Half& half, bool in_place) {
    if (!header_.error_column && to_number(half.wrong).value_or(0) > 0) {
      ++counts_.wrong;
      return;
    }
    record.scenario.in_place = in_place;
    record.time_s = *to_number(half.time) / 1e6;
    set_bandwidths(record);
    const double printed = *to_number(half.busbw);
    const double derived = record.busbw_Bps / 1e9;
    const double relative_time = printed_precision(half.time) / *to_number(half.time);
    if (std::abs(derived - printed) >
        2 * printed_precision(half.busbw) + (2 * relative_time + 1e-3) * derived) {
      ++counts_.other_busbw;
    }
    report_.records.push_back(std::move(record));
  }

  std::string_view file_name_;
  const ImportOptions& options_;
  Header header_;
  Counts counts_;
  ImportReport report_;
};

}  // namespace

bool looks_like_nccl_tests(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (has(line, "nThread ") || has(line, "Collective test starting:")) return true;
    if (has(line, "size") && has(line, "count") && has(line, "algbw")) return true;
    Row row;
    if (read_row(line, Header{}, row) == LineKind::row) return true;
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
