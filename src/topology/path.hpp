// SPDX-License-Identifier: Apache-2.0
// The links that a flow crosses, in order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace collscale {

/// At most kMost. Only the first `length` are set and copied: clearing and copying costs time.
template <int kMost>
struct PathOf {
  static constexpr int kMaxLinks = kMost;

  std::array<std::int64_t, kMost> links;
  int length = 0;

  PathOf() = default;
  PathOf(const PathOf& other) : length(other.length) { copy(other); }
  PathOf& operator=(const PathOf& other) {
    length = other.length;
    if (this != &other) copy(other);
    return *this;
  }
  ~PathOf() = default;

  void push(std::int64_t link) { links[static_cast<std::size_t>(length++)] = link; }
  [[nodiscard]] std::span<const std::int64_t> view() const& {
    return {links.data(), static_cast<std::size_t>(length)};
  }
  /// Of a call's result the links themselves: a span would outlive them in
  /// `for (link : fabric.path(...).view())`.
  [[nodiscard]] PathOf view() && { return *this; }
  [[nodiscard]] const std::int64_t* begin() const { return links.data(); }
  [[nodiscard]] const std::int64_t* end() const { return links.data() + length; }

 private:
  void copy(const PathOf& other) { std::copy(other.begin(), other.end(), links.data()); }
};

/// Of any fabric: check_system refuses those with longer ways.
using Path = PathOf<256>;
/// Of a clos of up to five tiers. Loops over very many flows use it: compilers keep functions with
/// more than some 256 bytes on the stack from being inlined.
using ClosPath = PathOf<16>;

/// A link of a router, and the router where it ends.
struct LinkTo {
  std::int64_t link = 0;
  std::int64_t to = 0;
};

}  // namespace collscale
