// SPDX-License-Identifier: Apache-2.0
// Errors as values. The core throws nothing: what can fail returns Expected<T>. One place
// (cli/main.cpp, bench/) prints `error: <message>` and ends with the code.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace collscale {

/// What the programs end with. These are the only exit codes there are.
enum class ExitCode : int {
  ok = 0,
  failed = 1,         ///< the run failed, or a result was wrong
  bad_input = 2,      ///< bad usage, file or input
  gate_failed = 3,    ///< a gate the user asked for was not met
  unavailable = 4,    ///< the backend is not available here
  interrupted = 130,  ///< stopped by the user; what was done is kept
};

/// One sentence for the user: where (file:line:column or flag), what was found, what was
/// expected, and the nearest valid name where there is one. No trailing full stop or newline.
struct Error {
  std::string message;
  ExitCode code = ExitCode::bad_input;
};

template <class T>
using Expected = tl::expected<T, Error>;

/// `return fail("...")` in a function that returns Expected<T>.
inline tl::unexpected<Error> fail(std::string message, ExitCode code = ExitCode::bad_input) {
  return tl::unexpected<Error>(Error{std::move(message), code});
}

}  // namespace collscale
