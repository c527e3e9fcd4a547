// SPDX-License-Identifier: Apache-2.0
// Host memory that is measured on, and the pages that back it: what an MPI library copies between
// processes by the page (process_vm_readv) was up to 2.5 times quicker from pages of 2 MiB where it
// was tried (docs/method.md, "Buffers").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// system: whatever the system gives an allocation that asks for nothing, as OSU and IMB take it;
/// huge: transparent huge pages; small: none, whatever the system's setting.
enum class PagePolicy { system, huge, small };

std::string_view name(PagePolicy policy);
Expected<PagePolicy> parse_page_policy(std::string_view text);

/// The word in brackets of the kernel's setting, as "always [madvise] never"; "" without one.
std::string_view chosen_setting(std::string_view line);

/// The kernel's setting of transparent huge pages: always, madvise or never; "" where it has none.
std::string transparent_huge_pages();

/// Fails (backend not available) where `setting` lets no process have what `policy` asks for.
Expected<void> check_pages(PagePolicy policy, std::string_view setting);

/// Page-aligned host memory whose pages have all been written: memory never touched reads from one
/// shared page of zeros, which is quicker than any real buffer.
class HostBuffer {
 public:
  HostBuffer() = default;
  explicit HostBuffer(std::int64_t bytes, PagePolicy pages = PagePolicy::system);
  [[nodiscard]] std::span<std::byte> bytes() const { return {data_.get(), size_}; }
  [[nodiscard]] std::byte* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
};

/// Bytes of this process that huge pages back; nothing where the system does not say.
std::optional<std::int64_t> huge_page_bytes();

}  // namespace collscale
