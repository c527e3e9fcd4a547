// SPDX-License-Identifier: Apache-2.0
// Values of options, from text: what several commands have in common.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

Expected<std::string> parse_text(const std::string& text);  ///< anything but nothing
Expected<std::uint64_t> parse_seed(const std::string& text);
Expected<std::int64_t> parse_number(const std::string& text);      ///< at least 0
Expected<std::int64_t> parse_count(const std::string& text);       ///< at least 1
Expected<std::int64_t> parse_group_size(const std::string& text);  ///< at least 2
/// As parse_ranks, each at least 2.
Expected<std::vector<std::int64_t>> parse_group_sizes(const std::string& text);
/// Counts in the order given: "8,8,4", "4x2".
Expected<std::vector<std::int64_t>> parse_node_sizes(const std::string& text);
Expected<std::vector<std::int64_t>> parse_dimensions(const std::string& text);
Expected<double> parse_one_size(const std::string& text);      ///< bytes
Expected<double> parse_share(const std::string& text);         ///< "20%", "0.2": [0, 1)
Expected<double> parse_nanoseconds(const std::string& text);   ///< "0.05"
Expected<std::int32_t> parse_chunks(const std::string& text);  ///< 1 to a million
/// "time_us=latency,size=Message size (B)": ours to theirs.
Expected<std::map<std::string, std::string>> parse_columns(const std::string& text);
Expected<Engine> parse_library(const std::string& text);  ///< "RCCL", "Open MPI"
Expected<Engine> parse_model_engine(const std::string& text);

}  // namespace collscale
