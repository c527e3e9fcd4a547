// SPDX-License-Identifier: Apache-2.0
#include "cli/event_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>

#include "units/quantity.hpp"

namespace collscale {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

Expected<SlowRanks> slow_ranks(const std::string& text) {
  const auto wrong = [&] {
    return fail(fmt::format(
        "--slow-rank \"{}\": expected a rank or a range and a factor of at least 1, such as "
        "17:1.3x or 17-24:2x",
        text));
  };
  const std::string_view all(text);
  const std::size_t colon = all.find(':');
  if (colon == std::string_view::npos || all.back() != 'x') return wrong();
  const std::string_view ranks = all.substr(0, colon);
  const auto factor = number<double>(all.substr(colon + 1, all.size() - colon - 2));
  const std::size_t dash = ranks.find('-');
  const auto first = number<std::int64_t>(ranks.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : number<std::int64_t>(ranks.substr(dash + 1));
  if (!factor || !std::isfinite(*factor) || *factor < 1 || !first || !last || *first < 0 ||
      *last < *first)
    return wrong();
  return SlowRanks{*first, *last, *factor};
}

}  // namespace

Expected<std::vector<double>> read_times(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(fmt::format("{}: cannot be read", path));
  std::vector<double> times;
  std::string line;
  for (int number_of_line = 1; std::getline(file, line); ++number_of_line) {
    line.erase(std::min(line.find('#'), line.size()));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos) continue;
    const std::string text = line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
    const auto seconds = number<double>(text);
    const auto time = parse_time_s(text);
    const double value = seconds ? *seconds : time.value_or(-1);
    if (!std::isfinite(value) || value < 0)
      return fail(fmt::format("{}:{}: \"{}\", expected a time such as 1.2us, or seconds", path,
                              number_of_line, text));
    times.push_back(value);
  }
  if (times.empty()) return fail(fmt::format("{}: no times in it", path));
  return times;
}

Expected<EventOptions> event_options(const EventArguments& arguments, Engine engine) {
  const std::vector<std::pair<const char*, bool>> given = {
      {"--slow-rank", !arguments.slow.empty()},
      {"--late", !arguments.late.empty()},
      {"--noise-samples", !arguments.measured.empty()}};
  for (const auto& [flag, is_given] : given)
    if (is_given && engine != Engine::event)
      return fail(
          fmt::format("{} is for the engine that has a clock for every rank, not {}: add --engine "
                      "event",
                      flag, name(engine)));
  EventOptions options;
  for (const std::string& text : arguments.slow) {
    const auto slow = slow_ranks(text);
    if (!slow) return tl::unexpected(slow.error());
    options.slow.push_back(*slow);
  }
  constexpr std::string_view kFile = "file:";
  if (arguments.late.starts_with(kFile)) {
    auto times = read_times(arguments.late.substr(kFile.size()));
    if (!times) return fail("--late: " + times.error().message);
    options.late_s = std::move(*times);
  } else if (!arguments.late.empty()) {
    const auto late = parse_noise(arguments.late);
    if (!late) return fail("--late: " + late.error().message);
    options.late = *late;
  }
  if (!arguments.measured.empty()) {
    auto times = read_times(arguments.measured);
    if (!times) return fail("--noise-samples: " + times.error().message);
    options.measured_delays_s = std::move(*times);
  }
  return options;
}

}  // namespace collscale
