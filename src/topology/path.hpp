// SPDX-License-Identifier: Apache-2.0
// The links that a flow crosses, in order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace collscale {

/// At most kMaxLinks. Only the first `length` are set and copied: clearing and copying costs time.
struct Path {
  static constexpr int kMaxLinks = 256;  ///< check_system refuses fabrics with longer ways

  std::array<std::int64_t, kMaxLinks> links;
  int length = 0;

  Path() = default;
  Path(const Path& other) : length(other.length) { copy(other); }
  Path& operator=(const Path& other) {
    length = other.length;
    if (this != &other) copy(other);
    return *this;
  }
  ~Path() = default;

  void push(std::int64_t link) { links[static_cast<std::size_t>(length++)] = link; }
  [[nodiscard]] std::span<const std::int64_t> view() const& {
    return {links.data(), static_cast<std::size_t>(length)};
  }
  /// Of a call's result the links themselves: a span would outlive them in
  /// `for (link : fabric.path(...).view())`.
  [[nodiscard]] Path view() && { return *this; }
  [[nodiscard]] const std::int64_t* begin() const { return links.data(); }
  [[nodiscard]] const std::int64_t* end() const { return links.data() + length; }

 private:
  void copy(const Path& other) { std::copy(other.begin(), other.end(), links.data()); }
};

}  // namespace collscale
