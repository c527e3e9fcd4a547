// SPDX-License-Identifier: Apache-2.0
// The executor's machine: memory, clocks and the one way to run a program. Used by executor.cpp
// only.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collective/executor.hpp"
#include "collective/executor_cells.hpp"
#include "collective/executor_timeline.hpp"
#include "units/error.hpp"

namespace collscale {

inline constexpr std::int64_t kMaxCells = 30'000'000;

template <class T>
class Machine {
 public:
  Machine(const Schedule& schedule, const Program& program, std::int64_t elements,
          const ExecuteOptions& options)
      : schedule_(schedule),
        division_(schedule, program),
        elements_(elements),
        options_(options),
        ranks_(schedule.ranks) {
    report_.sent_fraction.assign(static_cast<std::size_t>(ranks_), 0.0);
    report_.sent_elements.assign(static_cast<std::size_t>(ranks_), 0);
  }

  Expected<void> load(const std::vector<std::vector<T>>& input);
  Expected<void> run(const Program& program);
  Expected<void> judge() const;
  [[nodiscard]] std::vector<std::vector<T>> output() const;
  [[nodiscard]] ExecutionReport report() const { return report_; }
  [[nodiscard]] bool fits() const { return division_.cells() <= kMaxCells / ranks_; }

 private:
  struct Packet {
    std::int64_t source = 0;
    std::int64_t destination = 0;
    std::int64_t position = 0;  ///< step in the order of execution
    std::vector<CellName> names;
    std::vector<Cell<T>> cells;
  };

  Expected<Clock> run_part(const Program& part, const Clock& ready, std::uint64_t path);
  Expected<Clock> run_lane(const Lane& lane, const Clock& ready, std::uint64_t path);
  std::vector<Packet> packets(const Lane& lane, std::int64_t position) const;
  Expected<void> read(const Lane& lane, Packet& packet);
  Expected<void> apply(const Lane& lane, Packet& packet);
  Expected<void> check_waited(const Lane& lane, const Packet& packet) const;

  [[nodiscard]] std::size_t index(std::int64_t rank, CellName name) const {
    return static_cast<std::size_t>((rank * division_.blocks() + name.block) * division_.atoms() +
                                    name.atom);
  }
  [[nodiscard]] std::int64_t cell_number(CellName name) const {
    return name.block * division_.atoms() + name.atom;
  }
  [[nodiscard]] std::string where(const Lane& lane, const Packet& packet, CellName name) const {
    return fmt::format("phase {}, step {} of {}, message {} -> {}, block {}", phase_number_,
                       packet.position + 1, lane.phase.steps, packet.source, packet.destination,
                       name.block);
  }
  /// Where the block lies in a rank's buffer of the collective's length.
  [[nodiscard]] std::int64_t owner_of(std::int64_t block) const {
    return division_.pairs() ? block % ranks_ : block;
  }

  const Schedule& schedule_;
  Division division_;
  std::int64_t elements_;
  ExecuteOptions options_;
  std::int64_t ranks_;
  std::vector<Cell<T>> cells_;
  ExecutionReport report_;
  std::int64_t phase_number_ = 0;
  Timeline timeline_;
  std::map<std::size_t, std::vector<std::int64_t>> arrived_;  ///< lag ruler: steps, by cell
};

}  // namespace collscale
