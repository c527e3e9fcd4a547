// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "record_io/header_prefix.hpp"
#include "record_io/json_rows.hpp"
#include "record_io/log_text.hpp"
#include "record_io/plain_text.hpp"
#include "record_io/results_file.hpp"
#include "record_io/wrapped_log.hpp"

namespace collscale {

std::string_view name(LogFormat format) {
  switch (format) {
    case LogFormat::nccl_tests:
      return "nccl-tests";
    case LogFormat::nccl_tests_json:
      return "nccl-tests JSON";
    case LogFormat::osu:
      return "OSU micro-benchmarks";
    case LogFormat::imb:
      return "Intel MPI Benchmarks";
    case LogFormat::google_benchmark:
      return "Google Benchmark";
    case LogFormat::csv:
      return "CSV";
    case LogFormat::markdown:
      return "tables of Markdown";
  }
  return "?";
}

std::string algorithm_name(std::string_view foreign) {
  if (foreign.empty()) return "auto";
  std::string result;
  bool after_lower = false;
  for (const char c : foreign) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower_or_digit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!upper && !lower_or_digit) {
      if (!result.empty() && result.back() != '_') result += '_';
    } else {
      if (upper && after_lower && result.back() != '_') result += '_';
      result += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    after_lower = lower_or_digit;
  }
  while (!result.empty() && result.back() == '_') result.pop_back();
  // Names that run together or apart in their libraries' own spelling.
  if (result == "nvlstree") return "nvls_tree";
  if (result == "nonoverlapping") return "non_overlapping";
  static constexpr std::string_view kCollNet = "coll_net";
  if (result.starts_with(kCollNet)) result.erase(4, 1);
  // What a library takes where it is told nothing; PICO says so of the algorithm and its own.
  if (result == "default" || result == "default_default") return "auto";
  return result.empty() ? "auto" : result;
}

std::optional<Engine> library_engine(std::string_view library) {
  const std::string known = algorithm_name(library);  // small letters, words apart by '_'
  const auto names_one = [&known](std::string_view part) {
    return known.find(part) != std::string::npos;
  };
  if (names_one("nccl") || names_one("rccl")) return Engine::nccl;
  // HPE's and SGI's is called MPT.
  if (names_one("mpi") || names_one("mvapich") || known == "mpt" || known.ends_with("_mpt"))
    return Engine::mpi;
  return std::nullopt;
}

