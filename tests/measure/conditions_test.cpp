// SPDX-License-Identifier: Apache-2.0
#include "measure/conditions.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "measure/clock.hpp"

namespace collscale {
namespace {

TEST(Busy, AddsAllButIdleAndWaiting) {
  EXPECT_EQ(busy_s("cpu  100 20 30 5000 600 7 8 35 11 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n", 100.0), 2.0);
  EXPECT_EQ(busy_s("cpu 100 0 0 5", 100.0), 1.0) << "an old kernel's four fields";
  EXPECT_FALSE(busy_s("", 100.0));
  EXPECT_FALSE(busy_s("cpu0 1 2 3 4 5 6 7 8", 100.0));
  EXPECT_FALSE(busy_s("cpu  1 2 x", 100.0));
}

UsageReading reading(double wall_s, double process_s, double machine_s, std::int64_t switches) {
  return {wall_s, process_s, machine_s, switches};
}

TEST(LocalConditions, ForeignWorkIsWhatTheMachineDidBesidesOurProcesses) {
  // Two processes here, a third on another machine; 4 cores; one second.
  const std::array<MachineUse, 3> uses{{{1.0, 7}, {0.98, 7}, {1.0, 8}}};
  const Conditions found =
      local_conditions(reading(10, 5, 100, 3), reading(11, 6, 103.52, 8), 4, uses, 7);
  EXPECT_NEAR(*found.foreign_cores, 3.52 - 1.98 - 0.04, 1e-9);
  EXPECT_NEAR(*found.short_of_cores, 1.5 + 2 - 4, 1e-9);
  EXPECT_DOUBLE_EQ(*found.cpu_share, 1.0);
  EXPECT_EQ(found.involuntary_switches, 5);
  EXPECT_EQ(found.processes_per_node, 2);
  EXPECT_FALSE(found.oversubscribed);
}

TEST(LocalConditions, MoreProcessesThanCoresAreTold) {
  const std::array<MachineUse, 3> uses{{{0.6, 7}, {0.7, 7}, {0.7, 7}}};
  EXPECT_TRUE(
      local_conditions(reading(0, 0, 0, 0), reading(1, 0.6, 2, 0), 2, uses, 7).oversubscribed);
}

TEST(LocalConditions, ATimeBelowTheKernelsTicksSaysNothingOfForeignWork) {
  const std::array<MachineUse, 1> uses{{{0.01, 7}}};
  const Conditions found =
      local_conditions(reading(0, 0, 0, 0), reading(0.01, 0.01, 0.02, 0), 2, uses, 7);
  EXPECT_FALSE(found.foreign_cores);
  EXPECT_TRUE(found.cpu_share);
}

TEST(ConditionWatch, SeesThatASleeperHadNoProcessorTime) {
  SingleProcess alone;
  const ConditionWatch watch;
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_LT(*watch.finish(alone, true).cpu_share, 0.5);
  EXPECT_FALSE(watch.finish(alone, false).cpu_share);
  EXPECT_EQ(watch.finish(alone, true).processes_per_node, 1);
}

/// Another process that was worse off in every respect but one.
struct WorseElsewhere : SingleProcess {
  static void all_max(std::span<double> values) {
    const std::array<double, 6> other{-0.25, 0.5, -3, 77, 1, 1};
    if (values.size() == other.size()) {
      for (std::size_t i = 0; i < other.size(); ++i) {
        values[i] = std::max(values[i], other[i]);
      }
    }
  }
};

TEST(ConditionWatch, GivesTheWorstOfAllProcesses) {
  WorseElsewhere processes;
  const ConditionWatch watch;
  const double begin_s = steady_now_s();
  while (steady_now_s() - begin_s < 0.02) {
  }
  const Conditions found = watch.finish(processes, true);
  EXPECT_LE(*found.cpu_share, 0.25);
  EXPECT_GE(found.involuntary_switches, 77);
  EXPECT_TRUE(found.oversubscribed);
}

}  // namespace
}  // namespace collscale
