// SPDX-License-Identifier: Apache-2.0
// The box of a job on a torus: cases by hand, and that it holds the job and nothing more compact
// does.
#include "topology/job_box.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "topology/small_system.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using testing::figure;

Torus torus(const std::vector<double>& sizes) {
  Torus torus;
  for (const double size : sizes)
    torus.dimensions.push_back({figure(size), Wrap::ring, figure(1e9)});
  return torus;
}

TEST(JobBox, CubesOfACube) {
  EXPECT_THAT(job_box(torus({16, 16, 16}), 8), ElementsAre(2, 2, 2));
  EXPECT_THAT(job_box(torus({16, 16, 16}), 64), ElementsAre(4, 4, 4));
  EXPECT_THAT(job_box(torus({16, 16, 16}), 128), ElementsAre(8, 4, 4));
  EXPECT_THAT(job_box(torus({16, 16, 16}), 4096), ElementsAre(16, 16, 16));
  EXPECT_THAT(job_box(torus({16, 16, 16}), 1), ElementsAre(1, 1, 1));
}

TEST(JobBox, AFlatTorusGivesWhatItHas) {
  EXPECT_THAT(job_box(torus({64, 4}), 64), ElementsAre(16, 4));
  EXPECT_THAT(job_box(torus({24, 23, 24, 2, 3, 2}), 8), ElementsAre(2, 2, 2, 1, 1, 1));
  EXPECT_THAT(job_box(torus({24, 23, 24, 2, 3, 2}), 64), ElementsAre(2, 2, 2, 2, 2, 2));
}

TEST(JobBox, WrapsOnlyWhereItSpansTheTorus) {
  System system = testing::make_system({});
  system.fabric = torus({8, 4});
  std::get<Torus>(system.fabric).efficiency = figure(1);
  std::get<Torus>(system.fabric).hop_latency_s = figure(1e-7);
  system.nodes = figure(32);
  const std::int64_t per_node = ranks_per_node(system);
  const System job = job_system(system, 24 * per_node - 1);  // 6 x 4 of the nodes
  const Torus& box = std::get<Torus>(job.fabric);
  EXPECT_EQ(job.nodes.value, 24);
  EXPECT_EQ(box.dimensions[0].size.value, 6);
  EXPECT_EQ(box.dimensions[0].wrap, Wrap::mesh);
  EXPECT_EQ(box.dimensions[1].size.value, 4);
  EXPECT_EQ(box.dimensions[1].wrap, Wrap::ring);
  EXPECT_EQ(job_system(system, 33 * per_node).nodes.value, 32);
}

RC_GTEST_PROP(JobBox, HoldsTheJobAsCompactlyAsAnyBoxDoes, ()) {
  const auto a = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto b = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto c = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto nodes = *rc::gen::inRange<std::int64_t>(1, a * b * c + 1);
  const auto box = job_box(
      torus({static_cast<double>(a), static_cast<double>(b), static_cast<double>(c)}), nodes);
  RC_ASSERT(box[0] <= a && box[1] <= b && box[2] <= c);
  RC_ASSERT(box[0] * box[1] * box[2] >= nodes);
  for (std::int64_t x = 1; x <= a; ++x)
    for (std::int64_t y = 1; y <= b; ++y)
      for (std::int64_t z = 1; z <= c; ++z)
        if (x * y * z >= nodes) RC_ASSERT(x + y + z >= box[0] + box[1] + box[2]);
}

}  // namespace
}  // namespace collscale
