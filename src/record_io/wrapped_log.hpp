// SPDX-License-Identifier: Apache-2.0
// A log within what another program kept it in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace collscale {

/// The text within a container's log, a line of it in each {"log":"...\n","stream":"stdout",...};
/// nothing where the text is none.
std::optional<std::string> text_of_container_log(std::string_view text);

/// The text with the strings that Python printed of it ("b'# Size\n1 2.5\n'", "['a\n', 'b\n']",
/// one of those within another) put plainly. Other lines stay as they are.
std::string without_python_quotes(std::string_view text);

}  // namespace collscale
