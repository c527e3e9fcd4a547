// SPDX-License-Identifier: Apache-2.0
// The number at the front of a text, in the C locale whatever the program's locale is.
#pragma once

#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// Without the blanks and tabs at both ends.
std::string_view trim(std::string_view text);

struct NumberAndRest {
  double value = 0;         ///< finite and not negative
  std::string_view digits;  ///< the number as it was written
  std::string_view rest;    ///< what follows it, trimmed
};

/// "1.5 us" -> 1.5 and "us". `what` names the quantity in the error ("a size such as 8MiB").
/// Refuses a text that does not begin with a number, and one that is negative, infinite, NaN or out
/// of range.
Expected<NumberAndRest> parse_number(std::string_view text, std::string_view what);

}  // namespace collscale
