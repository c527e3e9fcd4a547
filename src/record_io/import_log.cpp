// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "record_io/json_rows.hpp"
#include "record_io/log_text.hpp"
#include "record_io/results_file.hpp"

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
  static constexpr std::string_view kCollNet = "coll_net";
  if (result.starts_with(kCollNet)) result.erase(4, 1);
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

Expected<ImportReport> import_log(std::string_view text, std::string_view file_name,
                                  const ImportOptions& options) {
  if (!options.columns.empty()) return import_csv(text, file_name, options);
  if (looks_like_json(text)) return import_json(text, file_name, options);
  if (looks_like_json_rows(text) || looks_like_csv(text))
    return import_csv(text, file_name, options);
  const std::vector<std::string> lines = clean_lines(text);
  if (looks_like_osu(lines)) return import_osu(lines, file_name, options);
  if (looks_like_imb(lines)) return import_imb(lines, file_name, options);
  if (looks_like_nccl_tests(lines)) return import_nccl_tests(lines, file_name, options);
  return fail(fmt::format(
      "{}: not a log that can be imported: expected the output of nccl-tests, of the OSU "
      "micro-benchmarks, of the Intel MPI Benchmarks or of Google Benchmark, or CSV with the "
      "columns collective, ranks, bytes, time_us (or others: --columns)",
      file_name));
}

Expected<ImportReport> import_file(const std::string& path, const ImportOptions& options) {
  const auto text = read_text_file(path);
  if (!text) return tl::make_unexpected(text.error());
  return import_log(*text, path, options);
}

}  // namespace collscale
