// SPDX-License-Identifier: Apache-2.0
// The terms that a predicted time is made of. Each shows in the breakdown as exposed time, and each
// but `bandwidth` can be left out (--without). docs/models.md has a section for each.
#pragma once

#include <cstdint>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// In the order in which they are applied. Those from `bandwidth` to `overhead` compete for the
/// time of a step: each is exposed as far as it exceeds the ones before it. The others add up.
enum class CostTerm : std::uint8_t {
  latency,       ///< α by distance, along the critical path
  bandwidth,     ///< bytes on the busiest resource ÷ its capacity
  protocol,      ///< what a library's protocol wastes of it (LL sends 16 bytes for 8)
  ecmp,          ///< the fullest of hashed links instead of an even share
  imbalance,     ///< the same under adaptive routing and spraying
  pcie,          ///< between NIC and memory
  window,        ///< bytes under way ÷ round trip
  message_rate,  ///< LogGP's gap between the messages of a port
  overhead,      ///< LogGP's overhead: a rank is busy with each message
  reduction,     ///< adding up, where it is not overlapped
  copy,          ///< packing and unpacking what is not contiguous
  noise,         ///< waiting for those that are late
};
inline constexpr int kCostTerms = 12;

std::string_view name(CostTerm term);

/// A set of terms.
class CostTerms {
 public:
  [[nodiscard]] bool has(CostTerm term) const { return (bits_ >> static_cast<unsigned>(term)) & 1; }
  void remove(CostTerm term) { bits_ &= ~(1U << static_cast<unsigned>(term)); }

 private:
  std::uint32_t bits_ = (1U << kCostTerms) - 1;  ///< all
};

/// "ecmp,noise": all terms but these. Fails with one sentence on a name that is none, or on
/// `bandwidth`, without which there is no time.
Expected<CostTerms> parse_without(std::string_view text);

}  // namespace collscale
