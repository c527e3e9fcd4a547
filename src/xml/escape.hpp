// SPDX-License-Identifier: Apache-2.0
// Text within XML (SVG, a SimGrid platform).
#pragma once

#include <string>
#include <string_view>

namespace collscale {

/// The text as an element, an attribute in double quotes or a comment may hold it.
std::string xml_escaped(std::string_view text);

}  // namespace collscale
