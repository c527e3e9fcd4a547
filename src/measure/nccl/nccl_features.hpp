// SPDX-License-Identifier: Apache-2.0
// What the NCCL that this program was built with and the one that is loaded can do. The header
// needs neither CUDA nor NCCL.
#pragma once

#include <string>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// Younger than NCCL 2.18, which all of bench_nccl needs.
enum class NcclFeature {
  registration,       ///< ncclMemAlloc, ncclCommRegister: 2.19
  simulation,         ///< ncclGroupSimulateEnd: 2.22
  scalable_init,      ///< ncclCommInitRankScalable: 2.23
  float8,             ///< ncclFloat8e4m3, ncclFloat8e5m2: 2.24
  symmetric_windows,  ///< ncclCommWindowRegister with NCCL_WIN_COLL_SYMMETRIC: 2.27
  cta_policy,         ///< ncclConfig_t::CTAPolicy: 2.27
};

/// 22809 as "2.28.9".
std::string nccl_version_text(int code);

/// Fails where one of the two versions (of the headers, of the loaded library) is older than the
/// feature; `asked` is how the user asked for it: "-R 2".
Expected<void> check_nccl_has(NcclFeature feature, std::string_view asked, int headers, int loaded);
/// The same of this program and its library.
Expected<void> check_nccl_has(NcclFeature feature, std::string_view asked);

/// Fails where the loaded library is older than 2.18.
Expected<void> check_nccl_is_new_enough();

/// Of the library that is loaded.
int nccl_version_code();

}  // namespace collscale
