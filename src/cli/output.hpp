// SPDX-License-Identifier: Apache-2.0
// Where a command's answer goes: stdout, and the file of --json or -o.
#pragma once

#include <string>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// True where the JSON itself is what stdout is for, so that no table may be printed.
inline bool takes_stdout(std::string_view json_path) { return json_path == "-"; }

/// Prints to stdout as it is.
void print_result(std::string_view text);

/// One line on stderr: what a reader of the result should know. A newline is added.
void print_note(std::string_view text);

/// Fails at once when the path cannot be written; "" (no file wanted) and "-" are always fine.
Expected<void> check_output(std::string_view flag, const std::string& path);

/// As write_text_file: through a temporary file beside `path`, "-" is stdout; "" does nothing.
Expected<void> write_text(const std::string& path, std::string_view text);

/// Fails when something that was printed to stdout did not arrive (a full disk).
Expected<void> finish_output();

}  // namespace collscale
