// SPDX-License-Identifier: Apache-2.0
#include "measure/host_buffer.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>

#include "measure/policy_name.hpp"

namespace collscale {

namespace {

constexpr std::array<std::string_view, 3> kPolicies{"system", "huge", "small"};
constexpr const char* kSetting = "/sys/kernel/mm/transparent_hugepage/enabled";
constexpr std::size_t kSmallPage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20;  // of x86-64, and of arm64 with 4 KiB pages

std::size_t rounded_up(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

std::string_view name(PagePolicy policy) { return kPolicies[static_cast<std::size_t>(policy)]; }

Expected<PagePolicy> parse_page_policy(std::string_view text) {
  return parse_policy<PagePolicy>("page policy", text, kPolicies);
}

std::string_view chosen_setting(std::string_view line) {
  const std::size_t open = line.find('[');
  const std::size_t close = line.find(']', open);
  return close == std::string_view::npos ? "" : line.substr(open + 1, close - open - 1);
}

std::string transparent_huge_pages() {
  std::string line;
  std::getline(std::ifstream(kSetting) >> std::ws, line);
  return std::string(chosen_setting(line));
}

Expected<void> check_pages(PagePolicy policy, std::string_view setting) {
  if (policy != PagePolicy::huge || setting == "always" || setting == "madvise") {
    return {};
  }
  return fail(
      fmt::format(
          "--pages huge: {}, so that no process gets huge pages; expected always or madvise",
          setting.empty() ? fmt::format("there is no {} here", kSetting)
                          : fmt::format("{} says {} here", kSetting, setting)),
      ExitCode::unavailable);
}

HostBuffer::HostBuffer(std::int64_t bytes, PagePolicy pages)
    : size_(static_cast<std::size_t>(bytes)) {
  const std::size_t page = pages == PagePolicy::huge ? kHugePage : kSmallPage;
  const std::size_t room = rounded_up(size_, page);
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(page, room)));
  if (!data_) {
    throw std::bad_alloc();
  }
  if (pages != PagePolicy::system) {  // a hint: where it is not taken, huge_page_bytes() tells
    madvise(data_.get(), room, pages == PagePolicy::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  std::memset(data_.get(), 1, size_);
}

void HostBuffer::Free::operator()(std::byte* data) const { std::free(data); }

std::optional<std::int64_t> huge_page_bytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    std::int64_t kibibytes = 0;
    if (word == "AnonHugePages:" && file >> kibibytes) {
      return kibibytes << 10;
    }
  }
  return std::nullopt;
}

}  // namespace collscale
