// SPDX-License-Identifier: Apache-2.0
#include "cli/profiles.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "cli/library_choice.hpp"
#include "cli/table.hpp"
#include "cli/values.hpp"
#include "record_io/results_file.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

std::string tier_sentence(const FigureTier& tier) {
  std::string text =
      fmt::format("{}, median error {} ({} without)", tier.source,
                  format_percent(tier.median_error), format_percent(tier.prior_error));
  const std::string held_out = hold_out_sentence(tier);
  return held_out.empty() ? text : fmt::format("{}, {}", text, held_out);
}

std::string ranks_text(const std::vector<std::int64_t>& ranks) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size(); ++i)
    text += fmt::format("{}{}",
                        i == 0                  ? ""
                        : i + 1 == ranks.size() ? " and "
                                                : ", ",
                        format_count(ranks[i]));
  return text + " ranks";
}

}  // namespace

std::string ready_profile(const std::string& node_design) {
  for (const std::filesystem::path& folder : topology_directories()) {
    const std::filesystem::path path = folder / "profiles" / (node_design + ".json");
    std::error_code status;
    if (std::filesystem::is_regular_file(path, status)) return path.string();
  }
  return {};
}

namespace {

std::string path_of(const ProfileChoice& choice, const System& system) {
  if (choice.profile == "none") return {};
  return choice.profile.empty() ? ready_profile(system.node.name) : choice.profile;
}

/// Why `predict` cannot use a profile that `extrapolate` can.
std::string laws_alone(const Profile& profile, const std::string& path) {
  constexpr std::string_view kWhy = "no figures of the topology were fitted: ";
  std::string why;
  for (const std::string& note : profile.notes)
    if (note.starts_with(kWhy)) why = fmt::format(" ({})", note.substr(kWhy.size()));
  return fmt::format(
      "--profile: {} has growth laws, but no figures of the topology{}: `collscale extrapolate "
      "--profile {}` answers by the laws",
      path, why, path);
}

Expected<Profile> read_profile(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return fail("--profile: " + text.error().message);
  return profile_from_json(*text, path);
}

}  // namespace

Expected<std::optional<FigureTier>> node_figures(const ProfileChoice& choice,
                                                 const System& system) {
  const std::string path = path_of(choice, system);
  if (path.empty()) return std::optional<FigureTier>{};
  const auto profile = read_profile(path);
  if (!profile) return tl::unexpected(profile.error());
  for (const FigureTier& tier : profile->figures)
    if (!tier.network && (tier.node_design == system.node.name || choice.any_system))
      return std::optional<FigureTier>(tier);
  return std::optional<FigureTier>{};
}

Expected<std::optional<UsedProfile>> use_profile(const ProfileChoice& choice, System& system) {
  UsedProfile used;
  used.ready = choice.profile.empty();
  used.path = path_of(choice, system);
  if (used.path.empty()) return std::optional<UsedProfile>{};
  const auto profile = read_profile(used.path);
  if (!profile) return tl::unexpected(profile.error());
  if (profile->figures.empty() && !profile->series.empty() && !used.ready)
    return fail(laws_alone(*profile, used.path));
  auto applied = apply_figures(system, profile->figures, used.path, {choice.any_system});
  if (!applied && used.ready) return std::optional<UsedProfile>{};
  if (!applied) return tl::unexpected(applied.error());
  used.applied = *std::move(applied);
  return std::optional<UsedProfile>(std::move(used));
}

std::optional<Selector> profile_library(const UsedProfile& used, const System& system,
                                        Collective collective, std::int64_t ranks) {
  const auto use = library_of(used.applied, ranks_per_node(system), ranks);
  if (!use) return {};
  auto selector = selector_of(*use);
  if (!selector || !std::holds_alternative<NcclSelector>(*selector)) return {};
  if (!Chooser::make(*selector, system, collective, ranks)) return {};
  return selector;
}

std::optional<Selector> usual_library(const System& system, Collective collective,
                                      std::int64_t ranks) {
  const Selector nccl = NcclSelector{};
  if (!Chooser::make(nccl, system, collective, ranks)) return {};
  return nccl;
}

std::string hold_out_sentence(const FigureTier& tier) {
  const HeldOutScales* told = nullptr;
  for (const HeldOutScales& held : tier.hold_outs) {
    const std::size_t left = tier.scales.size() - held.ranks.size();
    if (held.ranks.size() == 1 || (held.ranks.size() == 2 && left >= 2)) {
      told = &held;
      break;  // they come with the most left out first
    }
  }
  if (told == nullptr) return {};
  return fmt::format("held out {}: median error {}, {} of them inside the 95 % interval",
                     ranks_text(told->ranks), format_percent(told->median_error),
                     format_percent(told->coverage_95));
}

std::string profile_sentence(const UsedProfile& used) {
  const AppliedFigures& applied = used.applied;
  const std::string name = std::filesystem::path(used.path).filename().string();
  std::string text =
      fmt::format("{} {}: {} figure{} calibrated", used.ready ? "ready profile" : "profile", name,
                  applied.figures, applied.figures == 1 ? "" : "s");
  text += applied.node ? fmt::format("; inside a node {}", tier_sentence(*applied.node))
                       : std::string("; inside a node nothing was measured");
  text += applied.network
              ? fmt::format("; across nodes {}", tier_sentence(*applied.network))
              : std::string("; across nodes nothing was measured: the topology's figures stand");
  return text;
}

void add_profile(const UsedProfile& used, Context& context) {
  context["profile"] = used.path;
  context["calibrated_figures"] = fmt::format("{}", used.applied.figures);
  if (used.applied.node) context["calibrated_node"] = tier_sentence(*used.applied.node);
  if (used.applied.network) context["calibrated_network"] = tier_sentence(*used.applied.network);
}

}  // namespace collscale