namespace {

/// Output that is known and cannot be read, by what it holds.
struct Unreadable {
  std::string_view mark;
  std::string_view what;
};

constexpr std::array<Unreadable, 6> kUnreadable{
    {{"# Benchmarking: ", "oneCCL's benchmark"},
     {"#elem_count", "oneCCL's benchmark"},
     {"COMMS-RES", "PARAM's comms benchmark"},
     {"Time, us     ", "UCC's perftest"},
     {"<!DOCTYPE html", "a web page, not its text alone"},
     {"<html", "a web page, not its text alone"}}};

/// Files that are no text to read, by how they begin.
constexpr std::array<Unreadable, 6> kBinaries{{{"\x1f\x8b", "a file packed by gzip"},
                                               {"BZh", "a file packed by bzip2"},
                                               {"\xfd"
                                                "7zXZ",
                                                "a file packed by xz"},
                                               {"PK\x03\x04", "a ZIP archive or a spreadsheet"},
                                               {"%PDF", "a PDF, not its text alone"},
                                               {"\x89PNG", "a picture"}}};

/// What the file is where it is no text; "" of a text. A mark alone tells: the front of a PDF often
/// is plain text.
std::string_view binary_in(std::string_view encoded, std::string_view text) {
  const auto* const known = std::find_if(kBinaries.begin(), kBinaries.end(), [&](const auto& one) {
    return encoded.starts_with(one.mark);
  });
  if (known != kBinaries.end()) return known->what;
  return is_text(text) ? "" : "a file that is no text";
}

/// By the text's front; "" where it is nothing of that.
std::string_view unreadable_in(std::string_view text) {
  static constexpr std::size_t kFront = 4096;
  for (const Unreadable& known : kUnreadable) {
    if (text.substr(0, kFront).find(known.mark) != std::string_view::npos) return known.what;
  }
  return {};
}

Error not_a_log(std::string_view file_name, std::string_view found) {
  return {fmt::format(
      "{}: not a log that can be imported: {}expected the output of nccl-tests, of the OSU "
      "micro-benchmarks, of the Intel MPI Benchmarks or of Google Benchmark, or CSV or Markdown "
      "with the columns collective, ranks, bytes, time_us (or others: --columns)",
      file_name, found.empty() ? "" : fmt::format("found {}, ", found))};
}

/// Rows that were pasted out of a spreadsheet become a table of Markdown without the names of its
/// columns: "1024 | 256 | float | sum | ...".
void remove_bars(std::vector<std::string>& lines) {
  for (std::string& line : lines) {
    if (line.find('|') == std::string::npos) continue;
    std::string plain = line;
    std::replace(plain.begin(), plain.end(), '|', ' ');
    const auto words = split_words(plain);
    if (words.size() > 5 && to_integer(words[0]) && to_integer(words[1]) &&
        parse_data_type(words[2]))
      line = std::move(plain);
  }
}

/// What a text may hold, in the order in which they are tried.
std::vector<LogFormat> formats_in(std::string_view text, const std::vector<std::string>& lines,
                                  const ImportOptions& options) {
  std::vector<LogFormat> formats;
  if (looks_like_osu(lines)) formats.push_back(LogFormat::osu);
  if (looks_like_imb(lines)) formats.push_back(LogFormat::imb);
  if (looks_like_nccl_tests(lines)) formats.push_back(LogFormat::nccl_tests);
  if (looks_like_markdown(text, options)) formats.push_back(LogFormat::markdown);
  return formats;
}

Expected<ImportReport> import_as(LogFormat format, std::string_view text,
                                 const std::vector<std::string>& lines, std::string_view file_name,
                                 const ImportOptions& options) {
  switch (format) {
    case LogFormat::osu:
      return import_osu(lines, file_name, options);
    case LogFormat::imb:
      return import_imb(lines, file_name, options);
    case LogFormat::nccl_tests:
      return import_nccl_tests(lines, file_name, options);
    default:
      return import_markdown(text, file_name, options);
  }
}

/// The first of the formats that gives records; the others that do are named, since a file has one.
Expected<ImportReport> import_first(const std::vector<LogFormat>& formats, std::string_view text,
                                    const std::vector<std::string>& lines,
                                    std::string_view file_name, const ImportOptions& options) {
  std::optional<ImportReport> report;
  std::optional<Error> refusal;
  for (const LogFormat format : formats) {
    auto one = import_as(format, text, lines, file_name, options);
    if (!one) {
      if (!refusal) refusal = one.error();
    } else if (!report) {
      report = std::move(*one);
    } else {
      report->warnings.push_back(
          fmt::format("{}: also holds {} records of {}, left out: give them a file of their own",
                      file_name, one->records.size(), name(format)));
    }
  }
  return report ? Expected<ImportReport>(std::move(*report)) : tl::make_unexpected(*refusal);
}

}  // namespace

Expected<ImportReport> import_log(std::string_view encoded, std::string_view file_name,
                                  const ImportOptions& options) {
  std::string text = plain_text(encoded);
  if (const auto binary = binary_in(encoded, text); !binary.empty())
    return tl::make_unexpected(not_a_log(file_name, binary));
  if (const auto log = text_of_container_log(text)) text = *log;
  const bool is_json = looks_like_json(text);
  if (!is_json && !looks_like_json_rows(text))
    text = plain_text(without_python_quotes(without_markup(text)));
  if (is_json && options.columns.empty() && is_whole_json(text))
    return import_json(text, file_name, options);
  if (!options.columns.empty()) {
    return looks_like_markdown(text, options) ? import_markdown(text, file_name, options)
                                              : import_csv(text, file_name, options);
  }
  if (looks_like_benchmark_csv(text)) return import_benchmark_csv(text, file_name, options);
  const std::string_view unreadable = unreadable_in(text);
  if (unreadable.empty() && (looks_like_json_rows(text) || looks_like_csv(text)))
    return import_csv(text, file_name, options);
  std::vector<std::string> lines = clean_lines(text);
  uncomment_rows(lines);
  remove_header_prefix(lines);
  if (!looks_like_markdown(text, options)) remove_bars(lines);
  const std::vector<LogFormat> formats = formats_in(text, lines, options);
  if (!formats.empty()) {
    auto report = import_first(formats, text, lines, file_name, options);
    if (report || unreadable.empty()) return report;
  }
  if (is_json && unreadable.empty()) return import_json(text, file_name, options);
  return tl::make_unexpected(not_a_log(file_name, unreadable));
}

Expected<ImportReport> import_file(const std::string& path, const ImportOptions& options) {
  const auto text = read_text_file(path);
  if (!text) return tl::make_unexpected(text.error());
  return import_log(*text, path, options);
}

}  // namespace collscale
