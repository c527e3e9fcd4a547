// SPDX-License-Identifier: Apache-2.0
// Least squares with coefficients that cannot be negative: the cost of a step or a byte never is,
// and a fit that makes one negative extrapolates to nonsense. Algorithm: Lawson & Hanson, Solving
// Least Squares Problems (1974), chapter 23.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace collscale {

struct NnlsResult {
  std::vector<double> x;     ///< all >= 0
  double residual_norm = 0;  ///< ||A x - b||
  bool converged = false;    ///< false only when the iteration limit (10 per column + 30) was met
};

/// min ||A x - b|| subject to x >= 0. `a` is row-major, rows × columns with rows = b.size(), every
/// value finite. Columns may differ by orders of magnitude: they are scaled to equal norm inside. A
/// column of zeros gets the coefficient 0.
NnlsResult nnls(std::span<const double> a, std::size_t columns, std::span<const double> b);

/// The same, robust: after a first fit the rows are weighted anew `rounds` times with Huber's
/// weights min(1, c/|r|), c = 1.345 × 1.4826 × MAD of the residuals (Huber 1964), so that single
/// bad rows lose their pull. Rows should be scaled so that residuals are comparable (relative
/// errors). `weights`, one per row where there are any, are factors on the rows that residuals do
/// not have.
NnlsResult huber_nnls(std::span<const double> a, std::size_t columns, std::span<const double> b,
                      int rounds = 5, std::span<const double> weights = {});

}  // namespace collscale
