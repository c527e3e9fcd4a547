// SPDX-License-Identifier: Apache-2.0
#include "stats/nnls.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/quantiles.hpp"

namespace collscale {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Index = Eigen::Index;

// Least squares on the columns in `passive`; the others stay zero.
Vector solve_passive(const Matrix& a, const Vector& b, const std::vector<Index>& passive) {
  Matrix sub(a.rows(), static_cast<Index>(passive.size()));
  for (std::size_t j = 0; j < passive.size(); ++j) {
    sub.col(static_cast<Index>(j)) = a.col(passive[j]);
  }
  const Vector z = sub.colPivHouseholderQr().solve(b);
  Vector full = Vector::Zero(a.cols());
  for (std::size_t j = 0; j < passive.size(); ++j) {
    full[passive[j]] = z[static_cast<Index>(j)];
  }
  return full;
}

// Moves from x towards z until the first passive coefficient meets zero; drops those that did.
void step_to_boundary(Vector& x, const Vector& z, std::vector<Index>& passive) {
  double share = 1.0;
  for (const Index j : passive) {
    if (z[j] <= 0.0) {
      share = std::min(share, x[j] / (x[j] - z[j]));
    }
  }
  x += share * (z - x);
  const double tiny = 1e-14 * std::max(1.0, x.cwiseAbs().maxCoeff());
  std::vector<Index> kept;
  for (const Index j : passive) {
    if (z[j] <= 0.0 && x[j] <= tiny) {
      x[j] = 0.0;
    } else {
      kept.push_back(j);
    }
  }
  passive = std::move(kept);
}

// The column outside `passive` whose growth from zero gains the most; -1 when none gains.
Index entering_column(const Vector& gradient, const Vector& norms,
                      const std::vector<Index>& passive, double tolerance) {
  Index best = -1;
  for (Index j = 0; j < gradient.size(); ++j) {
    const bool is_passive = std::find(passive.begin(), passive.end(), j) != passive.end();
    if (!is_passive && norms[j] > 0.0 && gradient[j] > tolerance &&
        (best < 0 || gradient[j] > gradient[best])) {
      best = j;
    }
  }
  return best;
}

}  // namespace

NnlsResult nnls(std::span<const double> a, std::size_t columns, std::span<const double> b) {
  NnlsResult result;
  const auto n = static_cast<Index>(columns);
  const auto m = static_cast<Index>(b.size());
  result.x.assign(columns, 0.0);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Matrix scaled = Eigen::Map<const RowMajor>(a.data(), m, n);
  Vector rhs = Eigen::Map<const Vector>(b.data(), m);

  Vector norms = scaled.colwise().norm();
  for (Index j = 0; j < n; ++j) {
    if (norms[j] > 0.0) {
      scaled.col(j) /= norms[j];
    }
  }
  double outside = 0.0;  // squared norm of b outside the column space
  if (m > n) {           // the problem in n rows: same minimiser, and rows no longer cost anything
    const Eigen::HouseholderQR<Matrix> qr(scaled);
    const Vector rotated = qr.householderQ().transpose() * rhs;
    outside = rotated.tail(m - n).squaredNorm();
    rhs = rotated.head(n).eval();
    scaled = qr.matrixQR().topRows(n).triangularView<Eigen::Upper>().toDenseMatrix().eval();
  }

  Vector x = Vector::Zero(n);
  std::vector<Index> passive;
  const double tolerance = 1e-12 * std::max(rhs.norm(), std::numeric_limits<double>::min());
  const Index limit = 10 * n + 30;
  Index iterations = 0;
  while (iterations < limit) {
    const Vector gradient = scaled.transpose() * (rhs - scaled * x);
    const Index best = entering_column(gradient, norms, passive, tolerance);
    if (best < 0) {
      result.converged = true;
      break;
    }
    passive.push_back(best);
    while (iterations++ < limit && !passive.empty()) {
      const Vector z = solve_passive(scaled, rhs, passive);
      const bool feasible =
          std::all_of(passive.begin(), passive.end(), [&](Index j) { return z[j] > 0.0; });
      if (feasible) {
        x = z;
        break;
      }
      step_to_boundary(x, z, passive);
    }
  }
  result.residual_norm = std::sqrt((scaled * x - rhs).squaredNorm() + outside);
  for (Index j = 0; j < n; ++j) {
    result.x[static_cast<std::size_t>(j)] = norms[j] > 0.0 ? x[j] / norms[j] : 0.0;
  }
  return result;
}

NnlsResult huber_nnls(std::span<const double> a, std::size_t columns, std::span<const double> b,
                      int rounds, std::span<const double> weights) {
  std::vector<double> robust(b.size(), 1.0);
  std::vector<double> weighted_a(a.size());
  std::vector<double> weighted_b(b.size());
  const auto solve = [&] {
    for (std::size_t i = 0; i < b.size(); ++i) {
      const double weight = robust[i] * (weights.empty() ? 1.0 : weights[i]);
      for (std::size_t j = 0; j < columns; ++j) {
        weighted_a[i * columns + j] = a[i * columns + j] * weight;
      }
      weighted_b[i] = b[i] * weight;
    }
    return nnls(weighted_a, columns, weighted_b);
  };
  NnlsResult result = solve();
  std::vector<double> residuals(b.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < b.size(); ++i) {
      double fitted = 0.0;
      for (std::size_t j = 0; j < columns; ++j) {
        fitted += a[i * columns + j] * result.x[j];
      }
      residuals[i] = std::fabs(fitted - b[i]);
    }
    const double threshold = 1.345 * 1.4826 * median(residuals);
    if (!(threshold > 0.0)) {
      break;  // more than half of the rows are met exactly: nothing left to weight
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
      robust[i] = residuals[i] > threshold ? std::sqrt(threshold / residuals[i]) : 1.0;
    }
    result = solve();
  }
  return result;
}

}  // namespace collscale
