// SPDX-License-Identifier: Apache-2.0
// What the command lines of all benchmark programs share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collective/collective.hpp"
#include "units/error.hpp"

namespace CLI {
class App;
}

namespace collscale {

/// Lets `app` read `arguments`, with --help and --version added to its flags; the text that one of
/// these asks for, or nothing. Fails on an unknown flag, naming the nearest, and on a missing
/// value.
Expected<std::optional<std::string>> read_arguments(CLI::App& app,
                                                    std::vector<std::string> arguments);

/// The collectives in `words`, each a name or a comma-separated list of names, without repetition;
/// "all" is every one that is `offered`. Fails on a name that is not, naming the nearest.
Expected<std::vector<Collective>> parse_collectives(const std::vector<std::string>& words,
                                                    const std::vector<Collective>& offered);

}  // namespace collscale
