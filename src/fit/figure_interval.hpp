// SPDX-License-Identifier: Apache-2.0
// How far measurements lie about predictions with fitted figures, and the intervals that follow.
//
// An interval is made of what the fit's own measurements do about it (FigureErrors), and of what
// other measurements were seen to do: runs of other people on the same node design, scales that
// were left out of a fit, collectives that were. docs/method.md has the figures, and
// scripts/make-profiles counts how often the intervals hold.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "fit/uncertainty.hpp"

namespace collscale {

/// How measurements lie around predictions with the fitted figures, over the sizes of one regime.
struct FigureErrors {
  int points = 0;
  double median_error = 0;  ///< of the larger of predicted ÷ measured and measured ÷ predicted, − 1
  /// Of ln(measured ÷ predicted): 2.5, 25, 75 and 97.5 %.
  std::array<double, 4> quantiles{};
};
using RegimeErrors = std::array<FigureErrors, kRegimes>;

/// Of ln(measured ÷ predicted) at these sizes; NaN counts for nothing.
RegimeErrors errors_by_regime(std::span<const double> sizes_bytes,
                              std::span<const double> log_errors);

/// How far a question is from what was measured.
struct Remoteness {
  bool network = false;        ///< across nodes
  bool other_machine = false;  ///< of the same node design, but not the measured one
  double distance = 1;         ///< ranks ÷ the largest measured number of them, at least 1
  double octaves = 0;          ///< of the size, outside what was measured
  bool other_kind = false;     ///< no such collective was measured
};

/// ln of time ÷ prediction at the ends of the 50 and 95 % intervals: low95, low50, high50, high95.
using IntervalOffsets = std::array<double, 4>;
IntervalOffsets interval_offsets(const RegimeErrors& errors, double size_bytes,
                                 const Remoteness& remoteness);

/// A question about nodes that nobody measured, or about what lies between them.
struct Unmeasured {
  bool network = false;  ///< across nodes
  bool pcie = false;     ///< nodes on PCIe alone, which differ more than those with links
  double ranks = 2;
  double inside = 1;  ///< ranks of a node ÷ the largest number of them its figures were fitted on
};

/// How published measurements lie about NCCL's own constants on the figures of topology files.
IntervalOffsets unmeasured_offsets(const Unmeasured& what, double size_bytes);

}  // namespace collscale
