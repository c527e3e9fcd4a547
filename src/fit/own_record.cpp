// SPDX-License-Identifier: Apache-2.0
#include "fit/own_record.hpp"

#include <cmath>
#include <vector>

namespace collscale {
namespace {

// Between half and twice of any of these four the errors of the published series change by less
// than a twentieth.
constexpr double kShareBefore = 0.2;  // the line's, where it has missed by as much as the laws
constexpr double kLearning = 30;      // per unit of loss: an error in ln t over ln distance
constexpr double kSizeWidth = 1;      // octaves within which errors tell of a size
constexpr double kScaleDecay = 0.3;   // per scale that an error is older

double line_share(std::span<const OriginError> errors, int scales, double octave) {
  double law_loss = 0;
  double line_loss = 0;
  double sum = 0;
  for (const OriginError& error : errors) {
    if (!error.rivals) continue;
    const double away = std::fabs(error.log_size / kOctave - octave);
    const double age = scales - 1 - error.target;
    const double weight = std::exp(-away / kSizeWidth - kScaleDecay * age);
    law_loss += weight * std::fabs(error.rivals->laws) / error.log_distance;
    line_loss += weight * std::fabs(error.rivals->line) / error.log_distance;
    sum += weight;
  }
  if (sum == 0) return 0;
  // Little evidence is little reason: as if one more point had shown no difference.
  const double better = (law_loss - line_loss) / (sum + 1);
  return 1 / (1 + (1 / kShareBefore - 1) * std::exp(-kLearning * better));
}

}  // namespace

OwnRecord own_record(const Priors& priors, std::span<const OriginError> errors, int scales) {
  std::vector<OriginError> within;
  for (const OriginError& error : errors)
    if (error.trained > 1 && error.target < scales) within.push_back(error);
  OwnRecord record;
  record.width_factor = own_width_factor(priors, within);
  for (std::size_t g = 0; g < kOctaves; ++g)
    record.line_shares[g] = line_share(within, scales, static_cast<double>(g));
  return record;
}

}  // namespace collscale
