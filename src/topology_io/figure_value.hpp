// SPDX-License-Identifier: Apache-2.0
// The value of a figure as a user writes it, in a file or as a parameter of a family.
#pragma once

#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// What a figure counts: decides its unit and its range.
enum class Quantity {
  count,      ///< a whole number ≥ 1
  ratio,      ///< a number > 0
  share,      ///< a number in (0, 1]
  bandwidth,  ///< > 0, with a unit: "400Gbps"; gives bytes per second
  time,       ///< ≥ 0, with a unit: "1.5us"; gives seconds
};

/// Fails with what was found and what was expected, without the name of the field.
Expected<double> parse_figure_value(Quantity quantity, std::string_view text);

}  // namespace collscale
