// SPDX-License-Identifier: Apache-2.0
// Result files: Google Benchmark's JSON shape with our fields added, so that its compare.py reads them.
#pragma once

#include <string>
#include <string_view>

#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

/// The file's text. Doubles are written with the shortest digits that read back the same.
std::string to_json(const Results& results);
Expected<Results> from_json(std::string_view text, std::string_view file_name);

Expected<Results> read_results(const std::string& path);

/// Writes through a temporary file beside `path` and renames it: a reader never sees half a file.
/// "-" is stdout.
Expected<void> write_results(const std::string& path, const Results& results);

/// Fails now rather than after the measurement: checks that `path` can be written, creating nothing
/// that stays.
Expected<void> check_writable(const std::string& path);

/// What is the same for every file this machine writes: schema version, host, date, cores, our
/// version and build, compiler.
Context make_context(std::string_view program);

}  // namespace collscale
