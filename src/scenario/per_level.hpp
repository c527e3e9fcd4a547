// SPDX-License-Identifier: Apache-2.0
// A number for each level at which messages turn round (Fabric::turning_level).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <vector>

namespace collscale {

/// Zero where nothing was set. A clos has at most six levels, which need no memory of their own; a
/// torus has as many as its longest way has links, and one more.
class PerLevel {
 public:
  static constexpr std::size_t kNear = 6;  ///< of a clos: node, and turning at up to five tiers

  PerLevel() = default;
  PerLevel(std::initializer_list<double> values) {
    std::size_t level = 0;
    for (const double value : values) (*this)[level++] = value;
  }

  double& operator[](std::size_t level) {
    if (level < kNear) [[likely]]
      return near_[level];
    return far(level - kNear);
  }
  double operator[](std::size_t level) const {
    if (level < kNear) [[likely]]
      return near_[level];
    return level - kNear < far_.size() ? far_[level - kNear] : 0.0;
  }
  /// Of a level below kNear, without looking.
  double& near(std::size_t level) { return near_[level]; }
  /// From here on all are zero.
  [[nodiscard]] std::size_t size() const { return kNear + far_.size(); }

  PerLevel& operator/=(double divisor) {
    for (double& value : near_) value /= divisor;
    for (double& value : far_) value /= divisor;
    return *this;
  }
  [[nodiscard]] double sum() const {
    double sum = 0;
    for (const double value : near_) sum += value;
    for (const double value : far_) sum += value;
    return sum;
  }
  /// The highest level that is above zero, or -1.
  [[nodiscard]] int highest() const {
    for (std::size_t level = size(); level-- > 0;)
      if ((*this)[level] > 0) return static_cast<int>(level);
    return -1;
  }
  /// Whether the highest level in which the two differ has less here.
  [[nodiscard]] bool is_nearer_than(const PerLevel& other) const {
    for (std::size_t level = std::max(size(), other.size()); level-- > 0;)
      if ((*this)[level] != other[level]) return (*this)[level] < other[level];
    return false;
  }
  friend bool operator==(const PerLevel& a, const PerLevel& b) {
    return !a.is_nearer_than(b) && !b.is_nearer_than(a);
  }

 private:
  double& far(std::size_t index);  ///< grows; kept out of the way of what a clos does
  std::array<double, kNear> near_{};
  std::vector<double> far_;
};

}  // namespace collscale
