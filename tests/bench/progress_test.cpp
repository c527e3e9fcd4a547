// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_program.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RemainingTime, APointTakesWhatOneOfItsSizeTookElseTheMeanOfAll) {
  RemainingTime remaining;
  EXPECT_EQ(remaining.expected_s(8), 0);
  remaining.took(8, 1);
  remaining.took(1024, 4);
  remaining.took(8, 2);
  EXPECT_EQ(remaining.expected_s(8), 2);
  EXPECT_EQ(remaining.expected_s(1024), 4);
  EXPECT_DOUBLE_EQ(remaining.expected_s(99), 7.0 / 3);
}

TEST(FormatClock, HasHoursOnlyWhereThereAreSome) {
  EXPECT_EQ(format_clock(0.2), "0:00");
  EXPECT_EQ(format_clock(59.6), "1:00");
  EXPECT_EQ(format_clock(754), "12:34");
  EXPECT_EQ(format_clock(3723), "1:02:03");
}

TEST(ProgressLine, IsSilentBelowTwoSecondsAndErasedBeforeOtherOutput) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const stream = open_memstream(&text, &size);
  {
    ProgressLine line(stream);
    line.show(0, 5, "a", 1);
    line.clear();
    std::fflush(stream);
    EXPECT_EQ(std::string(text, size), "");
    line.show(1, 5, "b", 65);
    line.clear();
    line.clear();
    line.show(2, 5, "c", 0.5);  // it does not come and go
  }
  std::fclose(stream);
  EXPECT_EQ(std::string(text, size),
            "\r\033[K[2/5] 0:00 so far, about 1:05 left: b\r\033[K"
            "\r\033[K[3/5] 0:00 so far, about 0:01 left: c\r\033[K");
  std::free(text);
}

#ifdef COLLSCALE_MPIEXEC

// Three points of at most 0.7 seconds each are bound to be more than two.
const std::string kThreePoints =
    " all_reduce -s 64K,128K,256K --time-per-point 0.7s --precision 20% ";

ProgramOutcome on_terminal(const std::string& variables, const std::string& command) {
  return run_program(variables + " timeout 60 script -qefc '" + command + "' /dev/null");
}

class OnTerminal : public testing::TestWithParam<std::string> {};

TEST_P(OnTerminal, TheFootOfTheTableSaysWhatIsLeftAndRowsReplaceIt) {
  const ProgramOutcome run = on_terminal("TERM=xterm", GetParam() + kThreePoints);
  ASSERT_EQ(run.exit_code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("\r\033[K[1/3] 0:0"));
  EXPECT_THAT(run.out, HasSubstr("[3/3] "));
  EXPECT_THAT(run.out, HasSubstr(" left: all_reduce/auto/float/bytes:65536/ranks:2\r\033[K"
                                 "collective "));
  // A row begins where the line was, whatever its colour. The note at the end comes on stderr, and
  // may overtake one of the two.
  int rows = 0;
  for (const char* line : {"bytes:131072/ranks:2\r\033[K", "bytes:262144/ranks:2\r\033[K"}) {
    const std::size_t at = run.out.find(line);
    if (at != std::string::npos && run.out.substr(at, 50).find("all_reduce ") != std::string::npos)
      ++rows;
  }
  EXPECT_GE(rows, 1) << run.out;
}

TEST_P(OnTerminal, NothingIsColouredWhereTheUserWantsNone) {
  const ProgramOutcome run = on_terminal("NO_COLOR=1 TERM=xterm", GetParam() + kThreePoints);
  EXPECT_THAT(run.out, HasSubstr("[1/3] "));
  EXPECT_THAT(run.out, Not(HasSubstr("\033[3")));
  const ProgramOutcome dumb = on_terminal("TERM=dumb", GetParam() + kThreePoints);
  EXPECT_THAT(dumb.out, Not(HasSubstr("\033")));
}

TEST_P(OnTerminal, AFileGetsRowsOnly) {
  const ProgramOutcome run = run_program("TERM=xterm timeout 60 " + (GetParam() + kThreePoints));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const std::string& text : {run.out, run.err}) {
    EXPECT_THAT(text, Not(HasSubstr("\033")));
    EXPECT_THAT(text, Not(HasSubstr(" left")));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
  }
  const ProgramOutcome asked =
      run_program("timeout 60 " + (GetParam() + kThreePoints + "--progress on"));
  EXPECT_THAT(asked.err, HasSubstr("[1/3] "));
  EXPECT_THAT(asked.out, Not(HasSubstr("\033")));
}

std::vector<std::string> launchers() {
  std::vector<std::string> all{COLLSCALE_MPIEXEC " 2 " COLLSCALE_BENCH_MPI};
#ifdef COLLSCALE_MPICHEXEC
  all.emplace_back(COLLSCALE_MPICHEXEC " 2 " COLLSCALE_BENCH_MPI_MPICH);
#endif
  return all;
}
INSTANTIATE_TEST_SUITE_P(Launchers, OnTerminal, testing::ValuesIn(launchers()));

#endif

}  // namespace
}  // namespace collscale
