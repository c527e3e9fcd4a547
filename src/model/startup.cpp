// SPDX-License-Identifier: Apache-2.0
#include "model/startup.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

namespace collscale {
namespace {

constexpr double kKibi = 1024;

struct Anchor {
  double ranks;
  double time_s;
};

/// arXiv 2510.20171v4, figure 21 [S].
constexpr std::array<Anchor, 3> kNccl{{{8192, 14.5}, {32768, 55.71}, {98304, 265.0}}};
constexpr std::array<Anchor, 3> kNcclx{{{8192, 3.97}, {32768, 11.89}, {98304, 24.0}}};

constexpr double kRelativeUncertainty = 0.35;  ///< arXiv 2602.00277 is 25 to 35 % below [S]

constexpr double kRootPerSecond = 7000;   ///< NCCL_UID_STAGGER_RATE [P]
constexpr double kRingCheckSeconds = 26;  ///< at 96K ranks, NVIDIA/nccl pull 1789 [A]
constexpr double kRingCheckRanks = 96 * kKibi;
constexpr double kPairsSeconds = 11;  ///< at 48K ranks, NVIDIA/nccl pull 1789 [A]
constexpr double kPairsRanks = 48 * kKibi;
constexpr int kScalableInit = 22300;     ///< ncclCommInitRankScalable [P]
constexpr int kFasterBootstrap = 22807;  ///< two-way all_gathers, no ring check [P]

constexpr double kMetadataBytes = 1e9;  ///< at 100,000 ranks, "more than" [S]
constexpr double kMetadataRanks = 100000;
constexpr double kMemoryRanks = 64 * kKibi;
constexpr double kMemoryEagerBytes = 10e9;  ///< at 64K ranks [S]
constexpr double kMemoryLazyBytes = 4.2e9;  ///< at 64K ranks [S]

/// Newton's form of the quadratic through three anchors, as coefficients of 1, ranks, ranks².
struct Quadratic {
  double constant;
  double linear;
  double square;
};

constexpr Quadratic through(const std::array<Anchor, 3>& a) {
  const double first = (a[1].time_s - a[0].time_s) / (a[1].ranks - a[0].ranks);
  const double second = (a[2].time_s - a[1].time_s) / (a[2].ranks - a[1].ranks);
  const double square = (second - first) / (a[2].ranks - a[0].ranks);
  const double linear = first - square * (a[0].ranks + a[1].ranks);
  return {a[0].time_s - (linear + square * a[0].ranks) * a[0].ranks, linear, square};
}

double power_laws(const std::array<Anchor, 3>& a, double ranks) {
  const std::size_t i = ranks < a[1].ranks ? 0 : 1;
  const double exponent =
      std::log(a[i + 1].time_s / a[i].time_s) / std::log(a[i + 1].ranks / a[i].ranks);
  return a[i].time_s * std::pow(ranks / a[i].ranks, exponent);
}

double square(double x) { return x * x; }

std::array<StartupPart, 6> nccl_parts(double ranks, const StartupOptions& options) {
  constexpr Quadratic kCurve = through(kNccl);
  const bool faster = options.nccl_version >= kFasterBootstrap;
  const double ring_check_s = kRingCheckSeconds * square(ranks / kRingCheckRanks);
  const double pairs_s = kPairsSeconds * square(ranks / kPairsRanks);
  const double gathers_s = (kCurve.linear - 1 / kRootPerSecond) * ranks;
  return {{{"fixed", kCurve.constant},
           {"root", ranks / (kRootPerSecond * options.roots)},
           {"gathers", faster ? gathers_s / 2 : gathers_s},
           {"ring check", faster ? 0 : ring_check_s},
           {"pairs", pairs_s},
           {"other loops", kCurve.square * square(ranks) - ring_check_s - pairs_s}}};
}

}  // namespace

Expected<Startup> communicator_startup(double ranks, const StartupOptions& options) {
  if (options.roots < 1 || options.roots > ranks)
    return fail(fmt::format("{:g} roots for {:.0f} ranks: expected between 1 and the ranks",
                            options.roots, ranks));
  const bool is_ncclx = options.library == StartupLibrary::ncclx;
  if (options.roots > 1 && !is_ncclx && options.nccl_version < kScalableInit)
    return fail(fmt::format("{:g} roots with NCCL {}.{}: several roots came with 2.23",
                            options.roots, options.nccl_version / 10000,
                            options.nccl_version / 100 % 100));
  if (options.roots > 1 && is_ncclx)
    return fail(fmt::format("{:g} roots with ncclx: its start-up is known as published, with one",
                            options.roots));
  Startup startup;
  if (is_ncclx) {
    startup.parts[0] = {"all", power_laws(kNcclx, ranks)};
  } else {
    startup.parts = nccl_parts(ranks, options);
    startup.is_derived = options.roots > 1 || options.nccl_version >= kFasterBootstrap;
  }
  for (const StartupPart& part : startup.parts) startup.total_s += part.time_s;
  startup.low_s = startup.total_s * (1 - kRelativeUncertainty);
  startup.high_s = startup.total_s * (1 + kRelativeUncertainty);
  startup.metadata_bytes = kMetadataBytes * ranks / kMetadataRanks;
  const double at_64k_bytes = is_ncclx ? kMemoryLazyBytes : kMemoryEagerBytes;
  startup.memory_bytes = at_64k_bytes + kMetadataBytes * (ranks - kMemoryRanks) / kMetadataRanks;
  startup.is_extrapolated = ranks < kStartupRanksMin || ranks > kStartupRanksMax;
  return startup;
}

Expected<int> parse_bootstrap_version(std::string_view text) {
  std::vector<int> numbers;
  std::string_view rest = text;
  bool well_formed = !rest.empty();
  while (well_formed && !rest.empty()) {
    int value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    well_formed = error == std::errc() && value >= 0 && value < 100;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    numbers.push_back(value);
    if (!rest.empty()) {
      well_formed = well_formed && rest.front() == '.' && rest.size() > 1;
      rest.remove_prefix(1);
    }
  }
  if (!well_formed || numbers.size() < 2 || numbers.size() > 3 || numbers[0] != 2)
    return fail(
        fmt::format("\"{}\" is not a version of NCCL, expected one such as 2.27 or 2.28.9", text));
  const int last_patch = 99;
  return numbers[0] * 10000 + numbers[1] * 100 + (numbers.size() > 2 ? numbers[2] : last_patch);
}

}  // namespace collscale
