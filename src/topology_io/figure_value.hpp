// SPDX-License-Identifier: Apache-2.0
// The value of a figure as a user writes it, in a file or as a parameter of a family.
#pragma once

#include <string_view>

#include "topology/figure.hpp"
#include "units/error.hpp"

namespace collscale {

/// Fails with what was found and what was expected, without the name of the field.
Expected<double> parse_figure_value(Quantity quantity, std::string_view text);

}  // namespace collscale
