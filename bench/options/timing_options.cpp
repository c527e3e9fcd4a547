// SPDX-License-Identifier: Apache-2.0
#include "bench/options/timing_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

namespace collscale {

namespace {

Expected<double> share(const std::string& text) {
  const std::string_view digits =
      std::string_view(text).substr(0, text.size() - (text.ends_with('%') ? 1 : 0));
  double percent = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, percent);
  if (status != std::errc() || stop != end || !(percent >= 0.01) || !(percent <= 100)) {
    return fail(
        fmt::format("--precision {}: expected a share such as 2%, from 0.01% to 100%", text));
  }
  return percent / 100;
}

}  // namespace

void add_timing_options(CLI::App& app, RawTiming& raw, const std::string& group) {
  const auto add = [&](const char* name, std::string& value, const char* text, const char* type) {
    app.add_option(name, value, text)->type_name(type)->group(group);
  };
  add("--precision", raw.precision,
      "Enough when the median's 95% interval is within so much of it [2%]", "SHARE");
  add("--min-samples", raw.min_samples,
      "Never fewer, whatever they take [8; 20 before it stops for precision]", "N");
  add("--max-samples", raw.max_samples, "Never more [2000]", "N");
  add("--sync", raw.sync,
      "Before each sample: a barrier; nothing; or all ranks wait for an agreed time, on clocks "
      "that were compared [barrier]",
      "barrier|back-to-back|window");
  add("--buffers", raw.buffers,
      "rotate over 32 MiB, reuse one hot buffer, or cold: a pool twice the last cache [rotate]",
      "rotate|hot|cold");
  app.add_flag("--retry-noisy{1}", raw.retry_noisy,
               "Measure a row that is not good again, up to N times, and keep the best; as "
               "--retry-noisy=3 [0, 1 without N]")
      ->type_name("[=N]")
      ->group(group);
}

Expected<std::int64_t> whole(std::string_view flag, const std::string& text, std::int64_t least,
                             std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return fail(
        fmt::format("{} {}: expected a whole number from {} to {}", flag, text, least, most));
  }
  return value;
}

Expected<void> understand_timing(const RawTiming& raw, BenchOptions& options) {
  SamplingPlan& plan = options.sampling;
  constexpr std::int64_t kMost = 1000000;
  const auto sync = parse_sync_policy(raw.sync);
  if (!sync) return fail(fmt::format("--sync: {}", sync.error().message));
  plan.sync = *sync;
  const auto buffers = parse_buffer_policy(raw.buffers);
  if (!buffers) return fail(fmt::format("--buffers: {}", buffers.error().message));
  options.buffers = *buffers;
  const auto pages = parse_page_policy(raw.pages);
  if (!pages) return fail(fmt::format("--pages: {}", pages.error().message));
  options.pages = *pages;
  if (!raw.precision.empty()) {
    const auto precision = share(raw.precision);
    if (!precision) return tl::unexpected(precision.error());
    plan.precision = *precision;
  }
  if (!raw.max_samples.empty()) {
    const auto most = whole("--max-samples", raw.max_samples, 1, kMost);
    if (!most) return tl::unexpected(most.error());
    plan.max_samples = *most;
    plan.min_samples = std::min(plan.min_samples, *most);
    plan.enough_from_samples = std::min(plan.enough_from_samples, *most);
  }
  if (!raw.min_samples.empty()) {
    const auto least = whole("--min-samples", raw.min_samples, 1, plan.max_samples);
    if (!least) return tl::unexpected(least.error());
    plan.min_samples = *least;
    plan.enough_from_samples = *least;
  }
  if (!raw.retry_noisy.empty()) {
    const auto retries = whole("--retry-noisy", raw.retry_noisy, 0, 100);
    if (!retries) return tl::unexpected(retries.error());
    options.retry_noisy = *retries;
  }
  return {};
}

}  // namespace collscale
