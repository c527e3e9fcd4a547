// SPDX-License-Identifier: Apache-2.0
#include "measure/reference_clock.hpp"

namespace collscale {

namespace {
// Older readings say little about the rate now.
constexpr std::size_t kMostReadings = 16;
// Over a shorter time the error of single readings outweighs what clocks drift.
constexpr double kLeastSpan_s = 0.05;
}  // namespace

void ReferenceClock::add(ClockReading reading) {
  if (!readings_.empty()) {
    const double predicted_s = at(reading.local_s) - reading.local_s;
    worst_error_s_ = std::max(worst_error_s_, std::abs(predicted_s - reading.offset_s));
  }
  if (readings_.size() == kMostReadings) {
    readings_.erase(readings_.begin());
  }
  readings_.push_back(reading);
  rate_ = 0;
  local_s_ = reading.local_s;
  offset_s_ = reading.offset_s;
  if (readings_.size() < 3 || reading.local_s - readings_.front().local_s < kLeastSpan_s) {
    return;
  }
  // Least squares, about the newest reading: times since start-up are large numbers.
  const auto count = static_cast<double>(readings_.size());
  double mean_x = 0;
  double mean_y = 0;
  for (const ClockReading& each : readings_) {
    mean_x += (each.local_s - reading.local_s) / count;
    mean_y += (each.offset_s - reading.offset_s) / count;
  }
  double xx = 0;
  double xy = 0;
  for (const ClockReading& each : readings_) {
    const double x = each.local_s - reading.local_s - mean_x;
    xx += x * x;
    xy += x * (each.offset_s - reading.offset_s - mean_y);
  }
  rate_ = xy / xx;
  local_s_ = reading.local_s + mean_x;
  offset_s_ = reading.offset_s + mean_y;
}

}  // namespace collscale
