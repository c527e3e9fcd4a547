// SPDX-License-Identifier: Apache-2.0
// Failures by name, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "topology/faults.hpp"

namespace collscale::test {

inline Faults faults_of(const System& system, const std::vector<std::string>& failed,
                        const std::vector<std::string>& degraded = {}, std::uint64_t seed = 1) {
  Faults faults;
  for (const auto* texts : {&failed, &degraded}) {
    for (const std::string& text : *texts) {
      const auto added = add_fault(system, text, texts == &degraded, seed, faults);
      EXPECT_TRUE(added.has_value()) << (added ? "" : added.error().message);
    }
  }
  return faults;
}

}  // namespace collscale::test
