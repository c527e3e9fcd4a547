// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <clocale>
#include <cmath>
#include <locale>
#include <string>

#include "record_generator.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string example_text() { return to_json(Results{{{"host_name", "here"}}, {example_record()}}); }

/// The example's text with one part replaced; the part must be there.
std::string altered(const std::string& part, const std::string& replacement) {
  std::string text = example_text();
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, part.size(), replacement);
}

std::string error_of(const std::string& text) {
  const auto results = from_json(text, "runs.json");
  return results ? "no error" : results.error().message;
}

// --- what is refused -------------------------------------------------------------------------

TEST(FromJson, RefusesWhatIsNotJsonAndSaysWhere) {
  EXPECT_EQ(error_of(" \n"), "runs.json: found nothing in the file, expected a result file");
  EXPECT_THAT(error_of("hello"), StartsWith("runs.json: not a result file: line 1, column 1"));
  EXPECT_THAT(error_of("{\"context\":\n {,"), HasSubstr("line 2, column 3"));
  EXPECT_EQ(error_of("[]"), "runs.json: expected an object, found array");
  EXPECT_EQ(error_of("{}"), "runs.json: the field \"context\" is missing");
  EXPECT_THAT(error_of(example_text().substr(0, example_text().size() / 2)),
              StartsWith("runs.json: not a result file"));
}

TEST(FromJson, RefusesAFileWithoutOurSchema) {
  EXPECT_EQ(error_of(R"({"context": {}, "benchmarks": []})"),
            "runs.json: not a result file: its context has no schema_version");
  EXPECT_THAT(error_of(altered("\"schema_version\": \"1.4\"", "\"schema_version\": \"one\"")),
              HasSubstr("is not a version"));
}

TEST(FromJson, RefusesANewerMajorVersionInOneSentence) {
  EXPECT_EQ(error_of(altered("\"schema_version\": \"1.4\"", "\"schema_version\": \"2.0\"")),
            "runs.json: has schema version 2.0, this program reads 1.x: use a newer collscale");
}

TEST(FromJson, NamesTheRecordAndTheFieldAndTheNearestName) {
  const std::string place = "runs.json: record 1 (all_reduce/ring/float/bytes:1048576/ranks:8)";
  EXPECT_EQ(error_of(altered("\"time_s\"", "\"times_s\"")),
            place + ": the field \"time_s\" is missing (found \"times_s\")");
  EXPECT_EQ(error_of(altered("\"bottleneck\"", "\"bottelneck\"")),
            place + ": unknown field \"bottelneck\", did you mean \"bottleneck\"?");
  EXPECT_EQ(error_of(altered("\"placement\"", "\"placment\"")),
            place + ": scenario: unknown field \"placment\", did you mean \"placement\"?");
  EXPECT_EQ(error_of(altered("\"exposed_s\"", "\"exposed\"")),
            place + ": breakdown[0]: the field \"exposed_s\" is missing (found \"exposed\")");
}

TEST(FromJson, RefusesWrongTypesAndValues) {
  EXPECT_THAT(error_of(altered("\"time_s\":2.5e-05", "\"time_s\":\"fast\"")),
              HasSubstr("time_s: expected a number, found string"));
  EXPECT_THAT(error_of(altered("\"time_s\":2.5e-05", "\"time_s\":-1")),
              HasSubstr("time_s: -1 is out of range"));
  EXPECT_THAT(error_of(altered("\"time_s\":2.5e-05", "\"time_s\":null")),
              HasSubstr("the field \"time_s\" is missing"));
  EXPECT_THAT(error_of(altered("\"ranks\":8", "\"ranks\":0")),
              HasSubstr("ranks: 0 is out of range"));
  EXPECT_THAT(error_of(altered("\"ranks\":8", "\"ranks\":8.5")), HasSubstr("a whole number"));
  EXPECT_THAT(error_of(altered("\"size_bytes\":1048576", "\"size_bytes\":1e300")),
              HasSubstr("size_bytes"));
  EXPECT_THAT(error_of(altered("\"in_place\":false", "\"in_place\":0")),
              HasSubstr("in_place: expected true or false"));
  EXPECT_THAT(error_of(altered("\"engine\":\"mpi\"", "\"engine\":\"mpu\"")),
              HasSubstr("did you mean \"mpi\"?"));
  EXPECT_THAT(error_of(altered("\"dtype\":\"float\"", "\"dtype\":\"quad\"")),
              HasSubstr("dtype: unknown data type"));
  EXPECT_THAT(error_of(altered("2.4e-05,2.5e-05", "\"a\",2.5e-05")), HasSubstr("samples_s"));
}

