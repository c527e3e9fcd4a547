// SPDX-License-Identifier: Apache-2.0
// What Open MPI really does: runs collectives under mpirun, as the library chooses and with every
// algorithm forced, and prints for each the fingerprint of its traffic and the functions that the
// library entered. scripts/check-openmpi-choice builds it with mpicxx, starts it and compares.
//
// Usage: traffic_mpi POINTS
//
// A line of the file POINTS:
//   function element_bytes bytes commutative last_algorithm
//
// A line of output, one for each algorithm from 0:
//   function ranks element_bytes bytes commutative algorithm
//   succeeded matrix order messages sent_bytes entered(+entered...)
//
// `bytes` is what the library's rule looks at: the whole message, or one rank's block of it.
// Algorithm 0 is the library's own choice; 1 to last_algorithm are forced by the control variable
// coll_tuned_<function>_algorithm, which a communicator reads when it is made (under
// --mca coll_tuned_use_dynamic_rules 1). Two fingerprints: `matrix` hashes (source, destination) ->
// messages and bytes; `order` hashes every rank's sequence of sends and receives.
#include <dlfcn.h>
#include <mpi.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// Every algorithm of the library is one exported function. This program exports functions of the
// same names, which the dynamic linker finds first; each counts the call and jumps to the real one.
// No register or stack slot is touched, so the arguments need not be known.
#if defined(__x86_64__)
#define COLLSCALE_SEES_ENTRIES 1
asm(R"(
.section .rodata.entered_names, "a"
.globl entered_names
entered_names:
.data
.balign 8
.globl entered_count
entered_count: .zero 8*64
.globl entered_real
entered_real: .zero 8*64
.text
.set entry, 0
.macro algorithm name
  .globl ompi_coll_base_\name
  .type ompi_coll_base_\name, @function
ompi_coll_base_\name :
  incq entered_count+8*entry(%rip)
  jmp *entered_real+8*entry(%rip)
  .set entry, entry + 1
  .pushsection .rodata.entered_names, "a"
  .asciz "\name"
  .popsection
.endm
algorithm allgather_intra_basic_linear
algorithm allgather_intra_bruck
algorithm allgather_intra_recursivedoubling
algorithm allgather_intra_ring
algorithm allgather_intra_neighborexchange
algorithm allgather_intra_two_procs
algorithm allreduce_intra_basic_linear
algorithm allreduce_intra_nonoverlapping
algorithm allreduce_intra_recursivedoubling
algorithm allreduce_intra_ring
algorithm allreduce_intra_ring_segmented
algorithm allreduce_intra_redscat_allgather
algorithm alltoall_intra_basic_linear
algorithm alltoall_intra_pairwise
algorithm alltoall_intra_bruck
algorithm alltoall_intra_linear_sync
algorithm alltoall_intra_two_procs
algorithm barrier_intra_basic_linear
algorithm barrier_intra_doublering
algorithm barrier_intra_recursivedoubling
algorithm barrier_intra_bruck
algorithm barrier_intra_two_procs
algorithm barrier_intra_tree
algorithm bcast_intra_basic_linear
algorithm bcast_intra_chain
algorithm bcast_intra_pipeline
algorithm bcast_intra_split_bintree
algorithm bcast_intra_bintree
algorithm bcast_intra_binomial
algorithm bcast_intra_knomial
algorithm bcast_intra_scatter_allgather
algorithm bcast_intra_scatter_allgather_ring
algorithm gather_intra_basic_linear
algorithm gather_intra_binomial
algorithm gather_intra_linear_sync
algorithm reduce_intra_basic_linear
algorithm reduce_intra_chain
algorithm reduce_intra_pipeline
algorithm reduce_intra_binary
algorithm reduce_intra_binomial
algorithm reduce_intra_in_order_binary
algorithm reduce_intra_redscat_gather
algorithm reduce_scatter_intra_nonoverlapping
algorithm reduce_scatter_intra_basic_recursivehalving
algorithm reduce_scatter_intra_ring
algorithm reduce_scatter_intra_butterfly
algorithm reduce_scatter_block_basic_linear
algorithm reduce_scatter_block_intra_recursivedoubling
algorithm reduce_scatter_block_intra_recursivehalving
algorithm reduce_scatter_block_intra_butterfly
algorithm scatter_intra_basic_linear
algorithm scatter_intra_binomial
algorithm scatter_intra_linear_nb
.section .rodata.entered_names, "a"
  .byte 0
.text
)");
extern "C" {
extern std::uint64_t entered_count[64];
extern void* entered_real[64];
extern const char entered_names[];
}
#endif

