// SPDX-License-Identifier: Apache-2.0
// Where the ranks of one communicator of the stand-in meet: memory that threads and processes of
// one machine share. The unique id names a memory file of the process that made it, which has no
// name in any file system: nothing is left behind, however a process ends.
#pragma once

#include <nccl.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace standin {

inline constexpr int kMaxRanks = 32;

/// What a rank calls, for the others to compare.
struct Call {
  int kind = 0;
  int type = 0;
  int op = 0;
  int root = 0;
  std::uint64_t count = 0;
  bool operator==(const Call&) const = default;
};

inline constexpr std::size_t kPieceBytes = 256 << 10;
inline constexpr std::size_t kControlBytes = 256;

/// What one rank shows the others, for operations and, beside them, for what the host does. Of
/// everything two, by turns: who shows the next has seen that all have the one before, so all have
/// done with the one before that.
struct Station {
  std::atomic<std::uint64_t> operation_step;
  std::atomic<std::uint64_t> control_step;
  Call call[2];
  std::byte control[2][kControlBytes];
  std::byte data[2][kPieceBytes];
};

/// From one rank to another: a piece of a message, while written is one ahead of read.
struct Mailbox {
  std::atomic<std::uint64_t> written;
  std::atomic<std::uint64_t> read;
  std::uint64_t message_bytes;
  std::uint64_t piece_bytes;
  int type;
  std::byte data[64 << 10];
};

/// All zero to begin with.
struct BoardMemory {
  std::atomic<std::uint32_t> bell;  ///< goes up with every change: waiting ranks look again
  std::atomic<int> failed;          ///< 1: a rank has found a mistake, nobody goes on
  std::atomic<int> joined[kMaxRanks];
  Station stations[kMaxRanks];
  Mailbox mail[kMaxRanks][kMaxRanks];
};

class Board {
 public:
  /// A new one; this process keeps it for others to open until close_file().
  static ncclUniqueId make();
  /// Null where the id is none, or the process that made it is gone.
  static std::shared_ptr<Board> open(const ncclUniqueId& id);
  /// All ranks have it open: the file descriptor is no longer needed.
  static void close_file(const ncclUniqueId& id);

  explicit Board(BoardMemory* memory) : memory_(memory) {}
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  BoardMemory* operator->() const { return memory_; }
  void ring();
  /// Waits until `done`; false where `stop` came first.
  bool wait(const std::function<bool()>& done, const std::function<bool()>& stop);

 private:
  BoardMemory* memory_;
};

}  // namespace standin
