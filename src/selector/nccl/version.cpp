// SPDX-License-Identifier: Apache-2.0
#include "selector/nccl/version.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "units/number.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

constexpr std::array<std::string_view, 12> kReleases = {"2.19.4", "2.20.5", "2.21.5", "2.22.3",
                                                        "2.23.4", "2.24.3", "2.25.1", "2.26.6",
                                                        "2.27.7", "2.28.9", "2.29.7", "2.30.7"};

}  // namespace

std::string_view release(NcclVersion version) {
  return kReleases[static_cast<std::size_t>(version.minor - kOldestNccl.minor)];
}

std::string name(NcclVersion version) { return fmt::format("2.{}", version.minor); }

std::vector<std::string> nccl_selector_names() {
  std::vector<std::string> names;
  for (int minor = kOldestNccl.minor; minor <= kNewestNccl.minor; ++minor)
    names.push_back(fmt::format("nccl:2.{}", minor));
  return names;
}

Expected<NcclVersion> parse_nccl_version(std::string_view text) {
  const std::string_view given = trim(text);
  std::string_view number = given;
  if (number == "nccl") return NcclVersion{};
  if (number.starts_with("nccl:")) number.remove_prefix(5);
  for (int minor = kOldestNccl.minor; minor <= kNewestNccl.minor; ++minor) {
    const NcclVersion version{minor};
    const std::string two = name(version);
    if (number == two || number == release(version)) return version;
    if (number.starts_with(two + "."))
      return fail(
          fmt::format("NCCL version \"{}\": of 2.{} the release {} is modelled, others have other "
                      "constants; write nccl:{} if that is near enough",
                      given, minor, release(version), two));
  }
  std::vector<std::string> known;
  for (int minor = kOldestNccl.minor; minor <= kNewestNccl.minor; ++minor)
    known.push_back(name(NcclVersion{minor}));
  const std::string near = nearest_name(number, known);
  return fail(fmt::format("NCCL version \"{}\" is not modelled, 2.{} to 2.{} are{}", given,
                          kOldestNccl.minor, kNewestNccl.minor,
                          near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
}

std::string_view verification(NcclVersion version) {
  switch (version.minor) {
    case 21:
      return "follows the sources of 2.21.5; reproduces the estimate of a 24-byte "
             "broadcast on 1,024 ranks that a user logged (NVIDIA/nccl issue 1304)";
    case 22:
      return "follows the sources of 2.22.3; reproduces five estimates that a user logged on three "
             "nodes of H100, among them 86,069.97 us for 8 GiB (NVIDIA/nccl issue 1453)";
    case 28:
      return "follows the sources of 2.28.9; reproduces a table of 178 latencies and bandwidths "
             "computed from them independently, from 1 to 12,500 nodes of H100";
    default:
      break;
  }
  return "follows the sources of its release; nothing that this version logged was found to hold "
         "it against";
}

}  // namespace collscale
