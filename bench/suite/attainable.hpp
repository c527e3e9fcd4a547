// SPDX-License-Identifier: Apache-2.0
// What each row is held against: the topology that --topology names, or what messages and copies
// allow here (measure/ceiling.hpp).
#pragma once

#include <memory>
#include <string>

#include "bench/suite/points.hpp"
#include "measure/ceiling.hpp"

namespace collscale {

class Attainables {
 public:
  Attainables();
  ~Attainables();
  Attainables(Attainables&&) noexcept;
  Attainables& operator=(Attainables&&) noexcept;

  /// By the topology of the options; without one nothing is known, until use() is called. Fails
  /// where the topology cannot be loaded or has fewer ranks than there are.
  static Expected<Attainables> make(const BenchOptions& options, std::int64_t ranks);
  [[nodiscard]] bool by_topology() const;
  void use(Ceiling ceiling);
  /// Sets attainable; by a topology the bound, utilisation and assumed figures, too. Leaves them
  /// empty where nobody knows: for groups that share links, and for collectives without a model.
  void judge(Record& record, std::int64_t batch) const;
  /// Over the table; "" where nothing is known. `nodes` that the ranks are on.
  [[nodiscard]] std::string about(std::int64_t ranks, std::int64_t nodes) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether there is a point that a measured ceiling would be for: of all ranks, two or more.
bool wants_ceiling(const BenchOptions& options, const PointList& list, std::int64_t ranks);

double largest_size_bytes(const PointList& list);

}  // namespace collscale
