// SPDX-License-Identifier: Apache-2.0
#include "measure/verify.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <map>

#include "measure/make_record.hpp"

namespace collscale {
namespace {

constexpr std::array kTypes = {DataType::int8,    DataType::uint8,       DataType::int32,
                               DataType::uint32,  DataType::int64,       DataType::uint64,
                               DataType::float16, DataType::bfloat16,    DataType::float32,
                               DataType::float64, DataType::float8_e4m3, DataType::float8_e5m2};

constexpr std::array kOps = {ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max};

std::int64_t combined(ReduceOp op, std::int64_t a, std::int64_t b) {
  switch (op) {
    case ReduceOp::prod:
      return a * b;
    case ReduceOp::min:
      return std::min(a, b);
    case ReduceOp::max:
      return std::max(a, b);
    default:
      return a + b;
  }
}

Scenario scenario_of(Collective collective, DataType type, std::int64_t ranks) {
  Scenario scenario;
  scenario.collective = collective;
  scenario.dtype = type;
  scenario.ranks = ranks;
  return scenario;
}

RC_GTEST_PROP(Pattern, EveryPartialSumIsAnExactIntegerOfTheType, ()) {
  const DataType type = *rc::gen::elementOf(kTypes);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(1, 3000);
  const Pattern pattern(Collective::all_reduce, type, ReduceOp::sum, ranks);
  const std::int64_t index = *rc::gen::inRange<std::int64_t>(0, 1000000);
  std::int64_t sum = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const int value = pattern.sent(rank, index);
    RC_ASSERT(value >= 0);
    sum += value;
  }
  RC_ASSERT(sum == pattern.reduced(index));
  RC_ASSERT(sum <= largest_exact_integer(type));
}

RC_GTEST_PROP(Pattern, TheResultIsThatOfAllRanksAndExactInTheType, ()) {
  const DataType type = *rc::gen::elementOf(kTypes);
  const ReduceOp op = *rc::gen::elementOf(kOps);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(1, 500);
  const Pattern pattern(Collective::reduce, type, op, ranks, *rc::gen::inRange(0, 4));
  const std::int64_t index = *rc::gen::inRange<std::int64_t>(0, 10000);
  std::int64_t result = pattern.sent(0, index);
  for (std::int64_t rank = 1; rank < ranks; ++rank) {
    result = combined(op, result, pattern.sent(rank, index));
  }
  RC_ASSERT(result == pattern.reduced(index));
  if (op == ReduceOp::prod) {
    RC_ASSERT(std::has_single_bit(static_cast<std::uint64_t>(result)) && result <= 64);
  } else {
    RC_ASSERT(result <= largest_exact_integer(type));
  }
}

RC_GTEST_PROP(Pattern, TheNextRoundHasAnotherResultAtEveryIndex, ()) {
  const DataType type = *rc::gen::elementOf(kTypes);
  const ReduceOp op = *rc::gen::elementOf(kOps);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(1, 3000);
  const Pattern first(Collective::all_reduce, type, op, ranks, 0);
  const Pattern second(Collective::all_reduce, type, op, ranks, 1);
  const Pattern sent_first(Collective::all_gather, type, op, ranks, 0);
  const Pattern sent_second(Collective::all_gather, type, op, ranks, 1);
  for (std::int64_t index = 0; index < 1000; ++index) {
    RC_ASSERT(first.reduced(index) != second.reduced(index));
    RC_ASSERT(sent_first.sent(ranks - 1, index) != sent_second.sent(ranks - 1, index));
  }
}

RC_GTEST_PROP(Pattern, WithoutAnyOneRankTheResultIsAnother, ()) {
  const DataType type = *rc::gen::elementOf(kTypes);
  const ReduceOp op = *rc::gen::elementOf(kOps);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(2, 300);
  const std::int64_t missing = *rc::gen::inRange<std::int64_t>(0, ranks);
  const Pattern pattern(Collective::all_reduce, type, op, ranks);
  bool shows = false;
  for (std::int64_t index = 0; index < 5000 && !shows; ++index) {
    std::int64_t result = pattern.sent(missing == 0 ? 1 : 0, index);
    for (std::int64_t rank = missing == 0 ? 2 : 1; rank < ranks; ++rank) {
      if (rank != missing) result = combined(op, result, pattern.sent(rank, index));
    }
    shows = result != pattern.reduced(index);
  }
  RC_ASSERT(shows);
}

TEST(Pattern, ARowIsWhatTheRankSends) {
  for (const Collective collective : {Collective::all_reduce, Collective::all_to_all}) {
    for (const ReduceOp op : kOps) {
      const Pattern pattern(collective, DataType::int8, op, 200, 1);
      const Pattern::Row row = pattern.row(137);
      const Pattern::Row reduced = pattern.reduced_row();
      constexpr std::int64_t kFirst = Pattern::kCycle - 500;
      std::vector<std::uint32_t> keys(1000);
      row.keys(kFirst, keys);
      for (std::int64_t i = 0; i < 1000; ++i) {
        const std::uint32_t key = keys[static_cast<std::size_t>(i)];
        const int value = row.by_key.empty() ? static_cast<int>(key) : row.by_key[key];
        ASSERT_EQ(value, pattern.sent(137, kFirst + i));
        if (collective == Collective::all_reduce) {
          ASSERT_EQ(reduced.by_key[key], pattern.reduced(kFirst + i));
        }
      }
    }
  }
}

TEST(Pattern, RanksAndIndicesDiffer) {
  for (const Collective collective : {Collective::all_reduce, Collective::all_gather}) {
    const Pattern pattern(collective, DataType::float32, ReduceOp::sum, 4);
    int different = 0;
    for (std::int64_t i = 0; i < 100; ++i) {
      different += pattern.sent(0, i) != pattern.sent(1, i) ? 1 : 0;
      different += pattern.sent(0, i) != pattern.sent(0, i + 1) ? 1 : 0;
    }
    EXPECT_GT(different, 180) << "a block in the wrong place must show";
  }
}

// Codes of the OCP 8-bit floating-point specification, table 2: what a wrong element is reported
// as.
TEST(CheckReceive, ReadsEightBitFloatingPointAsItIsDefined) {
  struct Code {
    DataType type;
    int bits;
    double value;
  };
  for (const Code& code :
       {Code{DataType::float8_e4m3, 0x7e, 448},
        {DataType::float8_e4m3, 0x08, 0x1p-6},
        {DataType::float8_e4m3, 0x01, 0x1p-9},
        {DataType::float8_e4m3, 0xb8, -1},
        {DataType::float8_e5m2, 0x7b, 57344},
        {DataType::float8_e5m2, 0x04, 0x1p-14},
        {DataType::float8_e5m2, 0x03, 0.75 * 0x1p-14},
        {DataType::float8_e5m2, 0x7c, std::numeric_limits<double>::infinity()}}) {
    const Scenario scenario = scenario_of(Collective::broadcast, code.type, 1);
    const BufferLayout layout = buffer_layout(scenario.collective, code.type, 1, 1);
    const Pattern pattern(scenario.collective, code.type, scenario.op, 1);
    const std::vector<std::byte> received{static_cast<std::byte>(code.bits)};
    EXPECT_EQ(check_receive(scenario, layout, pattern, 0, received).got, code.value)
        << name(code.type) << " " << code.bits;
  }
}

/// What NCCL makes of float inputs: each times the rounded 1/n, then added in rank order.
std::vector<float> averages(const Pattern& pattern, std::int64_t ranks, std::size_t count,
                            std::int64_t left_out = -1) {
  std::vector<float> results(count);
  const float factor = 1.0F / static_cast<float>(ranks);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      if (rank == left_out) continue;
      results[i] += factor * static_cast<float>(pattern.sent(rank, static_cast<std::int64_t>(i)));
    }
  }
  return results;
}