namespace {

std::vector<std::string> entry_names() {
  std::vector<std::string> names;
#ifdef COLLSCALE_SEES_ENTRIES
  for (const char* at = entered_names; *at != '\0'; at += names.back().size() + 1)
    names.emplace_back(at);
#endif
  return names;
}

void find_the_real_ones(const std::vector<std::string>& names) {
#ifdef COLLSCALE_SEES_ENTRIES
  for (std::size_t i = 0; i < names.size(); ++i)
    entered_real[i] = dlsym(RTLD_NEXT, ("ompi_coll_base_" + names[i]).c_str());
#else
  (void)names;
#endif
}

std::uint64_t entries(std::size_t i) {
#ifdef COLLSCALE_SEES_ENTRIES
  return entered_count[i];
#else
  (void)i;
  return 0;
#endif
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "error: %s\n", why.c_str());
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

void keep_left(void* in, void* inout, int* length, MPI_Datatype*) {
  (void)in, (void)inout, (void)length;  // what is computed does not matter, only what is sent
}

/// What this rank hands to the point-to-point layer: every send and receive, collectives' own
/// included. The library calls that layer through one exported table of function pointers, in which
/// this program puts its own in front. (The monitoring component would count the same messages, but
/// its variables cannot be read in 4.1.4: MPI_T finds them invalid.)
struct Traffic {
  std::vector<unsigned long long> sent;  ///< to each rank: messages, then bytes
  std::uint64_t order = 0;               ///< hash over the sequence of sends and receives
};
Traffic traffic;

std::uint64_t hash_with(std::uint64_t hash, std::uint64_t value) {
  for (int byte = 0; byte < 8; ++byte)  // FNV-1a
    hash = (hash ^ ((value >> (8 * byte)) & 255U)) * 1099511628211U;
  return hash;
}
constexpr std::uint64_t kEmptyHash = 1469598103934665603U;

void note(int what, int peer, std::size_t count, MPI_Datatype type) {
  int size = 0;
  MPI_Type_size(type, &size);
  const std::uint64_t bytes = count * static_cast<std::size_t>(size);
  traffic.order = hash_with(hash_with(traffic.order, static_cast<std::uint64_t>(what)), bytes);
  traffic.order = hash_with(traffic.order, static_cast<std::uint64_t>(peer));
  const std::size_t ranks = traffic.sent.size() / 2;
  if (what < 2 || peer < 0 || static_cast<std::size_t>(peer) >= ranks) return;
  traffic.sent[static_cast<std::size_t>(peer)] += 1;
  traffic.sent[static_cast<std::size_t>(peer) + ranks] += bytes;
}

using Irecv = int (*)(void*, std::size_t, MPI_Datatype, int, int, MPI_Comm, MPI_Request*);
using Recv = int (*)(void*, std::size_t, MPI_Datatype, int, int, MPI_Comm, MPI_Status*);
using Isend = int (*)(const void*, std::size_t, MPI_Datatype, int, int, int, MPI_Comm,
                      MPI_Request*);
using Send = int (*)(const void*, std::size_t, MPI_Datatype, int, int, int, MPI_Comm);
Irecv real_irecv;
Irecv real_irecv_init;
Recv real_recv;
Isend real_isend;
Isend real_isend_init;
Send real_send;

int noted_irecv(void* buffer, std::size_t count, MPI_Datatype type, int source, int tag,
                MPI_Comm comm, MPI_Request* request) {
  note(0, source, count, type);
  return real_irecv(buffer, count, type, source, tag, comm, request);
}
int noted_irecv_init(void* buffer, std::size_t count, MPI_Datatype type, int source, int tag,
                     MPI_Comm comm, MPI_Request* request) {
  note(0, source, count, type);
  return real_irecv_init(buffer, count, type, source, tag, comm, request);
}
int noted_recv(void* buffer, std::size_t count, MPI_Datatype type, int source, int tag,
               MPI_Comm comm, MPI_Status* status) {
  note(1, source, count, type);
  return real_recv(buffer, count, type, source, tag, comm, status);
}
int noted_isend(const void* buffer, std::size_t count, MPI_Datatype type, int to, int tag, int mode,
                MPI_Comm comm, MPI_Request* request) {
  note(2, to, count, type);
  return real_isend(buffer, count, type, to, tag, mode, comm, request);
}
int noted_isend_init(const void* buffer, std::size_t count, MPI_Datatype type, int to, int tag,
                     int mode, MPI_Comm comm, MPI_Request* request) {
  note(2, to, count, type);
  return real_isend_init(buffer, count, type, to, tag, mode, comm, request);
}
int noted_send(const void* buffer, std::size_t count, MPI_Datatype type, int to, int tag, int mode,
               MPI_Comm comm) {
  note(3, to, count, type);
  return real_send(buffer, count, type, to, tag, mode, comm);
}

/// Persistent requests count when they are made: a collective starts each once.
/// Places in the table: open-mpi/ompi v4.1.4, ompi/mca/pml/pml.h:491-507.
void listen_to_point_to_point(int ranks) {
  traffic.sent.assign(2 * static_cast<std::size_t>(ranks), 0);
  auto** table = static_cast<void**>(dlsym(RTLD_DEFAULT, "mca_pml"));
  if (table == nullptr) give_up("this MPI library is not Open MPI");
  const auto put = [&](int place, auto& real, auto* noted) {
    real = reinterpret_cast<std::decay_t<decltype(real)>>(table[place]);
    table[place] = reinterpret_cast<void*>(noted);
  };
  put(6, real_irecv_init, noted_irecv_init);
  put(7, real_irecv, noted_irecv);
  put(8, real_recv, noted_recv);
  put(9, real_isend_init, noted_isend_init);
  put(10, real_isend, noted_isend);
  put(11, real_send, noted_send);
}

/// A communicator whose `function` runs `algorithm` (0: as the library chooses).
MPI_Comm communicator(const std::string& function, int algorithm) {
  static std::map<std::pair<std::string, int>, MPI_Comm> made;
  const auto [at, is_new] = made.try_emplace({function, algorithm}, MPI_COMM_NULL);
  if (!is_new) return at->second;
  const std::string name = "coll_tuned_" + function + "_algorithm";
  int index = 0;
  int count = 0;
  MPI_T_cvar_handle handle;
  const auto write = [&](int value) {
    if (MPI_T_cvar_write(handle, &value) != MPI_SUCCESS) give_up("cannot set " + name);
  };
  if (algorithm != 0) {
    if (MPI_T_cvar_get_index(name.c_str(), &index) != MPI_SUCCESS ||
        MPI_T_cvar_handle_alloc(index, nullptr, &handle, &count) != MPI_SUCCESS)
      give_up("this Open MPI has no control variable " + name);
    write(algorithm);
  }
  MPI_Comm_dup(MPI_COMM_WORLD, &at->second);
  if (algorithm != 0) {
    write(0);
    MPI_T_cvar_handle_free(&handle);
  }
  return at->second;
}

struct Point {
  std::string function;
  int element_bytes = 1;
  long long bytes = 0;
  int commutative = 1;
  int last_algorithm = 0;
};

class Runner {
 public:
  Runner() {
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
    MPI_Op_create(keep_left, 1, &ops_[1]);
    MPI_Op_create(keep_left, 0, &ops_[0]);
  }
  int ranks() const { return ranks_; }

