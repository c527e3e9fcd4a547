// SPDX-License-Identifier: Apache-2.0
#include "stats/nnls.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "stats/random.hpp"

namespace collscale {
namespace {

TEST(Nnls, EqualsLeastSquaresWhereThatIsPositive) {
  // A line through (0,1) (1,3) (2,5) (3,8): closed form slope 2.3, intercept 0.8.
  const std::vector<double> a{1, 0, 1, 1, 1, 2, 1, 3};
  const std::vector<double> b{1, 3, 5, 8};
  const NnlsResult fit = nnls(a, 2, b);
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.x[0], 0.8, 1e-12);
  EXPECT_NEAR(fit.x[1], 2.3, 1e-12);
  EXPECT_NEAR(fit.residual_norm, std::sqrt(0.3), 1e-12);
}

TEST(Nnls, SetsACoefficientToZeroThatWouldBeNegative) {
  // The least-squares line has intercept -1; through the origin the slope is x·y / x·x = 22/14.
  const std::vector<double> a{1, 1, 1, 2, 1, 3};
  const std::vector<double> b{1, 3, 5};
  const NnlsResult fit = nnls(a, 2, b);
  ASSERT_TRUE(fit.converged);
  EXPECT_DOUBLE_EQ(fit.x[0], 0.0);
  EXPECT_NEAR(fit.x[1], 22.0 / 14.0, 1e-12);
}

TEST(Nnls, CopesWithColumnsOfVeryDifferentSizeAndWithZeroColumns) {
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 1; i <= 10; ++i) {
    const double size_bytes = std::pow(8.0, i);
    const double t = 2e-5 + size_bytes * 1e-11;
    a.insert(a.end(), {1.0 / t, size_bytes / t, 0.0});
    b.push_back(1.0);
  }
  const NnlsResult fit = nnls(a, 3, b);
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.x[0], 2e-5, 1e-14);
  EXPECT_NEAR(fit.x[1], 1e-11, 1e-20);
  EXPECT_DOUBLE_EQ(fit.x[2], 0.0);
}

TEST(Nnls, GivesZeroWhenEverythingPointsTheOtherWay) {
  const NnlsResult fit = nnls(std::vector<double>{1, 2, 3}, 1, std::vector<double>{-1, -1, -1});
  EXPECT_TRUE(fit.converged);
  EXPECT_DOUBLE_EQ(fit.x[0], 0.0);
}

TEST(Nnls, MeetsTheOptimalityConditionsOnRandomProblems) {
  EXPECT_TRUE(rc::check("Karush-Kuhn-Tucker", [](std::uint64_t seed) {
    Random random(seed);
    const std::size_t columns = 1 + random.below(7);
    const std::size_t rows = 1 + random.below(30);
    std::vector<double> a(rows * columns);
    std::vector<double> b(rows);
    for (double& value : a) {
      value = random.normal();
    }
    for (double& value : b) {
      value = random.normal();
    }
    const NnlsResult fit = nnls(a, columns, b);
    RC_ASSERT(fit.converged);
    for (std::size_t j = 0; j < columns; ++j) {
      double gradient = 0;  // of half the squared residual
      for (std::size_t i = 0; i < rows; ++i) {
        double residual = -b[i];
        for (std::size_t l = 0; l < columns; ++l) {
          residual += a[i * columns + l] * fit.x[l];
        }
        gradient += a[i * columns + j] * residual;
      }
      RC_ASSERT(fit.x[j] >= 0.0);
      RC_ASSERT(gradient > -1e-8);                               // no gain in growing
      RC_ASSERT(fit.x[j] == 0.0 || std::fabs(gradient) < 1e-8);  // nor in changing what is there
    }
  }));
}

TEST(HuberNnls, IsNotMovedByOneBadRow) {
  std::vector<double> a;
  std::vector<double> b;
  Random random(2);
  for (int i = 0; i < 40; ++i) {
    a.insert(a.end(), {1.0, static_cast<double>(i)});
    b.push_back(3.0 + 0.5 * i + 0.01 * random.normal());
  }
  b[39] = 500.0;
  const NnlsResult plain = nnls(a, 2, b);
  const NnlsResult robust = huber_nnls(a, 2, b);
  EXPECT_NEAR(robust.x[0], 3.0, 0.05);
  EXPECT_NEAR(robust.x[1], 0.5, 0.005);
  EXPECT_GT(std::fabs(plain.x[1] - 0.5), 0.5);
}

TEST(HuberNnls, WeightsSayWhichRowsCountAndNotWhichAreBad) {
  // Two constants; the second has few rows, but the rows near it count a hundred times.
  const std::vector<double> a(30, 1.0);
  std::vector<double> b(30, 1.0);
  std::fill(b.begin() + 20, b.end(), 2.0);
  std::vector<double> weights(30, 0.01);
  std::fill(weights.begin() + 20, weights.end(), 1.0);
  EXPECT_NEAR(huber_nnls(a, 1, b, 5, weights).x[0], 2.0, 0.01);
  EXPECT_LT(huber_nnls(a, 1, b, 5).x[0], 1.5);
}

}  // namespace
}  // namespace collscale