TEST(FromJson, RefusesARecordThatContradictsItself) {
  EXPECT_THAT(error_of(altered("\"time_s\":2.5e-05", "\"time_s\":2.6e-05")),
              HasSubstr("real_time"));
  EXPECT_THAT(error_of(altered("\"busbw_Bps\":", "\"busbw_Bps\":1")), HasSubstr("busbw_Bps"));
  EXPECT_THAT(error_of(altered("\"ranks\":8", "\"ranks\":9")),
              HasSubstr("name: the scenario's name is"));
  EXPECT_THAT(error_of(altered("\"time_unit\":\"us\"", "\"time_unit\":\"h\"")),
              HasSubstr("time_unit"));
}

TEST(CheckRecord, RefusesWhatJsonCannotHold) {
  Record record = example_record();
  record.time_s = std::nan("");
  EXPECT_THAT(
      check_record(record).error().message,
      AllOf(HasSubstr("all_reduce/ring/float/bytes:1048576/ranks:8"), HasSubstr("time_s = nan")));
  record = example_record();
  record.samples_s.push_back(HUGE_VAL);
  EXPECT_THAT(check_record(record).error().message, HasSubstr("samples_s = inf"));
  record = example_record();
  record.breakdown.front().exposed_s = -HUGE_VAL;
  EXPECT_FALSE(check_record(record));
  record = example_record();
  record.scenario.ranks = 0;
  EXPECT_FALSE(check_record(record));
  EXPECT_TRUE(check_record(example_record()));
}

// --- what is kept ----------------------------------------------------------------------------

TEST(FromJson, IgnoresUnknownFieldsOfANewerMinorVersion) {
  std::string text = altered("\"schema_version\": \"1.4\"", "\"schema_version\": \"1.7\"");
  text.insert(text.find("\"bottleneck\""), "\"new_field\":1,");
  EXPECT_EQ(error_of(text), "no error");
}

TEST(FromJson, ReadsFilesOfTheVersionBeforeQuality) {
  std::string text = altered("\"schema_version\": \"1.4\"", "\"schema_version\": \"1.0\"");
  const auto begin = text.find("\"quality\"");
  text.erase(begin, text.find("\"source\"") - begin);
  const auto results = from_json(text, "old.json");
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_FALSE(results->records.front().quality);
}

TEST(FromJson, NamesTheSlipInWhatIsAttainable) {
  EXPECT_THAT(error_of(altered("\"limit\":\"nic\"", "\"limits\":\"nic\"")),
              HasSubstr("attainable: unknown field \"limits\""));
  EXPECT_THAT(error_of(altered("\"by\":\"topology\",", "")),
              HasSubstr("attainable: the field \"by\" is missing"));
}

TEST(FromJson, NamesTheSlipInAQuality) {
  EXPECT_THAT(error_of(altered("\"verdict\"", "\"verdikt\"")),
              HasSubstr("quality: the field \"verdict\" is missing (found \"verdikt\")"));
  EXPECT_THAT(error_of(altered("\"mode_ratio\":1.0", "\"mode_ratio\":0.5")),
              HasSubstr("quality: mode_ratio: 0.5 is out of range"));
}

