// SPDX-License-Identifier: Apache-2.0
// A 32-bit number of a text, to see whether processes hold the same one (FNV-1a; G. Fowler, L.
// Noll, K. Vo, draft-eastlake-fnv).
#pragma once

#include <cstdint>
#include <string_view>

namespace collscale {

/// `hash` continues from an earlier text.
constexpr std::uint32_t fingerprint_of(std::string_view text, std::uint32_t hash = 2166136261U) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace collscale