  int run(const Point& point, MPI_Comm comm) {
    const MPI_Datatype type = point.element_bytes == 4 ? MPI_FLOAT : MPI_UINT8_T;
    const int count = static_cast<int>(point.bytes / point.element_bytes);
    const MPI_Op op = ops_[static_cast<std::size_t>(point.commutative)];
    const auto room = static_cast<std::size_t>(point.bytes) * static_cast<std::size_t>(ranks_) + 64;
    if (send_.size() < room) send_.resize(room), receive_.resize(room);
    void* s = send_.data();
    void* r = receive_.data();
    const std::string& f = point.function;
    if (f == "barrier") return MPI_Barrier(comm);
    if (f == "bcast") return MPI_Bcast(s, count, type, 0, comm);
    if (f == "reduce") return MPI_Reduce(s, r, count, type, op, 0, comm);
    if (f == "allreduce") return MPI_Allreduce(s, r, count, type, op, comm);
    if (f == "allgather") return MPI_Allgather(s, count, type, r, count, type, comm);
    if (f == "alltoall") return MPI_Alltoall(s, count, type, r, count, type, comm);
    if (f == "gather") return MPI_Gather(s, count, type, r, count, type, 0, comm);
    if (f == "scatter") return MPI_Scatter(s, count, type, r, count, type, 0, comm);
    if (f == "reduce_scatter_block") return MPI_Reduce_scatter_block(s, r, count, type, op, comm);
    if (f == "reduce_scatter") {
      std::vector<int> counts(static_cast<std::size_t>(ranks_), count / ranks_);
      for (int i = 0; i < count % ranks_; ++i) ++counts[static_cast<std::size_t>(i)];
      return MPI_Reduce_scatter(s, r, counts.data(), type, op, comm);
    }
    give_up("unknown function " + f);
  }

