// SPDX-License-Identifier: Apache-2.0
// The one parser and the one formatter of quantities. Inside the program everything is in SI base
// units, with the unit in the name: size_bytes, bandwidth_Bps (bytes per second), latency_s.
//
// Prefixes: k M G T P are powers of 1000, Ki Mi Gi Ti Pi powers of 1024. `b` is a bit, `B` a byte.
#pragma once

#include <string>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// "8MiB", "8 MB", "1e6B", "512B". A bare "8M" is refused with both readings, a bare number too.
Expected<double> parse_size_bytes(std::string_view text);
/// nccl-tests' own flags: "8M" and "8MiB" are 8·2^20 bytes, "8" is 8 bytes.
Expected<double> parse_nccl_tests_size_bytes(std::string_view text);
/// "400Gbps", "400 Gb/s", "50GB/s", "1.6Tbit/s" -> bytes per second.
Expected<double> parse_bandwidth_Bps(std::string_view text);
/// "1.5us", "350 ns", "2ms", "1s" -> seconds.
Expected<double> parse_time_s(std::string_view text);

/// IEC, three significant figures at most and exact powers of two whole: "64 MiB", "1.5 KiB", "8
/// B".
std::string format_size(double size_bytes);
/// "12.3 GB/s" (GB = 1e9 B).
std::string format_bandwidth(double bandwidth_Bps);
/// "1.25 us", "350 ns", "12.0 ms"; three significant figures.
std::string format_time(double time_s);
/// "100,000"
std::string format_count(long long count);

}  // namespace collscale
