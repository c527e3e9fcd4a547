// SPDX-License-Identifier: Apache-2.0
#include "model/window.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

TEST(Window, OfNcclAllows59GigabytesPerSecondAtAMillisecond) {
  EXPECT_NEAR(window_bandwidth_Bps(400e9, 16, kNcclSimpleWindow_bytes, 1e-3), 58.7e9, 0.05e9);
}

TEST(Window, DoesNotLimitShortLinks) {
  EXPECT_DOUBLE_EQ(window_bandwidth_Bps(50e9, 1, kNcclSimpleWindow_bytes, 10e-6), 50e9);
  EXPECT_DOUBLE_EQ(window_bandwidth_Bps(50e9, 1, 1, 0), 50e9);
}

// 50 GB/s over 1 ms need 50 MB in flight.
TEST(Window, ReachesFullBandwidthAtTheBandwidthDelayProduct) {
  EXPECT_DOUBLE_EQ(window_bandwidth_Bps(50e9, 1, 50e6, 1e-3), 50e9);
  EXPECT_LT(window_bandwidth_Bps(50e9, 1, 49e6, 1e-3), 50e9);
}

}  // namespace
}  // namespace collscale
