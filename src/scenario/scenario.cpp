// SPDX-License-Identifier: Apache-2.0
#include "scenario/scenario.hpp"

#include <fmt/format.h>

namespace collscale {

std::string benchmark_name(const Scenario& scenario) {
  // A size is a whole number of bytes; {:.0f} prints one of any magnitude without an exponent.
  std::string text =
      fmt::format("{}/{}/{}/bytes:{:.0f}/ranks:{}", name(scenario.collective), scenario.algorithm,
                  name(scenario.dtype), scenario.size_bytes, scenario.ranks);
  if (has_unequal_blocks(scenario.collective)) text += fmt::format("/skew:{}", scenario.skew);
  if (reduces(scenario.collective) && scenario.op != ReduceOp::sum) {
    text += fmt::format("/op:{}", name(scenario.op));
  }
  if (!scenario.layout.empty()) text += "/layout:" + scenario.layout;
  return text;
}

}  // namespace collscale