 private:
  int ranks_ = 0;
  std::array<MPI_Op, 2> ops_{};
  std::vector<std::byte> send_;
  std::vector<std::byte> receive_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto names = entry_names();
  find_the_real_ones(names);
  int provided = 0;
  MPI_Init(&argc, &argv);
  MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (argc != 2) give_up("usage: mpirun ... traffic_mpi POINTS");
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  Runner runner;
  const auto ranks = static_cast<std::size_t>(runner.ranks());
  listen_to_point_to_point(runner.ranks());
  std::ifstream points(argv[1]);
  if (!points) give_up(std::string("cannot read ") + argv[1]);
  for (std::string line; std::getline(points, line);) {
    Point point;
    std::istringstream(line) >> point.function >> point.element_bytes >> point.bytes >>
        point.commutative >> point.last_algorithm;
    for (int algorithm = 0; algorithm <= point.last_algorithm; ++algorithm) {
      MPI_Comm comm = communicator(point.function, algorithm);
      std::vector<std::uint64_t> entered(names.size());
      for (std::size_t i = 0; i < names.size(); ++i) entered[i] = entries(i);
      traffic.sent.assign(2 * ranks, 0);
      traffic.order = kEmptyHash;
      const int status = runner.run(point, comm);
      auto noted = traffic.sent;
      noted.push_back(traffic.order);
      std::string calls;
      for (std::size_t i = 0; i < names.size(); ++i)
        if (entries(i) != entered[i]) calls += (calls.empty() ? "" : "+") + names[i];
      std::vector<unsigned long long> all(rank == 0 ? noted.size() * ranks : 0);
      const int width = static_cast<int>(noted.size());
      MPI_Gather(noted.data(), width, MPI_UNSIGNED_LONG_LONG, all.data(), width,
                 MPI_UNSIGNED_LONG_LONG, 0, MPI_COMM_WORLD);
      if (rank != 0) continue;
      std::uint64_t matrix = kEmptyHash;
      std::uint64_t order = kEmptyHash;
      unsigned long long messages = 0;
      unsigned long long bytes = 0;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t column = i % noted.size();
        if (column < ranks) messages += all[i];
        if (column >= ranks && column < 2 * ranks) bytes += all[i];
        (column < 2 * ranks ? matrix : order) =
            hash_with(column < 2 * ranks ? matrix : order, all[i]);
      }
      std::printf("%s %zu %d %lld %d %d %d %016llx %016llx %llu %llu %s\n", point.function.c_str(),
                  ranks, point.element_bytes, point.bytes, point.commutative, algorithm,
                  status == MPI_SUCCESS ? 1 : 0, static_cast<unsigned long long>(matrix),
                  static_cast<unsigned long long>(order), messages, bytes,
                  calls.empty() ? "-" : calls.c_str());
    }
  }
  MPI_T_finalize();
  MPI_Finalize();
  return 0;
}
