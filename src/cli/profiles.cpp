// SPDX-License-Identifier: Apache-2.0
#include "cli/profiles.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

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
  if (tier.held_out)
    text += fmt::format(", held out {} ranks: {}", format_count(tier.held_out->ranks),
                        format_percent(tier.held_out->median_error));
  return text;
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

Expected<std::optional<UsedProfile>> use_profile(const ProfileChoice& choice, System& system) {
  if (choice.profile == "none") return std::optional<UsedProfile>{};
  UsedProfile used;
  used.ready = choice.profile.empty();
  used.path = used.ready ? ready_profile(system.node.name) : choice.profile;
  if (used.path.empty()) return std::optional<UsedProfile>{};
  const auto text = read_text_file(used.path);
  if (!text) return fail("--profile: " + text.error().message);
  const auto profile = profile_from_json(*text, used.path);
  if (!profile) return tl::unexpected(profile.error());
  auto applied = apply_figures(system, profile->figures, used.path, {choice.any_system});
  if (!applied && used.ready) return std::optional<UsedProfile>{};
  if (!applied) return tl::unexpected(applied.error());
  used.applied = *std::move(applied);
  return std::optional<UsedProfile>(std::move(used));
}

std::string profile_sentence(const UsedProfile& used) {
  const AppliedFigures& applied = used.applied;
  const std::string name = std::filesystem::path(used.path).filename().string();
  std::string text = fmt::format("{} {}: {} figures calibrated",
                                 used.ready ? "ready profile" : "profile", name, applied.figures);
  text += applied.node ? fmt::format("; inside a node {}", tier_sentence(*applied.node))
                       : std::string("; inside a node nothing was measured");
  text +=
      applied.network
          ? fmt::format("; across nodes {}", tier_sentence(*applied.network))
          : std::string("; across nodes the topology's figures stand, and nothing validates them");
  return text;
}

void add_profile(const UsedProfile& used, Context& context) {
  context["profile"] = used.path;
  context["calibrated_figures"] = fmt::format("{}", used.applied.figures);
  if (used.applied.node) context["calibrated_node"] = tier_sentence(*used.applied.node);
  if (used.applied.network) context["calibrated_network"] = tier_sentence(*used.applied.network);
}

}  // namespace collscale