TEST(CheckReceive, AnAverageMayBeRoundedAndNoMore) {
  for (const std::int64_t ranks : {1, 2, 3, 7, 8, 41, 100}) {
    Scenario scenario = scenario_of(Collective::all_reduce, DataType::float32, ranks);
    scenario.op = ReduceOp::avg;
    const BufferLayout layout = buffer_layout(scenario.collective, scenario.dtype, 4000, ranks);
    const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, ranks);
    const auto wrong = [&](const std::vector<float>& results) {
      return check_receive(scenario, layout, pattern, 0, std::as_bytes(std::span(results))).wrong;
    };
    std::vector<float> results = averages(pattern, ranks, 1000);
    EXPECT_EQ(wrong(results), 0) << ranks;
    results[7] *= 1.000001F;
    results[8] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(wrong(results), 2) << ranks;
    const Pattern next(scenario.collective, scenario.dtype, scenario.op, ranks, 1);
    EXPECT_EQ(wrong(averages(next, ranks, 1000)), 1000) << "the next round differs everywhere";
    if (ranks > 1) {
      EXPECT_GT(wrong(averages(pattern, ranks, 1000, ranks - 1)), 0) << ranks;
    }
  }
}

TEST(CheckReceive, AnAverageOfIntegersIsRoundedTowardsZero) {
  Scenario scenario = scenario_of(Collective::all_reduce, DataType::int8, 100);
  scenario.op = ReduceOp::avg;
  const BufferLayout layout = buffer_layout(scenario.collective, scenario.dtype, 50, 100);
  const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, 100);
  std::vector<std::int8_t> results(50);
  for (std::size_t i = 0; i < results.size(); ++i) {
    int sum = 0;
    for (int rank = 0; rank < 100; ++rank) sum += pattern.sent(rank, static_cast<std::int64_t>(i));
    EXPECT_LE(sum, 127);
    results[i] = static_cast<std::int8_t>(sum / 100);
  }
  const auto bytes = std::as_bytes(std::span(results));
  EXPECT_EQ(check_receive(scenario, layout, pattern, 0, bytes).wrong, 0);
  ++results[3];
  EXPECT_EQ(check_receive(scenario, layout, pattern, 0, bytes).wrong, 1);
}

