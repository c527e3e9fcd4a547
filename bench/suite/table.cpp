// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/table.hpp"

#include <fmt/format.h>

#include "units/quantity.hpp"

namespace collscale {

namespace {

double quantile_of(const Record& record, std::string_view which) {
  for (const Quantile& quantile : record.quantiles) {
    if (quantile.which == which) {
      return quantile.value_s;
    }
  }
  return record.time_s;
}

/// "contended, best of 3".
std::string remark(const Record& record) {
  if (!record.quality) {
    return "";
  }
  std::string text = record.quality->verdict;
  if (record.quality->attempts > 1) {
    text += fmt::format(", best of {}", record.quality->attempts);
  }
  if (record.estimate_s) {
    text += fmt::format(", NCCL's estimate {}", format_time(*record.estimate_s));
  }
  return "  " + text;
}

std::string precision(const Record& record) {
  if (!record.quality || !record.quality->precision) {
    return "-";
  }
  return fmt::format("{:.1f}%", 100 * *record.quality->precision);
}

std::string share(const Record& record) {
  const auto of = of_attainable(record);
  return of ? fmt::format("{:.0f}%", 100 * *of) : "-";
}

std::string nccl_half(const TableRow& row) {
  const std::string wrong = row.wrong ? fmt::format("{:6d}", *row.wrong) : "   N/A";
  if (!row.record) {
    return fmt::format("  {:>7}  {:>6}  {:>6}  {}", "N/A", "N/A", "N/A", wrong);
  }
  const auto rate = [](bool there, double rate_Bps) {
    return there ? fixed_width(rate_Bps / 1e9, 6) : fmt::format("{:>6}", "-");
  };
  return fmt::format("  {}  {}  {}  {}", fixed_width(row.record->time_s * 1e6, 7),
                     rate(has_size(row.scenario), row.record->algbw_Bps),
                     rate(has_bus_bandwidth(row.scenario), row.record->busbw_Bps), wrong);
}

std::string nccl_row(const TableRow& row) {
  const Scenario& scenario = row.scenario;
  const std::string absent =
      fmt::format("  {:>7}  {:>6}  {:>6}  {:>6}", "N/A", "N/A", "N/A", "N/A");
  const std::string measured = nccl_half(row);
  return fmt::format("{:12d}  {:12d}  {:>8}  {:>6}  {:6d}{}{}\n", row.layout.size_bytes,
                     row.layout.count, name(scenario.dtype),
                     reduces(scenario.collective) ? name(scenario.op) : "none",
                     is_rooted(scenario.collective) ? scenario.root : -1,
                     scenario.in_place ? absent : measured, scenario.in_place ? measured : absent);
}

/// The name that nccl-tests' programs have: "alltoall" for all_to_all, "sendrecv" for send_recv.
std::string nccl_tests_name(Collective collective) {
  switch (collective) {
    case Collective::all_to_all:
      return "alltoall";
    case Collective::all_to_all_v:
      return "alltoallv";
    case Collective::send_recv:
      return "sendrecv";
    default:
      return std::string(name(collective));
  }
}

std::string rate_or_dash(bool there, double rate_Bps) {
  return there ? format_bandwidth(rate_Bps) : "-";
}

/// "all_reduce"; "all_reduce/ring" where the library was told the algorithm; "all_reduce double
/// max" where there are several types and operations.
std::string label(const BenchOptions& options, const Scenario& scenario) {
  std::string text(name(scenario.collective));
  if (scenario.algorithm != "auto") text.append("/").append(scenario.algorithm);
  if (options.dtypes.size() > 1 && has_size(scenario))
    text.append(" ").append(name(scenario.dtype));
  if (options.ops.size() > 1 && reduces(scenario.collective)) {
    text.append(" ").append(name(scenario.op));
  }
  if (options.every_root && is_rooted(scenario.collective)) {
    text.append(" root ").append(std::to_string(scenario.root));
  }
  return text;
}

int first_column(const BenchOptions& options) {
  const bool has_algorithms =
      options.algorithms != std::vector<std::string>{"auto"} || options.nccl.measure_init;
  return (has_algorithms ? 34 : 14) + (options.dtypes.size() > 1 ? 9 : 0) +
         (options.ops.size() > 1 ? 5 : 0) + (options.every_root ? 9 : 0);
}

}  // namespace

bool has_size(const Scenario& scenario) { return scenario.collective != Collective::barrier; }

bool has_bus_bandwidth(const Scenario& scenario) {
  return has_size(scenario) && scenario.ranks > 1;
}

std::string fixed_width(double value, int width) {
  const auto fits = [width](const std::string& text) {
    return text.size() <= static_cast<std::size_t>(width);
  };
  for (const int decimals : {2, 1, 0}) {
    std::string text = fmt::format("{:{}.{}f}", value, width, decimals);
    if (fits(text)) {
      return text;
    }
  }
  return fmt::format("{:{}.{}e}", value, width, width >= 7 ? 1 : 0);
}

std::string table_header(const BenchOptions& options, Collective collective, bool first) {
  if (options.nccl_table) {
    return fmt::format(
        "# Collective test starting: {}_perf\n#\n"
        "# {:50}           out-of-place                       in-place          \n"
        "# {:>10}  {:>12}  {:>8}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  "
        "{:>6}\n"
        "# {:>10}  {:>12}  {:>8}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  "
        "{:>6}\n",
        nccl_tests_name(collective), "", "size", "count", "type", "redop", "root", "time", "algbw",
        "busbw", "#wrong", "time", "algbw", "busbw", "#wrong", "(B)", "(elements)", "", "", "",
        "(us)", "(GB/s)", "(GB/s)", "", "(us)", "(GB/s)", "(GB/s)", "");
  }
  if (!first) {
    return "";
  }
  return fmt::format(
      "{:<{}} {:>9} {:>12} {:>10} {:>6} {:>10} {:>10} {:>12} {:>12} {:>13} {:>6}  {}\n",
      "collective", first_column(options), "size", "samples", "time", "+-", "p5", "p95", "algbw",
      "busbw", "of attainable", "wrong", "quality");
}

std::string table_row(const BenchOptions& options, const TableRow& row) {
  if (options.nccl_table) {
    return nccl_row(row);
  }
  const std::string wrong = row.wrong ? fmt::format("{}", *row.wrong) : "-";
  const std::string size =
      has_size(row.scenario) ? format_size(static_cast<double>(row.layout.size_bytes)) : "-";
  if (!row.record) {
    return fmt::format(
        "{:<{}} {:>9} {:>12} {:>10} {:>6} {:>10} {:>10} {:>12} {:>12} {:>13} {:>6}\n",
        label(options, row.scenario), first_column(options), size, "-", "-", "-", "-", "-", "-",
        "-", "-", wrong);
  }
  const Record& record = *row.record;
  const std::string samples = row.batch > 1
                                  ? fmt::format("{} x {}", record.samples_s.size(), row.batch)
                                  : fmt::format("{}", record.samples_s.size());
  return fmt::format(
      "{:<{}} {:>9} {:>12} {:>10} {:>6} {:>10} {:>10} {:>12} {:>12} {:>13} {:>6}{}\n",
      label(options, row.scenario), first_column(options), size, samples,
      format_time(record.time_s), precision(record), format_time(quantile_of(record, "p5")),
      format_time(quantile_of(record, "p95")),
      rate_or_dash(has_size(row.scenario), record.algbw_Bps),
      rate_or_dash(has_bus_bandwidth(row.scenario), record.busbw_Bps), share(record), wrong,
      remark(record));
}

}  // namespace collscale
