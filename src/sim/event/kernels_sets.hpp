// SPDX-License-Identifier: Apache-2.0
// One function per instruction set that was compiled in.
#pragma once

namespace collscale {

struct Kernels;
const Kernels* portable_kernels();
const Kernels* sse2_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

}  // namespace collscale