TEST(CheckReceive, FindsTheOneWrongElementInEveryType) {
  for (const DataType type : kTypes) {
    const Scenario scenario = scenario_of(Collective::all_gather, type, 3);
    const BufferLayout layout = buffer_layout(scenario.collective, type, 3 * 131072, 3);
    const Pattern pattern(scenario.collective, type, scenario.op, 3);
    const auto element = static_cast<std::size_t>(element_bytes(type));
    const auto block = static_cast<std::size_t>(layout.count) * element;
    std::vector<std::byte> send(block);
    std::vector<std::byte> gathered(3 * block);
    for (std::size_t rank = 0; rank < 3; ++rank) {
      fill_send(scenario, layout, pattern, static_cast<std::int64_t>(rank), send);
      std::memcpy(&gathered[rank * block], send.data(), block);
    }
    EXPECT_EQ(check_receive(scenario, layout, pattern, 1, gathered).wrong, 0) << name(type);
    const std::int64_t index = layout.count / 4 * 3;  // of the small types in the second cycle
    const std::int64_t broken = layout.count + index;
    gathered[static_cast<std::size_t>(broken) * element] ^= std::byte{1};
    const Mismatch found = check_receive(scenario, layout, pattern, 1, gathered);
    EXPECT_EQ(found.wrong, 1) << name(type);
    EXPECT_EQ(found.index, broken) << name(type);
    EXPECT_EQ(found.rank, 1);
    EXPECT_EQ(found.want, pattern.sent(1, index)) << name(type);
    EXPECT_NE(found.got, found.want) << name(type);
  }
}

