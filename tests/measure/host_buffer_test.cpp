// SPDX-License-Identifier: Apache-2.0
#include "measure/host_buffer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace collscale {
namespace {

constexpr PagePolicy kAll[] = {PagePolicy::system, PagePolicy::huge, PagePolicy::small};

TEST(HostBuffer, EveryByteHasBeenWrittenWhateverThePages) {
  for (const PagePolicy pages : kAll) {
    const HostBuffer buffer(3 * 4096 + 5, pages);
    EXPECT_EQ(buffer.bytes().size(), 3U * 4096 + 5);
    EXPECT_THAT(buffer.bytes(), testing::Each(std::byte{1}));
    const std::uintptr_t page = pages == PagePolicy::huge ? 2 << 20 : 4096;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % page, 0U);
  }
}

TEST(HostBuffer, HugePagesBackItWhereTheyAreAskedForAndOnlyThere) {
  if (!check_pages(PagePolicy::huge, transparent_huge_pages())) {
    GTEST_SKIP() << "no huge pages on this machine";
  }
  constexpr std::int64_t kBytes = std::int64_t{64} << 20;
  if (!huge_page_bytes()) {
    GTEST_SKIP() << "this kernel does not count huge pages";
  }
  const std::int64_t before = *huge_page_bytes();
  {
    const HostBuffer buffer(kBytes, PagePolicy::small);
    EXPECT_EQ(*huge_page_bytes(), before);
  }
  const HostBuffer buffer(kBytes, PagePolicy::huge);
  if (*huge_page_bytes() == before) {
    GTEST_SKIP() << "this machine's memory is too fragmented";
  }
  EXPECT_GE(*huge_page_bytes() - before, kBytes / 2);
}

TEST(PagePolicy, NamesReadBack) {
  for (const PagePolicy policy : kAll) {
    EXPECT_EQ(*parse_page_policy(name(policy)), policy);
  }
  EXPECT_THAT(parse_page_policy("hug").error().message,
              testing::HasSubstr("did you mean \"huge\""));
}

TEST(PagePolicy, HugePagesAreRefusedWhereTheKernelGivesNone) {
  EXPECT_EQ(chosen_setting("always [madvise] never"), "madvise");
  EXPECT_EQ(chosen_setting("[always] madvise never"), "always");
  EXPECT_EQ(chosen_setting("always [madvise"), "");
  EXPECT_EQ(chosen_setting(""), "");
  for (const char* setting : {"always", "madvise"}) {
    EXPECT_TRUE(check_pages(PagePolicy::huge, setting));
  }
  for (const char* setting : {"never", ""}) {
    const auto refused = check_pages(PagePolicy::huge, setting);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::unavailable);
    EXPECT_THAT(refused.error().message, testing::StartsWith("--pages huge: "));
    EXPECT_TRUE(check_pages(PagePolicy::system, setting));
    EXPECT_TRUE(check_pages(PagePolicy::small, setting));
  }
}

}  // namespace
}  // namespace collscale
