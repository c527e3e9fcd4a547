// SPDX-License-Identifier: Apache-2.0
#include "measure/stragglers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "measure/layout.hpp"

namespace collscale {

namespace {

std::string named(const std::vector<int>& ranks) {
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", rank_ranges(ranks));
}

}  // namespace

std::vector<RankProgress> by_rank(const std::vector<RankProgress>& processes, int gpus) {
  std::vector<RankProgress> ranks;
  for (const RankProgress& process : processes) {
    for (int gpu = 0; gpu < gpus; ++gpu) {
      RankProgress& rank = ranks.emplace_back(process);
      rank.host_waits = process.unfinished != 0;
      rank.unfinished = gpu < 64 ? process.unfinished >> static_cast<unsigned>(gpu) & 1U : 0;
    }
  }
  return ranks;
}

Stragglers find_stragglers(const std::vector<RankProgress>& ranks) {
  Stragglers found;
  std::uint64_t furthest = 0;
  for (const RankProgress& progress : ranks) {
    furthest = std::max(furthest, progress.answered ? progress.steps : 0);
  }
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (!ranks[rank].answered) {
      found.silent.push_back(static_cast<int>(rank));
    } else if (ranks[rank].unfinished != 0) {
      found.unfinished.push_back(static_cast<int>(rank));
    } else if (!ranks[rank].host_waits && ranks[rank].steps < furthest) {
      found.late.push_back(static_cast<int>(rank));
      found.behind = std::max(found.behind, furthest - ranks[rank].steps);
    }
  }
  return found;
}

std::string describe(const Stragglers& stragglers, std::size_t ranks) {
  std::string text;
  if (!stragglers.silent.empty()) {
    text = fmt::format("{} do{} not answer (stopped, gone, or not to be reached)",
                       named(stragglers.silent), stragglers.silent.size() == 1 ? "es" : "");
  }
  if (!stragglers.late.empty()) {
    text +=
        fmt::format("{}{} did not arrive ({} step{} behind)", text.empty() ? "" : ", and ",
                    named(stragglers.late), stragglers.behind, stragglers.behind == 1 ? "" : "s");
  }
  if (const std::size_t count = stragglers.unfinished.size(); count == ranks && ranks > 1) {
    return fmt::format("all {} ranks launched and none completed", ranks);
  } else if (count > 0) {
    text += fmt::format("{}{} launched and did not complete", text.empty() ? "" : "; ",
                        named(stragglers.unfinished));
  }
  if (text.empty()) {
    text = ranks == 1 ? "the one rank entered and did not return"
                      : fmt::format("all {} ranks entered and none returned", ranks);
  }
  return text;
}

std::string rank_ranges(const std::vector<int>& ranks) {
  constexpr int kMostRuns = 8;
  return format_ranks(ranks, ", ", kMostRuns);
}

}  // namespace collscale
