// SPDX-License-Identifier: Apache-2.0
// The executor's machine: memory, clocks and the one way to run a program. It knows elements only
// by their size and by how they add up. Used by the executor's own files only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "collective/executor.hpp"
#include "collective/executor_cells.hpp"
#include "collective/executor_timeline.hpp"
#include "units/error.hpp"

namespace collscale {

using Bytes = std::vector<std::byte>;

/// Real data: the length of buffers, the size of an element, and the reduction.
struct Elements {
  std::int64_t count = 0;
  std::size_t bytes = 0;  ///< 0: run without data
  void (*add)(std::byte* into, const std::byte* from, std::size_t bytes) = nullptr;
};

class Machine {
 public:
  Machine(const Schedule& schedule, const Program& program, const Elements& elements,
          const ExecuteOptions& options);

  /// Fails when memory would not do.
  Expected<void> reserve();
  Expected<void> load(const std::vector<Bytes>& input);
  Expected<void> run();
  [[nodiscard]] Expected<void> judge();
  [[nodiscard]] std::vector<Bytes> output();
  [[nodiscard]] ExecutionReport report() const { return report_; }

 private:
  // executor_machine.cpp
  Expected<Clock> run_part(const Program& part, const Clock& ready, bool in_pipeline);
  Expected<void> run_lane(const Lane& lane, const Clock& ready, Clock& clock, std::int64_t number);
  Expected<void> check_lane(const Lane& lane) const;
  /// The packets of one step, read at once, behind those that are there already.
  Expected<void> send_step(const Lane& lane, Payload& payload, std::int64_t position);
  Expected<void> send_arc(const Lane& lane, Payload& payload, std::int64_t position, int arc);
  Expected<void> send_from_root(const Lane& lane, Payload& payload, std::int64_t position, int arc);
  void name_cells(const Lane& lane, Payload& payload, std::int64_t step, int arc,
                  std::int64_t group, std::int64_t w, std::int64_t sender);
  void begin_packets();
  Expected<void> send(const Lane& lane, std::int64_t source, std::int64_t destination,
                      std::int64_t position);
  Expected<void> check_waited(const Lane& lane, const Packet& packet);
  void note_arrivals(const Lane& lane, const Packet& packet);

  // executor_memory.cpp
  Expected<void> read(Packet& packet, Transfer transfer);
  Expected<void> apply(const Packet& packet, Transfer transfer, bool counts_redundant);
  void trace(Packet& packet, Transfer transfer);
  [[nodiscard]] double fraction_of(const Packet& packet) const;
  [[nodiscard]] std::string where(const Packet& packet, std::int64_t cell) const;
  Expected<void> judge_cell(std::int64_t rank, std::int64_t cell, std::int64_t slot, Duty duty);

  // executor_network.cpp
  Expected<void> run_network(const Lane& lane, Payload& payload, const Clock& ready, Clock& clock,
                             std::int64_t number);
  Expected<void> send_up(const Lane& lane, Payload& payload, std::int64_t group);
  void send_down(const Lane& lane, Payload& payload, std::int64_t group);
  void number_switches(const Program& program);
  [[nodiscard]] std::vector<std::int64_t> members(const Lane& lane, std::int64_t group) const;

  // executor_list.cpp
  friend class ListRun;
  Expected<void> run_messages(const Program& part, const Clock& ready, Clock& clock,
                              std::int64_t number);

  const Schedule& schedule_;
  const Program& program_;
  ExecuteOptions options_;
  Elements elements_;
  std::int64_t ranks_;
  Demands demands_;
  Division division_;
  Store store_;
  std::vector<Bytes> values_;                                   ///< by slot, with data only
  std::map<std::vector<std::int64_t>, std::int64_t> switches_;  ///< by members
  Timeline timeline_;
  ExecutionReport report_;

  std::int64_t phase_number_ = 0;
  std::int64_t phase_steps_ = 0;
  std::int64_t next_lane_ = 0;
  // What is on its way: packets, and flat behind them what they carry.
  std::vector<Packet> packets_;
  Cells names_;
  std::vector<std::uint64_t> tokens_;
  std::vector<std::uint32_t> counts_;
  std::vector<Bytes> carried_;
  std::vector<std::pair<std::int64_t, std::int64_t>> reached_;  ///< scratch of send_from_root
  // By cell number: all contributions there are.
  std::vector<std::uint64_t> total_tokens_;
  std::vector<std::uint32_t> total_counts_;
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> arrived_;  ///< lag ruler: steps
};

/// Bytes of memory that the executor takes at most.
inline constexpr double kMaxMemory = 1.5e9;

}  // namespace collscale
