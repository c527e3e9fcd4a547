// SPDX-License-Identifier: Apache-2.0
#include "record_io/nccl_choice_line.hpp"

#include <algorithm>
#include <array>

#include "record_io/importer.hpp"
#include "record_io/log_text.hpp"

namespace collscale {
namespace {

// NVIDIA/nccl v2.28.9-1, src/include/plugin/nccl_tuner.h; as in v2.20.3-1,
// src/include/nccl_common.h, which ends before PAT.
constexpr std::array<std::string_view, 7> kAlgorithms{
    "tree", "ring", "collnet_direct", "collnet_chain", "nvls", "nvls_tree", "pat"};
constexpr std::array<std::string_view, 3> kProtocols{"LL", "LL128", "Simple"};

/// The spelling that a number or a name of NCCL's means; "" for others.
template <std::size_t N>
std::string_view spelling_of(const std::array<std::string_view, N>& entries,
                             std::string_view word) {
  if (const auto number = to_integer(word))
    return *number >= 0 && *number < static_cast<std::int64_t>(N)
               ? entries[static_cast<std::size_t>(*number)]
               : std::string_view{};
  const std::string name = algorithm_name(word);
  for (const std::string_view one : entries)
    if (algorithm_name(one) == name) return one;
  return {};
}

/// "… NCCL INFO AllReduce" -> all_reduce.
std::optional<Collective> function_at_end(const std::vector<std::string_view>& words) {
  if (words.empty()) return std::nullopt;
  const auto collective = parse_collective(algorithm_name(words.back()));
  return collective ? std::optional(*collective) : std::nullopt;
}

}  // namespace

std::optional<NcclChoiceLine> read_nccl_choice(std::string_view line) {
  static constexpr std::string_view kMark = " Bytes -> ";
  const auto at = line.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> before = split_words(line.substr(0, at));
  const std::vector<std::string_view> behind = split_words(line.substr(at + kMark.size()));
  if (before.empty() || behind.size() < 2) return std::nullopt;
  const auto bytes = to_integer(before.back());
  if (!bytes || *bytes <= 0) return std::nullopt;
  before.pop_back();

  NcclChoiceLine told;
  told.bytes = static_cast<double>(*bytes);
  if (behind[0] == "Kernel") {
    told.chosen.algorithm = "symmetric";
    told.of_count = true;
  } else if (behind.size() >= 4 && behind[0] == "Algo" && behind[2] == "proto") {
    told.chosen.algorithm = spelling_of(kAlgorithms, behind[1]);
    told.chosen.protocol = spelling_of(kProtocols, behind[3]);
    told.of_count = !to_integer(behind[1]);
    if (told.chosen.protocol.empty()) return std::nullopt;
  }
  if (told.chosen.algorithm.empty()) return std::nullopt;
  if (!before.empty() && before.back() == "[Symmetric]:") {
    before.pop_back();
    told.collective = function_at_end(before);
  } else if (!before.empty() && before.back().ends_with(':')) {
    before.back().remove_suffix(1);
    told.collective = function_at_end(before);
    if (!told.collective) return std::nullopt;  // of a function that is no collective of ours
  }
  return told;
}

NcclChoices::Answer NcclChoices::of(Collective collective, double size_bytes,
                                    std::int64_t ranks) const {
  const bool in_parts =
      collective == Collective::all_gather || collective == Collective::reduce_scatter;
  const double count_bytes = in_parts ? size_bytes / static_cast<double>(ranks) : size_bytes;
  std::map<Chosen, std::int64_t> votes;
  for (const Key& key : {Key{collective, count_bytes, true}, Key{collective, size_bytes, false},
                         Key{std::nullopt, size_bytes, false}}) {
    const auto found = told_.find(key);
    if (found == told_.end()) continue;
    for (const auto& [chosen, count] : found->second) votes[chosen] += count;
  }
  Answer answer;
  if (votes.empty()) return answer;
  std::int64_t all = 0;
  for (const auto& [chosen, count] : votes) all += count;
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (2 * most->second > all) answer.chosen = most->first;
  answer.is_disputed = votes.size() > 1;
  return answer;
}

}  // namespace collscale
