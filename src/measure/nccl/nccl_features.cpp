// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_features.hpp"

#include <fmt/format.h>

#include "measure/nccl/nccl_compat.hpp"

namespace collscale {
namespace {

struct Since {
  int version;
  std::string_view what;
};

Since since(NcclFeature feature) {
  switch (feature) {
    case NcclFeature::registration:
      return {21900, "registered buffers need"};
    case NcclFeature::simulation:
      return {22200, "NCCL's own estimate needs"};
    case NcclFeature::scalable_init:
      return {22300, "initialisation with several roots needs"};
    case NcclFeature::float8:
      return {22400, "8-bit floating point needs"};
    case NcclFeature::symmetric_windows:
      return {22700, "symmetric windows need"};
    case NcclFeature::cta_policy:
      return {22700, "a CTA policy needs"};
  }
  return {};
}

}  // namespace

std::string nccl_version_text(int code) {
  return fmt::format("{}.{}.{}", code / 10000, code / 100 % 100, code % 100);
}

Expected<void> check_nccl_has(NcclFeature feature, std::string_view asked, int headers,
                              int loaded) {
  const auto [version, what] = since(feature);
  if (headers >= version && loaded >= version) return {};
  const std::string needs =
      fmt::format("{}: {} NCCL {}.{} or newer", asked, what, version / 10000, version / 100 % 100);
  if (headers < version) {
    return fail(
        fmt::format("{}, and this program was built with {}", needs, nccl_version_text(headers)),
        ExitCode::unavailable);
  }
  return fail(fmt::format("{}, and the one that is loaded is {}", needs, nccl_version_text(loaded)),
              ExitCode::unavailable);
}

Expected<void> check_nccl_has(NcclFeature feature, std::string_view asked) {
  return check_nccl_has(feature, asked, NCCL_VERSION_CODE, loaded_nccl_version());
}

Expected<void> check_nccl_is_new_enough() {
  const int loaded = loaded_nccl_version();
  if (loaded >= 21800) return {};
  return fail(fmt::format("NCCL 2.18 or newer is needed, and the one that is loaded is {}",
                          nccl_version_text(loaded)),
              ExitCode::unavailable);
}

int nccl_version_code() { return loaded_nccl_version(); }

}  // namespace collscale