TEST(CheckReceive, FindsSwappedBlocks) {
  const Scenario scenario = scenario_of(Collective::all_gather, DataType::float32, 2);
  const BufferLayout layout = buffer_layout(scenario.collective, scenario.dtype, 128, 2);
  const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, 2);
  std::vector<std::byte> swapped(128);
  fill_send(scenario, layout, pattern, 1, std::span(swapped).first(64));
  fill_send(scenario, layout, pattern, 0, std::span(swapped).last(64));
  EXPECT_GT(check_receive(scenario, layout, pattern, 0, swapped).wrong, 28);
}

TEST(CheckGuard, FindsTheFirstElementThatIsNotUntouched) {
  std::vector<std::byte> guard(64, kUntouched);
  Mismatch found;
  check_guard(DataType::float32, guard, 512, found);
  EXPECT_EQ(found.wrong, 0);
  guard[13] = std::byte{1};
  check_guard(DataType::float32, guard, 512, found);
  EXPECT_EQ(found.wrong, 1);
  EXPECT_EQ(found.index, 515);
  EXPECT_EQ(found.kind, Mismatch::Kind::beyond_end);
}

TEST(Describe, SaysWhatWasWrittenBeyondTheEndAndWhoLeftEarly) {
  EXPECT_EQ(describe({1, 1, 515, 0, 0, Mismatch::Kind::beyond_end}, 1024),
            "rank 1, element 515: written beyond the end of what it receives");
  EXPECT_EQ(describe({1, 1, 3, 0, 0, Mismatch::Kind::left_early}, 0),
            "rank 1 left the barrier before rank 3 had entered it");
}

TEST(Describe, NamesRankElementGotAndWant) {
  EXPECT_EQ(describe({2, 1, 7, 3, 5}, 1024),
            "rank 1, element 7: got 3, want 5 (2 of 1024 elements wrong)");
}

TEST(MakeRecord, HoldsTheMedianItsIntervalAndEverySample) {
  Scenario scenario = scenario_of(Collective::all_reduce, DataType::float32, 2);
  scenario.size_bytes = 1000;
  SampleSet set;
  set.batch = 10;
  for (int i = 101; i >= 1; --i) {
    set.time_s.push_back(i * 1e-6);
  }
  const Record record = make_record(scenario, Engine::mpi, set);
  EXPECT_DOUBLE_EQ(record.time_s, 51e-6);
  EXPECT_DOUBLE_EQ(record.algbw_Bps, 1000 / 51e-6);
  EXPECT_DOUBLE_EQ(record.busbw_Bps, record.algbw_Bps);
  EXPECT_EQ(record.iterations, 1010);
  EXPECT_EQ(record.trust, Trust::measured);
  ASSERT_EQ(record.intervals.size(), 1U);
  // Order statistics of 101 samples: P(41 <= Bin(101, 1/2) <= 60) = 0.954, and 0.927 for 42 to 59.
  EXPECT_DOUBLE_EQ(record.intervals[0].level, 0.95);
  EXPECT_DOUBLE_EQ(record.intervals[0].low_s, 41e-6);
  EXPECT_DOUBLE_EQ(record.intervals[0].high_s, 61e-6);
  EXPECT_EQ(record.samples_s, set.time_s) << "in the order they were taken";
  std::map<std::string, double> quantiles;
  for (const Quantile& quantile : record.quantiles) {
    quantiles[quantile.which] = quantile.value_s;
  }
  const std::map<std::string, double> expected = {{"min", 1e-6},  {"p5", 6e-6},    {"p50", 51e-6},
                                                  {"p95", 96e-6}, {"max", 101e-6}, {"mean", 51e-6}};
  ASSERT_EQ(quantiles.size(), expected.size());
  for (const auto& [which, value_s] : expected) {
    EXPECT_NEAR(quantiles[which], value_s, 1e-15) << which;
  }
}

TEST(MakeRecord, HasNoIntervalWhereTooFewSamplesBoundTheMedian) {
  SampleSet set;
  set.time_s = {1e-6, 2e-6, 3e-6};
  EXPECT_TRUE(
      make_record(scenario_of(Collective::all_reduce, DataType::float32, 2), Engine::mpi, set)
          .intervals.empty());
}

}  // namespace
}  // namespace collscale
