// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace collscale {

/// --progress: whether a line says what is left of a run. detect: where somebody watches.
enum class ProgressPolicy { detect, on, off };

}  // namespace collscale