TEST(FromJson, FillsWhatAHandWrittenRecordLeavesOut) {
  const auto results =
      from_json(R"({"context": {"schema_version": "1.0", "num_cpus": 2}, "benchmarks": [
    {"engine": "nccl", "trust": "measured", "time_s": 0.5,
     "scenario": {"collective": "allreduce", "size_bytes": 4000000000, "ranks": 4}}]})",
                "hand.json");
  ASSERT_TRUE(results) << results.error().message;
  const Record& record = results->records.front();
  EXPECT_EQ(record.scenario.algorithm, "auto");
  EXPECT_EQ(record.algbw_Bps, 8e9);
  EXPECT_EQ(record.busbw_Bps, 12e9);
  EXPECT_FALSE(record.bound_s);
  EXPECT_EQ(results->context.at("num_cpus"), "2");
}

TEST(ToJson, HasGoogleBenchmarksFieldsAndOneRecordPerLine) {
  const std::string text = to_json(Results{{}, {example_record(), example_record()}});
  EXPECT_THAT(
      text,
      HasSubstr(
          R"({"name":"all_reduce/ring/float/bytes:1048576/ranks:8",)"
          R"("run_name":"all_reduce/ring/float/bytes:1048576/ranks:8","run_type":"iteration",)"
          R"("iterations":3,"real_time":25.0,"cpu_time":25.0,"time_unit":"us","engine":"mpi",)"
          R"("trust":"measured","scenario":{"topology":"dgx-h100-superpod",)"));
  EXPECT_THAT(text, HasSubstr("\"size_bytes\":1048576,\"ranks\":8"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
  EXPECT_THAT(to_json(Results{{}, {Record{}}}), HasSubstr("\"samples_s\":null"));
}

RC_GTEST_PROP(Json, WhatIsWrittenReadsBackTheSame, ()) {
  Results results;
  results.context = {{"host_name", *any_text()}, {"schema_version", std::string(kSchemaVersion)}};
  const int count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) results.records.push_back(any_record());
  const std::string text = to_json(results);
  const auto read = from_json(text, "runs.json");
  if (!read) RC_FAIL(read.error().message);
  RC_ASSERT(read->context == results.context);
  RC_ASSERT(read->records.size() == results.records.size());
  RC_ASSERT(to_json(*read) == text);
  for (std::size_t i = 0; i < read->records.size(); ++i) {
    RC_ASSERT(read->records[i].time_s == results.records[i].time_s);
    RC_ASSERT(read->records[i].busbw_Bps == results.records[i].busbw_Bps);
    RC_ASSERT(read->records[i].samples_s == results.records[i].samples_s);
    RC_ASSERT(read->records[i].bound_s == results.records[i].bound_s);
    RC_ASSERT(read->records[i].scenario.size_bytes == results.records[i].scenario.size_bytes);
    RC_ASSERT(read->records[i].scenario.failures == results.records[i].scenario.failures);
    RC_ASSERT(read->records[i].source == results.records[i].source);
  }
}

RC_GTEST_PROP(Json, DamagedTextNeverCrashesTheReader, ()) {
  std::string text = example_text();
  const int edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
        break;
      default:
        text.insert(
            at, *rc::gen::element<std::string>("null", "[", "{", "\"", "1e999", "-", ",", "{}"));
    }
    if (text.empty()) break;
  }
  const auto results = from_json(text, "runs.json");
  if (results) return;  // RC_ASSERT evaluates both sides of ||
  RC_ASSERT(results.error().message.find("runs.json") == 0u);
}

struct CommaDecimal : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST(Json, DoesNotFollowTheProgramsLocale) {
  const std::string expected = example_text();
  const std::locale before = std::locale::global(std::locale(std::locale(), new CommaDecimal));
  for (const char* const installed : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_NUMERIC, installed) != nullptr) break;
  }
  EXPECT_EQ(example_text(), expected);
  const auto read = from_json(expected, "runs.json");
  EXPECT_EQ(read ? read->records.front().time_s : 0, 25e-6);
  std::setlocale(LC_NUMERIC, "C");
  std::locale::global(before);
}

}  // namespace
}  // namespace collscale
