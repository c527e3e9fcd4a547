// SPDX-License-Identifier: Apache-2.0
#include "fit/global_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "stats/nnls.hpp"

namespace collscale {

GlobalFit::GlobalFit(Collective collective, std::span<const LocalFit::Point> points)
    : collective_(collective) {
  std::vector<double> a;
  for (const LocalFit::Point& point : points)
    for (const double value : library_features(collective, std::exp(point.log_size), point.place))
      a.push_back(value / std::exp(point.log_time));
  const NnlsResult fit =
      huber_nnls(a, coefficients_.size(), std::vector<double>(points.size(), 1.0), 5);
  std::copy(fit.x.begin(), fit.x.end(), coefficients_.begin());
}

double GlobalFit::time_s(double log_size, Place place) const {
  const LibraryFeatures terms = library_features(collective_, std::exp(log_size), place);
  return std::inner_product(terms.begin(), terms.end(), coefficients_.begin(), 0.0);
}

double GlobalFit::log_growth(double log_size, Place from, Place to) const {
  const double before_s = time_s(log_size, from);
  return before_s > 0.0 ? std::log(time_s(log_size, to) / before_s) : 0.0;
}

}  // namespace collscale
