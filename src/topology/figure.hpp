// SPDX-License-Identifier: Apache-2.0
// A number about a system, how well it is known, and who says so.
#pragma once

#include <string>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

enum class Label {
  stated,      ///< a retrieved source says it
  derived,     ///< arithmetic from stated figures
  assumed,     ///< our own design choice, nothing public
  recalled,    ///< general knowledge, no source retrieved
  imported,    ///< read from a file of the machine itself
  calibrated,  ///< fitted to measurements
};

std::string_view name(Label label);
Expected<Label> parse_label(std::string_view text);

/// What a figure counts: decides its unit and its range.
enum class Quantity {
  count,      ///< a whole number ≥ 1
  ratio,      ///< a number > 0
  share,      ///< a number in (0, 1]
  bandwidth,  ///< > 0, with a unit: "400Gbps"; gives bytes per second
  time,       ///< ≥ 0, with a unit: "1.5us"; gives seconds
  size,       ///< > 0, with a unit: "4MiB"; gives bytes
};

/// `value` is in SI base units (bytes per second, seconds, or a count). `source` names where a
/// `stated` figure is found: a stated figure without a source is refused when a file is loaded.
struct Figure {
  double value = 0;
  Label label = Label::assumed;
  std::string source;
};

/// assumed and recalled figures are those an answer warns about.
inline bool is_unsourced(const Figure& figure) {
  return figure.label == Label::assumed || figure.label == Label::recalled;
}

}  // namespace collscale
