// SPDX-License-Identifier: Apache-2.0
#include "xml/escape.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

TEST(XmlEscaped, MarksAndQuotesAreNamed) {
  EXPECT_EQ(xml_escaped("a & b < c > d \"e\""), "a &amp; b &lt; c &gt; d &quot;e&quot;");
  EXPECT_EQ(xml_escaped("node 3 ÷ 2"), "node 3 ÷ 2");
}

TEST(XmlEscaped, NothingEndsAComment) {
  for (const char* text : {"a--b", "---", "-->", "----"})
    EXPECT_EQ(xml_escaped(text).find("--"), std::string::npos) << text;
  EXPECT_EQ(xml_escaped("scale-up"), "scale-up");
}

}  // namespace
}  // namespace collscale
