// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <gmock/gmock.h>

namespace collscale {
namespace {

using ::testing::ElementsAre;

TEST(Table, AlignsNumbersRightAndLeavesNoBlanksAtLineEnds) {
  Table table({{"size"}, {"algorithm", Align::left}, {"busbw\nGB/s"}});
  table.add({"8 B", "ring", "0.01"});
  table.add({"128 MiB", "hierarchical", "360"});
  EXPECT_EQ(table.text(),
            "   size  algorithm     busbw\n"
            "                        GB/s\n"
            "    8 B  ring           0.01\n"
            "128 MiB  hierarchical    360\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({{"who", Align::left}, {"n"}});
  table.add({"Büße", "1"});
  EXPECT_EQ(table.text(), "who   n\nBüße  1\n");
}

TEST(Table, WrapsALongLastColumnUnderItself) {
  Table table({{"a", Align::left}, {"source", Align::left}});
  std::string words;
  for (int i = 0; i < 30; ++i) words.append("word").append(std::to_string(i)).append(" ");
  table.add({"x", words});
  const std::string text = table.text();
  std::size_t start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
    EXPECT_LE(end - start, kPageWidth);
  EXPECT_NE(text.find("\n   word"), std::string::npos) << text;
}

TEST(FormatGigabytes, KeepsToThreeDecimals) {
  EXPECT_EQ(format_gigabytes(370.4e9), "370");
  EXPECT_EQ(format_gigabytes(38.25e9), "38.2");
  EXPECT_EQ(format_gigabytes(0.1601e9), "0.16");
  EXPECT_EQ(format_gigabytes(0.0899e9), "0.090");
  EXPECT_EQ(format_gigabytes(0.00123e9), "0.001");
  EXPECT_EQ(format_gigabytes(18), "<0.001");
  EXPECT_EQ(format_gigabytes(0), "0");
}

TEST(Wrap, KeepsALongWordWhole) {
  EXPECT_THAT(wrap("see https://example.org/a/long/address now", 10),
              ElementsAre("see", "https://example.org/a/long/address", "now"));
  EXPECT_THAT(wrap("", 10), ElementsAre(""));
}

TEST(Table, IsBoldOnlyInItsHeader) {
  Table table({{"a"}});
  table.add({"1"});
  EXPECT_EQ(table.text(true), "\033[1ma\033[0m\n1\n");
}

}  // namespace
}  // namespace collscale
