// SPDX-License-Identifier: Apache-2.0
// Figures of a system as people and JSON read them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "topology/figure.hpp"
#include "topology/summary.hpp"

namespace collscale {

/// What a figure counts, by its path: "fabric.tiers[0].link".
Quantity quantity_of(std::string_view path);
/// "B/s", "s", "B", "1"
std::string_view unit_name(Quantity quantity);
/// "50.0 GB/s", "600 ns", "82.4 %", "12,500"
std::string quantity_text(Quantity quantity, double value);

/// {"accelerators": {"value": 100000, "unit": "1"}, ...}, names with underscores.
nlohmann::ordered_json quantities_json(const System& system);
/// {"stated": 12, "derived": 8, ...}: all labels.
nlohmann::ordered_json labels_json(const System& system);

}  // namespace collscale
