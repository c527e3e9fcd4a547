// SPDX-License-Identifier: Apache-2.0
// How the stand-in carries out operations. Simple rather than quick: every rank shows its input
// piece by piece, and every rank takes from the pieces what is its own, in the order of ranks, so
// that all compute the same bits. Messages go through a mailbox for each pair of ranks.
#include <algorithm>
#include <deque>
#include <map>

#include "nccl_comm.hpp"
#include "nccl_reduce.hpp"

namespace standin {
namespace {

using Kind = Operation::Kind;

bool is_message(const Operation& operation) {
  return operation.kind == Kind::send || operation.kind == Kind::receive;
}

bool reduces(Kind kind) {
  return kind == Kind::all_reduce || kind == Kind::reduce_scatter || kind == Kind::reduce;
}

bool must_stop(ncclComm& comm) { return comm.aborted || (*comm.board)->failed != 0; }

/// This rank has found a mistake: it says so, and nobody waits for it.
void fail_all(ncclComm& comm, ncclResult_t result, const std::string& sentence) {
  comm.state = reject(result, sentence);
  (*comm.board)->failed = 1;
  comm.board->ring();
}

/// Who takes which part of what is shown, and where it puts it. In elements.
struct Plan {
  std::uint64_t shown = 0;  ///< by each rank that shows
  bool shows = true;
  bool takes = true;
  std::uint64_t begin = 0;  ///< of what this rank takes, `count` of it
  int first_origin = 0;     ///< the ranks it takes from
  int origins = 1;
};

Plan plan(const ncclComm& comm, const Operation& operation) {
  const std::uint64_t count = operation.count;
  const auto rank = static_cast<std::uint64_t>(comm.rank);
  const std::uint64_t all = count * static_cast<std::uint64_t>(comm.ranks);
  const bool is_root = comm.rank == operation.root;
  switch (operation.kind) {
    case Kind::reduce_scatter:
    case Kind::all_to_all:
      return {all, true, true, rank * count, 0, comm.ranks};
    case Kind::broadcast:
      return {count, is_root, true, 0, operation.root, 1};
    case Kind::scatter:
      return {all, is_root, true, rank * count, operation.root, 1};
    case Kind::reduce:
    case Kind::gather:
      return {count, true, is_root, 0, 0, comm.ranks};
    default:
      return {count, true, true, 0, 0, comm.ranks};
  }
}

/// The first rank whose call differs from this rank's is told.
bool calls_agree(ncclComm& comm, const Call& mine, std::size_t turn) {
  for (int rank = 0; rank < comm.ranks; ++rank) {
    const Call& theirs = (*comm.board)->stations[rank].call[turn];
    if (theirs == mine) continue;
    const auto text = [](int of, const Call& call) {
      return "rank " + std::to_string(of) + " calls " + name(static_cast<Kind>(call.kind)) +
             " of " + std::to_string(call.count) + " elements of type " +
             std::to_string(call.type) + ", op " + std::to_string(call.op) + ", root " +
             std::to_string(call.root);
    };
    fail_all(comm, ncclInvalidUsage, text(comm.rank, mine) + ", but " + text(rank, theirs));
    return false;
  }
  return true;
}

/// Takes elements [from, to) of the piece that begins at element `at`.
void take(ncclComm& comm, const Operation& operation, const Plan& plan, std::size_t turn,
          std::uint64_t at, std::uint64_t from, std::uint64_t to) {
  const std::size_t element = bytes_of(operation.type);
  const std::size_t bytes = (to - from) * element;
  std::byte* const out = operation.receive + (from - plan.begin) * element;
  for (int i = 0; i < plan.origins; ++i) {
    const std::byte* const piece =
        (*comm.board)->stations[plan.first_origin + i].data[turn] + (from - at) * element;
    if (reduces(operation.kind) && i > 0) {
      combine(operation.type, operation.op, out, piece, to - from);
    } else {
      const std::size_t block = reduces(operation.kind) ? 0 : operation.count * element;
      std::memcpy(out + static_cast<std::size_t>(i) * block, piece, bytes);
    }
  }
  if (operation.op == ncclAvg && reduces(operation.kind) && is_integer(operation.type)) {
    divide_integers(operation.type, out, comm.ranks, to - from);
  }
}

bool run_collective(ncclComm& comm, const Operation& operation) {
  Board& board = *comm.board;
  const Plan of = plan(comm, operation);
  const std::size_t element = bytes_of(operation.type);
  const std::uint64_t piece = kPieceBytes / element;
  const Call call{static_cast<int>(operation.kind), operation.type,
                  operation.op >= ncclNumOps ? static_cast<int>(ncclNumOps) : operation.op,
                  operation.root, operation.count};
  // What ncclAvg and ncclRedOpCreatePreMulSum multiply each rank's input with.
  const double factor =
      operation.op == ncclAvg && !is_integer(operation.type) ? 1.0 / comm.ranks : operation.factor;
  // Ranks that show nothing come to every piece all the same.
  for (std::uint64_t at = 0; at == 0 || at < of.shown; at += piece) {
    const std::uint64_t step = ++comm.operation_step;
    const std::size_t turn = step % 2;
    Station& own = board->stations[comm.rank];
    own.call[turn] = call;
    const std::uint64_t end = std::min(of.shown, at + piece);
    if (of.shows && end > at) {
      std::memcpy(own.data[turn], operation.send + at * element, (end - at) * element);
      if (factor != 1) {
        scale(operation.type, own.data[turn], factor, end - at);
      }
    }
    own.operation_step = step;
    board.ring();
    for (int rank = 0; rank < comm.ranks; ++rank) {
      if (!board.wait([&] { return board->stations[rank].operation_step >= step; },
                      [&] { return must_stop(comm); })) {
        return false;
      }
    }
    if (at == 0 && !calls_agree(comm, call, turn)) return false;
    const std::uint64_t from = std::max(at, of.begin);
    const std::uint64_t to = std::min(end, of.begin + operation.count);
    if (of.takes && from < to) {
      take(comm, operation, of, turn, at, from, to);
    }
  }
  return true;
}

/// A message on its way.
struct Transfer {
  const Operation* operation = nullptr;
  std::uint64_t bytes = 0;
  std::uint64_t done = 0;
  bool is_delivered = false;
};

/// One piece, if the mailbox is ready for it.
bool advance_send(const ncclComm& comm, Transfer& transfer) {
  const Operation& operation = *transfer.operation;
  Mailbox& box = (*comm.board)->mail[comm.rank][operation.root];
  if (box.written != box.read) return false;
  if (transfer.done == transfer.bytes) {
    transfer.is_delivered = true;  // the last piece has been taken
    return true;
  }
  box.message_bytes = transfer.bytes;
  box.type = operation.type;
  box.piece_bytes = std::min<std::uint64_t>(sizeof(box.data), transfer.bytes - transfer.done);
  std::memcpy(box.data, operation.send + transfer.done, box.piece_bytes);
  transfer.done += box.piece_bytes;
  ++box.written;
  comm.board->ring();
  return true;
}

bool advance_receive(ncclComm& comm, Transfer& transfer) {
  const Operation& operation = *transfer.operation;
  Mailbox& box = (*comm.board)->mail[operation.root][comm.rank];
  if (box.written == box.read) return false;
  if (box.message_bytes != transfer.bytes || box.type != operation.type) {
    fail_all(comm, ncclInvalidUsage,
             "rank " + std::to_string(comm.rank) + " receives " + std::to_string(transfer.bytes) +
                 " bytes of type " + std::to_string(operation.type) + ", but rank " +
                 std::to_string(operation.root) + " sends " + std::to_string(box.message_bytes) +
                 " of type " + std::to_string(box.type));
    return false;
  }
  std::memcpy(operation.receive + transfer.done, box.data, box.piece_bytes);
  transfer.done += box.piece_bytes;
  ++box.read;
  comm.board->ring();
  transfer.is_delivered = transfer.done == transfer.bytes;
  return true;
}

/// All messages of a unit at once; between two ranks, in order.
bool run_messages(ncclComm& comm, const Unit& unit) {
  std::map<int, std::deque<Transfer>> sends;
  std::map<int, std::deque<Transfer>> receives;
  for (const Operation& operation : unit.operations) {
    if (is_message(operation) && operation.count > 0) {
      auto& of_peer = operation.kind == Kind::send ? sends : receives;
      of_peer[operation.root].push_back({&operation, operation.count * bytes_of(operation.type)});
    }
  }
  const auto advance = [&comm](auto& transfers, auto&& one) {
    bool any = false;
    for (auto& [peer, waiting] : transfers) {
      while (!waiting.empty() && one(comm, waiting.front())) {
        any = true;
        if (waiting.front().is_delivered) waiting.pop_front();
      }
    }
    return any;
  };
  const auto all_done = [](const auto& transfers) {
    return std::all_of(transfers.begin(), transfers.end(),
                       [](const auto& each) { return each.second.empty(); });
  };
  return comm.board->wait(
      [&] {
        while (advance(sends, advance_send) || advance(receives, advance_receive)) {
        }
        return all_done(sends) && all_done(receives);
      },
      [&] { return must_stop(comm); });
}

/// False where the operation is not to run.
bool inject_before(ncclComm& comm, const Operation& operation) {
  switch (operation.fault.kind) {
    case Fault::Kind::slow:
      sleep_us(operation.fault.value);
      return true;
    case Fault::Kind::hang:
      comm.board->wait([] { return false; }, [&] { return must_stop(comm); });
      return false;
    case Fault::Kind::async_error:
      fail_all(comm, static_cast<ncclResult_t>(operation.fault.value),
               std::string(name(operation.kind)) + ": asked for by the test");
      return false;
    default:
      return true;
  }
}

void inject_after(const Operation& operation) {
  if (operation.fault.kind == Fault::Kind::wrong && operation.receive != nullptr) {
    spoil(operation.type, operation.receive + static_cast<std::size_t>(operation.fault.value) *
                                                  bytes_of(operation.type));
  }
}

bool run_all(ncclComm& comm, const Unit& unit) {
  bool has_messages = false;
  for (const Operation& operation : unit.operations) {
    if (must_stop(comm) || !inject_before(comm, operation)) return false;
    if (is_message(operation)) {
      has_messages = true;
    } else if (run_collective(comm, operation)) {
      inject_after(operation);
    } else {
      return false;
    }
  }
  if (has_messages && !run_messages(comm, unit)) return false;
  for (const Operation& operation : unit.operations) {
    if (operation.kind == Kind::receive) inject_after(operation);
  }
  return true;
}

}  // namespace

const char* name(Operation::Kind kind) {
  switch (kind) {
    case Kind::all_reduce:
      return "ncclAllReduce";
    case Kind::all_gather:
      return "ncclAllGather";
    case Kind::reduce_scatter:
      return "ncclReduceScatter";
    case Kind::broadcast:
      return "ncclBroadcast";
    case Kind::reduce:
      return "ncclReduce";
    case Kind::all_to_all:
      return "ncclAlltoAll";
    case Kind::gather:
      return "ncclGather";
    case Kind::scatter:
      return "ncclScatter";
    case Kind::send:
      return "ncclSend";
    case Kind::receive:
      return "ncclRecv";
  }
  return "?";
}

void execute(const Unit& unit) {
  ncclComm& comm = *unit.comm;
  const std::scoped_lock lock(comm.running);
  if (!run_all(comm, unit) && !comm.aborted && comm.state == ncclSuccess) {
    comm.state = ncclRemoteError;
  }
}

}  // namespace standin
